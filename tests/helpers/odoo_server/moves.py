"""Journal entries and invoices: creating and changing them, and the fields that follow from others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from tests.helpers.odoo_server import writing
from tests.helpers.odoo_server.computed import display_name
from tests.helpers.odoo_server.entries import LINE, MOVE, PURCHASES, SALES, lines_of
from tests.helpers.odoo_server.faults import UserError, ValidationError
from tests.helpers.odoo_server.session import Session
from tests.helpers.odoo_server.store import Record
from tests.helpers.odoo_server.taxes import exact, position_for
from tests.helpers.odoo_server.totals import recompute, reprice

BOOKED = ("debit", "credit", "balance", "amount_currency")
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
    _check_companies(session, identifier)
    return identifier


def write(session: Session, model: str, ids: Iterable[int], values: Mapping[str, Any]) -> None:
    """Change entries. Raises UserError for what a posted one does not allow."""
    lines = {name: values[name] for name in ("invoice_line_ids", "line_ids") if name in values}
    plain = {name: value for name, value in values.items() if name not in lines}
    for one in ids:
        move = session.one(MOVE, one)
        posted = values.get("state", move["state"]) == "posted"
        frozen = [name for name in values if name in FROZEN]
        if posted and frozen and session.version >= (18, 0):
            raise UserError(
                f"You cannot modify the following readonly fields on a posted move: {', '.join(frozen)}",
            )
        writing.write(session, MOVE, [one], {**plain, **_following(session, move, plain)})
        if posted:
            _change_posted(session, lines)
        else:
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
        if not journal:
            kind = _journal_type(given["move_type"])
            name = session.one("res.company", company)["name"]
            raise UserError(f"No journal could be found in company {name} for any of those types: {kind}")
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


def _journal_type(move_type: str) -> str:
    return "sale" if move_type in SALES else "purchase" if move_type in PURCHASES else "general"


def _journal(session: Session, move_type: str, company: int) -> Record:
    wanted = _journal_type(move_type)
    journals = [
        one
        for one in session.store.table("account.journal").values()
        if one["type"] == wanted and one["company_id"] == company and one.get("active")
    ]
    return min(journals, key=lambda one: (one.get("sequence") or 10, one["id"]), default={})


def _change_posted(session: Session, lines: Mapping[str, Any]) -> None:
    """Before 18 nothing guards a posted document as a whole: its lines may be written, but for their taxes. Writing
    what they hold already changes nothing, but in 14 naming the taxes is enough to be refused."""
    for commands in lines.values():
        for command in commands or ():
            if command[0] != writing.UPDATE:
                raise UserError("You cannot do this modification on a posted journal entry.")
            line, values = session.one(LINE, command[1]), command[2]
            fields = session.registry[LINE].fields
            changed = {
                name
                for name, value in values.items()
                if writing.stored(session, LINE, fields[name], value, line.get(name)) != line.get(name)
            }
            named = "tax_ids" in (changed if session.version >= (17, 0) else values)
            if named and (changed or session.version < (15, 0)):
                raise UserError(
                    "You cannot modify the taxes related to a posted journal item, you should reset the journal entry "
                    "to draft to do so."
                )
            if changed:
                write_lines(session, [command[1]], values)


def _carry_out(session: Session, move: int, lines: Mapping[str, Any]) -> None:
    for name, commands in lines.items():
        field = session.registry[MOVE].fields[name]
        writing.apply(session, MOVE, move, field, commands)


def write_lines(session: Session, ids: Iterable[int], values: Mapping[str, Any]) -> None:
    """Change lines by themselves. Of a posted document a price may be changed: what was booked stays as it is."""
    for one in ids:
        move = session.one(MOVE, session.one(LINE, one)["move_id"])
        if move["state"] == "posted" and any(name in values for name in BOOKED):
            raise UserError("You cannot do this modification on a posted journal entry.")
        writing.write(session, LINE, [one], values)
        if move["state"] == "posted":
            reprice(session, move, session.one(LINE, one))
        else:
            write(session, MOVE, [move["id"]], {})


def _check_companies(session: Session, identifier: int) -> None:
    move = session.one(MOVE, identifier)
    partner = session.find("res.partner", move.get("partner_id"))
    if partner.get("company_id") not in (None, move["company_id"]):
        own = session.one("res.company", move["company_id"])["name"]
        raise UserError(
            "Uh-oh! You’ve got some company inconsistencies here:\n"
            f"- “{display_name(session, MOVE, identifier)}” belongs to company “{own}” while “Partner” (partner_id: "
            f"'{partner['name']}') belongs to another company.\nTo avoid a mess, no company crossover is allowed!"
        )


def _check_balanced(session: Session, identifier: int) -> None:
    move = session.one(MOVE, identifier)
    difference = sum((exact(line.get("balance")) for line in lines_of(session, identifier)), Decimal(0))
    if move["move_type"] == "entry" and difference:
        raise UserError("The entry is not balanced.")


writing.CREATORS[MOVE] = create
writing.WRITERS[MOVE] = write
