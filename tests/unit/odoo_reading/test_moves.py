"""What invoices and credit notes become, and that they add up by the rules of the book."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.odoo_reading.pulling import bad_of, landed, pages_of, pulled, records_of
from tests.unit.odoo_reading.simulated import (
    AUSTRIA,
    DOZEN,
    GERMANY,
    PIECE,
    REDUCED,
    USD,
    VAT,
    SimulatedOdoo,
    reading,
)

VERSIONS = [(19, 0), (17, 0), (16, 0)]


@pytest.fixture(params=VERSIONS, ids=[str(version[0]) for version in VERSIONS])
def odoo(request: pytest.FixtureRequest) -> SimulatedOdoo:
    found = SimulatedOdoo(request.param)
    found.tick(1)
    return found


def taxed(net: str, tax: str, gross: str, **values: Any) -> dict[str, Any]:
    return {"amount_untaxed": Decimal(net), "amount_tax": Decimal(tax), "amount_total": Decimal(gross), **values}


def test_an_invoice_with_all_it_may_have(odoo: SimulatedOdoo) -> None:
    saw = odoo.put("product.product", name="Saw", default_code=" SAW-3 ", active=False)
    nameless = odoo.put("product.product", name="Nail", active=True)
    odoo.put("res.partner", 2, name="Warehouse", country_id=AUSTRIA, parent_id=1, commercial_partner_id=1)
    lines = [
        {"display_type": "line_section", "name": "Tools", "amount_currency": "0"},
        {
            "product_id": saw,
            "product_uom_id": DOZEN,
            "quantity": Decimal("2.5"),
            "amount_currency": "-100.00",
            "tax_ids": [VAT],
            "name": "[SAW-3] Saw",
        },
        {
            "product_id": nameless,
            "product_uom_id": PIECE,
            "amount_currency": "-10.00",
            "tax_ids": [REDUCED],
            "name": False,
        },
        {"amount_currency": "5.00", "tax_ids": [VAT], "name": "Discount"},
        {"display_type": "line_note", "name": "Thank you", "amount_currency": "0"},
    ]
    id_ = odoo.invoice(
        lines=lines,
        name="INV/2026/00017",
        ref="PO 4711",
        partner_id=2,
        partner_shipping_id=2,
        invoice_date_due="2026-03-05",
        delivery_date="2026-02-01",
        payment_state="in_payment",
        **taxed("105.00", "18.75", "123.75"),
    )
    record = pulled(odoo, "documents")[str(id_)]
    assert record.kind == "invoice"
    assert record.origin == f"Odoo INV/2026/00017 (id {id_})"
    assert record.order == int(odoo.clock.timestamp()) * 1_000_000
    assert record.fields == {
        "account": "1",
        "issued": "2026-02-03",
        "currency": "EUR",
        "entity": "E1",
        "payment_state": "paid",
        "number": "INV/2026/00017",
        "delivered": "2026-02-01",
        "due": "2026-03-05",
        "reference": "PO 4711",
        "country": "AT",
        "total_net": Decimal("105.00"),
        "total_tax": Decimal("18.75"),
        "total_gross": Decimal("123.75"),
    }
    sold, plain, discount = record.lines
    assert sold == {
        "net": Decimal("100.00"),
        "quantity": Decimal("2.5"),
        "description": "[SAW-3] Saw",
        "product": "SAW-3",
        "unit": "Dozens",
        "tax_percent": "19",
        "tax_category": "S",
    }
    assert (plain["product"], plain["unit"], plain["tax_percent"]) == (str(nameless), "Units", "7")
    assert (discount["net"], discount["quantity"]) == (Decimal("-5.00"), Decimal(1))
    assert "product" not in discount and "unit" not in discount
    book = landed(record)
    assert (book.net, book.tax, book.account) == (10500, 1875, "1")


def test_a_credit_note_is_below_zero(odoo: SimulatedOdoo) -> None:
    invoice = odoo.invoice()
    lines = [{"amount_currency": "30.00", "quantity": Decimal(3), "tax_ids": [VAT]}]
    id_ = odoo.invoice(
        lines=lines, move_type="out_refund", reversed_entry_id=invoice, **taxed("30.00", "5.70", "35.70")
    )
    record = pulled(odoo, "documents")[str(id_)]
    assert (record.kind, record.fields["original"]) == ("credit_note", str(invoice))
    book = landed(record)
    assert (book.net, book.tax, book.lines[0].quantity) == (-3000, -570, -3_000_000)


def test_our_key_comes_back_as_reference(odoo: SimulatedOdoo) -> None:
    id_ = odoo.invoice(lines=[{"amount_currency": "1.00"}], move_type="out_refund", ref="RB-ABCDEFGHIJK2")
    assert pulled(odoo, "documents")[str(id_)].fields["reference"] == "RB-ABCDEFGHIJK2"


@pytest.mark.parametrize(
    ("state", "posted_before", "told"),
    [
        ("posted", True, None),
        ("posted", False, None),  # imported, or from before the field
        ("cancel", True, "cancelled"),
        ("draft", True, "cancelled"),
    ],
)
def test_states(odoo: SimulatedOdoo, state: str, posted_before: bool, told: str | None) -> None:
    id_ = odoo.invoice(state=state, posted_before=posted_before)
    record = pulled(odoo, "documents")[str(id_)]
    assert record.fields.get("state") == told
    book = landed(record)
    assert book.cancelled is (told is not None)
    assert book.net == (0 if told else 10000)


def test_what_is_no_document_of_the_company_is_not_told(odoo: SimulatedOdoo) -> None:
    told = odoo.invoice()
    odoo.put("res.company", 2, name="Another", currency_id=1)
    odoo.invoice(company_id=2)
    odoo.invoice(move_type="out_receipt")
    odoo.invoice(move_type="in_invoice")
    odoo.invoice(move_type="entry")
    odoo.invoice(state="draft", posted_before=False, name="INV/2026/00099")
    odoo.invoice(state="draft", posted_before=False, name="/")
    assert list(pulled(odoo, "documents")) == [str(told)]


def test_without_a_mark_of_posting_a_number_tells_it() -> None:
    odoo = SimulatedOdoo((14, 0), without=["account.move.posted_before"])
    again = odoo.invoice(state="draft", name="INV/2026/00001")
    for nameless in ("/", False, ""):
        odoo.invoice(state="draft", name=nameless)
    assert list(pulled(odoo, "documents")) == [str(again)]


def test_an_old_version_has_fewer_fields() -> None:
    gone = [f"account.move.{name}" for name in ("delivery_date", "partner_shipping_id", "invoice_cash_rounding_id")] + [
        "account.move.line.is_downpayment",
        "account.tax.ubl_cii_tax_category_code",
        "account.tax.is_base_affected",
    ]
    odoo = SimulatedOdoo((14, 0), without=gone)
    id_ = odoo.invoice(lines=[{"display_type": False, "tax_ids": [VAT]}], **taxed("100.00", "19.00", "119.00"))
    record = pulled(odoo, "documents")[str(id_)]
    assert record.fields["country"] == "DE"
    assert (landed(record).net, landed(record).tax) == (10000, 1900)


def test_the_account_may_be_the_contact(odoo: SimulatedOdoo) -> None:
    odoo.put("res.partner", 2, name="Ann", parent_id=1, commercial_partner_id=1, country_id=GERMANY)
    id_ = odoo.invoice(partner_id=2, commercial_partner_id=1)
    assert pulled(odoo, "documents")[str(id_)].fields["account"] == "1"
    assert pulled(odoo, "documents", account="contact")[str(id_)].fields["account"] == "2"


def test_a_foreign_currency_that_is_archived(odoo: SimulatedOdoo) -> None:
    id_ = odoo.invoice(currency_id=USD)
    assert pulled(odoo, "documents")[str(id_)].fields["currency"] == "USD"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("not_paid", "open"),
        ("partial", "partial"),
        ("paid", "paid"),
        ("in_payment", "paid"),
        ("reversed", "reversed"),
        ("invoicing_legacy", ""),
        (False, ""),
    ],
)
def test_payment_states(odoo: SimulatedOdoo, theirs: str, ours: str) -> None:
    id_ = odoo.invoice(payment_state=theirs)
    assert pulled(odoo, "documents")[str(id_)].fields["payment_state"] == ours


def test_documents_before_a_day_are_not_read(odoo: SimulatedOdoo) -> None:
    odoo.invoice(invoice_date="2025-12-31")
    told = odoo.invoice(invoice_date="2026-01-01")
    assert list(pulled(odoo, "documents", issued_from="2026-01-01")) == [str(told)]


def test_a_down_payment_is_a_deposit(odoo: SimulatedOdoo) -> None:
    id_ = odoo.invoice(lines=[{"is_downpayment": True}, {}])
    assert [line.get("line_kind") for line in pulled(odoo, "documents")[str(id_)].lines] == ["deposit", None]


@pytest.mark.parametrize("refund", [False, True])
def test_cash_rounding_is_declared(odoo: SimulatedOdoo, refund: bool) -> None:
    """3.07 and 0.59 of tax make 3.66, rounded to 3.65 on a line of its own, or on the tax."""
    sign, kind = ("", "out_refund") if refund else ("-", "out_invoice")
    line = {"amount_currency": f"{sign}3.07", "tax_ids": [VAT]}
    common = {"lines": [line], "move_type": kind, "invoice_cash_rounding_id": 1}
    on_line = odoo.invoice(**common, **taxed("3.06", "0.59", "3.65"))
    on_tax = odoo.invoice(**common, **taxed("3.07", "0.58", "3.65"))
    off = Decimal("0.01") * (-1 if refund else 1)
    rounding = {"display_type": "rounding", "amount_currency": off}
    odoo.put("account.move.line", move_id=on_line, **rounding)
    odoo.put("account.move.line", move_id=on_tax, tax_repartition_line_id=1, **rounding)
    found = pulled(odoo, "documents")
    for id_ in (on_line, on_tax):
        record = landed(found[str(id_)])
        assert (abs(record.net), abs(record.tax)) == (306, 59)
        assert abs(record.net + record.tax) == 365
        assert record.lines[-1].kind == "rounding"


def test_a_document_with_a_tax_that_is_no_rate_is_set_aside_whole(odoo: SimulatedOdoo) -> None:
    fixed = odoo.tax("Eco fee", "0.50", amount_type="fixed")
    good = odoo.invoice()
    odoo.invoice(9, lines=[{"tax_ids": [VAT]}, {"tax_ids": [VAT, fixed]}], ref="PO 9")
    pages = pages_of(odoo, "documents")
    assert [record.external_id for record in records_of(pages)] == [str(good)]
    [bad] = bad_of(pages)
    assert (bad.kind, bad.external_id, bad.reason) == ("invoice", "9", "no_tax_rate")
    assert "'Eco fee'" in bad.message and "fixed amount" in bad.message
    assert bad.raw["about"]["account"] == "1" and bad.raw["about"]["reference"] == "PO 9"
    assert len(bad.raw["lines"]) == 2
    assert reading(odoo).fetch("invoice", "9") is not None, "it is there, though it cannot be read"


def test_a_cancelled_document_is_not_blocked_by_its_taxes(odoo: SimulatedOdoo) -> None:
    fixed = odoo.tax("Eco fee", "0.50", amount_type="fixed")
    id_ = odoo.invoice(lines=[{"tax_ids": [fixed]}], state="cancel")
    assert landed(pulled(odoo, "documents")[str(id_)]).cancelled


def test_lines_that_may_not_be_read_set_the_document_aside() -> None:
    odoo = SimulatedOdoo()
    odoo.invoice()
    answer = odoo._web_search_read

    def hiding(model: str, *args: Any, **named: Any) -> Any:
        found = answer(model, *args, **named)
        if model == "account.move":
            for row in found["records"]:
                row["invoice_line_ids"] = [{"id": line["id"]} for line in row["invoice_line_ids"]]
        return found

    odoo._web_search_read = hiding  # type: ignore[method-assign]
    [bad] = bad_of(pages_of(odoo, "documents"))
    assert bad.reason == "unreadable_line" and "cannot be read" in bad.message
