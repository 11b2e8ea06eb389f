"""JMESPath that keeps amounts exact and lets no error of its library out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connectors.declarative.expression import expression
from core.errors import DataError


@pytest.mark.parametrize(
    ("text", "data", "expected"),
    [
        ("", {"a": 1}, {"a": 1}),
        ("a.b[0]", {"a": {"b": [Decimal("0.10")]}}, Decimal("0.10")),
        ("a.b", {"a": None}, None),
        ("total(lines[].net)", {"lines": [{"net": "0.10"}, {"net": Decimal("0.20")}, {"net": 3}]}, Decimal("3.30")),
        ("total(nothing)", {}, Decimal(0)),
        ("times(qty, price)", {"qty": "3", "price": Decimal("0.1")}, Decimal("0.3")),
        ("times(qty, price)", {"qty": "3"}, None),
        ("text(net)", {"net": Decimal("1E+2")}, "100"),
        ("before(id, ',')", {"id": "party.party,7"}, "party.party"),
        ("after(id, ',')", {"id": "party.party,7"}, "7"),
        ("json(rates).VAT", {"rates": '{"VAT": 19.0}'}, Decimal("19.0")),
        ("[?on_hold == `false`].id", [{"id": 1, "on_hold": False}, {"id": 2, "on_hold": True}], [1]),
    ],
)
def test_what_is_found(text: str, data: Any, expected: Any) -> None:
    assert expression(text).of(data) == expected


@pytest.mark.parametrize(
    ("text", "data"),
    [("total(a)", {"a": ["x"]}), ("length(a)", {"a": 5}), ("json(a)", {"a": "{"}), ("sum(a)", {"a": ["1"]})],
)
def test_data_that_cannot_be_so_used_is_an_error_of_ours(text: str, data: Any) -> None:
    with pytest.raises(DataError):
        expression(text).of(data)


@pytest.mark.parametrize("text", ["a..b", "a[", "no_such(a", "`"])
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a JMESPath expression"):
        expression(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [("return.Список.Документ", "Список"), ("a-b", "a-b"), ("odata:next", "odata:next"), ('"Ключ".Имя', "Имя")],
)
def test_a_name_that_has_to_stand_in_quotes_is_shown_in_them(text: str, name: str) -> None:
    with pytest.raises(ValueError, match=f'stands in double quotes: "{name}"$'):
        expression(text)
    quoted = text.replace("Документ", '"Документ"').replace(name, f'"{name}"')
    assert expression(quoted).of({}) is None


def test_an_unknown_function_is_an_error_of_ours() -> None:
    with pytest.raises((DataError, ValueError)):
        expression("no_such_function(@)").of({})


@pytest.mark.parametrize(
    ("data", "holds"), [(None, False), (False, False), ("", False), ([], False), ({}, False), (0, True), ("0", True)]
)
def test_what_holds(data: Any, holds: bool) -> None:
    assert expression("@").holds(data) is holds


def test_rows_are_looked_up_in_a_table_and_else_say_it_themselves() -> None:
    data = {"rows": [{"name": "a", "rate": 1}, {"name": "b", "rate": 2}, {"rate": 3}], "rates": {"a": 19}}
    assert expression("looked_up(rows, 'name', rates, 'rate')").of(data) == [19, 2, 3]
    assert expression("looked_up(rows, 'name', none, 'rate')").of(data) == [1, 2, 3]
    assert expression("looked_up(none, 'name', rates, 'rate')").of(data) == []


def test_rows_are_put_beside_those_they_name() -> None:
    data = {
        "items": [{"line": "1", "name": "own"}, {"line": 2}, {"line": "3"}, {}],
        "order": [{"id": 1, "rate": "20", "name": "other"}, {"id": "2", "rate": "10"}, {"rate": "0"}],
    }
    assert expression("beside(items, 'line', order, 'id')").of(data) == [
        {"id": 1, "rate": "20", "name": "own", "line": "1"},
        {"id": "2", "rate": "10", "line": 2},
        {"line": "3"},
        {},
    ]
    assert expression("beside(none, 'line', order, 'id')").of(data) == []
    assert expression("beside(items, 'line', none, 'id')").of(data) == data["items"]


def test_rows_inherit_what_they_have_not_themselves() -> None:
    data = {"currency": "EUR", "rows": [{"net": 1}, {"net": 2, "currency": "USD"}, "no table"], "none": None}
    found = expression("inherit(rows, {currency: currency})[].currency").of(data)
    assert found == ["EUR", "USD"]
    assert expression("inherit(none, {currency: currency})").of(data) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("O&#039;Neil &quot;&lt;b&gt;&quot; &amp; Co", 'O\'Neil "<b>" & Co'),
        ("M&copy &nbsp; AT&T &amp;lt;", "M&copy &nbsp; AT&T &lt;"),
        ("", ""),
        (None, None),
    ],
)
def test_escaped_texts_are_made_plain_once(text: str | None, expected: str | None) -> None:
    assert expression("unescape(name)").of({"name": text}) == expected


@pytest.mark.parametrize(
    ("text", "data", "expected"),
    [
        ("to_number(a)", {"a": "0.10"}, Decimal("0.10")),
        ("to_number(a)", {"a": Decimal("7.70")}, Decimal("7.70")),
        ("a || `0.1`", {"a": None}, Decimal("0.1")),
        ("{rate: `7.7`}.rate", {}, Decimal("7.7")),
        ("total(a)", {"a": ["1e30", "0.01", "-1e30"]}, Decimal("0.01")),
        (
            "times(a, b)",
            {"a": "12345678901234567890.12", "b": "1.0000000001"},
            Decimal("12345678902469135780.243456789012"),
        ),
        ("avg(a)", {"a": [1, 2]}, Decimal("1.5")),
    ],
)
def test_no_number_is_a_binary_fraction_nor_loses_a_digit(text: str, data: Any, expected: Decimal) -> None:
    found = expression(text).of(data)
    assert (type(found), str(found)) == (Decimal, str(expected))


def test_a_fraction_in_an_expression_is_that_of_a_reply() -> None:
    assert expression("[?rate == `7.7`].name | [0]").of([{"rate": Decimal("7.7"), "name": "S"}]) == "S"


def test_what_is_no_number_is_none() -> None:
    for value in ("NaN", "Infinity", "1e999999", "x", "", None, True, [], {}):
        assert expression("to_number(a)").of({"a": value}) is None


@pytest.mark.parametrize("text", ["times(a, a)", "total([a])"])
@pytest.mark.parametrize("value", ["1e300000", "NaN", "1e-999999999"])
def test_a_few_letters_make_no_million_digits(text: str, value: str) -> None:
    with pytest.raises(DataError):
        expression(text).of({"a": value})


@pytest.mark.parametrize("inside", ["NaN", "1e99999999", "[" * 100_000, "{" * 70 + "}" * 70, "<p>", "\ud800"])
def test_json_inside_a_text_is_read_as_carefully_as_a_reply(inside: str) -> None:
    with pytest.raises(DataError):
        expression("json(a)").of({"a": inside})
