"""Templates fill in data without changing its shape, and reach nothing but their data."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.declarative.expression import expression
from connectors.declarative.references import check_template
from connectors.declarative.template import OMITTED, render, render_path, structure
from core.errors import DataError


class Tables:
    """Two tables with one entry each."""

    def map(self, name: str, key: str) -> Any:
        return {"taxes": {"S 19": 7}}[name][key]

    def lookup(self, name: str, key: str) -> Any:
        return {"fields": {"Tier": "9f8e"}}[name][key]


DATA: dict[str, Any] = {
    "document": {
        "key": "RB-1",
        "net": Decimal("12.50"),
        "issued": date(2026, 3, 1),
        "original": None,
        "text": "",
        "lines": [{"net": Decimal(1), "code": "S 19"}, {"net": Decimal(2), "code": "S 19"}],
    },
    "values": {"field": "Tier", "flag": True},
    "now": datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
}


def filled(template: Any) -> Any:
    return render(template, DATA, Tables())


def test_a_whole_reference_keeps_its_type() -> None:
    shaped = filled({"net": "${document.net}", "flag": "${values.flag}", "none": "${document.original}", "fixed": 3})
    assert shaped == {"net": Decimal("12.50"), "flag": True, "none": None, "fixed": 3}
    assert type(shaped["net"]) is Decimal


@pytest.mark.parametrize(
    "item",
    [
        "${line.net}",
        "${document.key}",
        "${values.none?}",
        "${line.none?}",
        "${document.key} ${line.net}",
        {"${values.field}": "${line.net}", "${line.code}": "${document.key}", "${values.none?}": 1, "fixed": 2},
        {"rest": {"$merge": [{"a": "${line.net}"}, {"b": "${document.key}"}]}, "list": ["${line.code}", "${now}"]},
        {"all": {"$each": "document.lines", "$as": "other", "$item": "${line.net} of ${other.net}"}},
        {"all": {"$each": "document.lines", "$item": "${item.net}"}, "line": "${line}"},
    ],
)
def test_each_element_becomes_what_it_becomes_alone(item: Any) -> None:
    alone = [render(item, {**DATA, "line": line}, Tables()) for line in DATA["document"]["lines"]]
    together = filled({"$each": "document.lines", "$as": "line", "$item": item})
    assert together == [each for each in alone if each is not OMITTED]


def test_inside_text_a_value_is_written_out() -> None:
    assert (
        filled("${document.key}: ${document.net}, ${values.flag}, ${document.issued}")
        == "RB-1: 12.50, true, 2026-03-01"
    )


def test_what_is_optional_and_empty_leaves_out_its_entry() -> None:
    template = {"a": "${document.original?}", "b": "nr ${document.text?}", "c": ["${document.text?}", "x"], "d": "y"}
    assert filled(template) == {"c": ["x"], "d": "y"}
    assert filled("${document.original?}") is OMITTED


def test_what_is_needed_and_empty_is_an_error_inside_text() -> None:
    with pytest.raises(DataError, match=r"document\.original is empty"):
        filled("x ${document.original}")


def test_a_list_is_made_of_each() -> None:
    template = {
        "lines": {
            "$each": "document.lines",
            "$as": "line",
            "$item": {"n": "${line.net}", "t": "${line.code | map:taxes}"},
        }
    }
    assert filled(template) == {"lines": [{"n": Decimal(1), "t": 7}, {"n": Decimal(2), "t": 7}]}


def test_keys_are_templates_too() -> None:
    assert filled({"${values.field | lookup:fields}": "gold"}) == {"9f8e": "gold"}


def test_text_put_into_an_address_is_quoted() -> None:
    from urllib.parse import quote

    data = {"tier": {"account": "a/b?c=d#e f%2F..&g"}}
    shown = render("/accounts/${tier.account}/x", data, Tables(), quote=lambda text: quote(text, safe=""))
    assert shown == "/accounts/a%2Fb%3Fc%3Dd%23e%20f%252F..%26g/x"


@pytest.mark.parametrize(
    "text",
    [
        "${}",
        "${document.key",
        "${document.__class__()}",
        "${document['key']}",
        "${a b}",
        "${document.key | no_such_filter}",
        "${document.key + 1}",
        "${{document}}",
        "${.key}",
    ],
)
def test_what_is_no_template_is_refused_as_it_is_read(text: str) -> None:
    with pytest.raises(ValueError):
        check_template({"deep": [text]})


@pytest.mark.parametrize(
    "name", ["__class__", "__dict__", "__init__.__globals__", "net.real", "key.upper", "lines.append", "issued.year"]
)
def test_no_attribute_of_an_object_is_reached(name: str) -> None:
    assert filled(f"${{document.{name}}}") is None


def test_an_unknown_root_is_named() -> None:
    with pytest.raises(DataError, match="nothing here is called secrets; there are: document, now, values"):
        filled("${secrets.token}")


@given(st.text())
def test_what_comes_from_data_is_never_a_template_again(text: str) -> None:
    data = {"document": {"key": text, "net": "not to be seen"}}
    assert render("${document.key}", data, Tables()) == text
    assert render("<${document.key}>", data, Tables()) == f"<{text}>"


def test_a_body_may_be_json_text() -> None:
    body = structure('{"total": 1.10, "key": "${document.key}", "lines": []}')
    assert filled(body) == {"total": Decimal("1.10"), "key": "RB-1", "lines": []}
    with pytest.raises(ValueError):
        structure('{"open": ')
    assert structure("${document.key}") == "${document.key}"


def test_names_in_a_path_are_quoted() -> None:
    data = {"values": {"field": 'it\'s "x"', "none": ""}}
    path = render_path("properties.${values.field}", data, Tables())
    assert expression(path).of({"properties": {'it\'s "x"': 7, "x": 8}}) == 7
    assert render_path("properties.name", data, Tables()) == "properties.name"
    assert render_path("properties.${values.none?}", data, Tables()) == ""
    with pytest.raises(DataError, match="nothing here is called document"):
        render_path("properties.${document.key}", data, Tables())


def test_tables_are_laid_over_one_another() -> None:
    data = {"saved": {"options": {"options_a": "1", "options_b": "2"}, "none": []}, "tier": {"tier": "gold"}}
    template = {"array_options": {"$merge": ["${saved.options}", {"options_b": "${tier.tier}"}, "${saved.none}"]}}
    assert render(template, data, Tables()) == {"array_options": {"options_a": "1", "options_b": "gold"}}
    assert render({"$merge": ["${saved.none}", {}]}, data, Tables()) == {}
    cases: tuple[Any, ...] = ({"$merge": {}}, {"$merge": [], "more": 1})
    for wrong in cases:
        with pytest.raises(ValueError, match="merge"):
            check_template(wrong)


def test_a_list_may_leave_elements_out() -> None:
    rates = [{"code": "S 19", "rate": Decimal(19)}, {"code": "Z 0", "rate": Decimal("0.00")}, {"code": "none"}]
    data = {"document": {"taxes": rates}}
    template = {"$each": "document.taxes", "$as": "tax", "$only": "${tax.rate}", "$item": "${tax.code}"}
    check_template(template)
    assert render(template, data, Tables()) == ["S 19"]
