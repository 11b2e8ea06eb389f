"""When a document counts, looked at day by day: what of each line had counted by the end of a day.

A view (`core.programs.View`) says what is asked. Documents are records with the fields of `core.ledger.flows.Document`,
lines have `net`, `tax` and `quantity`, payments are pairs of a day and a gross amount. The rules are those told there
and in `core.programs.basis`.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from core.engine.reference.rounding import in_proportion, rounded

Payments = Sequence[tuple[int, int]]
Worth = tuple[int, int, int | None]
"""Net, tax, quantity."""


def counted(
    view: Any, document: Any, payments: Payments, lines: Sequence[Any], original: tuple[Any, Payments] | None = None
) -> dict[int, list[Worth]]:
    """What of each line counts on which day; days on which nothing does are left out."""
    own = _own_day(view, document)
    whole = [(line.net, line.tax, line.quantity) for line in lines]
    if document.is_return:
        day = own
        if original is not None:
            first = _first_day(view, *original)
            if first is None:
                return {}
            day = first if view.returns == "original" else own
        return {day: whole}
    if not _looks_at_payments(view, document):
        return {own: whole}
    paid = {day: _paid_by(document, payments, day) for day, _ in payments}
    if not any(paid.values()):
        known = document.is_paid and view.date != "payment" and view.paid != "within_terms"
        return {own: whole} if known else {}
    last = paid[max(paid)]
    if view.paid == "share":
        if view.date != "payment":
            return {own: _worth(document, lines, last)} if last else {}
        return _steps(document, lines, paid)
    since = _since(paid)
    if last < document.gross or (view.paid == "within_terms" and (document.due is None or since > document.due)):
        return {}
    return {since if view.date == "payment" else own: whole}


def _own_day(view: Any, document: Any) -> int:
    delivered = view.date == "delivery" and document.delivered is not None
    return int(document.delivered if delivered else document.issued)


def _looks_at_payments(view: Any, document: Any) -> bool:
    return view.paid != "invoiced" and min(int(document.gross), int(document.gross - document.credited)) > 0


def _first_day(view: Any, document: Any, payments: Payments) -> int | None:
    """The first day a document counts on at all; None where it does not."""
    if document.is_return or not _looks_at_payments(view, document):
        return _own_day(view, document)
    found = counted(view, document, payments, [_Unit(document.gross)])
    return min(found, default=None)


class _Unit:
    """A line that is worth the gross total of its document."""

    def __init__(self, gross: int) -> None:
        self.net, self.tax, self.quantity = gross, 0, None


def _paid_by(document: Any, payments: Payments, day: int) -> int:
    """What of the gross total was paid by the end of a day."""
    payable = document.gross - document.credited
    so_far = sum(amount for when, amount in payments if when <= day)
    if document.is_paid and day == max(when for when, _ in payments):
        return int(document.gross)
    within = min(max(so_far, 0), payable)
    return rounded(Fraction(document.gross * within, payable), "half_away_from_zero")


def _since(paid: dict[int, int]) -> int:
    """The day from which on what was paid stayed what it is at last."""
    days = sorted(paid)
    last = paid[days[-1]]
    since = days[-1]
    for day in reversed(days):
        if paid[day] != last:
            break
        since = day
    return since


def _steps(document: Any, lines: Sequence[Any], paid: dict[int, int]) -> dict[int, list[Worth]]:
    found = {}
    before = 0
    for day in sorted(paid):
        if paid[day] != before:
            then, now = _worth(document, lines, before), _worth(document, lines, paid[day])
            found[day] = [
                (b[0] - a[0], b[1] - a[1], None if a[2] is None or b[2] is None else b[2] - a[2])
                for a, b in zip(then, now, strict=True)
            ]
            before = paid[day]
    return found


def _worth(document: Any, lines: Sequence[Any], paid: int) -> list[Worth]:
    """What the lines are worth once so much of the gross total is paid: by largest remainder, net before tax."""
    if paid == document.gross:
        return [(line.net, line.tax, line.quantity) for line in lines]
    parts = in_proportion(paid, [Fraction(amount) for line in lines for amount in (line.net, line.tax)])
    share = Fraction(paid, document.gross)
    return [
        (net, tax, None if line.quantity is None else rounded(line.quantity * share, "half_away_from_zero"))
        for line, net, tax in zip(lines, parts[::2], parts[1::2], strict=True)
    ]
