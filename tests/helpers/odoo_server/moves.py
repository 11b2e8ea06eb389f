"""Journal entries and invoices: lines, totals, and the fields that follow from others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from tests.helpers.odoo_server import writing
from tests.helpers.odoo_server.computed import display_name
from tests.helpers.odoo_server.faults import UserError, ValidationError, check_violation
from tests.helpers.odoo_server.session import Session
from tests.helpers.odoo_server.store import Record
from tests.helpers.odoo_server.taxes import digits_of, exact, line_amounts, mapped, position_for, rounded

MOVE, LINE = "account.move", "account.move.line"
SALES = ("out_invoice", "out_refund", "out_receipt")
PURCHASES = ("in_invoice", "in_refund", "in_receipt")
BOOKED = ("debit", "credit", "balance", "amount_currency")
TAXED = ("product",)
FROZEN = (
    "invoice_line_ids",
    "line_ids",
    "invoice_date",
    "date",
    "partner_id",
    "invoice_payment_term_id",
    "currency_id",
    "fiscal_position_id",
    "invoice_cash_rounding_id",
)
# Fields of a line that repeat those of its entry.
MIRRORED = {"date": "date", "move_name": "name", "parent_state": "state", "ref": "ref"}
MIRRORED |= {one: one for one in ("journal_id", "company_id", "currency_id")}


def sign(move: Mapping[str, Any]) -> int:
    """Of what the lines of this document carry: -1 for revenue (credit), 1 for what takes it back."""
    return -1 if move["move_type"] in ("out_invoice", "out_receipt", "in_refund") else 1


def lines_of(session: Session, move: int) -> list[Record]:
    return [session.one(LINE, one) for one in session.store.where(LINE, "move_id", move)]


def term_lines(session: Session, move: int) -> list[Record]:
    return [line for line in lines_of(session, move) if line["kind"] == "payment_term"]


def create(session: Session, model: str, values: Mapping[str, Any]) -> int:
    """A draft with its lines, totals computed."""
    if values.get("state", "draft") == "posted":
        raise UserError(
            "You cannot create a move already in the posted state. Please create a draft move and post it after."
        )
    lines = {name: values[name] for name in ("invoice_line_ids", "line_ids") if values.get(name)}
    plain = {name: value for name, value in values.items() if name not in ("invoice_line_ids", "line_ids")}
    plain = {name: value for name, value in plain.items() if value is not None}
    identifier = writing.create(session, model, _defaults(session, plain))
    _carry_out(session, identifier, lines)
    recompute(session, identifier)
    _check_balanced(session, identifier)
    return identifier


def write(session: Session, model: str, ids: Iterable[int], values: Mapping[str, Any]) -> None:
    """Change entries. Raises UserError for what a posted one does not allow."""
    lines = {name: values[name] for name in ("invoice_line_ids", "line_ids") if name in values}
    plain = {name: value for name, value in values.items() if name not in lines}
    for one in ids:
        move = session.one(MOVE, one)
        frozen = [name for name in values if name in FROZEN]
        if values.get("state", move["state"]) == "posted" and frozen:
            raise UserError(
                f"You cannot modify the following readonly fields on a posted move: {', '.join(frozen)}",
            )
        writing.write(session, MOVE, [one], {**plain, **_following(session, move, plain)})
        _carry_out(session, one, lines)
        recompute(session, one)
        _check_balanced(session, one)


def _defaults(session: Session, values: Mapping[str, Any]) -> Record:
    given = dict(values)
    given.setdefault("move_type", session.context.get("default_move_type", "entry"))
    journal = session.find("account.journal", given.get("journal_id"))
    company = given["company_id"] = int(given.get("company_id") or journal.get("company_id") or session.company)
    if "journal_id" not in given:
        journal = _journal(session, given["move_type"], company)
        if journal:
            given["journal_id"] = journal["id"]
    elif not journal:
        given["journal_id"] = None
    elif given["move_type"] in SALES and journal["type"] != "sale":
        raise ValidationError("Cannot create a sale document in a non sale journal")
    elif given["move_type"] in PURCHASES and journal["type"] != "purchase":
        raise ValidationError("Cannot create a purchase document in a non purchase journal")
    currency = journal.get("currency_id") or session.one("res.company", company)["currency_id"]
    given["currency_id"] = given.get("currency_id") or currency
    given["name"] = given.get("name") or ("/" if session.version < (18, 0) else None)
    given.setdefault("date", given.get("invoice_date") or session.today.isoformat())
    given |= {"state": "draft", "payment_state": "not_paid", "sequence_number": 0, "sequence_prefix": ""}
    if "auto_post" in session.registry[MOVE].fields:
        given.setdefault("auto_post", "no" if session.version >= (16, 0) else False)
    given["invoice_date_due"] = given.get("invoice_date_due") or session.today.isoformat()
    if given["move_type"] != "entry":
        given.setdefault("invoice_user_id", session.uid)
    return given | {name: value for name, value in _following(session, {}, given).items() if name not in values}


def _following(session: Session, move: Mapping[str, Any], values: Mapping[str, Any]) -> Record:
    """What else changes with `values`: who the partner's company is, its fiscal position, the accounting date."""
    follow: Record = {}
    merged = {**move, **values}
    partner = session.find("res.partner", merged.get("partner_id") or None)
    if "partner_id" in values or not move:
        user = session.find("res.users", merged.get("create_uid") or session.uid)
        shown = display_name(session, "res.partner", partner["id"]) if partner else f"#Created by: {user['name']}"
        follow["invoice_partner_display_name"] = shown
        follow["commercial_partner_id"] = partner.get("commercial_partner_id")
        if merged["move_type"] != "entry":
            follow["partner_shipping_id"] = partner.get("id")
            follow["fiscal_position_id"] = values.get("fiscal_position_id") or position_for(
                session, partner, merged["company_id"]
            )
    if values.get("invoice_date") and "date" not in values:
        follow["date"] = values["invoice_date"]
    return follow


def _journal(session: Session, move_type: str, company: int) -> Record:
    wanted = "sale" if move_type in SALES else "purchase" if move_type in PURCHASES else "general"
    journals = [
        one
        for one in session.store.table("account.journal").values()
        if one["type"] == wanted and one["company_id"] == company and one.get("active")
    ]
    return min(journals, key=lambda one: (one["sequence"], one["id"]), default={})


def _carry_out(session: Session, move: int, lines: Mapping[str, Any]) -> None:
    for name, commands in lines.items():
        field = session.registry[MOVE].fields[name]
        writing.apply(session, MOVE, move, field, commands)


# -------------------------------------------------------------------- lines


def create_line(session: Session, model: str, values: Mapping[str, Any]) -> int:
    """A line with its defaults; what depends on the others is computed with the entry."""
    move = session.one(MOVE, values["move_id"])
    given = dict(values)
    kind = given.pop("kind", None) or given.get("display_type") or "product"
    fields = session.registry[model].fields
    identifier = writing.create(session, model, {name: one for name, one in given.items() if name != "display_type"})
    line = dict(session.one(model, identifier)) | {"kind": kind}
    line.setdefault("sequence", 100 if session.version >= (17, 0) else 10)
    if kind == "product" and move["move_type"] != "entry":
        line = _product_defaults(session, move, line, given)
    ordinary = session.version >= (16, 0) or kind in ("line_section", "line_note")
    line["display_type"] = kind if ordinary else None
    if "exclude_from_invoice_tab" in fields:
        line["exclude_from_invoice_tab"] = kind in ("tax", "payment_term") or move["move_type"] == "entry"
    session.store.put(model, identifier, line)
    return identifier


def write_lines(session: Session, ids: Iterable[int], values: Mapping[str, Any]) -> None:
    """Change lines by themselves. Of a posted document a price may be changed: what was booked stays as it is."""
    for one in ids:
        move = session.one(MOVE, session.one(LINE, one)["move_id"])
        if move["state"] == "posted" and any(name in values for name in BOOKED):
            raise UserError("You cannot do this modification on a posted journal entry.")
        writing.write(session, LINE, [one], values)
        if move["state"] == "posted":
            _reprice(session, move, session.one(LINE, one))
        else:
            write(session, MOVE, [move["id"]], {})


def _reprice(session: Session, move: Record, line: Record) -> None:
    if move["move_type"] != "entry" and line["kind"] in TAXED:
        amounts = line_amounts(session, line, digits_of(session, move["currency_id"]), per_line=False)
        _put(session, line, {"price_subtotal": float(amounts.subtotal), "price_total": float(amounts.total)})


def _product_defaults(session: Session, move: Record, line: Record, given: Mapping[str, Any]) -> Record:
    product = session.find("product.product", line.get("product_id"))
    defaults: Record = {"quantity": 1.0}
    journal = session.one("account.journal", move["journal_id"])
    if product:
        defaults["price_unit"] = product.get("list_price") or 0.0
        defaults["name"] = display_name(session, "product.product", product["id"])
        defaults["product_uom_id"] = product.get("uom_id")
    defaults["account_id"] = journal.get("default_account_id")
    line |= {name: value for name, value in defaults.items() if name not in given}
    if not line.get("account_id"):
        constraint = "account_move_line_check_accountable_required_fields"
        raise check_violation("account_move_line", constraint, line, "Missing required account on accountable line.")
    if "tax_ids" not in given:
        line["tax_ids"] = _default_taxes(session, move, product, line["account_id"])
    return line


def _default_taxes(session: Session, move: Record, product: Record, account: int) -> list[int]:
    own = [
        one
        for one in product.get("taxes_id") or ()
        if session.one("account.tax", one)["company_id"] == move["company_id"]
    ]
    own = own or session.one("account.account", account).get("tax_ids") or []
    return mapped(session, move.get("fiscal_position_id"), own)


# -------------------------------------------------------------------- totals


def recompute(session: Session, identifier: int) -> None:
    """Amounts of the lines, the tax and receivable lines, and the totals of the entry."""
    move = session.one(MOVE, identifier)
    if move["move_type"] != "entry" and move["state"] == "draft":
        _price(session, move)
    for line in lines_of(session, identifier):
        _mirror(session, move, line)
    _totals(session, move)


def _price(session: Session, move: Record) -> None:
    digits = digits_of(session, move["currency_id"])
    per_line = session.one("res.company", move["company_id"])["tax_calculation_rounding_method"] != "round_globally"
    taxes: dict[int, Decimal] = {}
    bases: dict[int, Decimal] = {}
    lines = lines_of(session, move["id"])
    for line in lines:
        if line["kind"] not in TAXED:
            continue
        amounts = line_amounts(session, line, digits, per_line=per_line)
        for tax, amount in amounts.taxes.items():
            taxes[tax] = taxes.get(tax, Decimal(0)) + amount
            bases[tax] = bases.get(tax, Decimal(0)) + amounts.subtotal
        changed = {"price_subtotal": float(amounts.subtotal), "price_total": float(amounts.total)}
        _put(session, line, changed | _balance(session, move, sign(move) * amounts.subtotal))
    taxes = {one: amount for one, amount in taxes.items() if rounded(amount, digits)}
    _tax_lines(session, move, [line for line in lines if line["kind"] == "tax"], taxes, bases)
    _term_line(session, move)


def _tax_lines(
    session: Session,
    move: Record,
    lines: Sequence[Record],
    taxes: Mapping[int, Decimal],
    bases: Mapping[int, Decimal],
) -> None:
    kept = {line["tax_line_id"]: line for line in lines if line.get("tax_line_id") in taxes}
    stay = {one["id"] for one in kept.values()}
    writing.unlink(session, LINE, [line["id"] for line in lines if line["id"] not in stay])
    for one, amount in taxes.items():
        tax = session.one("account.tax", one)
        changed = _balance(session, move, sign(move) * amount) | {
            "tax_base_amount": _balance(session, move, sign(move) * bases[one])["balance"],
            "tax_group_id": tax["tax_group_id"],
        }
        if one not in kept:
            own = {"move_id": move["id"], "name": tax["name"], "tax_line_id": one, "account_id": tax.get("account")}
            kept[one] = session.one(LINE, create_line(session, LINE, {**own, "kind": "tax", "sequence": 10000}))
        _put(session, kept[one], changed)


def _term_line(session: Session, move: Record) -> None:
    """The line the customer owes: what is left of the others."""
    lines = lines_of(session, move["id"])
    terms = [line for line in lines if line["kind"] == "payment_term"]
    others = [line for line in lines if line["kind"] != "payment_term"]
    if not others:
        writing.unlink(session, LINE, [line["id"] for line in terms])
        return
    if not terms:
        partner = session.find("res.partner", move.get("partner_id"))
        company = session.one("res.company", move["company_id"])
        account = partner.get("property_account_receivable_id") or company["receivable"]
        own = {"move_id": move["id"], "account_id": account, "kind": "payment_term", "sequence": 12000}
        terms = [session.one(LINE, create_line(session, LINE, own))]
    balance, amount = (
        -sum((exact(line.get(name)) for line in others), Decimal(0)) for name in ("balance", "amount_currency")
    )
    sides = _sides(balance, amount)
    _put(session, terms[0], sides | {"date_maturity": move.get("invoice_date_due")})


def _term_name(move: Record) -> str | None:
    """What a customer is to quote, with his own reference before it."""
    reference = move.get("payment_reference")
    return f"{move['ref']} - {reference}" if move.get("ref") and reference else reference


def _balance(session: Session, move: Record, amount: Decimal) -> Record:
    """Debit, credit and balance in the company's currency of `amount` in the document's, which may be unrounded."""
    company = session.one("res.company", move["company_id"])
    balance = amount / rate_of(session, move["currency_id"], company["id"], move.get("invoice_date") or move["date"])
    balance = rounded(balance, digits_of(session, company["currency_id"]))
    return _sides(balance, rounded(amount, digits_of(session, move["currency_id"])))


def _sides(balance: Decimal, amount: Decimal) -> Record:
    return {
        "amount_currency": float(amount),
        "balance": float(balance),
        "debit": float(max(balance, Decimal(0))),
        "credit": float(max(-balance, Decimal(0))),
    }


def rate_of(session: Session, currency: int, company: int, day: str) -> Decimal:
    """Units of `currency` for one of the company's, on `day`."""
    if currency == session.one("res.company", company)["currency_id"]:
        return Decimal(1)
    rates = [
        one
        for one in session.store.table("res.currency.rate").values()
        if one["currency_id"] == currency and one["name"] <= day and one.get("company_id") in (None, company)
    ]
    return exact(max(rates, key=lambda one: one["name"])["rate"]) if rates else Decimal(1)


def _mirror(session: Session, move: Record, line: Record) -> None:
    changed = {own: move.get(theirs) for own, theirs in MIRRORED.items()}
    if move["move_type"] != "entry":
        changed["partner_id"] = move.get("commercial_partner_id")
        if line["kind"] == "payment_term":
            changed["name"] = _term_name(move)
    elif line.get("currency_id"):
        del changed["currency_id"]
    if move["move_type"] == "entry":
        debit, credit, balance = (exact(line.get(name)) for name in ("debit", "credit", "balance"))
        if not debit and not credit and balance:
            changed |= {"debit": float(max(balance, Decimal(0))), "credit": float(max(-balance, Decimal(0)))}
        else:
            changed["balance"] = float(debit - credit)
        amount = line.get("amount_currency") or changed.get("balance", line.get("balance"))
        changed |= {"amount_currency": amount, "price_subtotal": amount, "price_total": amount, "quantity": 1.0}
    account = session.find("account.account", line.get("account_id"))
    if account.get("reconcile"):
        residual, residual_currency = _residual(session, {**line, **changed})
        changed |= {"amount_residual": float(residual), "amount_residual_currency": float(residual_currency)}
        changed["reconciled"] = residual == 0 and residual_currency == 0
    _put(session, line, changed)


MATCH = "account.partial.reconcile"


def _residual(session: Session, line: Mapping[str, Any]) -> tuple[Decimal, Decimal]:
    left, left_currency = exact(line.get("balance")), exact(line.get("amount_currency"))
    for one in session.store.where(MATCH, "debit_move_id", line["id"]):
        match = session.one(MATCH, one)
        left, left_currency = left - exact(match["amount"]), left_currency - exact(match["debit_amount_currency"])
    for one in session.store.where(MATCH, "credit_move_id", line["id"]):
        match = session.one(MATCH, one)
        left, left_currency = left + exact(match["amount"]), left_currency + exact(match["credit_amount_currency"])
    return left, left_currency


def _totals(session: Session, move: Record) -> None:
    lines = lines_of(session, move["id"])
    changed: Record
    if move["move_type"] == "entry":
        total = sum((exact(line.get("debit")) for line in lines), Decimal(0))
        changed = {"amount_total": float(total), "amount_total_signed": float(total)}
        if "amount_total_in_currency_signed" in session.registry[MOVE].fields:
            changed["amount_total_in_currency_signed"] = float(total)
    else:
        changed = _invoice_totals(session, move, lines)
    changed["payment_state"] = payment_state(session, {**move, **changed}, lines)
    current = session.one(MOVE, move["id"])
    if any(current.get(name) != value for name, value in changed.items()):
        session.store.put(MOVE, move["id"], {**current, **changed})


def _invoice_totals(session: Session, move: Record, lines: Sequence[Record]) -> Record:
    def summed(kinds: Sequence[str], name: str) -> Decimal:
        return sum((exact(line.get(name)) for line in lines if line["kind"] in kinds), Decimal(0))

    way = sign(move)
    untaxed, tax = summed(TAXED, "amount_currency") * way, summed(("tax",), "amount_currency") * way
    residual = summed(("payment_term",), "amount_residual_currency") * -way
    total = untaxed + tax
    return {
        "amount_untaxed": float(untaxed),
        "amount_tax": float(tax),
        "amount_total": float(total),
        "amount_residual": float(residual),
        "amount_untaxed_signed": float(-summed(TAXED, "balance")),
        "amount_tax_signed": float(-summed(("tax",), "balance")),
        "amount_total_signed": float(-summed((*TAXED, "tax"), "balance")),
        "amount_residual_signed": float(summed(("payment_term",), "amount_residual")),
        "amount_total_in_currency_signed": float(total * -way),
        "invoice_currency_rate": float(
            rate_of(session, move["currency_id"], move["company_id"], move.get("invoice_date") or move["date"])
        ),
    }


def payment_state(session: Session, move: Mapping[str, Any], lines: Sequence[Record]) -> str:
    """An invoice that only refunds have settled is `reversed`; a refund is `paid` by whatever settles it."""
    if move["move_type"] == "entry" or (move["state"] != "posted" and not _matches(session, lines)):
        return "not_paid"
    matches = _matches(session, lines)
    if exact(move["amount_residual"]) == 0 and (matches or move["state"] == "posted"):
        others = {session.one(MOVE, one)["move_type"] for one in matches}
        if matches and move["move_type"] == "out_invoice" and others == {"out_refund"}:
            return "reversed"
        return "paid"
    return "partial" if matches else "not_paid"


def _matches(session: Session, lines: Sequence[Record]) -> set[int]:
    """The entries the receivable lines are matched with."""
    found = set()
    for line in lines:
        if line["kind"] == "payment_term":
            for own, other in (("debit_move_id", "credit_move_id"), ("credit_move_id", "debit_move_id")):
                for one in session.store.where(MATCH, own, line["id"]):
                    found.add(session.one(LINE, session.one(MATCH, one)[other])["move_id"])
    return found


def _put(session: Session, line: Record, changed: Mapping[str, Any]) -> None:
    current = session.one(LINE, line["id"])
    if any(current.get(name) != value for name, value in changed.items()):
        stamped = {"write_date": session.stamp, "write_uid": session.uid}
        session.store.put(LINE, line["id"], {**current, **changed, **stamped})


def _check_balanced(session: Session, identifier: int) -> None:
    move = session.one(MOVE, identifier)
    difference = sum((exact(line.get("balance")) for line in lines_of(session, identifier)), Decimal(0))
    if move["move_type"] == "entry" and difference:
        raise UserError("The entry is not balanced.")


writing.CREATORS |= {MOVE: create, LINE: create_line}
writing.WRITERS[MOVE] = write
