"""What the gate of the book refuses, with a reason and the path of what is wrong."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from core.documents import RawRecord
from core.money import MAX_MINOR
from core.normalise import normalise
from core.source import Constants, SourceRules
from tests.unit.core.documents import HEAD, NO_TOTALS, STATED, invoice, landed, line, refusal


@pytest.mark.parametrize("name", ["currency", "entity", "issued", "account"])
@pytest.mark.parametrize("empty", [None, ""])
def test_a_document_names_currency_entity_day_and_account(name: str, empty: str | None) -> None:
    assert refusal(invoice(**{name: empty})) == ("missing", name)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("currency", "EURO", "not_a_currency"),
        ("currency", "€", "not_a_currency"),
        ("issued", "2025-02-30", "not_a_date"),
        ("issued", "03.02.2025", "not_a_date"),
        ("issued", "yesterday", "not_a_date"),
        ("issued", "1989-12-31", "not_a_date"),
        ("issued", "2201-01-01", "not_a_date"),
        ("issued", datetime(1900, 1, 1), "not_a_date"),  # noqa: DTZ001 - as a source without zones tells it
        ("issued", 45_000, "missing"),
        ("delivered", "soon", "not_a_date"),
        ("due", "soon", "not_a_date"),
        ("state", "draft", "unknown_state"),
        ("reference", "a\x00b", "control_character"),
        ("reference", "half a pair \ud83d", "control_character"),
        ("note", "x" * 4001, "too_long"),
        ("entity", "x" * 61, "too_long"),
        ("account", "x" * 201, "too_long"),
        ("allowance", "1,00", "not_a_number"),
        ("charge", 1.5, "not_a_number"),
        ("rounding", "0.001", "too_fine"),
        ("total_net", "about 100", "not_a_number"),
        ("total_tax", "1e2", "not_a_number"),
        ("total_gross", "99999999999999", "too_large"),
    ],
)
def test_a_wrong_header_field_is_named(field: str, value: Any, reason: str) -> None:
    assert refusal(invoice(**{field: value})) == (reason, field)


@pytest.mark.parametrize(
    ("changed", "reason", "field"),
    [
        ({"net": "ten"}, "not_a_number", "net"),
        ({"net": "1.005"}, "too_fine", "net"),
        ({"net": 1.5}, "not_a_number", "net"),
        ({"net": None}, "missing", "net"),
        ({"net": "", "price": ""}, "missing", "net"),
        ({"net": None, "price": "1,5"}, "not_a_number", "price"),
        ({"net": None, "price": "0.000000001"}, "too_fine", "price"),
        ({"net": None, "price": "1000000", "quantity": "1000000000"}, "too_large", "price"),
        ({"quantity": "many"}, "not_a_number", "quantity"),
        ({"quantity": "0.0000001"}, "too_fine", "quantity"),
        ({"quantity": "10000000000"}, "too_large", "quantity"),
        ({"tax_percent": None}, "missing", "tax_percent"),
        ({"tax_percent": "-1"}, "not_a_rate", "tax_percent"),
        ({"tax_percent": "100.0001"}, "not_a_rate", "tax_percent"),
        ({"tax_percent": "19.00001"}, "too_fine", "tax_percent"),
        ({"tax_category": "X"}, "unknown_tax_category", "tax_category"),
        ({"line_kind": "gift"}, "unknown_line_kind", "line_kind"),
        ({"tax": "20.02"}, "tax_differs", "tax"),
        ({"tax": "-20.00"}, "tax_differs", "tax"),
        ({"product": "a\x07"}, "control_character", "product"),
        ({"product": "x" * 201}, "too_long", "product"),
        ({"unit": "x" * 41}, "too_long", "unit"),
    ],
)
def test_a_wrong_line_is_named_by_number_and_field(changed: dict[str, Any], reason: str, field: str) -> None:
    assert refusal(invoice(line(), line() | changed)) == (reason, f"line 2, {field}")


def test_a_document_has_lines_and_not_too_many() -> None:
    assert refusal(RawRecord("invoice", "I-1", HEAD)) == ("no_lines", "lines")
    assert refusal(RawRecord("invoice", "I-1", HEAD, [line("0")] * 100_001)) == ("too_many_lines", "lines")


def test_lines_that_add_up_to_more_than_an_amount_are_refused() -> None:
    most = f"{MAX_MINOR // 100}"
    assert refusal(invoice(line(most, "0"), line("0.01", "0"))) == ("too_large", "lines")
    assert landed(line(most, "0"), line("-0.01", "0")).net == MAX_MINOR - 1


@pytest.mark.parametrize("bad", ["x" * 201, "a\x1fb", "\udc80"])
def test_an_id_that_cannot_be_kept_is_refused(bad: str) -> None:
    raw = RawRecord("invoice", bad, HEAD, [line()])
    assert refusal(raw)[1] == "id"
    assert refusal(RawRecord("invoice", bad, HEAD | {"state": "cancelled"}))[1] == "id"


def test_stated_totals_are_needed_unless_the_source_says_it_has_none() -> None:
    assert refusal(invoice(), STATED) == ("missing", "total_net")
    assert refusal(invoice(total_tax="20.00"), STATED) == ("missing", "total_net")
    assert normalise(invoice(total_gross="120.00"), STATED).net == 10_000
    assert landed().content["derived"] is True
    assert "derived" not in normalise(invoice(total_net="100"), STATED).content


@pytest.mark.parametrize("rules", [STATED, NO_TOTALS])
@pytest.mark.parametrize(
    ("totals", "reason", "path"),
    [
        ({"total_net": "100.01"}, "totals_differ", "total_net"),
        ({"total_net": "99.99"}, "totals_differ", "total_net"),
        ({"total_net": "100", "allowance": "0.01"}, "totals_differ", "total_net"),
        ({"total_net": "100", "charge": "0.01"}, "totals_differ", "total_net"),
        ({"total_net": "100", "rounding": "-0.01"}, "totals_differ", "total_net"),
        ({"total_net": "100", "total_tax": "20", "total_gross": "120.01"}, "totals_differ", "total_gross"),
        ({"total_net": "100", "total_tax": "20.02"}, "tax_differs", "total_tax"),
        ({"total_gross": "120.02"}, "tax_differs", "total_tax"),
    ],
)
def test_totals_that_are_stated_must_agree(rules: SourceRules, totals: dict[str, str], reason: str, path: str) -> None:
    assert refusal(invoice(**totals), rules) == (reason, path)


def test_tax_on_lines_without_a_rate_is_refused() -> None:
    assert refusal(invoice(line("100", "0"), total_tax="0.01")) == ("tax_differs", "total_tax")


@pytest.mark.parametrize("broken", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_an_empty_instant_of_another_system_is_a_wrong_date_in_any_zone(broken: str, zone: str) -> None:
    rules = SourceRules(totals="none", time_zone=zone)
    assert refusal(invoice(issued=broken), rules) == ("not_a_date", "issued")
    assert refusal(invoice(issued=datetime.fromisoformat(broken)), rules) == ("not_a_date", "issued")


@pytest.mark.parametrize("kind", ["invoice", "credit_note"])
def test_nothing_in_a_cancelled_document_can_block_it(kind: Any) -> None:
    fields = {
        "state": " Cancelled ",
        "issued": "0001-01-01T00:00:00Z",
        "currency": "rubbish",
        "account": "x" * 5000,
        "note": "\x00",
        "number": "N\x00",
        "total_net": "no number",
        "entity": None,
    }
    rules = SourceRules(time_zone="America/New_York", constants=Constants(entity="DE01"))
    record = normalise(RawRecord(kind, "I-1", fields, [{"net": float("nan")}]), rules)
    assert record.cancelled
    assert (record.day, record.account, record.lines, record.net, record.tax) == (None, None, (), 0, 0)
    assert (record.entity, record.currency, record.content) == ("DE01", "RUB", {"number": "I-1"})


def test_a_cancelled_document_keeps_what_can_be_read() -> None:
    record = landed(state="cancelled", reference="order 7", number="2025/7")
    assert (record.account, record.currency, record.entity) == ("C-1", "EUR", "DE01")
    assert record.day is not None
    assert record.content == {"number": "2025/7", "reference": "order 7"}


def test_a_document_without_account_is_parked_where_the_source_says_so() -> None:
    record = landed(rules=SourceRules(totals="none", without_account="park"), account=None)
    assert record.account is None
    assert record.net == 10_000
