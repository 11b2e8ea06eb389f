"""When a document counts, and how much of it: by its days, its payments and the invoice it corrects.

A `View` says what is asked. What was invoiced counts whole, on its day of issue or of delivery (of issue where none is
stated). Looked at by payments, in the document's currency and gross:

- What is to be paid is the gross total less that of the credit notes which correct the document, ours included.
- What is paid is the sum of the payments so far, refunds being negative, never below nothing nor above what is to be
  paid. `share` counts the step from one day's sum to the next on the day of the payment; by issue or delivery all of
  it counts on that day.
- `in_full` counts the whole document once what is to be paid is reached and not paid back; by payment, on the day that
  completed it. `within_terms` does so where that day is not after the due day. Without a due day it never counts.
- A document with nothing to pay counts as if it were paid, on its own day (for payment its day of issue).
- Where the source calls a document paid, what its payments fall short of was settled in another way (a cash discount, a
  credit note) and counts with the last of them. One without any payment counts as paid in full on its day of issue or
  delivery; by payment or within terms it does not count, for nobody knows when.
- A credit note of the source is not paid: it counts as invoiced. It does not where the invoice it corrects does not
  count. With `returns` by the original it counts on the first day that invoice counts on, or its own where that is not
  known.

A step splits over net and tax of the lines by largest remainder of the sums paid, in the order net, tax, line by line:
what is counted of a document is to the cent what was paid of it, and of one paid in full its very lines. Where credit
notes lower what is to be paid, the sums are raised in proportion to the gross total, rounded once. Quantities
are the same share, rounded.

Days are numbers since 1970-01-01, amounts minor units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from core.money import divide, largest_remainder, shown
from core.period import day_date
from core.programs.basis import View


class Document(NamedTuple):
    """What a version of a document says that decides when it counts. `is_paid`: its source calls it paid; `credited`:
    the gross of the credit notes that correct it, positive."""

    is_return: bool
    issued: int
    gross: int
    currency: str
    delivered: int | None = None
    due: int | None = None
    is_paid: bool = False
    credited: int = 0

    @property
    def payable(self) -> int:
        """What is to be paid."""
        return self.gross - self.credited


Payments = Mapping[int, int]
"""What was paid of a document on each day that has a payment."""


class Part(NamedTuple):
    """Counts on `day`: of `whole` that which lies between `before` and `after`."""

    day: int
    before: int = 0
    after: int = 1
    whole: int = 1


class Amounts(NamedTuple):
    """What a line is worth; the quantity in 10^-6 base units, None where its unit is unknown."""

    net: int
    tax: int
    quantity: int | None


def parts(
    view: View, document: Document, payments: Payments, original: tuple[Document, Payments] | None = None
) -> list[Part]:
    """What counts of a document, by day. `original` is the invoice it corrects, where that is known."""
    if document.is_return:
        return _returned(view, document, original)
    day = document.issued if view.date != "delivery" or document.delivered is None else document.delivered
    if view.paid == "invoiced" or document.payable <= 0 or document.gross <= 0:
        return [Part(day)]
    steps = _steps(document, payments)
    if not steps:
        known_day = view.date != "payment" and view.paid != "within_terms"
        return [Part(day)] if document.is_paid and known_day else []
    if view.paid == "share":
        if view.date == "payment":
            return steps
        return [Part(day, 0, steps[-1].after, document.gross)] if steps[-1].after else []
    completed = steps[-1]
    if completed.after < document.gross or (view.paid == "within_terms" and _is_late(document, completed.day)):
        return []
    return [Part(completed.day if view.date == "payment" else day)]


def _returned(view: View, document: Document, original: tuple[Document, Payments] | None) -> list[Part]:
    day = document.issued if view.date != "delivery" or document.delivered is None else document.delivered
    if original is None:
        return [Part(day)]
    counted = parts(view, *original)
    if not counted:
        return []
    return [Part(counted[0].day if view.returns == "original" else day)]


def _steps(document: Document, payments: Payments) -> list[Part]:
    """How the paid part of the gross total moved, day by day."""
    steps: list[Part] = []
    total = before = 0
    for day in sorted(payments):
        total += payments[day]
        after = divide(document.gross * min(max(total, 0), document.payable), document.payable)
        if document.is_paid and day == max(payments):
            after = document.gross
        if after != before:
            steps.append(Part(day, before, after, document.gross))
            before = after
    return steps


def _is_late(document: Document, day: int) -> bool:
    return document.due is None or day > document.due


def split(part: Part, lines: Sequence[Amounts]) -> list[Amounts]:
    """What the lines of a document are worth in a part of it."""
    if part.before == 0 and part.after == part.whole:
        return list(lines)
    weights = [amount for line in lines for amount in (line.net, line.tax)]
    before, after = (largest_remainder(paid, weights) for paid in (part.before, part.after))
    moved = [now - then for then, now in zip(before, after, strict=True)]
    return [
        Amounts(net, tax, None if line.quantity is None else _quantity(part, line.quantity))
        for line, net, tax in zip(lines, moved[::2], moved[1::2], strict=True)
    ]


def _quantity(part: Part, quantity: int) -> int:
    return divide(quantity * part.after, part.whole) - divide(quantity * part.before, part.whole)


def left_out(
    view: View, document: Document, payments: Payments, original: tuple[Document, Payments] | None = None
) -> str:
    """Why nothing, or not all, of a document counts, for people; empty where all of it does."""
    if document.is_return:
        if original is None or parts(view, *original):
            return ""
        return f"the invoice it corrects does not count: {left_out(view, *original)}"
    if view.paid == "invoiced" or document.payable <= 0 or document.gross <= 0:
        return ""
    if not payments:
        if not document.is_paid:
            return "no payment is known"
        return (
            "" if parts(view, document, payments) else "the source calls it paid, but the day of payment is not known"
        )
    steps = _steps(document, payments)
    if not steps or steps[-1].after < document.gross:
        paid = max(sum(payments.values()), 0)
        return f"{shown(paid, document.currency)} of {shown(document.payable, document.currency)} are paid"
    if view.paid == "within_terms" and _is_late(document, steps[-1].day):
        if document.due is None:
            return "it has no due date"
        return f"paid in full on {day_date(steps[-1].day)}, but due on {day_date(document.due)}"
    return ""
