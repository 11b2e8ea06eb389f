"""What could not land is kept whole, once, until it is solved, released or discarded."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from core.documents import BadRecord, RawRecord
from core.errors import RefusedError
from core.ledger import alarms, quarantine
from tests.unit.core.documents import HEAD, line
from tests.unit.core.shelf import RULES, Shelf


def document(name: str = "I-1", net: Any = "100.00", order: int = 1, **fields: Any) -> RawRecord:
    return RawRecord("invoice", name, HEAD | fields, [line(net)], order, origin="a.csv row 2")


def bad(name: str = "I-1", order: int = 1, **fields: Any) -> RawRecord:
    return document(name, "no number", order, **fields)


def opened(shelf: Shelf) -> list[sa.Row[Any]]:
    with shelf.book.read() as connection:
        return quarantine.open_rows(connection)


def test_a_bad_document_does_not_keep_the_others_out(shelf: Shelf) -> None:
    found = shelf.land(document("I-1"), bad("I-2"), document("I-3"))
    assert (found.new, found.quarantined) == (2, 1)
    (row,) = opened(shelf)
    assert (row.external_id, row.reason, row.day) == ("I-2", "not_a_number", date(2025, 2, 3))
    assert row.message == "line 1, net: 'no number' is not a number"
    assert row.account_id == shelf.account("C-1")
    assert row.raw["lines"][0]["net"] == "no number"


def test_the_raw_record_can_be_tried_again(shelf: Shelf) -> None:
    raw = bad("I-2", note="half a pair \ud83d", order=4)
    shelf.land(raw)
    ((_, again),) = quarantine.retryable(opened(shelf))
    assert again == RawRecord(raw.kind, raw.external_id, dict(raw.fields), list(raw.lines), 4, origin=raw.origin)


def test_floats_and_dates_are_kept_as_they_were_shown(shelf: Shelf) -> None:
    shelf.land(document(net=1.5, issued=date(2025, 2, 3)))
    (row,) = opened(shelf)
    assert row.raw["lines"][0]["net"] == "1.5"
    assert row.raw["fields"]["issued"] == "2025-02-03"


def test_the_same_bad_record_is_seen_again_not_kept_twice(shelf: Shelf) -> None:
    for _ in range(3):
        assert shelf.land(bad()).quarantined == 1
    (row,) = opened(shelf)
    assert row.attempts == 3


def test_a_later_bad_version_takes_the_place_of_the_first(shelf: Shelf) -> None:
    shelf.land(bad())
    shelf.land(bad(order=2, note="changed"))
    (row,) = opened(shelf)
    assert row.source_order == 2


@pytest.mark.parametrize(("order", "left"), [(1, 1), (2, 0), (3, 0)])
def test_a_good_version_solves_what_is_not_newer(shelf: Shelf, order: int, left: int) -> None:
    shelf.land(bad(order=2))
    shelf.land(document(order=order))
    assert len(opened(shelf)) == left


def test_a_bad_version_older_than_what_landed_needs_nobody(shelf: Shelf) -> None:
    shelf.land(document(order=2))
    assert shelf.land(bad(order=1)).quarantined == 0
    assert opened(shelf) == []
    assert shelf.land(bad(order=2)).quarantined == 1


@pytest.mark.parametrize("state", ["released", "discarded"])
def test_a_person_closes_a_row_once_and_it_stays_closed(shelf: Shelf, state: str) -> None:
    shelf.land(bad())
    (row,) = opened(shelf)
    with shelf.by("anna") as batch:
        quarantine.close(batch, row.id, state, "not ours")
    with shelf.by("anna") as batch, pytest.raises(RefusedError, match=f"quarantine row {row.id} is {state}, not open"):
        quarantine.close(batch, row.id, state, "again")
    assert shelf.land(bad()).quarantined == 0
    assert opened(shelf) == []


def test_an_unknown_row_cannot_be_closed(shelf: Shelf) -> None:
    with shelf.by("anna") as batch, pytest.raises(RefusedError, match="quarantine row 99 is unknown"):
        quarantine.close(batch, 99, "released", "")


@pytest.mark.parametrize("name", ["x" * 201, "a\x00b", "\udc80"])
def test_a_record_whose_id_cannot_be_kept_is_kept_without_one(shelf: Shelf, name: str) -> None:
    assert shelf.land(document(name), document("I-2")).quarantined == 1
    (row,) = opened(shelf)
    assert row.external_id is None
    assert row.message.startswith("id: ")
    assert quarantine.retryable([row]) == []


def test_what_an_adapter_could_not_read_is_kept_too(shelf: Shelf) -> None:
    with shelf.by("rebated") as batch:
        unreadable = BadRecord("not_xml", "is cut off", {"text": "<Invoice", "list": [1, 2.5, None]}, origin="x.xml")
        assert quarantine.keep(batch, "erp", RULES, [unreadable]) == 1
    (row,) = opened(shelf)
    assert (row.kind, row.external_id, row.account_id, row.day) == (None, None, None, None)
    assert row.raw == {"text": "<Invoice", "list": [1, "2.5", None]}
    assert quarantine.retryable([row]) == []


def test_a_bad_record_finds_its_account_though_it_is_known_only_later(shelf: Shelf) -> None:
    shelf.land(bad(account="C-9"))
    (row,) = opened(shelf)
    assert row.account_id is None
    late = shelf.account("C-9")
    with shelf.book.read() as connection:
        assert quarantine.account_of(connection, row) == late


def test_an_alarm_is_open_once_and_closed_by_name(shelf: Shelf) -> None:
    with shelf.by("rebated") as batch:
        assert alarms.open_alarm(batch, "differs", "RB-1", "first")
        assert not alarms.open_alarm(batch, "differs", "RB-1", "renewed")
        assert alarms.open_alarm(batch, "differs", "RB-2", "another")
    with shelf.book.read() as connection:
        first, second = alarms.open_alarms(connection)
    assert (first.message, second.message) == ("renewed", "another")
    with shelf.by("anna") as batch:
        alarms.close_by_id(batch, first.id, "agreed")
        with pytest.raises(RefusedError, match=f"alarm {first.id} is not open"):
            alarms.close_by_id(batch, first.id, "again")
        assert [row.id for row in alarms.open_alarms(batch.connection)] == [second.id]
        assert alarms.open_alarm(batch, "differs", "RB-1", "once more")
