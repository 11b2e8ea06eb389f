"""Whatever people decide and whatever documents do meanwhile: nothing is settled twice, and nothing is lost."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from core.ledger import postings, proposals, review
from tests.helpers.book_by_hand import FAMILY, YEAR, earned
from tests.helpers.books import Doc, SmallBook, small_book
from tests.helpers.examples import stories

DUE = (date(2025, 4, 5), date(2025, 7, 5), date(2025, 10, 5), date(2026, 1, 5))
"""Days after the end of each quarter of 2025."""
QUARTERS = (date(2025, 1, 1), date(2025, 4, 1), date(2025, 7, 1), date(2025, 10, 1))

lines = st.lists(
    st.tuples(
        st.sampled_from(["A1", "B1"]),
        st.integers(-2_000, 30_000) | st.integers(4_000, 30_000),
        st.sampled_from([0, 7, 19]),
    ),
    min_size=1,
    max_size=2,
).map(tuple)
ids = st.sampled_from(["D1", "D2", "D3", "D4"])
days = st.sampled_from([date(2025, month, day) for month, day in ((1, 17), (4, 2), (5, 17), (7, 3), (8, 17), (10, 2))])
accounts = st.sampled_from(["A", "A", "B"])
docs = st.tuples(ids, lines, days, accounts, st.integers(0, 7)).map(
    lambda drawn: Doc(*drawn[:4], cancelled=drawn[4] == 0)
)
acts = st.sampled_from(
    ["approve", "approve", "reject", "waive", "adjust up", "adjust down", "hold", "release", "suspend"]
)


class Place(NamedTuple):
    """A key by what it is called outside: there is one issuing entity here."""

    program: str
    account: str
    period: date

    def settles_in(self, last: date) -> date:
        """First day of the quarter it is settled in, `last` being the last quarter that is due."""
        return last if self.program == "year" else self.period


class Story:
    """A book, the documents as they stand, and what people have rejected."""

    def __init__(self, book: SmallBook) -> None:
        self.book = book
        self.docs: dict[str, Doc] = {}
        self.rejected: set[tuple[str, str]] = set()

    def land(self, doc: Doc) -> None:
        """The next version of a document."""
        before = self.docs.get(doc.id)
        self.docs[doc.id] = doc._replace(order=before.order + 1 if before else 1)
        self.book.land(self.docs[doc.id])

    def decide(self, act: str, number: int, today: date) -> None:
        """A person's act on one of the proposals, if one can take it."""
        states = {"release": ("held", "suspended"), "suspend": ("approved",)}.get(act, ("proposed",))
        items = self.book.in_states(*states)
        if not items:
            return
        item = items[number % len(items)]
        if act == "approve":
            self.book.act(item, review.approve, item.content_hash, self.book.config.review, today)
        elif act == "reject":
            self.book.act(item, review.reject, "not agreed")
            self.rejected.add((item.program, item.content["payee"]))
        elif act == "waive":
            self.book.act(item, review.waive, "given up", today)
        elif act == "release":
            self.book.act(item, review.release, "in order")
        elif act in ("hold", "suspend"):
            self.book.act(item, review.hold, "wait")
        elif amount := 123 if act == "adjust up" else -min(77, item.net - 1):
            self.book.act(item, review.adjust, amount, "agreed by telephone")

    def due(self, today: date) -> dict[Place, int]:
        """What each key has earned through the last quarter that is due, by hand."""
        ended = [start for start, day in zip([*QUARTERS[1:], date(2026, 1, 1)], DUE, strict=True) if day <= today]
        in_time = [doc for doc in self.docs.values() if doc.day < ended[-1]]
        found = {}
        for (program, account, label), amount in earned(in_time).items():
            if program != "cash":
                found[Place(program, account, QUARTERS[int(label[-1]) - 1 if "Q" in label else 0])] = amount
        return found

    def taken(self) -> dict[Place, int]:
        """settled + reserved + waived - adjusted of each key; reserved is what approved proposals hold."""
        names = self.book.names()
        found: dict[Place, int] = defaultdict(int)
        with self.book.book.read() as reading:
            balances = postings.balances(reading, "live")
        for key, now in balances.items():
            place = Place(key.program, names[key.payee], date.fromisoformat(key.period))
            found[place] += now.settled + now.waived - now.adjusted
        for item in self.book.in_states(*proposals.RESERVED):
            for row in self.book.parts(item):
                found[Place(item.program, item.content["payee"], date.fromisoformat(row.key.period))] += row.amount
        return found

    def proposed(self) -> dict[Place, int]:
        """What open proposals hold of each key; a key stands in one of them only."""
        found: dict[Place, int] = {}
        for item in self.book.in_states(*proposals.OPEN):
            rows = self.book.parts(item)
            assert sum(line["net"] for line in item.content["lines"]) == item.net == sum(row.amount for row in rows) > 0
            for row in rows:
                assert sum(row.taxes.values()) == row.amount
                if row.kind == "entitlement":
                    place = Place(item.program, item.content["payee"], date.fromisoformat(row.key.period))
                    assert place not in found, f"{place} is proposed twice"
                    found[place] = row.amount
        return found


def check(story: Story, today: date) -> None:
    """settled + reserved + waived - adjusted + proposed = earned, or a reason why not."""
    taken, proposed, due = story.taken(), story.proposed(), story.due(today)
    left = {
        place: due.get(place, 0) - taken.get(place, 0) - proposed.get(place, 0) for place in {*taken, *proposed, *due}
    }
    assert {place: left[place] for place in proposed} == dict.fromkeys(proposed, 0)
    last = QUARTERS[sum(day <= today for day in DUE) - 1]
    periods: dict[tuple[str, str], set[date]] = defaultdict(set)
    fixed: dict[tuple[str, str], set[date]] = defaultdict(set)
    standing = story.book.in_states(*proposals.OPEN, *proposals.FROZEN)
    assert len({item.key for item in standing}) == len(standing), "two proposals claim one settlement key"
    for item in standing:
        found = fixed if item.state in proposals.FROZEN else periods
        found[item.program, item.content["payee"]].add(item.period)
    waiting: dict[tuple[str, str], int] = defaultdict(int)
    for place, amount in left.items():
        group = place[:2]
        settles = place.settles_in(last)
        if group in story.rejected:
            continue
        if amount < 0:
            assert not any(start >= settles for start in periods[group]), f"{place} is owed back and was not netted"
        if not {start for start in QUARTERS if settles <= start <= last} <= fixed[group]:
            waiting[group] += amount
    earning = {place[:2] for place, amount in due.items() if amount}
    for item in story.book.in_states("waiting"):  # what a person took away leaves nothing, and waits with the rest
        group = item.program, item.content["payee"]
        for row in story.book.parts(
            item
        ):  # where nothing is earned under any tax code, no document could state its tax
            waiting[group] += row.amount * (row.kind == "adjustment") * (row.amount < 0 or group in earning)
    assert all(amount <= 0 for amount in waiting.values()), f"earned, due and nowhere: {waiting}, {left}"
    assert story.book.faults() == []


@given(st.data())
@stories(12)
def test_what_is_settled_reserved_waived_adjusted_and_open_is_what_is_earned(data: Any) -> None:
    with small_book(YEAR, FAMILY) as book:
        story = Story(book)
        for today in DUE:
            for doc in data.draw(st.lists(docs, min_size=1, max_size=3)):
                story.land(doc)
            book.propose(today)
            check(story, today)
            for act, number in data.draw(st.lists(st.tuples(acts, st.integers(0, 5)), max_size=5)):
                story.decide(act, number, today)
            if data.draw(st.booleans()):
                assert book.write_back(today).refused == 0
            book.propose(today)
            check(story, today)
        again = book.propose(today)
        assert (again.new, again.changed, again.withdrawn) == (0, 0, 0), "proposing again changes nothing"
        _written_once(book)


def _written_once(book: SmallBook) -> None:
    """Every credit note of the remote is settled in the book, once, with its own amount."""
    with book.book.read() as reading:
        settled = sum(balance.settled for balance in postings.balances(reading, "live").values())
    assert settled == sum(request.net for request in book.erp.documents.values())
    assert {item.key for item in book.in_states("settled")} == set(book.erp.documents)
