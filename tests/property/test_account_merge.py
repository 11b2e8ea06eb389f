"""Whenever two accounts are merged, and however their documents move meanwhile: what is paid for all of them together
is what one account would have been paid from the start."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.engine.duck import DuckEngine
from core.errors import RefusedError
from core.ledger import postings, proposals, review
from core.ledger.accruals import accrue
from tests.helpers.books import Doc, SmallBook, program, small_book
from tests.helpers.examples import stories
from tests.helpers.mergers import asked, merged, paid, planned, settle

QUARTERLY, YEARLY = 10, 5
PROGRAMS = (
    program('id = "flat"\nname = "Flat"\nperiod = "quarter"', f"[scale]\npercent = {QUARTERLY}"),
    program(
        'id = "year"\nname = "Year"\nperiod = "year"', f"[scale]\npercent = {YEARLY}", '[settlement]\nevery = "quarter"'
    ),
)
QUARTERS = (date(2025, 1, 1), date(2025, 4, 1), date(2025, 7, 1), date(2025, 10, 1))
DUE = (date(2025, 4, 5), date(2025, 7, 5), date(2025, 10, 5), date(2026, 1, 5), date(2026, 4, 5))
"""Days after the end of each quarter, and one more quarter in which what came late is settled."""

amounts = st.integers(1, 300).map(lambda number: number * 20)
"""Cents of which each percentage is whole, so that rounding plays no part."""
documents = st.tuples(
    st.sampled_from(["D1", "D2", "D3", "D4", "D5"]),
    st.lists(st.tuples(st.just("A1"), amounts, st.sampled_from([0, 7, 19])), min_size=1, max_size=2).map(tuple),
    st.sampled_from([date(2025, month, day) for month in (1, 2, 4, 6, 8, 11) for day in (3, 27)]),
    st.sampled_from(["A", "B", "B"]),
)
events = st.lists(
    st.sampled_from(["land", "land", "land", "grow", "move one", "move all", "settle", "approve", "ask", "merge"]),
    min_size=2,
    max_size=6,
)


class Story:
    """A book, the documents as they stand, and from which day on a person merges B into A."""

    def __init__(self, book: SmallBook, data: Any) -> None:
        self.book, self.data = book, data
        self.docs: dict[str, Doc] = {}
        self.start: date | None = None
        self.in_source = True
        """Whether the source still gives documents to B."""

    def land(self, doc: Doc) -> None:
        before = self.docs.get(doc.id)
        self.docs[doc.id] = doc._replace(order=before.order + 1 if before else 1)
        self.book.land(self.docs[doc.id])

    def tell(self, event: str, today: date) -> None:
        """One event on a day."""
        theirs = sorted(doc.id for doc in self.docs.values() if doc.account == "B")
        if event == "land":
            doc = Doc(*self.data.draw(documents))
            if doc.id not in self.docs:
                self.land(doc if self.in_source or doc.account == "A" else doc._replace(account="A"))
        elif event == "grow" and self.docs:
            doc = self.docs[self.data.draw(st.sampled_from(sorted(self.docs)))]
            self.land(doc._replace(lines=(*doc.lines, ("A1", self.data.draw(amounts), 19))))
        elif event == "move one" and theirs:
            self.land(self.docs[self.data.draw(st.sampled_from(theirs))]._replace(account="A"))
        elif event == "move all":
            self.in_source = False
            for name in theirs:
                self.land(self.docs[name]._replace(account="A"))
        elif event == "settle":
            settle(self.book, today)
        elif event == "approve":
            self.book.propose(today)
            for item in self.book.in_states("proposed")[:1]:
                self.book.act(item, review.approve, item.content_hash, self.book.config.review, today)
        elif event == "ask":
            self.book.propose(today)
        elif event == "merge":
            self.merge(today)

    def merge(self, today: date) -> None:
        """As a person would: what is promised is sent first, or rejected where it cannot be; a day that cuts through
        what was settled is given up."""
        for attempt in range(4):
            try:
                if not planned(self.book, start=self.start).is_done:
                    merged(self.book, today, start=self.start)
                return
            except RefusedError as error:
                if attempt == 3:
                    raise
                if "cuts through" in error.message:
                    self.start = None
                elif "promised" not in error.message:
                    raise
                elif attempt == 0:
                    self.book.write_back(today)
                else:
                    for item in self.book.in_states("approved", "suspended"):
                        if item.content["payee"] == "B":
                            self.book.act(item, review.reject, "merged in the ERP", today)

    def earned(self, through: date) -> int:
        """What one account would be due for the documents of the quarters that have ended."""
        return sum(
            doc.net * percent // 100
            for doc in self.docs.values()
            if doc.day < through
            for percent in (QUARTERLY, YEARLY)
        )

    def check(self, through: date) -> None:
        with self.book.book.read() as reading:
            found = postings.balances(reading, "live")
            reserved = sum(proposals.reserved(reading, "live").values())
        assert paid(self.book) == sum(balance.settled for balance in found.values())
        assert paid(self.book) <= self.earned(through), "more was paid than one account would have been"
        assert reserved >= 0 and self.book.faults() == []


def _told(data: Any, start: date | None = None, *, moves: bool = True) -> None:
    with small_book(*PROGRAMS) as book:
        story = Story(book, data)
        story.start = start
        story.land(Doc("B0", (("A1", 2_000, 19),), date(2025, 1, 17), "B"))
        story.land(Doc("A0", (("A1", 1_000, 7),), date(2025, 1, 18), "A"))
        for today, first in zip(DUE[:-1], (*QUARTERS[1:], date(2026, 1, 1)), strict=True):
            for event in data.draw(events):
                if moves or "move" not in event:
                    story.tell(event, today)
                story.check(first)
            if data.draw(st.booleans()):
                settle(book, today)
                story.check(first)
        if asked(book) or data.draw(st.booleans()):
            story.merge(DUE[-2])
        for today in DUE[-2:]:
            book.propose(today)
            for item in book.in_states("suspended"):
                book.act(item, review.reject, "fallen", today)
            settle(book, today)
        assert book.in_states("held", "proposed", "approved", "suspended", "sending") == []
        assert paid(book) == story.earned(date(2026, 1, 1)), "in the end everything is paid, once"
        story.check(date(2026, 1, 1))
        with DuckEngine() as engine:
            again = accrue(book.book, engine, as_of=DUE[-1], actor="rebated", claim=book.claim.fence)
        assert (again.changed, again.transactions) == (0, 0), "counting from nothing gives the same"


@given(st.data())
@stories(10)
def test_a_merger_at_any_moment_pays_what_one_account_would_have_been_paid(data: Any) -> None:
    _told(data)


@given(st.data(), st.sampled_from(QUARTERS))
@stories(6)
def test_so_does_one_from_a_day_on(data: Any, start: date) -> None:
    """Documents go on naming B, and those from the day on count for A."""
    _told(data, start, moves=False)
