"""What a changed definition holds for: the slices that its change mode makes of it and the one before."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.errors import RefusedError
from core.ledger import registry
from core.programs import Program, Scope, program_from
from tests.unit.core.shelf import Shelf


def bonus(percent: str = "1", version: str = "1", parts: dict[str, Any] | None = None, **head: Any) -> Program:
    first = {"id": "bonus", "name": "Bonus", "currency": "EUR", "valid_from": date(2025, 1, 1), "period": "quarter"}
    stated = {"program": first | {"version": version} | head, "scale": {"percent": Decimal(percent)}}
    return program_from(stated | (parts or {}))


def held(shelf: Shelf, *versions: Program) -> Program:
    """What holds after these were registered one after the other."""
    for program in versions:
        with shelf.by("controller") as batch:
            assert registry.register(batch, program, "bonus.toml")
    with shelf.book.read() as connection:
        return registry.current(connection)["bonus"].program


def rates(program: Program) -> list[tuple[date, Decimal | None]]:
    return [(part.start, part.scales[""].percent if part.scales[""] else None) for part in program.slices()]


def test_everything_forgets_what_held_before(shelf: Shelf) -> None:
    changed = bonus("2", "2")
    assert held(shelf, bonus(), changed) == changed


def test_from_now_keeps_what_held_until_the_day(shelf: Shelf) -> None:
    changed = bonus("2", "2", change_mode="from_now", change_from=date(2025, 5, 20))
    found = held(shelf, bonus(), changed)
    assert rates(found) == [(date(2025, 1, 1), Decimal(1)), (date(2025, 5, 20), Decimal(2))]
    assert found.program.version == "2"


def test_from_period_start_goes_back_to_the_first_day_of_the_running_period(shelf: Shelf) -> None:
    changed = bonus("2", "2", change_mode="from_period_start", change_from=date(2025, 5, 20))
    assert rates(held(shelf, bonus(), changed)) == [(date(2025, 1, 1), Decimal(1)), (date(2025, 4, 1), Decimal(2))]


def test_changes_follow_each_other(shelf: Shelf) -> None:
    second = bonus("2", "2", change_mode="from_now", change_from=date(2025, 5, 20))
    third = bonus("3", "3", change_mode="from_now", change_from=date(2025, 8, 1))
    assert rates(held(shelf, bonus(), second, third)) == [
        (date(2025, 1, 1), Decimal(1)),
        (date(2025, 5, 20), Decimal(2)),
        (date(2025, 8, 1), Decimal(3)),
    ]


def test_a_later_change_may_take_back_an_earlier_one(shelf: Shelf) -> None:
    second = bonus("2", "2", change_mode="from_now", change_from=date(2025, 5, 20))
    third = bonus("3", "3", change_mode="from_now", change_from=date(2025, 3, 1))
    assert rates(held(shelf, bonus(), second, third)) == [
        (date(2025, 1, 1), Decimal(1)),
        (date(2025, 3, 1), Decimal(3)),
    ]


def test_a_scope_changes_with_its_slice(shelf: Shelf) -> None:
    changed = bonus("2", "2", {"scope": {"skus": ("P-*",)}}, change_mode="from_now", change_from=date(2025, 5, 20))
    found = held(shelf, bonus(), changed)
    assert [part.scope for part in found.slices()] == [Scope(), Scope(skus=("P-*",))]


def test_before_the_first_day_nothing_is_to_be_kept(shelf: Shelf) -> None:
    changed = bonus("2", "2", change_mode="from_now", change_from=date(2024, 5, 20))
    assert rates(held(shelf, bonus(), changed)) == [(date(2025, 1, 1), Decimal(2))]


def test_a_definition_is_found_as_it_held_by_its_hash(shelf: Shelf) -> None:
    changed = bonus("2", "2", change_mode="from_now", change_from=date(2025, 5, 20))
    found = held(shelf, bonus(), changed)
    with shelf.book.read() as connection:
        assert registry.by_hash(connection, changed.hash()) == found
        assert registry.by_hash(connection, bonus().hash()) == bonus()


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ({"basis": {"returns": "exclude"}}, "basis"),
        ({"period": "year"}, "program.period"),
        ({"condition": ({"name": "mix", "minimum": 5},)}, "condition"),
    ],
)
def test_what_cannot_change_within_a_period_is_refused(shelf: Shelf, parts: dict[str, Any], named: str) -> None:
    length = {"period": "year"} if "period" in parts else {}
    stated = {name: value for name, value in parts.items() if name != "period"}
    changed = bonus("2", "2", stated, change_mode="from_now", change_from=date(2025, 5, 20), **length)
    with pytest.raises(RefusedError, match=f"{named} cannot change within a period"):
        held(shelf, bonus(), changed)
