"""What records become: kinds, lines, what is ours, what belongs to them elsewhere, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.declarative.preset import laid_over
from core.errors import FatalError
from tests.unit.crm_rest_reading.shelf import (
    Connection,
    Shelf,
    bad_of,
    connected,
    cursor_of,
    ids_of,
    records_of,
    stream,
)

INVOICE: dict[str, Any] = {
    "kind": "invoice",
    "kinds": [{"when": "type == 'refund'", "kind": "credit_note"}],
    "only": "status != 'draft'",
    "fields": {
        "id": "id",
        "number": "no",
        "account": "customer",
        "issued": {"path": "day", "format": "date"},
        "currency": {"path": "cur", "lookup": "currencies", "take": "code"},
    },
    "lines": {
        "records": "lines",
        "only": "kind != 'text'",
        "fields": {"net": "amount", "tax_percent": {"path": "tax", "map": {"n": 19, "r": 7}}},
    },
}
TABLE = {"request": {"path": "/table/currencies"}, "records": "rows", "key": "on"}


def invoice(**more: Any) -> dict[str, Any]:
    given = {"no": "A-1", "customer": "C1", "day": "2026-03-01T10:00:00", "cur": 1, "status": "posted", "lines": []}
    return {**given, **more}


def invoices(kind: str = "none", **other: Any) -> dict[str, Any]:
    return laid_over({**stream(kind, window={}), **INVOICE}, other)


def connect(shelf: Shelf, base: Path, items: dict[str, Any], **settings: Any) -> Connection:
    shelf.tables.setdefault("currencies", [{"on": 1, "code": "EUR"}, {"on": 2, "code": "USD"}])
    return Connection(shelf, base, read={"items": items}, **{"lookups": {"currencies": TABLE}, **settings})


def test_a_document_with_its_lines(tmp_path: Path) -> None:
    with Shelf() as shelf:
        connection = connect(shelf, tmp_path, invoices())
        lines = [{"amount": "10.00", "tax": "n"}, {"kind": "text"}, {"amount": "5.50", "tax": "r"}]
        shelf.put(1, **invoice(lines=lines))
        shelf.put(2, **invoice(no="A-2", type="refund", cur=2))
        shelf.put(3, **invoice(status="draft"))
        first, second = sorted(records_of(connection.pull()), key=lambda record: record.external_id)
        assert (first.kind, first.external_id, first.origin) == ("invoice", "1", "Shelf A-1")
        assert first.fields == {"number": "A-1", "account": "C1", "issued": "2026-03-01", "currency": "EUR"}
        assert list(first.lines) == [{"net": "10.00", "tax_percent": 19}, {"net": "5.50", "tax_percent": 7}]
        assert (second.kind, second.fields["currency"]) == ("credit_note", "USD")
        assert connection.reading.kinds == {"invoice", "credit_note"}


@pytest.mark.parametrize(
    ("wrong", "reason", "place"),
    [
        ({"cur": 9}, "unknown_key", "read.items.fields.currency"),
        ({"day": "soon"}, "not_a_date", "read.items.fields.issued"),
        ({"lines": [{"amount": "1", "tax": "x"}]}, "unknown_value", "read.items.lines.fields.tax_percent"),
        ({"lines": {"a": 1}}, "unexpected_shape", "read.items.lines"),
        ({"no": ["x"]}, "unexpected_shape", "read.items.fields.number"),
    ],
)
def test_one_bad_record_does_not_stop_the_others(tmp_path: Path, wrong: Any, reason: str, place: str) -> None:
    with Shelf() as shelf:
        connection = connect(shelf, tmp_path, invoices())
        shelf.put(1, **invoice())
        shelf.put(2, **invoice(**wrong))
        shelf.put(3, **invoice())
        pages = connection.pull()
        assert ids_of(pages) == [1, 3]
        [bad] = bad_of(pages)
        assert (bad.reason, bad.kind, bad.external_id) == (reason, "invoice", "2")
        assert place in bad.message
        assert bad.raw["about"]["account"] == "C1", "whose it is can be told"
        assert bad.raw["record"]["id"] == 2
        assert bad.order > 0


def test_records_that_are_no_tables(tmp_path: Path) -> None:
    with Shelf() as shelf:
        connection = connect(shelf, tmp_path, invoices())
        shelf.fail(200, {"items": ["x", None, 7, [], {"id": {"a": 1}}, {}]})
        pages = connection.pull()
        assert records_of(pages) == []
        assert all(bad.reason and bad.message and bad.raw for bad in bad_of(pages))
        assert len(bad_of(pages)) == 6


def test_a_detail_is_read_for_each_record(tmp_path: Path) -> None:
    items = stream("link", window={}, detail=True)
    items |= {
        "only": "detail",  # only the whole record has it
        "one": {"request": {"path": "/items/${id}"}, "record": "item"},
        "fields": {"id": "id", "name": "detail"},
    }
    rules = [{"status": [422], "during": "read", "then": "skip", "message": "error"}]
    with connected(tmp_path, items, errors=rules) as (shelf, connection):
        shelf.put(1, 2, 4)
        shelf.put(3, locked=True)
        gone = [4]
        shelf.between = lambda: shelf.take(*gone)
        pages = connection.pull()
        assert {record.external_id: record.fields["name"] for record in records_of(pages)} == {
            "1": "detail of 1",
            "2": "detail of 2",
        }
        assert [(bad.external_id, bad.message) for bad in bad_of(pages)] == [("3", "locked")]
        asked = len(shelf.requests)
        connection.pull(90_000, pages[-1].cursor)
        assert len(shelf.requests) - asked <= 3, "what is as it was is not read again, but for what was not to be had"


@pytest.mark.parametrize("one", [{"path": "/item/${id}"}, {"path": "/items/${id}"}])
def test_details_that_are_nowhere_are_no_deletions(tmp_path: Path, one: dict[str, str]) -> None:
    items = stream("none", window={}, detail=True, one={"request": one, "record": "wrong"})
    with connected(tmp_path, items) as (shelf, connection):
        shelf.put(1, 2)
        with pytest.raises(FatalError, match=r"read\.items\.one: none of the 2 records"):
            connection.pull()


def test_joined_records_come_with_theirs(tmp_path: Path) -> None:
    join = {
        "request": {"path": "/table/names", "query": {"keys": "${keys | join}"}},
        "records": "rows",
        "by": "[id, extra]",
        "on": "on",
        "most": 2,
    }
    items = stream("none", window={}, joins={"names": join})
    items["fields"] = {"id": "id", "name": {"path": "names[].name", "join": "+"}}
    with connected(tmp_path, items) as (shelf, connection):
        shelf.put(1, 2, 3)
        shelf.put(4, extra=1)
        shelf.tables["names"] = [
            {"on": 1, "name": "a"},
            {"on": 3, "name": "b"},
            {"on": "3", "name": "c"},
            {"on": 9, "name": "x"},
        ]
        found = {record.external_id: record.fields.get("name") for record in records_of(connection.pull())}
        assert found == {"1": "a", "2": None, "3": "b+c", "4": "a"}
        assert [asked.query["keys"] for asked in shelf.requests[1:]] == ["1,2", "3,4"]


def test_a_table_is_read_once_for_a_pull_and_anew_for_the_next(tmp_path: Path) -> None:
    with Shelf() as shelf:
        connection = connect(shelf, tmp_path, invoices("link"))
        for number in range(1, 8):
            shelf.put(number, **invoice())
        connection.pull()
        assert sum(asked.path == "/table/currencies" for asked in shelf.requests) == 1
        shelf.tables["currencies"].append({"on": 3, "code": "GBP"})
        shelf.put(8, at=70, **invoice(cur=3))
        assert [r.fields["currency"] for r in records_of(connection.pull()) if r.external_id == "8"] == ["GBP"]
        assert sum(asked.path == "/table/currencies" for asked in shelf.requests) == 2


def test_a_table_by_keys_is_asked_once_for_a_page(tmp_path: Path) -> None:
    table = {**TABLE, "most": 2, "request": {"path": "/table/currencies", "query": {"keys": "${keys | join}"}}}
    with Shelf() as shelf:
        connection = connect(shelf, tmp_path, invoices(), lookups={"currencies": table})
        shelf.tables["currencies"].append({"on": 3, "code": "GBP"})
        for number in range(1, 7):
            shelf.put(number, **invoice(cur=number % 4 or None))
        pages = connection.pull()
        asked = [asked.query["keys"] for asked in shelf.requests if asked.path == "/table/currencies"]
        assert asked == ["1,2", "3"]
        assert len(records_of(pages)) == 6
        shelf.put(9, at=70, **invoice(cur=8))
        assert [bad.reason for bad in bad_of(connection.pull())] == ["unknown_key"]


def test_what_stands_twice_in_a_table_is_not_guessed(tmp_path: Path) -> None:
    with Shelf() as shelf:
        connection = connect(shelf, tmp_path, invoices())
        shelf.tables["currencies"] += [{"on": 1, "code": "CHF"}, {"on": 2, "code": "USD"}]
        shelf.put(1, **invoice(cur=1))
        shelf.put(2, **invoice(cur=2))
        pages = connection.pull()
        assert [bad.reason for bad in bad_of(pages)] == ["ambiguous_key"]
        assert ids_of(pages) == [2]


def test_exchange_rates_need_no_id(tmp_path: Path) -> None:
    items = stream("none")
    items |= {
        "kind": "exchange_rate",
        "fields": {"base": {"value": "EUR"}, "quote": "text", "on": {"value": "2026-01-01"}, "rate": "id"},
    }
    with connected(tmp_path, items) as (shelf, connection):
        shelf.put(2, text="USD")
        pages = connection.pull()
        assert [record.external_id for record in records_of(pages)] == ["EUR/USD/2026-01-01"]
        assert all(page.coverage is None for page in pages), "older rates do not vanish with the list"


class Marking:
    """A hook that names what it saw, and leaves out what it is told to."""

    def record(self, stream_name: str, record: Any) -> Any:
        return None if record["text"] == "out" else {**record, "text": f"{stream_name} {record['text']}"}


def test_a_hook_sees_each_record(tmp_path: Path) -> None:
    hook = f"{__name__}:Marking"
    with connected(tmp_path, stream("none", window={}), hook=hook) as (shelf, connection):
        shelf.put(1)
        shelf.put(2, text="out")
        assert [record.fields["name"] for record in records_of(connection.pull())] == ["items first"]


def test_a_bad_record_is_tried_again_without_being_touched(tmp_path: Path) -> None:
    with Shelf() as shelf:
        one = {"request": {"path": "/items/${id}"}, "record": "item"}
        connection = connect(shelf, tmp_path, invoices("keyset", one=one))
        shelf.put(1, 2, **invoice())
        shelf.put(3, 4, **invoice(cur=3))
        hour = 3600
        first = connection.pull(hour)
        assert [bad.external_id for bad in bad_of(first)] == ["3", "4"]
        soon = connection.pull(hour + 60, cursor_of(first))
        assert (ids_of(soon), bad_of(soon)) == ([], [])
        still = connection.pull(2 * hour, cursor_of(soon))
        assert (ids_of(still), bad_of(still)) == ([], [])
        shelf.tables["currencies"].append({"on": 3, "code": "GBP"})
        shelf.take(4)
        mended = connection.pull(4 * hour, cursor_of(still))
        assert [(record.external_id, record.fields["currency"]) for record in records_of(mended)] == [("3", "GBP")]
        assert records_of(mended)[0].order == bad_of(first)[0].order
        assert "bad" not in cursor_of(mended)
        shelf.requests.clear()
        connection.pull(9 * hour, cursor_of(mended))
        assert {asked.path for asked in shelf.requests} == {"/keyset"}


# ---------------------------------------------------------------- a single record


def test_one_record_is_fetched(tmp_path: Path) -> None:
    items = stream("none", window={}, one={"request": {"path": "/items/${id}"}, "record": "item"})
    items |= {"only": "text != 'out'"}
    with connected(tmp_path, items) as (shelf, connection):
        shelf.put(1)
        shelf.put(2, text="out")
        found = connection.reading.fetch("account", "1")
        assert found is not None
        assert found == records_of(connection.pull())[0]
        assert connection.reading.fetch("account", "2") is None
        assert connection.reading.fetch("account", "3") is None
        assert connection.reading.fetch("account", "1/../2?x=%") is None
        assert connection.reading.fetch("product", "1") is None


def test_what_can_be_no_id_is_not_asked_for(tmp_path: Path) -> None:
    items = stream("none", window={}, one={"request": {"path": "/items/${id | integer}"}, "record": "item"})
    with connected(tmp_path, items) as (shelf, connection):
        shelf.put(1)
        assert connection.reading.fetch("account", "no-such-id") is None
        assert connection.reading.fetch("account", "") is None
        assert shelf.requests == []
        assert connection.reading.fetch("account", "1") is not None


def test_one_record_that_is_bad_is_there_all_the_same(tmp_path: Path) -> None:
    items = stream("none", window={}, one={"request": {"path": "/items/${id}"}, "record": "item"})
    items["fields"]["segment"] = {"path": "text", "map": {"first": "f"}}
    rules = [{"status": [422], "during": "read", "then": "skip"}]
    with connected(tmp_path, items, errors=rules) as (shelf, connection):
        shelf.put(1, text="second")
        shelf.put(2, locked=True)
        assert connection.reading.fetch("account", "1") is not None
        assert connection.reading.fetch("account", "2") is not None


def test_without_a_request_for_one_there_is_no_direct_read(tmp_path: Path) -> None:
    with connected(tmp_path, stream("none")) as (_, connection), pytest.raises(NotImplementedError):
        connection.reading.fetch("account", "1")


def test_a_stream_that_is_off_is_not_read(tmp_path: Path) -> None:
    with connected(tmp_path, stream("none", off=True)) as (_, connection):
        assert connection.reading.streams() == ()
        assert connection.reading.kinds == frozenset()
        with pytest.raises(FatalError):
            connection.pull()
