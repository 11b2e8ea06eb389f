"""Filters: exact with amounts, and what they quote cannot leave its quotes."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.declarative.template import render
from core.errors import DataError


class NoTables:
    def map(self, name: str, key: str) -> Any:
        raise AssertionError

    def lookup(self, name: str, key: str) -> Any:
        raise AssertionError


def through(value: Any, filters: str) -> Any:
    return render(f"${{it | {filters}}}", {"it": value}, NoTables())


@pytest.mark.parametrize(
    ("value", "filters", "expected"),
    [
        ("C-1|<>2", "nav", "'C-1|<>2'"),
        (["A&B", "C"], "nav", "'A&B'|'C'"),
        (Decimal("12.5"), "decimal:2", Decimal("12.50")),
        (Decimal("12.5"), "decimal:2 | string", "12.50"),
        (Decimal("-0.00"), "negate", Decimal("0.00")),
        (Decimal("12.50"), "negate | string", "-12.50"),
        (Decimal("12.34"), "times:100 | integer", 1234),
        (Decimal(19), "times:0.01", Decimal("0.19")),
        (Decimal("-1234.5"), "decimal:2 | comma", "-1234,50"),
        (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "zone:Europe/Berlin | date:%d.%m.%Y %H:%M", "29.03.2026 03:30"),
        (datetime(2026, 1, 1, tzinfo=UTC), "zone:Europe/Berlin | string", "2026-01-01T01:00:00+01:00"),
        ("19", "integer", 19),
        (Decimal("19.00"), "integer", 19),
        (date(2026, 3, 1), "date:%d.%m.%Y", "01.03.2026"),
        (date(2026, 3, 1), "epoch", 1772323200),
        (datetime(2026, 3, 1, 0, 0, 0, 123000, tzinfo=UTC), "epoch_ms", 1772323200123),
        (datetime(2026, 3, 1, tzinfo=UTC), "iso", "2026-03-01T00:00:00Z"),
        (date(2026, 3, 1), "iso", "2026-03-01"),
        (None, "iso", None),
        (None, "date:%Y%m%d | default:", ""),
        ("", "date:%Y%m%d | default:0001-01-01", "0001-01-01"),
        (datetime(2026, 3, 1, tzinfo=UTC), "http_date", "Sun, 01 Mar 2026 00:00:00 GMT"),
        ("<b>&", "html", "&lt;b&gt;&amp;"),
        ("a\n<b>", "html_lines", "a<br>&lt;b&gt;"),
        ('l\'an "5"', "html", "l&#39;an &quot;5&quot;"),
        (None, "default:none", "none"),
        ("abcdef", "cut:3", "abc"),
        (["a", 1], "join:;", "a;1"),
        (["O'Neil", "B"], "quoted_list", "'O''Neil','B'"),
        ("é/ ", "url", "%C3%A9%2F%20"),
        ("ü", "base64", "w7w="),
        ("RB-AAAABBBBCCCC", "uuid", "820f7daf-01f1-53e8-99a8-dabe3117a5f4"),
        ({"a": Decimal("1.10"), "b": [date(2026, 1, 2)]}, "json", '{"a": 1.10, "b": ["2026-01-02"]}'),
    ],
)
def test_what_filters_make(value: Any, filters: str, expected: Any) -> None:
    found = through(value, filters)
    assert (found, str(found), type(found)) == (expected, str(expected), type(expected))


@pytest.mark.parametrize(
    ("value", "filters"),
    [
        (Decimal("1.005"), "decimal:2"),
        ("12,5", "number"),
        (Decimal("NaN"), "number"),
        (Decimal("1.5"), "integer"),
        ("yesterday", "epoch"),
        (Decimal("12.345"), "times:100 | integer"),
        (Decimal(1), "times:many"),
        ("1,5", "comma"),
        (datetime(2026, 1, 1, tzinfo=UTC), "zone:Europe/Nowhere"),
        (datetime(2026, 1, 1, tzinfo=UTC), "zone:../../etc/passwd"),
        ("A", "join"),
        ("x' OR '1'='1", "dolibarr"),
        ("C-1)", "dolibarr"),
        ("O'Hara", "nav"),
        ("", "nav"),
        (["C-1", "x\n"], "nav"),
    ],
)
def test_what_a_filter_cannot_use_is_an_error_of_ours(value: Any, filters: str) -> None:
    with pytest.raises(DataError, match="cannot use it"):
        through(value, filters)


@given(st.text())
def test_a_text_quoted_for_odata_and_sql_stays_one_literal(text: str) -> None:
    for name in ("odata", "sql"):
        query = f"number eq '{through(text, name)}' and x eq 'y'"
        literals = re.findall(r"'((?:[^']|'')*)'", query)
        assert [literal.replace("''", "'") for literal in literals] == [text, "y"]


@given(st.text())
def test_a_text_quoted_for_soql_stays_one_literal(text: str) -> None:
    query = f"WHERE Number = '{through(text, 'soql')}' AND X = 'y'"
    literals = re.findall(r"'((?:[^'\\]|\\.)*)'", query, re.DOTALL)
    assert len(literals) == 2 and literals[1] == "y"
    signs = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
    assert re.sub(r"\\(.)", lambda match: signs.get(match[1], match[1]), literals[0], flags=re.DOTALL) == text


@given(st.text())
def test_a_text_as_json_comes_back_as_it_was(text: str) -> None:
    assert json.loads(f'[["ref", "=", {through(text, "json")}]]') == [["ref", "=", text]]


def test_a_noon_lies_on_its_day_nearly_everywhere() -> None:
    for day in (date(2026, 3, 29), "2026-03-29"):
        noon = through(day, "noon")
        assert noon == datetime(2026, 3, 29, 12, tzinfo=UTC)
        for zone in ("Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo"):
            assert noon.astimezone(ZoneInfo(zone)).date() == date(2026, 3, 29)
    assert through(date(2026, 3, 29), "noon | epoch") == 1_774_785_600
