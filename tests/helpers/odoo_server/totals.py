"""What follows from the lines of an entry: amounts, tax and receivable lines, totals, payment state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tests.helpers.odoo_server import lines as entry_lines
from tests.helpers.odoo_server import writing
from tests.helpers.odoo_server.entries import LINE, MATCH, MOVE, TAXED, lines_of, matched_with, put_line, rate_of, sign
from tests.helpers.odoo_server.session import Session
from tests.helpers.odoo_server.store import Record
from tests.helpers.odoo_server.taxes import digits_of, exact, line_amounts, rounded, shortfall

# Fields of a line that repeat those of its entry.
MIRRORED = {"date": "date", "move_name": "name", "parent_state": "state", "ref": "ref"}
MIRRORED |= {one: one for one in ("journal_id", "company_id", "currency_id")}


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
    lines = lines_of(session, move["id"])
    priced = [(line, line_amounts(session, line, digits, per_line=per_line)) for line in lines if line["kind"] in TAXED]
    booked = [amounts.subtotal for _, amounts in priced]
    if short := shortfall([amounts for _, amounts in priced], digits):
        stated = [place for place, (_, amounts) in enumerate(priced) if amounts.stated is not None]
        booked[max(stated, key=lambda place: abs(booked[place]))] += short
    taxes: dict[int, Decimal] = {}
    bases: dict[int, Decimal] = {}
    for (line, amounts), net in zip(priced, booked, strict=True):
        for tax, amount in amounts.taxes.items():
            taxes[tax] = taxes.get(tax, Decimal(0)) + amount
            bases[tax] = bases.get(tax, Decimal(0)) + net
        changed = {"price_subtotal": float(amounts.subtotal), "price_total": float(amounts.total)}
        put_line(session, line, changed | _balance(session, move, sign(move) * net))
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
            kept[one] = session.one(LINE, entry_lines.create(session, LINE, {**own, "kind": "tax", "sequence": 10000}))
        put_line(session, kept[one], changed)


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
        terms = [session.one(LINE, entry_lines.create(session, LINE, own))]
    balance, amount = (
        -sum((exact(line.get(name)) for line in others), Decimal(0)) for name in ("balance", "amount_currency")
    )
    sides = _sides(balance, amount)
    put_line(session, terms[0], sides | {"date_maturity": move.get("invoice_date_due")})


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
    put_line(session, line, changed)


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
    if move["move_type"] == "entry" or (move["state"] != "posted" and not matched_with(session, lines)):
        return "not_paid"
    matches = matched_with(session, lines)
    if exact(move["amount_residual"]) == 0 and (matches or move["state"] == "posted"):
        others = {session.one(MOVE, one)["move_type"] for one in matches}
        if matches and move["move_type"] == "out_invoice" and others == {"out_refund"}:
            return "reversed"
        return "paid"
    return "partial" if matches else "not_paid"


def reprice(session: Session, move: Record, line: Record) -> None:
    if move["move_type"] != "entry" and line["kind"] in TAXED:
        amounts = line_amounts(session, line, digits_of(session, move["currency_id"]), per_line=False)
        put_line(session, line, {"price_subtotal": float(amounts.subtotal), "price_total": float(amounts.total)})
