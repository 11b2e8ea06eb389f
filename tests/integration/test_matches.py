"""Matches in the book: landed counterparts, rows that are appended, alarms, addresses, and a chain that stays whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.documents import Coverage, RawRecord
from core.errors import RefusedError
from core.ledger import matches, merger, merging, sweeps
from core.ledger.accounts import find_account
from core.ledger.alarms import close_by_id, open_alarms
from core.ledger.landing import land
from core.ledger.matches import Matching
from core.ledger.sweeps import Guard
from core.ledger.tables import account, account_match, batch, personal_data, record_version
from core.matching import Outcome
from core.source import SourceRules
from tests.helpers.books import SmallBook, small_book
from tests.helpers.databases import BOTH, empty_database

TODAY = date(2025, 6, 1)
CRM = Matching("crm", frozenset({"erp"}), ("external_key", "vat_number", "domain"))


class Shop:
    """A book, an ERP and a CRM."""

    def __init__(self, book: SmallBook) -> None:
        self.own = book
        self.order = 0

    def erp(self, *ids: str, **fields: str) -> None:
        self.own.land_raw([RawRecord("account", one, {"id": one, **fields}) for one in ids])

    def crm(self, **records: dict[str, Any]) -> None:
        """Accounts that the CRM has changed."""
        self.order += 1
        raw = [RawRecord("counterpart", one, fields, order=self.order) for one, fields in records.items()]
        with self.own.batch("landing") as writing:
            assert land(writing, "crm", SourceRules(), raw).quarantined == 0

    def crm_is(self, *ids: str) -> None:
        """All accounts that the CRM has now."""
        with self.own.batch("landing") as writing:
            coverage = Coverage("snapshot", "counterpart", complete=True)
            sweeps.sweep_snapshot(writing, "crm", coverage, set(ids), writing.seq - 1, Guard(100), lambda _: False)

    def match(self, matching: Matching = CRM) -> dict[str, Outcome]:
        """Match, keep, and tell what has changed by account."""
        with self.own.batch("matching") as writing:
            found = matches.find(writing.connection, matching, TODAY)
            changed = matches.changes(writing.connection, matching.target, found)
            matches.keep(writing, matching.target, changed)
        names = self.own.names()
        return {names[account_id]: outcome for account_id, outcome in changed.items()}

    def decide(self, account_name: str, decision: Any, counterpart: str | None = None) -> None:
        with self.own.batch("account") as writing:
            item = find_account(writing.connection, account_name)
            matches.decide(writing, "crm", item, decision, counterpart, "asked sales", TODAY)

    def merge(self, old: str, new: str, start: date | None = None) -> None:
        with self.own.batch("account") as writing:
            pair = [find_account(writing.connection, name) for name in (old, new)]
            merging.merge(writing, merger.plan(writing.connection, pair[0], pair[1], start), "duplicate", TODAY)

    def addresses(self, today: date = TODAY, target: str = "crm") -> dict[str, str]:
        names = self.own.names()
        with self.own.book.read() as reading:
            found = matches.addresses(reading, target, today)
        return {names[account_id]: counterpart for account_id, counterpart in found.items()}

    def alarms(self) -> list[str]:
        with self.own.book.read() as reading:
            return [row.message for row in open_alarms(reading) if row.kind == matches.ALARM]

    def count(self, table: sa.Table) -> int:
        with self.own.book.read() as reading:
            return int(reading.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


@pytest.fixture
def shop() -> Iterator[Shop]:
    with small_book() as book:
        yield Shop(book)
        assert book.faults() == []


def test_counterparts_land_without_opening_accounts_and_names_stand_apart(shop: Shop):
    shop.crm(x={"name": "Acme", "vat_number": "DE123456789", "domain": "Jane <jane@acme.example>", "archived": "no"})
    assert shop.count(account) == 0
    with shop.own.book.read() as reading:
        row = reading.execute(sa.select(record_version)).one()
        assert (row.account_id, row.content) == (None, {"domain": "acme.example"})
        assert reading.execute(sa.select(personal_data.c.content)).scalar_one() == {
            "name": "Acme",
            "vat_number": "DE123456789",
        }


def test_what_is_no_flag_or_too_long_is_quarantined(shop: Shop):
    raw = [
        RawRecord("counterpart", "x", {"archived": "perhaps"}),
        RawRecord("counterpart", "y", {"external_key": "k" * 201}),
        RawRecord("counterpart", "z", {"merged_from": ["1", "2" * 201]}),
    ]
    with shop.own.batch("landing") as writing:
        assert land(writing, "crm", SourceRules(), raw).quarantined == 3


@pytest.mark.parametrize("database", BOTH)
def test_matches_are_kept_once_and_addresses_follow(database: str, tmp_path: Path):
    with empty_database(database, tmp_path) as url, small_book(url=url) as book:
        shop = Shop(book)
        shop.erp("C-1", "C-2", "C-3")
        shop.crm(x={"external_key": "C-1"}, y={"external_key": "C-2"}, z={"external_key": "C-2"})
        assert set(shop.match()) == {"C-1", "C-2"}, "nothing is written of what is unmatched"
        assert shop.addresses() == {"C-1": "x"}
        assert shop.addresses(target="other") == {}
        before = shop.count(batch), shop.count(account_match)
        assert shop.match() == {}
        assert (shop.count(batch), shop.count(account_match)) == before
        (message,) = shop.alarms()
        assert "account C-2 has no certain match in crm: the external key names several: y, z." in message
        shop.crm(z={"external_key": "C-2", "archived": True})
        assert shop.match()["C-2"].counterpart == "y"
        assert shop.alarms() == []
        assert shop.addresses() == {"C-1": "x", "C-2": "y"}
        assert book.faults() == []


def test_an_alarm_that_a_person_closed_stays_closed_until_something_changes(shop: Shop):
    shop.erp("C-1")
    shop.crm(x={"external_key": "C-1"}, y={"external_key": "C-1"})
    shop.match()
    with shop.own.batch("act") as writing:
        close_by_id(writing, open_alarms(writing.connection)[0].id, "known")
    shop.match()
    assert shop.alarms() == []
    shop.crm(z={"external_key": "C-1"})
    shop.match()
    assert len(shop.alarms()) == 1


def test_a_merge_in_the_crm_moves_the_match_and_a_deletion_makes_it_stale(shop: Shop):
    shop.erp("C-1", vat_number="DE123456789")
    shop.crm(x={"vat_number": "DE123456789"}, y={})
    shop.match()
    shop.crm(x={"merged_into": "y"})
    assert shop.match() == {"C-1": Outcome("matched", "y", "vat_number", "merged")}
    assert shop.match() == {}
    shop.crm_is("x")
    assert shop.match() == {"C-1": Outcome("stale", "y", "vat_number", "gone")}
    assert shop.addresses() == {}
    (message,) = shop.alarms()
    assert "y is not there, or in use no more" in message
    assert shop.match() == {}
    shop.crm(w={"merged_from": "y; v"})
    assert shop.match()["C-1"].counterpart == "w"
    assert shop.alarms() == []


def test_people_decide_and_take_it_back(shop: Shop):
    shop.erp("C-1", "C-2")
    shop.crm(x={"external_key": "C-1"}, y={}, gone={"archived": "1"}, old={"merged_into": "y"})
    shop.match()
    shop.decide("C-1", "matched", "y")
    shop.decide("C-2", "matched", "y")
    assert set(shop.match()) == {"C-1", "C-2"}
    assert shop.addresses() == {"C-1": "y", "C-2": "y"}
    shop.decide("C-1", "none")
    shop.match()
    assert shop.addresses() == {"C-2": "y"}
    shop.decide("C-1", "rules")
    assert shop.match() == {"C-1": Outcome("matched", "x", "external_key")}
    shop.crm(x={})
    assert shop.match()["C-1"].reason == "kept"
    shop.decide("C-1", "rules")
    assert shop.match() == {"C-1": Outcome("unmatched")}
    for counterpart, told in (("gone", "no account gone in use"), ("z", "no account z"), ("old", "merged into y")):
        with pytest.raises(RefusedError, match=told):
            shop.decide("C-1", "matched", counterpart)


def test_accounts_that_are_matched_no_longer_lose_their_match(shop: Shop):
    shop.erp("C-1")
    shop.crm(x={"external_key": "C-1"})
    shop.match()
    assert shop.match(CRM._replace(sources=frozenset({"shop"}))) == {"C-1": Outcome("unmatched")}
    assert shop.addresses() == {}


def test_a_merge_in_the_erp_lets_the_new_match_win_else_the_old_one_serves(shop: Shop):
    shop.erp("C-1", "C-2", "C-3")
    shop.crm(x={"external_key": "C-1"}, y={"external_key": "C-2"})
    shop.match()
    shop.merge("C-1", "C-3")
    assert shop.addresses() == {"C-1": "x", "C-2": "y", "C-3": "x"}
    assert shop.match() == {"C-1": Outcome("unmatched"), "C-3": Outcome("matched", "x", "external_key")}
    assert shop.addresses() == {"C-1": "x", "C-2": "y", "C-3": "x"}
    shop.merge("C-3", "C-2", date(2025, 7, 1))
    assert shop.addresses() == {"C-1": "x", "C-2": "y", "C-3": "x"}, "not yet"
    assert shop.addresses(date(2025, 7, 1)) == {"C-1": "y", "C-2": "y", "C-3": "y"}
    with pytest.raises(RefusedError, match="C-1 was merged into C-3"):
        shop.decide("C-1", "matched", "x")


def test_an_account_that_waits_for_a_person_is_not_served_by_an_old_one(shop: Shop):
    shop.erp("C-1", "C-2")
    shop.crm(x={"external_key": "C-1"}, y={"external_key": "C-2"}, z={"external_key": "C-2"})
    shop.match()
    shop.merge("C-1", "C-2")
    assert shop.addresses() == {}
    shop.match()
    assert shop.addresses() == {}


def test_what_was_asked_of_a_merged_account_is_asked_no_more(shop: Shop):
    shop.erp("C-1", "C-2")
    shop.crm(x={"external_key": "C-1"}, y={"external_key": "C-1"}, z={"external_key": "C-2"})
    shop.match()
    assert len(shop.alarms()) == 1
    shop.merge("C-1", "C-2")
    assert shop.match() == {"C-1": Outcome("unmatched")}
    assert shop.alarms() == []
    assert shop.addresses() == {"C-1": "z", "C-2": "z"}


def test_targets_are_matched_apart(shop: Shop):
    shop.erp("C-1")
    shop.crm(x={"external_key": "C-1"})
    with shop.own.batch("landing") as writing:
        land(writing, "desk", SourceRules(), [RawRecord("counterpart", "9", {"external_key": "C-1"})])
    shop.match()
    shop.match(CRM._replace(target="desk"))
    shop.decide("C-1", "none")
    shop.match()
    assert shop.match(CRM._replace(target="desk")) == {}
    assert (shop.addresses(), shop.addresses(target="desk")) == ({}, {"C-1": "9"})
