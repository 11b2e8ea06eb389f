"""From a record to our fields: each setting of a field, in its order, and what is told where it cannot be."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connectors.declarative.mapping import Fields, fields_of, value_of
from connectors.declarative.settings.reading import FieldSource
from core.errors import DataError

ROOTS = {"values": {"entity": "DE01", "field": "erp no", "none": ""}, "connection": "shop"}


ROWS = {"1": {"code": "EUR"}, "2": {"code": "USD"}}


class Tables:
    """One table of two entries."""

    def map(self, name: str, key: str) -> Any:
        return {"a": "A"}[key]

    def lookup(self, name: str, key: str) -> Any:
        if key not in ROWS:
            raise DataError("unknown_key", f"nothing under {key}")
        return ROWS[key]


def of(record: Any, **settings: Any) -> Any:
    return value_of(FieldSource.model_validate(settings), record, ROOTS, Tables())


@pytest.mark.parametrize(
    ("record", "settings", "expected"),
    [
        ({"a": "x"}, {"path": "a"}, "x"),
        ({"a": " x "}, {"path": "a"}, " x "),
        ({"a": 12}, {"path": "a"}, 12),
        ({"a": 0}, {"path": "a"}, 0),
        ({"a": False}, {"path": "a"}, False),
        ({"a": Decimal("1.50")}, {"path": "a"}, Decimal("1.50")),
        ({}, {"path": "a"}, None),
        ({"a": None}, {"path": "a", "default": "x"}, "x"),
        ({"a": ""}, {"path": "a", "default": "x"}, "x"),
        ({"a": []}, {"path": "a"}, None),
        ({"a": False}, {"path": "a", "default": "x"}, False),
        ({}, {"value": "${values.entity}"}, "DE01"),
        ({}, {"value": "EUR"}, "EUR"),
        ({}, {"value": "${values.none?}"}, None),
        ({"erp no": "C1"}, {"path": "${values.field}"}, "C1"),
        ({"x": 1}, {"path": "${values.none?}"}, None),
        ({"a": 1}, {"path": "a", "lookup": "t", "take": "code"}, "EUR"),
        ({"a": "2"}, {"path": "a", "lookup": "t", "take": "code", "map": {"USD": "dollar"}}, "dollar"),
        ({"a": None}, {"path": "a", "lookup": "t", "take": "code"}, None),
        ({"a": [1, 2, None]}, {"path": "a", "lookup": "t", "take": "code", "join": "; "}, "EUR; USD"),
        ({"a": ["x", "", "y"]}, {"path": "a", "join": "; "}, "x; y"),
        ({"a": []}, {"path": "a", "join": "; ", "default": "none"}, "none"),
        ({"a": True}, {"path": "a", "map": {"true": "cancelled", "false": "posted"}}, "cancelled"),
        ({"a": 2}, {"path": "a", "map": {"2": "cancelled", "*": "posted"}}, "cancelled"),
        ({"a": 3}, {"path": "a", "map": {"2": "cancelled", "*": "posted"}}, "posted"),
        ({"a": None}, {"path": "a", "map": {"*": "posted"}, "default": "posted"}, "posted"),
        ({"a": "31.12.2026"}, {"path": "a", "format": "%d.%m.%Y"}, "2026-12-31"),
        ({"a": "2026-12-31T23:30:00.000+0000"}, {"path": "a", "format": "date"}, "2026-12-31"),
        ({"a": "2026-12-31T23:30:00Z"}, {"path": "a", "format": "iso"}, "2026-12-31T23:30:00Z"),
        ({"a": "2026-12-31T23:30:00"}, {"path": "a", "format": "iso"}, "2026-12-31T23:30:00"),
        ({"a": "2026-07-01 00:30:00"}, {"path": "a", "time_zone": "Europe/Berlin"}, "2026-06-30T22:30:00Z"),
        ({"a": "2026-07-01"}, {"path": "a", "format": "iso", "time_zone": "Europe/Berlin"}, "2026-07-01"),
        ({"a": 0}, {"path": "a", "format": "epoch"}, "1970-01-01T00:00:00Z"),
        ({"a": "1798761599"}, {"path": "a", "format": "epoch"}, "2026-12-31T23:59:59Z"),
        ({"a": 1798761599123}, {"path": "a", "format": "epoch_ms"}, "2026-12-31T23:59:59.123000Z"),
        ({"a": "Thu, 31 Dec 2026 23:59:59 GMT"}, {"path": "a", "format": "http"}, "2026-12-31T23:59:59Z"),
        ({"a": {"year": 2026, "month": 5, "day": 7}}, {"path": "a", "format": "parts"}, "2026-05-07"),
        (
            {"a": {"year": 2026, "month": 5, "day": 7, "hour": 3, "minute": 4, "second": 5}},
            {"path": "a", "format": "parts", "time_zone": "UTC"},
            "2026-05-07T03:04:05Z",
        ),
        ({"a": "1.234,56"}, {"path": "a", "decimal_sign": ","}, "1234.56"),
        ({"a": " -1\u202f234 567,5 "}, {"path": "a", "decimal_sign": ","}, "-1234567.5"),
        ({"a": "1.234"}, {"path": "a", "decimal_sign": ","}, "1234"),
        ({"a": "1.234,56"}, {"path": "a", "decimal_sign": ",", "factor": Decimal(-1)}, Decimal("-1234.56")),
        ({"a": "50.58000000"}, {"path": "a", "factor": Decimal("-1")}, Decimal("-50.58000000")),
        ({"a": 0}, {"path": "a", "factor": Decimal("100")}, Decimal(0)),
    ],
)
def test_a_value(record: Any, settings: dict[str, Any], expected: Any) -> None:
    found = of(record, **settings)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("record", "settings", "reason"),
    [
        ({"a": ["x"]}, {"path": "a"}, "unexpected_shape"),
        ({"a": {"b": 1}}, {"path": "a"}, "unexpected_shape"),
        ({"a": [["x"]]}, {"path": "a", "join": ","}, "unexpected_shape"),
        ({"a": "new"}, {"path": "a", "map": {"old": "x"}}, "unknown_value"),
        ({"a": {"b": 1}}, {"path": "a", "map": {"old": "x"}}, "unexpected_shape"),
        ({"a": 9}, {"path": "a", "lookup": "t", "take": "code"}, "unknown_key"),
        ({"a": "soon"}, {"path": "a", "format": "iso"}, "not_a_date"),
        ({"a": "99"}, {"path": "a", "format": "%d.%m.%Y"}, "not_a_date"),
        ({"a": 10**30}, {"path": "a", "format": "epoch"}, "not_a_date"),
        ({"a": "NaN"}, {"path": "a", "format": "epoch"}, "not_a_date"),
        ({"a": {"year": 2026}}, {"path": "a", "format": "parts"}, "not_a_date"),
        ({"a": {"year": 2026, "month": 13, "day": 1}}, {"path": "a", "format": "parts"}, "not_a_date"),
        ({"a": {"x": 1}}, {"path": "a", "format": "iso"}, "not_a_date"),
        ({"a": "9999-12-31T23:59:59-12:00"}, {"path": "a", "format": "iso"}, "not_a_date"),
        ({"a": "ten"}, {"path": "a", "factor": Decimal(2)}, "bad_number"),
        ({"a": "1234.56"}, {"path": "a", "decimal_sign": ","}, "bad_number"),
        ({"a": "1,234.56"}, {"path": "a", "decimal_sign": ","}, "bad_number"),
        ({"a": "1e999999"}, {"path": "a", "factor": Decimal(2)}, "bad_number"),
        ({"a": "Infinity"}, {"path": "a", "factor": Decimal(2)}, "bad_number"),
        ({}, {"value": "${values.none.x}x"}, "missing_value"),
    ],
)
def test_what_cannot_be_is_told(record: Any, settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(DataError) as raised:
        of(record, **settings)
    assert raised.value.reason == reason


def test_fields_that_are_there_and_the_place_of_what_is_wrong() -> None:
    sources = {
        "id": FieldSource(path="id"),
        "name": FieldSource(path="name"),
        "issued": FieldSource(path="day", format="%d.%m.%Y"),
        "currency": FieldSource(path="cur", map={"1": "EUR"}),
    }
    assert fields_of(sources, {"id": 7, "day": "01.02.2026", "cur": 1}, ROOTS, Tables()) == {
        "id": 7,
        "issued": "2026-02-01",
        "currency": "EUR",
    }
    compiled = Fields(sources, ROOTS, Tables(), "read.x.fields")
    faults: list[DataError] = []
    assert compiled.read({"id": 7, "day": "soon", "cur": 9}, faults) == {"id": 7}
    assert [fault.message.split(":")[0] for fault in faults] == ["read.x.fields.issued", "read.x.fields.currency"]
    with pytest.raises(DataError, match=r"read\.x\.fields\.issued"):
        compiled.of({"day": "soon"})
