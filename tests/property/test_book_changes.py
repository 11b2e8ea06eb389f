"""Settling on account through the year: a changed rate, and the split by tax code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from core.ledger import postings, review
from tests.helpers.book_by_hand import YEAR, Bands, marginal, percent, retrospective, rounded, scale
from tests.helpers.books import Doc, SmallBook, program, small_book
from tests.helpers.examples import stories

DUE = (date(2025, 4, 5), date(2025, 7, 5), date(2025, 10, 5), date(2026, 1, 5))
ENDS = (date(2025, 4, 1), date(2025, 7, 1), date(2025, 10, 1), date(2026, 1, 1))
BEFORE: Bands = [(0, "1"), (10_000, "2.5"), (50_000, "4")]
AFTER: Bands = [(0, "2"), (20_000, "3"), (40_000, "5.5")]
days = st.sampled_from([date(2025, month, day) for month in range(1, 13) for day in (2, 17)])
bought = st.lists(
    st.tuples(days, st.integers(8_000, 25_000) | st.integers(9_000, 24_000) | st.integers(-9_000, 9_000)),
    min_size=3,
    max_size=7,
).map(lambda sales: [(day, net if day.day > 2 else abs(net)) for day, net in sales])
"""No returns on the days between a quarter's end and its settlement: they keep it from being sent."""


def _definition(method: str, change: date | None) -> str:
    head = 'id = "year"\nname = "Year"\nperiod = "year"'
    rest = '[settlement]\nevery = "quarter"'
    if change is None:
        return program(head, scale(method, BEFORE), rest)
    changed = f"[[change]]\nfrom = {change}\n" + scale(method, AFTER, "[change.scale]")
    return program(f'{head}\nversion = "2"', scale(method, BEFORE), f"{rest}\n{changed}")


def _by_hand(method: str, change: date | None, sales: Iterable[tuple[date, int]]) -> int:
    """The band by the whole year's measure; what lies before the change at the old rates, the rest at the new ones."""
    sales = list(sales)
    whole = sum(net for _, net in sales)
    first = sum(net for day, net in sales if change is None or day < change)
    rest = whole - first
    if method == "retrospective":
        return rounded(percent(retrospective(BEFORE, whole), first) + percent(retrospective(AFTER, whole), rest))
    return rounded(marginal(BEFORE, first) + marginal(AFTER, first + rest) - marginal(AFTER, first))


def _settle(book: SmallBook, today: date) -> None:
    """Propose, approve and write back what is due."""
    book.propose(today)
    for item in book.in_states("proposed"):
        book.act(item, review.approve, item.content_hash, book.config.review, today)
    book.write_back(today)


@given(
    st.sampled_from(["retrospective", "marginal"]),
    st.sampled_from([date(2025, 2, 1), date(2025, 4, 1), date(2025, 5, 20), date(2025, 7, 1), date(2025, 12, 1)]),
    st.integers(0, 4),
    bought,
)
@stories(12)
def test_a_rate_that_changes_in_the_year_neither_pays_twice_nor_loses_the_band(
    method: str, change: date, known_from: int, sales: list[tuple[date, int]]
) -> None:
    """`known_from` is the quarter at whose settlement the new version is there; 4: only after the year was settled."""
    settled = 0
    with small_book(_definition(method, None)) as book:
        book.land(*(Doc(f"D{number}", (("A1", net, 19),), day) for number, (day, net) in enumerate(sales)))
        for number, (today, end) in enumerate(zip(DUE, ENDS, strict=True)):
            if number == known_from:
                book.define(_definition(method, change))
            in_force = change if number >= known_from else None
            due = _by_hand(method, in_force, [(day, net) for day, net in sales if day < end])
            _settle(book, today)
            settled = max(settled, due)
            assert sum(request.net for request in book.erp.documents.values()) == settled
        if known_from == len(DUE):
            book.define(_definition(method, change))
        _settle(book, date(2026, 4, 5))
        due = _by_hand(method, change, sales)
        assert [values[0] for values in book.entitlements().values()] == [due]
        assert sum(request.net for request in book.erp.documents.values()) == max(settled, due)
        assert book.faults() == []


codes = st.sampled_from([0, 7, 19])
taxed = st.lists(
    st.tuples(
        days.filter(lambda day: day.day > 2),
        st.lists(st.tuples(st.just("A1"), st.integers(-3_000, 20_001), codes), min_size=1, max_size=3).map(tuple),
        st.sampled_from(["E1", "E2"]),
    ),
    min_size=2,
    max_size=7,
)


@given(taxed)
@stories(12)
def test_the_tax_split_of_all_settlements_is_the_split_of_what_is_earned(
    sales: list[tuple[date, tuple[tuple[str, int, int], ...], str]],
) -> None:
    with small_book(YEAR) as book:
        book.land(*(Doc(f"D{number}", own, day, entity=entity) for number, (day, own, entity) in enumerate(sales)))
        for today in DUE:
            _settle(book, today)
        entitled = book.entitlements()
        if not entitled:
            return
        ((amount, waiting, split),) = entitled.values()
        assert not waiting and sum(part for _, part in split) == amount
        settled: dict[tuple[str, int], int] = defaultdict(int)
        for request in book.erp.documents.values():
            assert sum(line.net for line in request.lines) == sum(part.net for part in request.taxes) == request.net > 0
            for part in request.taxes:
                settled[request.entity, part.rate] += part.net
                assert part.tax == rounded(part.net * Fraction(part.rate, 10**6))
        earned: dict[str, dict[int, int]] = {"E1": {}, "E2": {}}
        for (entity, rate), part in split:
            earned[entity][rate] = part
        with book.book.read() as reading:
            balances = postings.balances(reading, "live")
        for entity, parts in earned.items():
            paid = sum(balance.settled for key, balance in balances.items() if key.entity == entity)
            if paid == sum(parts.values()) and paid:
                by_rate = {rate: part for (issuer, rate), part in settled.items() if issuer == entity and part}
                assert by_rate == parts
            else:
                assert paid >= sum(parts.values()), f"{entity} was not settled in full"
        assert book.faults() == []
