"""What templates of a write see: exact amounts in major units, days and texts as they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from connectors.conformance import sample_request
from connectors.declarative.template import render
from connectors.declarative.writing.data import roots_of
from connectors.spi import DocumentLine, DocumentRequest, TierRequest


class _NoTables:
    def map(self, name: str, key: str) -> str:
        raise AssertionError

    lookup = map


def document(currency: str = "EUR", **more: object) -> DocumentRequest:
    request = sample_request("credit_note")
    assert isinstance(request, DocumentRequest)
    return replace(request, currency=currency, **more)  # type: ignore[arg-type]


def test_a_document_has_its_amounts_as_decimals() -> None:
    seen = roots_of(document())["document"]
    assert (seen["net"], seen["tax"], seen["gross"]) == (Decimal("15.05"), Decimal("2.51"), Decimal("17.56"))
    assert seen["lines"][1] == {
        "number": 2,
        "description": "Rebate 10 %",
        "category": "S",
        "rate": Decimal(10),
        "code": "S 10",
        "net": Decimal("5.05"),
        "tax": Decimal("0.51"),
        "gross": Decimal("5.56"),
    }
    assert seen["taxes"][0]["code"] == "S 20" and "description" not in seen["taxes"][0]
    assert (seen["issued"], seen["kind"], seen["buyer"]["name"]) == (date(2026, 2, 3), "credit_note", "Buyer & Söhne")
    assert seen["original"] is None
    assert roots_of(document(original="INV-1"))["document"]["original"] == "INV-1"


@pytest.mark.parametrize(
    ("currency", "minor", "text"),
    [("JPY", 1505, "1505"), ("EUR", 10, "0.10"), ("KWD", 1505, "1.505"), ("EUR", -5, "-0.05")],
)
def test_amounts_have_the_digits_of_their_currency(currency: str, minor: int, text: str) -> None:
    lines = (DocumentLine("x", "S", 75_500, minor, 0),)
    seen = roots_of(document(currency, lines=lines))["document"]["lines"][0]
    assert str(seen["net"]) == text
    assert (seen["rate"], seen["code"]) == (Decimal("7.55"), "S 7.55")


def test_a_tier_has_its_measures_as_numbers() -> None:
    request = sample_request("tier")
    assert isinstance(request, TierRequest)
    seen = roots_of(replace(request, accrued=12345, paid=0))["tier"]
    assert (seen["measure"], seen["to_next"], seen["to_keep"]) == (Decimal(1000), Decimal(500), Decimal(200))
    assert (seen["accrued"], seen["paid"], seen["progress"]) == (Decimal("123.45"), Decimal(0), 66)
    pieces = replace(request, unit="pcs", digits=1, measure=15, to_next=None, to_keep=None)
    seen = roots_of(pieces)["tier"]
    assert (seen["measure"], seen["to_next"], seen["to_keep"], seen["progress"]) == (Decimal("1.5"), None, None, 100)


def test_a_journal_has_rows_with_both_sides() -> None:
    seen = roots_of(sample_request("journal"))["journal"]
    assert [(row["account"], row["debit"], row["credit"]) for row in seen["rows"]] == [
        ("6100", Decimal("15.05"), Decimal("0.00")),
        ("3100", Decimal("0.00"), Decimal("15.05")),
    ]
    assert seen["posted_on"] == date(2026, 1, 31)


def test_templates_can_use_all_of_it() -> None:
    template = {"$each": "document.lines", "$as": "line", "$item": "${line.code}: ${line.net | decimal:2}"}
    assert render(template, roots_of(document()), _NoTables()) == ["S 20: 10.00", "S 10: 5.05"]
    assert render("${note.text}", roots_of(sample_request("account_note")), _NoTables()) == "You are Gold now"
