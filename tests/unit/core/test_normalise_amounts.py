"""Lines, header amounts and tax in integers: what the record says is what the document states."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents import RawRecord, Record
from core.money import divide, minor_units, text
from core.normalise import normalise
from core.source import SourceRules
from tests.unit.core.documents import NO_TOTALS, STATED, invoice, landed, line


def nets(record: Record) -> list[int]:
    return [row.net for row in record.lines]


def taxes(record: Record) -> list[int]:
    return [row.tax for row in record.lines]


@pytest.mark.parametrize(
    ("header", "spread"),
    [
        ({"allowance": "10.00"}, [9667, 4833, 14500]),
        ({"charge": "10.00"}, [10333, 5167, 15500]),
        ({"charge": "2.00", "allowance": "2.00"}, [10000, 5000, 15000]),
        ({"allowance": "0.01"}, [10000, 5000, 14999]),
        ({"allowance": "300.00"}, [0, 0, 0]),
    ],
)
def test_header_amounts_are_spread_over_the_lines_exactly(header: dict[str, str], spread: list[int]) -> None:
    record = landed(line("100.00"), line("50.00"), line("150.00"), **header)
    assert nets(record) == spread
    assert record.net == sum(spread)
    assert taxes(record) == [divide(net, 5) for net in spread]


def test_a_header_discount_weighs_returns_by_their_size() -> None:
    record = landed(line("100.00"), line("-100.00"), line("200.00"), allowance="4.00")
    assert nets(record) == [9900, -10100, 19800]


def test_declared_rounding_is_a_line_of_its_own_kind_without_tax() -> None:
    record = normalise(invoice(line("99.99"), rounding="0.01", total_net="100.00", total_tax="20.00"), STATED)
    assert [(row.kind, row.net, row.tax, row.tax_rate) for row in record.lines] == [
        ("", 9999, 2000, 200_000),
        ("rounding", 1, 0, 0),
    ]


def test_tax_is_rounded_by_line_where_none_is_stated_and_flagged() -> None:
    record = landed(line("0.12"), line("0.13"), line("-0.13"), line("0.13", tax="0.03"))
    assert taxes(record) == [2, 3, -3, 3]
    assert [row.derived for row in record.lines] == [True, True, True, False]


def test_a_line_states_its_tax_within_one_minor_unit() -> None:
    assert taxes(landed(line("0.12", tax="0.03"), line("0.12", tax="0.02"))) == [3, 2]


def test_stated_tax_may_differ_by_one_minor_unit_a_line_and_is_spread() -> None:
    rows = [line("10.00", "0"), line("1.00"), line("5.00")]
    for difference in range(-3, 4):
        record = normalise(invoice(*rows, total_net="16", total_tax=text(120 + difference, "EUR")), STATED)
        assert record.tax == 120 + difference
        assert taxes(record)[0] == 0, "a line without a rate takes no tax"


def test_tax_is_the_gross_less_the_net_where_it_is_not_stated() -> None:
    record = normalise(invoice(line("10.01"), line("10.01"), total_gross="24.03"), STATED)
    assert (record.net, record.tax) == (2002, 401)


def test_sources_that_round_tax_by_line_or_by_document_are_both_taken(worked: Callable[[str], dict[str, Any]]) -> None:
    example = worked("ROUND-DOCUMENT")
    rate = str(Decimal(example["program"]["vat"]) * 100)
    rows = [line(net, rate) for net in example["inputs"]["lines"]]
    net = sum(minor_units(row["net"], "EUR") for row in rows)
    for gross in example["expected"].values():
        record = normalise(invoice(*rows, total_net=text(net, "EUR"), total_gross=gross), STATED)
        assert text(record.net + record.tax, "EUR") == gross
        assert nets(record) == [1001, 1001, 1001]


@pytest.mark.parametrize(
    ("quantity", "price", "currency", "net"),
    [
        ("3", "1.005", "EUR", 302),
        ("1", "1.005", "EUR", 101),
        ("1", "1.0049", "EUR", 100),
        ("-1", "1.005", "EUR", -101),
        ("0.333333", "3", "EUR", 100),
        ("2.5", "0.00000001", "EUR", 0),
        ("3", "33.5", "JPY", 101),
        ("1.5", "0.333", "KWD", 500),
        (None, "7.77", "EUR", 777),
        ("", "7.77", "EUR", 777),
    ],
)
def test_quantity_times_price_is_rounded_once_and_flagged(
    quantity: str | None, price: str, currency: str, net: int
) -> None:
    record = landed(line(None, tax="0", price=price, quantity=quantity, tax_percent="0"), currency=currency)
    assert nets(record) == [net]
    assert record.lines[0].derived


def test_the_net_of_the_source_wins_over_quantity_and_price() -> None:
    row = landed(line("100.00", price="3", quantity="7", tax="20.00")).lines[0]
    assert (row.net, row.quantity, row.derived) == (10_000, 7_000_000, False)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_credit_note_is_negative_whichever_way_the_source_writes_it(sign: int) -> None:
    rules = SourceRules(credit_notes="positive" if sign > 0 else "negative")
    rows = [line(f"{sign * 100}.00", quantity=f"{sign * 2}"), line(f"{-sign * 10}.00", quantity=f"{-sign}")]
    totals = {"total_net": f"{sign * 90}", "total_tax": f"{sign * 18}"}
    record = normalise(invoice(*rows, kind="credit_note", **totals), rules)
    assert (record.net, record.tax) == (-9000, -1800)
    assert nets(record) == [-10_000, 1000]
    assert [row.quantity for row in record.lines] == [-2_000_000, 1_000_000]


def test_an_invoice_keeps_its_sign_in_a_source_of_positive_credit_notes() -> None:
    rules = SourceRules(totals="none", credit_notes="positive")
    assert normalise(invoice(), rules).net == 10_000


amount = st.integers(-(10**7), 10**7)


@st.composite
def stated_documents(draw: st.DrawFn) -> tuple[RawRecord, int, int]:
    """A document with its totals: net exact, tax off by at most one minor unit a line."""
    currency = draw(st.sampled_from(["EUR", "JPY", "KWD"]))
    rows = draw(st.lists(st.tuples(amount, st.sampled_from([0, 7, 19, 20])), min_size=1, max_size=8))
    allowance, charge = draw(st.integers(0, 10**5)), draw(st.integers(0, 10**5))
    rounding = draw(st.integers(-5, 5))
    lines = [line(text(net, currency), str(percent)) for net, percent in rows]
    header = {"allowance": text(allowance, currency), "charge": text(charge, currency)}
    net = sum(value for value, _ in rows) - allowance + charge
    plain = normalise(invoice(*lines, currency=currency, **header), NO_TOTALS)
    assert plain.net == net
    slack = len(rows) if any(percent for _, percent in rows) else 0
    tax = plain.tax + draw(st.integers(-slack, slack))
    totals = {
        "rounding": text(rounding, currency),
        "total_net": text(net + rounding, currency),
        "total_tax": text(tax, currency),
        "total_gross": text(net + rounding + tax, currency),
    }
    return invoice(*lines, currency=currency, **header, **totals), net + rounding, tax


@given(stated_documents())
def test_net_and_tax_of_a_record_are_the_stated_totals(document: tuple[RawRecord, int, int]) -> None:
    raw, net, tax = document
    record = normalise(raw, STATED)
    assert (record.net, record.tax) == (net, tax)
    assert (sum(nets(record)), sum(taxes(record))) == (net, tax)


@given(stated_documents())
def test_header_amounts_shift_each_line_by_its_share(document: tuple[RawRecord, int, int]) -> None:
    raw, _, _ = document
    currency = raw.fields["currency"]
    before = [minor_units(row["net"], currency) for row in raw.lines]
    header = minor_units(raw.fields["charge"], currency) - minor_units(raw.fields["allowance"], currency)
    whole = sum(map(abs, before))
    for old, new in zip(before, nets(normalise(raw, STATED)), strict=False):
        if whole:
            assert abs(new - old - Fraction(header * abs(old), whole)) < 1


@given(stated_documents(), st.integers(1, 10**6), st.sampled_from([1, -1]))
def test_a_document_whose_net_total_is_off_is_refused(
    document: tuple[RawRecord, int, int], off: int, sign: int
) -> None:
    from tests.unit.core.documents import refusal

    raw, net, _ = document
    wrong = dict(raw.fields) | {"total_net": text(net + sign * off, raw.fields["currency"])}
    assert refusal(RawRecord("invoice", "I-1", wrong, raw.lines), STATED) == ("totals_differ", "total_net")
