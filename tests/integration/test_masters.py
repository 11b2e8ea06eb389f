"""Master data by day, now and as known at a batch: parents, groups, tags, enrolments, units, exchange rates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from core.documents import RawRecord
from core.engine.plan import AccountState, ItemState
from core.errors import RefusedError
from core.ledger import merger, merging, quarantine
from core.ledger.accounts import GROUPS, find_account, group_accounts, rebased
from core.ledger.exchange import Exchange
from core.ledger.facts import account_facts, sync_facts
from core.ledger.masters import account_states, item_states, profiles
from core.ledger.units import units
from core.period import day_number
from core.programs import DEFAULT_VIEW
from tests.helpers.books import SmallBook, program, small_book
from tests.helpers.facts import Line, facts, invoice, last_batch, synced

GROUP_BONUS = program(
    'id = "group-bonus"\nname = "Group bonus"\nversion = "1"\nperiod = "year"',
    '[scale]\nmethod = "retrospective"\n[[scale.bands]]\nfrom = 0\npercent = 2',
    '[audience]\nbeneficiary = "group"',
)


@pytest.fixture
def book() -> Iterator[SmallBook]:
    with small_book() as found:
        yield found


def account(name: str, *, order: int = 1, since: str = "", **fields: Any) -> RawRecord:
    return RawRecord("account", f"{name}@{since}", {"id": name, "valid_from": since, **fields}, (), order)


def product(name: str, *, since: str = "", order: int = 1, **fields: Any) -> RawRecord:
    return RawRecord("product", f"{name}@{since}", {"id": name, "valid_from": since, **fields}, (), order)


def enrolment(name: str, account: str, since: str, until: str = "", *, order: int = 1) -> RawRecord:
    fields = {"account": account, "program": "club", "since": since, "until": until}
    return RawRecord("enrolment", name, fields, (), order)


def rate(name: str, on: str, value: str, **fields: Any) -> RawRecord:
    return RawRecord("exchange_rate", name, {"base": "EUR", "quote": "USD", "on": on, "rate": value, **fields})


def accounts_at(book: SmallBook, day: str, known: int | None = None) -> dict[str, AccountState]:
    """The states on a day by the first external id, ids of accounts told apart by `names_at`."""
    number = day_number(date.fromisoformat(day))
    with book.book.read() as reading:
        states = account_states(reading, known)
    for history in states.values():
        assert all(one.to_day == two.from_day for one, two in pairwise(history))
    return {
        state.external_ids[0]: state
        for history in states.values()
        for state in history
        if state.from_day <= number < state.to_day
    }


def above(book: SmallBook, day: str, known: int | None = None) -> dict[str, tuple[str | None, str | None]]:
    """Parent and top of each account by name."""
    names: dict[int | None, str | None] = {**book.names(), None: None}
    found = accounts_at(book, day, known)
    return {name: (names[state.parent_id], names[state.top_id]) for name, state in found.items()}


def merge(book: SmallBook, old: str, new: str, start: date | None = None) -> None:
    with book.batch("merge") as batch:
        one, other = (find_account(batch.connection, name) for name in (old, new))
        merging.merge(batch, merger.plan(batch.connection, one, other, start), "one firm", date(2025, 8, 1))


def test_parents_are_followed_to_the_top_by_day(book):
    book.land_raw(
        [
            account("SHOP", parent="REGION"),
            account("REGION", parent=""),
            account("REGION", since="2025-07-01", parent="HQ"),
            account("HQ", parent="HQ"),
            account("LOST", parent="UNKNOWN"),
        ]
    )
    assert above(book, "2025-06-30") == {
        "SHOP": ("REGION", "REGION"), "REGION": (None, None), "HQ": (None, None), "LOST": (None, None)
    }  # fmt: skip
    assert above(book, "2025-07-01")["SHOP"] == ("REGION", "HQ")
    assert accounts_at(book, "2025-07-01")["SHOP"].parent == "REGION"


def test_a_parent_of_another_company_or_source_is_not_meant(book):
    book.land_raw([RawRecord("account", "HQ", {"id": "HQ"}, (), 1, company="2"), account("SHOP", parent="HQ")])
    assert above(book, "2025-01-01")["SHOP"] == (None, None)


def test_a_parent_that_was_merged_is_the_account_it_became(book):
    book.land_raw([account("SHOP", parent="OLD"), account("OLD"), account("NEW")])
    before = last_batch(book)
    merge(book, "OLD", "NEW", date(2025, 7, 1))
    assert above(book, "2025-06-30")["SHOP"] == ("OLD", "OLD")
    assert above(book, "2025-07-01")["SHOP"] == ("NEW", "NEW")
    assert accounts_at(book, "2025-07-01")["SHOP"].parent == "NEW"
    assert above(book, "2025-07-01", before)["SHOP"] == ("OLD", "OLD")
    with book.book.read() as reading:
        names = book.names()
        assert {names[old]: names[new] for old, new in rebased(reading).items()} == {"OLD": "NEW"}


def test_what_was_merged_for_always_needs_no_rebasing(book):
    book.land_raw([account("OLD"), account("NEW")])
    merge(book, "OLD", "NEW")
    with book.book.read() as reading:
        assert rebased(reading) == {}


def test_enrolments_cut_the_days_and_go_over_with_a_merged_account(book):
    records = [enrolment("E1", "A", "2025-03-01", "2025-03-31"), enrolment("E2", "A", "2025-06-01")]
    book.land_raw([account("A", tags="gold; key ;gold"), account("B"), *records])
    enrolled = {day: accounts_at(book, day)["A"].enrolled for day in ("2025-02-28", "2025-03-01", "2025-03-31")}
    assert enrolled == {"2025-02-28": (), "2025-03-01": ("club",), "2025-03-31": ("club",)}
    assert [accounts_at(book, day)["A"].enrolled for day in ("2025-04-01", "2030-01-01")] == [(), ("club",)]
    assert accounts_at(book, "2025-01-01")["A"].tags == ("gold", "key")
    merge(book, "A", "B", date(2025, 7, 1))
    assert [accounts_at(book, day)["B"].enrolled for day in ("2025-06-30", "2025-07-01")] == [(), ("club",)]


def test_states_are_told_as_they_were_known(book):
    book.land_raw([account("A", segment="gold", parent="P"), account("P"), enrolment("E", "A", "2025-01-01")])
    before = last_batch(book)
    later = account("A", segment="silver", order=2)
    book.land_raw([later, enrolment("E", "A", "2025-06-01", order=2), account("NEWER")])
    now, then = accounts_at(book, "2025-02-01"), accounts_at(book, "2025-02-01", before)
    assert (now["A"].segment, now["A"].parent, now["A"].enrolled) == ("silver", None, ())
    assert (then["A"].segment, then["A"].parent, then["A"].enrolled) == ("gold", "P", ("club",))
    assert "NEWER" in now and "NEWER" not in then


def test_units_are_those_of_the_day_in_counting_and_in_the_states_of_items(book):
    book.land_raw(
        [
            product("X", unit="piece", units="box=12; layer=0.1", category="tools"),
            product("X", since="2025-07-01", unit="piece", units="box=10"),
            invoice("1", ("X", 100), unit="box", quantity=2, issued="2025-06-30"),
            invoice("2", ("X", 100), unit="box", quantity=2, issued="2025-07-01"),
            invoice("3", ("X", 100), unit="crate", quantity=2),
            invoice("4", ("X", 100), unit="piece", quantity=2),
            invoice("5", ("Y", 100), unit="piece", quantity=2),
        ]
    )
    found = {line.document: sums.quantity for line, sums in synced(book, DEFAULT_VIEW).items()}
    assert found == {"1": 24_000_000, "2": 20_000_000, "3": None, "4": 2_000_000, "5": None}
    with book.book.read() as reading:
        [first, second] = next(states for states in item_states(reading).values() if states[0].sku == "X")
    assert first[2:4] == ("X", "tools") and first.base_unit == second.base_unit == "piece"
    assert first.units == (("box", Fraction(12)), ("layer", Fraction(1, 10))) and second.units == (
        ("box", Fraction(10)),
    )


def test_units_are_told_as_they_were_known(book):
    book.land_raw([product("X", unit="piece", units="box=12")])
    before = last_batch(book)
    book.land_raw([product("X", unit="piece", units="box=10", order=2)])
    with book.book.read() as reading:
        now, then = units(reading), units(reading, before)
    assert now.ratio(("erp", "", "X"), "box", 0) == (10, 1) and then.ratio(("erp", "", "X"), "box", 0) == (12, 1)
    assert now.hash != then.hash
    book.land_raw([invoice("1", ("X", 100), unit="box", quantity=2)])
    synced(book, DEFAULT_VIEW)
    for known, pieces in ((None, 20_000_000), (before, 24_000_000)):
        with account_facts(book.book, None, known_batch=known) as engine:
            assert [sums.quantity for sums in facts(book, engine, DEFAULT_VIEW).values()] == [pieces]


def test_exchange_rates_keep_all_their_digits_and_are_told_as_they_were_known(book):
    digits = "1." + "123456789" * 4
    book.land_raw([rate("1", "2025-03-03", digits, provider="ECB")])
    before = last_batch(book)
    book.land_raw([rate("2", "2025-03-04", "1.2")])
    day = date(2025, 3, 5)
    with book.book.read() as reading:
        now, then = Exchange.read(reading), Exchange.read(reading, before)
    assert now.ratio("EUR", "USD", day, "document", "", day) == Fraction(6, 5)
    assert then.ratio("EUR", "USD", day, "document", "", day) == Fraction(digits)
    assert now.ratio("EUR", "USD", day, "document", "ECB", day) == Fraction(digits)


@pytest.mark.parametrize("value", ["0", "-1.1", "0.000"])
def test_a_rate_that_is_not_above_zero_is_kept_apart(book, value):
    assert book.land_raw([rate("1", "2025-03-03", value)]).quarantined == 1
    with book.book.read() as reading:
        assert [row.reason for row in quarantine.open_rows(reading)] == ["not_a_rate"]


def test_a_buying_group_has_an_account_once_a_program_pays_groups(book):
    book.land_raw([account("A", group="Union"), account("B", group="Union", since="2025-07-01"), account("Union")])
    sync_facts(book.book, book.engine, book.claim.fence)
    with book.book.read() as reading:
        assert group_accounts(reading) == {}
    book.define(GROUP_BONUS)
    sync_facts(book.book, book.engine, book.claim.fence)
    again = last_batch(book)
    sync_facts(book.book, book.engine, book.claim.fence)
    assert last_batch(book) == again
    with book.book.read() as reading:
        [(name, group)] = group_accounts(reading).items()
        assert name == "Union" and group not in account_states(reading)
        assert profiles(reading)[group].name == "Union" and profiles(reading)[group].source == GROUPS
        assert find_account(reading, "Union").source == "erp"
        assert find_account(reading, "Union", GROUPS).account_id == group
        with pytest.raises(RefusedError):
            find_account(reading, "Nobody", GROUPS)
    assert accounts_at(book, "2025-01-01")["A"].group_id == group
    assert [accounts_at(book, day)["B"].group_id for day in ("2025-06-30", "2025-07-01")] == [None, group]
    assert not book.faults()


def test_a_line_names_what_it_is_of(book):
    book.land_raw([invoice("1", ("X", 100), percent=19)])
    [(line, sums)] = synced(book, DEFAULT_VIEW).items()
    assert line == Line("1", 1, "A", "X", 19, date(2025, 2, 3)) and sums == (100, 19, 1_000_000, 1)
    with book.book.read() as reading:
        assert all(isinstance(state, ItemState) for states in item_states(reading).values() for state in states)
