"""What is entitled follows from the documents as they stand, never from how and when they arrived."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.documents import Coverage
from core.ledger.sweeps import Guard, sweep_snapshot
from tests.helpers.book_by_hand import CASH, CLUB, FAMILY, YEAR, counting, earned
from tests.helpers.books import Doc, SmallBook, small_book
from tests.helpers.examples import stories

PROGRAMS = (YEAR, FAMILY, CLUB, CASH)
AS_OF = date(2025, 7, 10)

lines = st.lists(
    st.tuples(
        st.sampled_from(["A1", "A2", "B1"]),
        st.integers(-3_000, 30_000) | st.sampled_from([1, 5, 99, 100, 10_000, 5_000]),
        st.sampled_from([0, 7, 19]),
    ),
    min_size=1,
    max_size=3,
).map(tuple)
days = st.sampled_from([date(2025, month, day) for month in range(1, 7) for day in (1, 15, 28)])


@st.composite
def documents(draw: st.DrawFn, number: int, order: int) -> Doc:
    """A version of document `number`. Every third is a credit note."""
    return Doc(
        f"D{number}",
        draw(lines),
        draw(days),
        draw(st.sampled_from(["A", "A", "A", "B", None])),
        order,
        draw(st.sampled_from(["E1", "E1", "E2"])),
        "credit_note" if number % 3 == 2 else "invoice",
        draw(st.integers(0, 9)) == 0,
    )


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[list[Doc]], list[Doc]]:
    """Versions of up to six documents in any order and any batches, and the documents as they stand in the end."""
    versions = [
        draw(documents(number, order))
        for number in range(draw(st.integers(1, 6)))
        for order in range(1, draw(st.integers(1, 3)) + 1)
    ]
    newest = {doc.id: doc for doc in sorted(versions, key=lambda doc: doc.order)}
    versions = draw(st.permutations(versions))
    cuts = sorted(draw(st.sets(st.integers(1, len(versions)), max_size=3)) | {len(versions)})
    batches = [list(versions[start:end]) for start, end in zip([0, *cuts], cuts, strict=False)]
    return batches, list(newest.values())


def _agrees_with_a_fresh_book(book: SmallBook, final: list[Doc]) -> None:
    amounts = {key: values[0] for key, values in book.entitlements().items() if values[0]}
    assert amounts == earned(final)
    with small_book(*PROGRAMS) as fresh:
        fresh.land(*sorted(final, key=lambda doc: doc.id))
        fresh.accrue(AS_OF)
        assert book.entitlements() == fresh.entitlements()
        assert book.balances() == fresh.balances()
    assert book.faults() == []


@given(arrivals(), st.sets(st.integers(0, 3)))
@stories(15)
def test_any_order_and_any_batches_give_the_same(world: tuple[list[list[Doc]], list[Doc]], early: set[int]) -> None:
    batches, final = world
    with small_book(*PROGRAMS) as book:
        for number, docs in enumerate(batches):
            book.land(*docs)
            if number in early:
                book.accrue(AS_OF)
        book.accrue(AS_OF)
        _agrees_with_a_fresh_book(book, final)


def test_a_cent_that_could_go_either_way_goes_the_same_way() -> None:
    """Ids follow the order of arrival; the split by entity and tax code does not."""
    equal = [
        Doc(f"D{number}", (("A1", 25, percent),), date(2025, 1, 15), entity=entity)
        for number, (entity, percent) in enumerate([("E1", 19), ("E1", 7), ("E2", 19), ("E2", 0)])
    ]
    found = []
    for docs in (equal, equal[::-1], equal[2:] + equal[:2]):
        with small_book(*PROGRAMS) as book:
            for doc in docs:
                book.land(doc)
                book.accrue(AS_OF)
            found.append((book.entitlements(), book.balances()))
    assert found[0][0]["year", "A", "2025"][0] == 1, "one cent among four equal parts"
    assert found[0] == found[1] == found[2]


@st.composite
def changes(draw: st.DrawFn, present: dict[str, Doc]) -> tuple[str, Doc]:
    """Something that happens to one document: its next version, or its end."""
    doc = present[draw(st.sampled_from(sorted(present)))]
    newer = doc._replace(order=doc.order + 1)
    act = draw(st.sampled_from(["change", "cancel", "delete", "back-date", "move", "come back"]))
    if act == "change":
        return act, newer._replace(lines=draw(lines))
    if act == "cancel":
        return act, newer._replace(cancelled=True)
    if act == "back-date":
        return act, newer._replace(day=doc.day - timedelta(draw(st.sampled_from([1, 30, 90]))))
    if act == "move":
        return act, newer._replace(account=draw(st.sampled_from(["A", "B", None])))
    return act, newer


def _delete(book: SmallBook, doc: Doc, present: dict[str, Doc]) -> None:
    """A complete snapshot that shows everything but `doc`."""
    seen = {other.id for other in present.values() if other.kind == doc.kind and other.id != doc.id}
    with book.batch("landing") as batch:
        coverage = Coverage("snapshot", doc.kind, complete=True)
        guard = Guard(percent=100, documents=100)
        assert sweep_snapshot(batch, "erp", coverage, seen, batch.seq - 1, guard, lambda _: False).deleted == 1


@given(st.data())
@stories(15)
def test_a_change_equals_a_fresh_computation(data: Any) -> None:
    present = {doc.id: doc for doc in (data.draw(documents(number, 1)) for number in range(4))}
    gone: dict[str, Doc] = {}
    with small_book(*PROGRAMS) as book:
        book.land(*present.values())
        book.accrue(AS_OF)
        for _ in range(data.draw(st.integers(1, 4))):
            if not present:
                break
            act, doc = data.draw(changes(present))
            if act == "delete":
                _delete(book, doc, present)
                gone[doc.id] = present.pop(doc.id)
            elif act == "come back" and gone:
                back = gone.pop(sorted(gone)[0])
                present[back.id] = back._replace(order=back.order + 1)
                book.land(present[back.id])
            else:
                present[doc.id] = doc
                book.land(doc)
            if data.draw(st.booleans()):
                book.accrue(AS_OF)
        book.accrue(AS_OF)
        _agrees_with_a_fresh_book(book, list(present.values()))
        assert book.accrue(AS_OF).changed == 0, "running it again changes nothing"
    assert all(doc.day.year in (2024, 2025) for doc in counting(present.values()))
