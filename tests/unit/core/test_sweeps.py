"""What a complete snapshot did not show is deleted, within a guard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core.documents import Coverage
from core.errors import RefusedError
from core.ledger import alarms, sweeps
from core.ledger.sweeps import Guard, Swept
from core.ledger.tables import batch as batches
from core.ledger.tables import record, record_head
from tests.unit.core.shelf import Shelf
from tests.unit.core.test_quarantine import document

ALL = Coverage("snapshot", "invoice", complete=True)
LOOSE = Guard(Decimal(100), 20)


def gone(_: str) -> bool:
    return False


def last_batch(shelf: Shelf) -> int:
    with shelf.book.read() as connection:
        return int(connection.execute(sa.select(sa.func.max(batches.c.seq))).scalar_one())


def sweep(
    shelf: Shelf,
    *seen: str,
    coverage: Coverage = ALL,
    guard: Guard = LOOSE,
    began: int | None = None,
    exists: Callable[[str], Any] = gone,
) -> Swept:
    began = last_batch(shelf) if began is None else began
    with shelf.by("rebated") as batch:
        return sweeps.sweep_snapshot(batch, "erp", coverage, set(seen), began, guard, exists)


def present(shelf: Shelf) -> set[str]:
    query = sa.select(record.c.external_id).join(record_head, record_head.c.record_id == record.c.id)
    with shelf.book.read() as connection:
        return set(connection.execute(query.where(record_head.c.present)).scalars())


@pytest.fixture
def three(shelf: Shelf) -> Shelf:
    shelf.land(document("I-1"), document("I-2"), document("I-3", issued="2025-03-01"))
    return shelf


def test_what_was_not_seen_is_deleted_once(three: Shelf) -> None:
    assert sweep(three, "I-1", "I-3") == Swept(1, None, 1)
    assert present(three) == {"I-1", "I-3"}
    assert sweep(three, "I-1", "I-3") == Swept()


def test_what_was_deleted_comes_back_newer_or_by_a_direct_read_not_by_a_replay(three: Shelf) -> None:
    sweep(three, "I-3")
    assert three.land(document("I-1"), document("I-2")).older == 2
    assert present(three) == {"I-3"}
    assert three.land(document("I-1"), authoritative=True).changed == 1
    assert three.land(document("I-2", order=2)).changed == 1
    assert present(three) == {"I-1", "I-2", "I-3"}


@pytest.mark.parametrize(
    "coverage",
    [
        Coverage("changes", "invoice", complete=True),
        Coverage("snapshot", "invoice", complete=False),
        Coverage("snapshot", "credit_note", complete=True),
        Coverage("snapshot", "invoice", "other company", complete=True),
        Coverage("snapshot", "invoice", start=date(2025, 3, 2), complete=True),
        Coverage("snapshot", "invoice", end=date(2025, 2, 3), complete=True),
    ],
)
def test_absence_means_nothing_outside_a_complete_snapshot(three: Shelf, coverage: Coverage) -> None:
    assert sweep(three, coverage=coverage) == Swept()
    assert present(three) == {"I-1", "I-2", "I-3"}


def test_the_range_of_a_snapshot_holds_its_first_day_and_not_its_end(three: Shelf) -> None:
    february = Coverage("snapshot", "invoice", "", date(2025, 2, 3), date(2025, 3, 1), True)
    assert sweep(three, coverage=february) == Swept(2, None, 2)
    assert present(three) == {"I-3"}


def test_what_landed_after_the_snapshot_began_is_safe(three: Shelf) -> None:
    began = last_batch(three)
    three.land(document("I-4"))
    assert sweep(three, "I-1", "I-2", "I-3", began=began) == Swept()
    assert "I-4" in present(three)


@pytest.mark.parametrize(("answer", "deleted"), [(True, 0), (False, 1), (None, 1)])
def test_a_direct_read_saves_what_is_there_after_all(three: Shelf, answer: bool | None, deleted: int) -> None:
    assert sweep(three, "I-1", "I-3", exists=lambda _: answer).deleted == deleted


@pytest.mark.parametrize(
    ("guard", "missing", "waits"),
    [
        (Guard(Decimal(100), 2), 2, False),
        (Guard(Decimal(100), 2), 3, True),
        (Guard(Decimal(1), 20), 1, False),
        (Guard(Decimal(1), 20), 2, True),
        (Guard(Decimal("0.99"), 20), 1, True),
        (Guard(Decimal(100), 0), 1, True),
    ],
)
def test_more_than_either_limit_waits_for_a_person(shelf: Shelf, guard: Guard, missing: int, waits: bool) -> None:
    names = [f"I-{number:03d}" for number in range(100)]
    shelf.land(*(document(name) for name in names))
    found = sweep(shelf, *names[missing:], guard=guard)
    assert (found.waiting is not None, found.missing) == (waits, missing)
    assert len(present(shelf)) == 100 - (0 if waits else missing)


def open_alarm_kinds(shelf: Shelf) -> list[str]:
    with shelf.book.read() as connection:
        return [row.kind for row in alarms.open_alarms(connection)]


def waiting(shelf: Shelf) -> list[int]:
    with shelf.book.read() as connection:
        return [row.id for row in sweeps.waiting(connection)]


@pytest.mark.parametrize(("confirm", "left"), [(True, {"I-1"}), (False, {"I-1", "I-2", "I-3"})])
def test_a_person_decides_once(three: Shelf, confirm: bool, left: set[str]) -> None:
    found = sweep(three, "I-1", guard=Guard())
    assert found.waiting is not None
    assert open_alarm_kinds(three) == ["mass_deletion"]
    with three.by("anna") as batch:
        assert sweeps.decide(batch, found.waiting, confirm=confirm) == 3 - len(left)
    assert present(three) == left
    assert open_alarm_kinds(three) == []
    told = "confirmed" if confirm else "discarded"
    with three.by("anna") as batch, pytest.raises(RefusedError, match=f"is {told}, not waiting"):
        sweeps.decide(batch, found.waiting, confirm=True)


def test_an_unknown_sweep_cannot_be_decided(three: Shelf) -> None:
    with three.by("anna") as batch, pytest.raises(RefusedError, match="sweep 7 is unknown"):
        sweeps.decide(batch, 7, confirm=True)


@pytest.mark.parametrize(
    ("seen", "guard", "exists", "deleted", "waits"),
    [
        (("I-1", "I-2", "I-3"), Guard(), gone, 0, False),
        (("I-1", "I-2"), LOOSE, gone, 1, False),
        (("I-1",), Guard(), lambda _: True, 0, False),
        (("I-1", "I-2"), Guard(), gone, 0, True),
    ],
)
def test_a_newer_snapshot_takes_the_place_of_a_sweep_that_waits(
    three: Shelf, seen: tuple[str, ...], guard: Guard, exists: Callable[[str], bool], deleted: int, waits: bool
) -> None:
    """What has come back since must not be deleted by confirming the older one."""
    old = sweep(three, "I-1", guard=Guard()).waiting
    assert old is not None
    found = sweep(three, *seen, guard=guard, exists=exists)
    assert found.deleted == deleted
    assert waiting(three) == ([found.waiting] if waits else [])
    assert open_alarm_kinds(three) == (["mass_deletion"] if waits else [])
    with three.by("anna") as batch, pytest.raises(RefusedError, match="is withdrawn, not waiting"):
        sweeps.decide(batch, old, confirm=True)
