"""Dates, constants, line kinds, and records beside documents."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from core.documents import RawRecord, Record
from core.normalise import normalise
from core.source import Constants, SourceRules
from core.stated import day_of
from tests.unit.core.documents import HEAD, NO_TOTALS, invoice, landed, line, refusal


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2025-02-03", "2025-02-03"),
        (" 2024-02-29 ", "2024-02-29"),
        (date(2025, 2, 3), "2025-02-03"),
        ("1990-01-01", "1990-01-01"),
        ("2200-12-31", "2200-12-31"),
        ("2025-02-03T23:30:00", "2025-02-03"),
        ("2025-01-31T22:59:59Z", "2025-01-31"),
        ("2025-01-31T23:00:00Z", "2025-02-01"),
        ("2025-06-30T21:59:59+00:00", "2025-06-30"),
        ("2025-06-30T22:00:00+00:00", "2025-07-01"),
        ("2025-03-30T00:59:59Z", "2025-03-30"),
        ("2025-03-29T23:00:00Z", "2025-03-30"),
        ("2025-03-30T22:00:00Z", "2025-03-31"),
        ("2025-10-25T22:00:00Z", "2025-10-26"),
        ("2025-10-26T22:59:59Z", "2025-10-26"),
        ("2025-10-26T23:00:00Z", "2025-10-27"),
        ("2025-07-01T00:30:00+03:00", "2025-06-30"),
        (datetime(2025, 6, 30, 22, tzinfo=UTC), "2025-07-01"),
        (datetime(2025, 6, 30, 22), "2025-06-30"),  # noqa: DTZ001 - as a source without zones tells it
    ],
)
def test_instants_become_business_days_in_the_zone_of_the_source(value: object, day: str) -> None:
    assert day_of(value, SourceRules(time_zone="Europe/Berlin"), "issued") == date.fromisoformat(day)


def test_a_declared_date_format_is_the_only_one() -> None:
    rules = SourceRules(totals="none", date_format="%d.%m.%Y")
    assert day_of("03.02.2025", rules, "issued") == date(2025, 2, 3)
    assert refusal(invoice(issued="2025-02-03"), rules) == ("not_a_date", "issued")
    assert refusal(invoice(issued="31.02.2025"), rules) == ("not_a_date", "issued")


def test_an_offset_in_a_declared_format_counts() -> None:
    rules = SourceRules(date_format="%d.%m.%Y %H:%M %z", time_zone="Europe/Berlin")
    assert day_of("31.12.2024 23:30 +0000", rules, "issued") == date(2025, 1, 1)


def test_constants_stand_where_the_record_is_silent_and_only_there() -> None:
    constants = Constants(
        currency="CHF", entity="CH01", registration="CHE-1", tax_category="AE", tax_percent=Decimal(0)
    )
    rules = SourceRules(totals="none", constants=constants)
    silent = landed(line(percent=None), rules=rules, currency=None, entity=None)
    assert (silent.currency, silent.entity, silent.content["registration"]) == ("CHF", "CH01", "CHE-1")
    assert (silent.lines[0].tax_category, silent.lines[0].tax_rate) == ("AE", 0)
    own = landed(line(percent="7.7", tax_category="S"), rules=rules, registration="R")
    assert (own.currency, own.entity, own.content["registration"]) == ("EUR", "DE01", "R")
    assert (own.lines[0].tax_category, own.lines[0].tax_rate) == ("S", 77_000)


def test_the_registration_is_the_entity_where_none_is_known() -> None:
    assert landed().content["registration"] == "DE01"


@pytest.mark.parametrize(("percent", "category"), [("0", "Z"), ("20", "S"), ("0.0001", "S")])
def test_the_tax_category_follows_the_rate_where_none_is_stated(percent: str, category: str) -> None:
    assert landed(line(percent=percent)).lines[0].tax_category == category


def test_line_kinds_come_from_the_line_then_from_the_rules() -> None:
    rules = SourceRules(totals="none", line_kinds={"freight": ("FREIGHT*",), "fee": ("FEE?",)})
    rows = [
        line(product="FREIGHT-NORTH"),
        line(product="FEE1"),
        line(product="FEE10"),
        line(product="FEE1", line_kind="goods"),
    ]
    assert [row.kind for row in landed(*rows, rules=rules).lines] == ["freight", "fee", "", "goods"]


def test_texts_are_trimmed_and_empty_ones_left_out() -> None:
    record = landed(reference="  PO 7 ", note="  ", channel="web", delivered="2025-02-01", due="2025-03-01")
    assert record.content == {
        "number": "I-1",
        "registration": "DE01",
        "reference": "PO 7",
        "channel": "web",
        "delivered": "2025-02-01",
        "due": "2025-03-01",
        "derived": True,
    }
    assert landed(note="two\nlines\tand a tab").content["note"] == "two\nlines\tand a tab"
    assert len(landed(note="x" * 4000).content["note"]) == 4000


def test_currency_codes_are_upper_case() -> None:
    assert landed(currency="eur").currency == "EUR"


def test_an_unknown_currency_lands_with_two_digits() -> None:
    assert landed(currency="QQQ").net == 10_000


def plain(kind: Any, rules: SourceRules = NO_TOTALS, **fields: Any) -> Record:
    return normalise(RawRecord(kind, "X-1", fields), rules)


def test_an_account_keeps_what_may_be_erased_apart() -> None:
    record = plain("account", id="C-1", name="Example Ltd", email="a@example.org", segment="dealer", country="de")
    assert record.account == "C-1"
    assert record.personal == {"name": "Example Ltd", "email": "a@example.org"}
    assert record.content == {"id": "C-1", "segment": "dealer", "country": "DE"}


def test_an_account_is_known_by_the_id_of_its_record_where_no_field_repeats_it() -> None:
    assert plain("account", name="Example Ltd").account == "X-1"


def test_units_are_exact_ratios() -> None:
    record = plain("product", id="A-1", unit="piece", units=" box=12; pallet = 480.50 ;")
    assert record.content["units"] == {"box": "12", "pallet": "480.5"}


@pytest.mark.parametrize(
    ("units", "reason"),
    [
        ("box", "not_units"),
        ("=12", "not_units"),
        ("box=0", "not_units"),
        ("box=-1", "not_units"),
        ("box=dozen", "not_a_number"),
        ("box=12; box=24", "not_units"),
    ],
)
def test_units_that_say_nothing_or_two_things_are_refused(units: str, reason: str) -> None:
    assert refusal(RawRecord("product", "A-1", {"units": units})) == (reason, "units")


PAYMENT = {"account": "C-1", "invoice": "I-1", "paid_on": "2025-03-01", "currency": "EUR", "amount": "119.00"}


def test_a_payment_is_dated_money() -> None:
    record = plain("payment", **PAYMENT)
    assert (record.account, record.day, record.currency, record.cancelled) == ("C-1", date(2025, 3, 1), "EUR", False)
    assert record.content["amount"] == 11_900
    assert plain("payment", **PAYMENT, state="cancelled").cancelled


def test_a_payment_takes_the_constant_currency() -> None:
    rules = SourceRules(constants=Constants(currency="JPY"))
    record = plain("payment", rules, **PAYMENT | {"currency": None, "amount": "119"})
    assert (record.currency, record.content["currency"], record.content["amount"]) == ("JPY", "JPY", 119)


@pytest.mark.parametrize("name", ["invoice", "paid_on", "currency", "amount", "account"])
def test_a_payment_without_a_required_field_is_refused(name: str) -> None:
    assert refusal(RawRecord("payment", "P", PAYMENT | {name: None})) == ("missing", name)


@pytest.mark.parametrize(
    ("kind", "changed", "reason", "path"),
    [
        ("payment", {"amount": "1.001"}, "too_fine", "amount"),
        ("payment", {"paid_on": "2025-13-01"}, "not_a_date", "paid_on"),
        ("payment", {"currency": "EURO"}, "not_a_currency", "currency"),
        ("payment", {"state": "maybe"}, "unknown_state", "state"),
        ("exchange_rate", {"base": "USD", "quote": "E", "on": "2025-01-01", "rate": "1"}, "not_a_currency", "quote"),
        ("exchange_rate", {"base": "USD", "quote": "EUR", "on": "2025-01-01", "rate": "~1"}, "not_a_number", "rate"),
        ("exchange_rate", {"base": "USD", "quote": "EUR", "on": "2025-01-01", "rate": "0"}, "not_a_rate", "rate"),
        ("account", {"group": "x" * 201}, "too_long", "group"),
        ("account", {"parent": "x" * 201}, "too_long", "parent"),
        ("redemption", {"program": "p", "at": "2025-01-01", "quantity": "1e3"}, "not_a_number", "quantity"),
    ],
)
def test_a_wrong_field_of_another_record_is_named(kind: Any, changed: dict[str, str], reason: str, path: str) -> None:
    assert refusal(RawRecord(kind, "X-1", PAYMENT | changed)) == (reason, path)


@pytest.mark.parametrize(
    "settings",
    [
        {"time_zone": "Berlin"},
        {"constants": {"currency": "EURO"}},
        {"constants": {"tax_category": "X"}},
        {"constants": {"tax_percent": Decimal(101)}},
        {"totals": "maybe"},
        {"decimal_sign": ";"},
        {"line_kinds": {"gift": ("G*",)}},
        {"line_kinds": {"freight": ()}},
        {"colour": "red"},
    ],
)
def test_rules_of_a_source_are_checked(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SourceRules.model_validate(settings)


def test_a_record_is_the_same_however_often_it_is_read() -> None:
    raw = RawRecord("invoice", "I-1", HEAD, [line(), line("50")])
    assert normalise(raw, NO_TOTALS) == normalise(raw, NO_TOTALS)
