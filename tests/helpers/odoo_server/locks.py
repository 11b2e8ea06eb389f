"""Lock dates: up to when which entries may no longer be added or changed."""

from __future__ import annotations

from datetime import date, timedelta

from tests.helpers.odoo_server.entries import SALES, lines_of
from tests.helpers.odoo_server.faults import UserError
from tests.helpers.odoo_server.session import Session
from tests.helpers.odoo_server.store import Record

LOCKS = {
    "hard_lock_date": "Hard Lock Date",
    "fiscalyear_lock_date": "Global Lock Date",
    "sale_lock_date": "Sales Lock Date",
    "tax_lock_date": "Tax Return Lock Date",
}


def _violated(session: Session, move: Record, day: str) -> list[tuple[str, str]]:
    """Lock dates at or after `day` that bind this entry, the latest last: (date, name)."""
    company = session.one("res.company", move["company_id"])
    found = []
    for name, label in LOCKS.items():
        lock = company.get(name)
        if not lock or name not in session.registry["res.company"].fields or day > lock:
            continue
        if name == "sale_lock_date" and session.one("account.journal", move["journal_id"])["type"] != "sale":
            continue
        if name == "tax_lock_date" and not any(line.get("tax_ids") for line in lines_of(session, move["id"])):
            continue
        found.append((lock, label))
    period = company.get("period_lock_date")
    if period and "period_lock_date" in session.registry["res.company"].fields and day <= period:
        found.append((period, "Global Lock Date"))
    return sorted(found)


def open_date(session: Session, move: Record, day: str) -> str:
    """The accounting date: `day`, or the first end of an open period after the lock dates, today at the latest."""
    locks = _violated(session, move, day)
    if not locks:
        return day
    first = date.fromisoformat(locks[-1][0]) + timedelta(days=1)
    if move["move_type"] in SALES:
        last = date(first.year, 12, 31)
    else:
        last = (first.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    chosen = min(session.today, last)
    if move["date"] > locks[-1][0]:
        chosen = date.fromisoformat(move["date"])
    if chosen.isoformat() <= locks[-1][0]:
        _refuse(session, locks)
    return chosen.isoformat()


def refuse_locked(session: Session, move: Record) -> None:
    if locks := _violated(session, move, move["date"]):
        _refuse(session, locks)


def _refuse(session: Session, locks: list[tuple[str, str]]) -> None:
    days = [f"{day[5:7]}/{day[8:]}/{day[:4]}" for day, _ in locks]
    if session.version < (18, 0):
        raise UserError(
            f"You cannot add/modify entries prior to and inclusive of the lock date {days[-1]}. Check the company "
            "settings or ask someone with the 'Adviser' role"
        )
    said = ", ".join(f"{name} ({day})" for (_, name), day in reversed(list(zip(locks, days, strict=True))))
    if all(name == LOCKS["tax_lock_date"] for _, name in locks):
        raise UserError(
            "The operation is refused as it would impact an already issued tax statement. Please change the journal "
            f"entry date or the following lock dates to proceed: {said}."
        )
    raise UserError(f"You cannot add/modify entries prior to and inclusive of: {said}.")
