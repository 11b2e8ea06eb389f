"""Whatever the policies and however often documents change: what was paid, taken back, invoiced and given up is what
was earned, and nothing is paid or taken twice."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.ledger import postings, proposals, review
from tests.helpers.books import Doc, SmallBook, program, small_book
from tests.helpers.examples import stories

DUE = (date(2025, 4, 5), date(2025, 7, 5), date(2025, 10, 5), date(2026, 1, 5))
STARTS = (date(2025, 1, 1), date(2025, 4, 1), date(2025, 7, 1), date(2025, 10, 1))
POLICIES = {
    "net": 'clawback = "net"',
    "offset": 'clawback = "offset"',
    "debit": 'clawback = "debit"\ndebit_from = 1',
    "waive": 'clawback = "waive"\nwaive_up_to = 8',
}

nets = st.integers(-40, 100).map(lambda tens: tens * 100) | st.sampled_from([0, 10_000, 10**14])
docs = st.builds(
    lambda number, product, net, percent, quarter: Doc(
        f"D{number}{product}", ((product, net, percent),), date(2025, 3 * quarter + 2, 3)
    ),
    st.integers(1, 3),
    st.sampled_from(["A1", "B1"]),
    nets,
    st.sampled_from([7, 19]),
    st.integers(0, 3),
)


def flat(name: str, policy: str, late: str, minimum: str) -> str:
    """10 %, so that every amount is exact."""
    return program(
        f'id = "{name}"\nname = "{name}"\nperiod = "quarter"',
        "[scale]\npercent = 10",
        f'[scope]\nskus = ["{name.upper()}*"]\n[settlement]\nlate = "{late}"\n{POLICIES[policy]}\n{minimum}',
    )


class Model:
    """The documents as they stand, and what they have earned, by hand."""

    def __init__(self) -> None:
        self.docs: dict[str, Doc] = {}

    def land(self, book: SmallBook, doc: Doc) -> None:
        before = self.docs.get(doc.id)
        self.docs[doc.id] = doc._replace(order=before.order + 1 if before else 1)
        book.land(self.docs[doc.id])

    def earned(self, today: date) -> dict[tuple[str, str], int]:
        """By (program, first day of the quarter), of the quarters that are due."""
        ended = [start for start, due in zip(STARTS, DUE, strict=True) if due <= today]
        found: dict[tuple[str, str], int] = defaultdict(int)
        for doc in self.docs.values():
            start = max(start for start in STARTS if start <= doc.day)
            if start in ended:
                found[doc.lines[0][0][0].lower(), start.isoformat()] += doc.net // 10
        return found


def left(book: SmallBook, model: Model, today: date) -> dict[tuple[str, str], int]:
    """Earned less settled, reserved, waived and proposed, by key: what waits."""
    waits = defaultdict(int, model.earned(today))
    with book.book.read() as reading:
        for key, now in postings.balances(reading, "live").items():
            waits[key.program, key.period] -= now.settled + now.waived - now.adjusted
        for key, amount in proposals.reserved(reading, "live").items():
            waits[key.program, key.period] -= amount
    seen = set()
    for item in book.in_states(*proposals.OPEN):
        debit = item.content.get("kind") == "debit_invoice"
        assert item.net < 0 if debit else item.net > 0
        assert item.net == sum(line["net"] for line in item.content["lines"])
        for row in book.parts(item):
            assert row.key not in seen, "a key stands in one open document at most"
            seen.add(row.key)
            waits[row.key.program, row.key.period] -= row.amount
            assert waits[row.key.program, row.key.period] == 0, "what is proposed is all that is open"
    return {place: amount for place, amount in waits.items() if amount}


def check(book: SmallBook, model: Model, today: date, policies: dict[str, str], minimum: int) -> None:
    waits = left(book, model, today)
    sums = {name: sum(amount for (owner, _), amount in waits.items() if owner == name) for name in policies}
    for name, policy in policies.items():
        if policy == "waive":
            assert not -800 <= sums[name] < 0, "a small debt is given up at once"
        if "offset" not in policies.values():
            assert sums[name] < minimum, "what is positive and enough does not wait"
    if "offset" in policies.values() and sums["a"] + sums["b"] >= 2 * minimum:
        assert max(sums.values()) < minimum, "together they would cover it"
    again = book.propose(today)
    assert (again.new, again.changed, again.withdrawn, again.written_off) == (0, 0, 0, 0)


@given(st.data(), st.sampled_from(sorted(POLICIES)), st.sampled_from(["net", "offset", "debit"]), st.booleans())
@stories(8)
def test_documents_and_what_was_given_up_add_up_to_what_was_earned(
    data: Any, first: str, second: str, reopen: bool
) -> None:
    late = "reopen" if reopen else "next"
    minimum = data.draw(st.sampled_from([1, 300]))
    limits = "[limits]\nminimum = 3" if minimum > 1 else ""
    model = Model()
    with small_book(flat("a", first, late, limits), flat("b", second, late, limits)) as book:
        for today in DUE:
            for doc in data.draw(st.lists(docs, min_size=1, max_size=4)):
                model.land(book, doc)
            book.propose(today)
            check(book, model, today, {"a": first, "b": second}, minimum)
            for item in book.in_states("proposed"):
                if data.draw(st.booleans()):
                    book.act(item, review.approve, item.content_hash, _Anybody(), today)
            if data.draw(st.booleans()):
                assert book.write_back(today).refused == 0
            book.propose(today)
            check(book, model, today, {"a": first, "b": second}, minimum)
        for item in book.in_states("proposed"):
            book.act(item, review.approve, item.content_hash, _Anybody(), today)
        book.write_back(today)
        _adds_up(book, model, today)
        assert book.faults() == []


class _Anybody:
    def needs_second_person(self, net: int, currency: str) -> bool:
        return False

    def needs_two_approvers(self, net: int, currency: str) -> bool:
        return False


def _adds_up(book: SmallBook, model: Model, today: date) -> None:
    """Documents and write-offs are what was settled and waived; with what waits they are what was earned."""
    paid = sum(item.net if item.kind == "credit_note" else -item.net for item in book.erp.documents.values())
    given_up = sum(item.net for item in book.in_states("waived"))
    with book.book.read() as reading:
        balances = postings.balances(reading, "live")
        suspended = sum(proposals.reserved(reading, "live").values())
    assert paid == sum(now.settled for now in balances.values())
    assert given_up == sum(now.waived for now in balances.values()) <= 0
    waits = sum(left(book, model, today).values())
    open_ones = sum(item.net for item in book.in_states(*proposals.OPEN))
    assert paid + given_up + waits + open_ones + suspended == sum(model.earned(today).values())
