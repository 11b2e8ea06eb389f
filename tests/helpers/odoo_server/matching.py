"""Matching receivable lines: credit notes and payments against invoices."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tests.helpers.odoo_server import writing
from tests.helpers.odoo_server.entries import LINE, MATCH, MOVE, lines_of, term_lines
from tests.helpers.odoo_server.faults import UserError
from tests.helpers.odoo_server.session import Session
from tests.helpers.odoo_server.store import Record
from tests.helpers.odoo_server.taxes import exact
from tests.helpers.odoo_server.totals import recompute

FULL = "account.full.reconcile"
SIDES = ("debit_move_id", "credit_move_id")


def assign(session: Session, move: int, line: int) -> None:
    """Match `line` with the open lines of the entry on the same account."""
    outstanding = session.one(LINE, line)
    lines = [
        one
        for one in lines_of(session, move)
        if one.get("account_id") == outstanding.get("account_id") and not one.get("reconciled")
    ]
    reconcile(session, [outstanding, *lines])


def reconcile(session: Session, lines: Sequence[Record]) -> None:
    """Match debits with credits, oldest first. Raises UserError where one is settled already."""
    if any(line.get("reconciled") for line in lines):
        raise UserError("You are trying to reconcile some entries that are already reconciled.")
    for line in lines:
        account = session.find("account.account", line.get("account_id"))
        if not account.get("reconcile"):
            raise UserError(
                f"Account {account.get('name')} does not allow reconciliation. First change the configuration of this "
                "account to allow it."
            )
    if any(line["parent_state"] == "cancel" for line in lines):
        raise UserError("You can not reconcile cancelled entries.")
    if session.version < (19, 0) and any(line["parent_state"] != "posted" for line in lines):
        raise UserError("You can only reconcile posted entries.")
    order = sorted(lines, key=lambda line: (line.get("date_maturity") or line["date"], line["id"]))
    debits = [line["id"] for line in order if exact(line["amount_residual"]) > 0]
    credits = [line["id"] for line in order if exact(line["amount_residual"]) < 0]
    while debits and credits:
        debit, credit = session.one(LINE, debits[0]), session.one(LINE, credits[0])
        _match(session, debit, credit)
        for side in (debits, credits):
            if session.one(LINE, side[0])["reconciled"]:
                side.pop(0)
    for line in lines:
        _close(session, line["id"])


def match_reversal(session: Session, move: Record) -> None:
    """A credit note that names its invoice is matched with it as it is posted."""
    origin = session.find(MOVE, move.get("reversed_entry_id"))
    if not origin or origin["state"] != "posted":
        return
    lines = [line for one in (origin, move) for line in term_lines(session, one["id"]) if not line.get("reconciled")]
    if len({line["move_id"] for line in lines}) == 2:
        reconcile(session, lines)


def unmatch(session: Session, move: int) -> None:
    """Take back every matching of the entry."""
    others = {move}
    for line in lines_of(session, move):
        for side in SIDES:
            for one in session.store.where(MATCH, side, line["id"]):
                match = session.one(MATCH, one)
                others |= {session.one(LINE, match[each])["move_id"] for each in SIDES}
                if full := match.get("full_reconcile_id"):
                    _open(session, full)
                writing.unlink(session, MATCH, [one])
    for one in others - {move}:
        _bump(session, one)
    recompute(session, move)


def _match(session: Session, debit: Record, credit: Record) -> None:
    amount = min(exact(debit["amount_residual"]), -exact(credit["amount_residual"]))
    own = min(exact(debit["amount_residual_currency"]), -exact(credit["amount_residual_currency"]))
    same = debit["currency_id"] == credit["currency_id"]
    session_values = {
        "debit_move_id": debit["id"],
        "credit_move_id": credit["id"],
        "amount": float(amount),
        "debit_amount_currency": float(own if same else _share(debit, amount)),
        "credit_amount_currency": float(own if same else _share(credit, amount)),
        "debit_currency_id": debit["currency_id"],
        "credit_currency_id": credit["currency_id"],
        "company_id": debit["company_id"],
        "max_date": max(debit["date"], credit["date"]),
    }
    writing.create(session, MATCH, session_values)
    for line in (debit, credit):
        _bump(session, line["move_id"])


def _share(line: Record, amount: Decimal) -> Decimal:
    """The part of the line's amount in its own currency that `amount` in the company's is."""
    balance, currency = exact(line["amount_residual"]), exact(line["amount_residual_currency"])
    return abs(currency * amount / balance).quantize(Decimal("0.01")) if balance else Decimal(0)


def _bump(session: Session, move: int) -> None:
    """A matching changes the residual, and so the `write_date`."""
    writing.write(session, MOVE, [move], {})
    recompute(session, move)


def _close(session: Session, start: int) -> None:
    """Where every line of a group of matches is settled, the group is a full matching."""
    lines: set[int] = {start}
    matches: set[int] = set()
    while True:
        more = {one for line in lines for side in SIDES for one in session.store.where(MATCH, side, line)} - matches
        if not more:
            break
        matches |= more
        lines |= {session.one(MATCH, one)[side] for one in more for side in SIDES}
    if not matches or not all(session.one(LINE, one).get("reconciled") for one in lines):
        return
    if all(session.one(MATCH, one).get("full_reconcile_id") for one in matches):
        return
    full = writing.create(session, FULL, {})
    for one in matches:
        writing.write(session, MATCH, [one], {"full_reconcile_id": full})
    for one in lines:
        session.store.put(LINE, one, {**session.one(LINE, one), "full_reconcile_id": full})


def _open(session: Session, full: int) -> None:
    for one in session.store.where(LINE, "full_reconcile_id", full):
        session.store.put(LINE, one, {**session.one(LINE, one), "full_reconcile_id": None})
    for one in session.store.where(MATCH, "full_reconcile_id", full):
        session.store.put(MATCH, one, {**session.one(MATCH, one), "full_reconcile_id": None})
    if session.store.get(FULL, full):
        session.store.drop(FULL, full)
