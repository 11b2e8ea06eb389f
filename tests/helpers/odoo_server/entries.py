"""What every module about journal entries needs: their models, their lines, and the rates between currencies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tests.helpers.odoo_server.session import Session
from tests.helpers.odoo_server.store import Record
from tests.helpers.odoo_server.taxes import exact

MOVE, LINE, MATCH = "account.move", "account.move.line", "account.partial.reconcile"
SALES = ("out_invoice", "out_refund", "out_receipt")
PURCHASES = ("in_invoice", "in_refund", "in_receipt")
TAXED = ("product",)


def sign(move: Mapping[str, Any]) -> int:
    """Of what the lines of this document carry: -1 for revenue (credit), 1 for what takes it back."""
    return -1 if move["move_type"] in ("out_invoice", "out_receipt", "in_refund") else 1


def lines_of(session: Session, move: int) -> list[Record]:
    return [session.one(LINE, one) for one in session.store.where(LINE, "move_id", move)]


def term_lines(session: Session, move: int) -> list[Record]:
    return [line for line in lines_of(session, move) if line["kind"] == "payment_term"]


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


def matched_with(session: Session, lines: Sequence[Record]) -> set[int]:
    """The entries the receivable lines are matched with."""
    found = set()
    for line in lines:
        if line["kind"] == "payment_term":
            for own, other in (("debit_move_id", "credit_move_id"), ("credit_move_id", "debit_move_id")):
                for one in session.store.where(MATCH, own, line["id"]):
                    found.add(session.one(LINE, session.one(MATCH, one)[other])["move_id"])
    return found


def put_line(session: Session, line: Record, changed: Mapping[str, Any]) -> None:
    current = session.one(LINE, line["id"])
    if any(current.get(name) != value for name, value in changed.items()):
        stamped = {"write_date": session.stamp, "write_uid": session.uid}
        session.store.put(LINE, line["id"], {**current, **changed, **stamped})
