"""Opening balances: all rows or none, once."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest

from core.errors import RefusedError
from core.ledger import postings
from core.ledger.opening import COLUMNS, import_opening
from core.ledger.verify import verify
from tests.unit.core.settling import a_program
from tests.unit.core.shelf import TODAY, Shelf

GOOD = {
    "program": "bonus",
    "account": "C-1",
    "entity": "DE01",
    "period": "2025-Q1",
    "component": "settled",
    "amount": "12.34",
}


def bring(shelf: Shelf, *rows: dict[str, str]) -> int:
    with shelf.by("controller") as batch:
        return import_opening(batch, rows, "opening.csv", TODAY)


@pytest.fixture
def ready(shelf: Shelf) -> Shelf:
    shelf.define()
    shelf.account("C-1")
    return shelf


@pytest.mark.parametrize("component", ["accrued", "settled", "adjusted", "waived"])
def test_a_row_becomes_a_balance(ready: Shelf, component: str) -> None:
    assert bring(ready, GOOD | {"component": component}) == 1
    assert ready.balance()._asdict() == dict.fromkeys(("accrued", "adjusted", "settled", "waived"), 0) | {
        component: 1234
    }


def test_the_key_is_the_first_day_of_the_named_period(ready: Shelf) -> None:
    ready.define(a_program("year", id="fiscal", fiscal_start=4))
    bring(ready, GOOD, GOOD | {"program": "fiscal", "period": "FY2024"}, GOOD | {"period": "2026-Q4"})
    with ready.book.read() as connection:
        found = {(key.program, date.fromisoformat(key.period)) for key in postings.balances(connection, "live")}
        assert list(verify(connection)) == []
    assert found == {
        ("bonus", date(2025, 1, 1)),
        ("fiscal", date(2024, 4, 1)),
        ("bonus", date(2026, 10, 1)),
    }


def test_balances_of_one_key_add_up(ready: Shelf) -> None:
    bring(ready, GOOD | {"component": "accrued", "amount": "20"}, GOOD, GOOD | {"amount": "-2.34"})
    assert ready.balance() == (2000, 0, 1000, 0)


WRONG = [
    ({"program": "nothing"}, "program: 'nothing' is no rebate program of the book"),
    ({"program": "club"}, "program: 'club' is no rebate program of the book"),
    ({"account": "C-2"}, "account: 'C-2' is no known account"),
    ({"component": "paid"}, "component: 'paid' is none of accrued, settled, adjusted, waived"),
    ({"period": "2025-01"}, "period: '2025-01' is no quarter of bonus"),
    ({"period": "2024-Q4"}, "period: '2024-Q4' is no quarter of bonus"),
    ({"amount": "12,34"}, "amount: '12,34' is not a number"),
    ({"amount": "12.345"}, "amount: 12.345 has more than 2 digits after the point"),
    *[({name: ""}, f"{name}: is missing") for name in COLUMNS],
]


def test_every_wrong_row_is_told_and_nothing_is_imported(ready: Shelf) -> None:
    with pytest.raises(RefusedError) as caught:
        bring(ready, GOOD, *[GOOD | changed for changed, _ in WRONG])
    assert caught.value.message.splitlines() == [
        f"opening.csv row {number}: {told}" for number, (_, told) in enumerate(WRONG, 3)
    ]
    assert caught.value.hint is not None
    assert "nothing was imported" in caught.value.hint
    assert ready.balance() == (0, 0, 0, 0)
    assert bring(ready, GOOD) == 1, "the mended file is taken"


def test_a_column_that_is_missing_is_told(ready: Shelf) -> None:
    without = {name: value for name, value in GOOD.items() if name != "entity"}
    with pytest.raises(RefusedError, match="row 2: entity: is missing"):
        bring(ready, without)


def test_an_amount_with_grouping_signs_is_told_not_taken(ready: Shelf) -> None:
    """In a CSV file it looks like one value too many."""
    text = ",".join(COLUMNS) + "\nbonus,C-1,DE01,2025-Q1,settled,1,234.50\n"
    with pytest.raises(RefusedError, match="row 2: row: has more values than columns"):
        bring(ready, *csv.DictReader(io.StringIO(text)))


def test_the_same_rows_are_taken_once(ready: Shelf) -> None:
    bring(ready, GOOD)
    with pytest.raises(RefusedError, match=r"opening\.csv: these opening balances were imported before"):
        bring(ready, dict(reversed(GOOD.items())))
    assert ready.balance().settled == 1234
    bring(ready, GOOD, GOOD)
    assert ready.balance().settled == 3 * 1234, "another file is another import"


def test_an_account_that_two_sources_know_by_one_id_is_not_guessed(ready: Shelf) -> None:
    assert ready.account("C-1", "crm") != ready.account("C-1", "erp")
    with pytest.raises(RefusedError, match="account: 'C-1' names 2 accounts of different sources"):
        bring(ready, GOOD)


def test_a_tier_program_has_no_balances(ready: Shelf) -> None:
    from core.programs import parse_program

    text = '[program]\nid = "club"\nname = "Club"\nkind = "tier"\ncurrency = "EUR"\nvalid_from = 2025-01-01\n'
    ready.define(parse_program(text + '[status]\nwindow = "calendar"\nlevels = [{ name = "all", from = 0 }]\n'))
    with pytest.raises(RefusedError, match="'club' is no rebate program"):
        bring(ready, GOOD | {"program": "club"})
