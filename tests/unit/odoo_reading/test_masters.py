"""Customers, products, payments and exchange rates."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.documents import RawRecord
from tests.unit.odoo_reading.pulling import cursor_of, landed, pages_of, pulled, records_of
from tests.unit.odoo_reading.simulated import DOZEN, EUR, PIECE, USD, SimulatedOdoo, reading

VERSIONS = [(19, 0), (17, 0), (16, 0)]


@pytest.fixture(params=VERSIONS, ids=[str(version[0]) for version in VERSIONS])
def odoo(request: pytest.FixtureRequest) -> SimulatedOdoo:
    found = SimulatedOdoo(request.param)
    found.tick(1)
    return found


def tag(odoo: SimulatedOdoo, name: str, parent: int | bool = False) -> int:
    return odoo.put("res.partner.category", name=name, parent_id=parent, active=True)


# -------------------------------------------------------------------- accounts


def test_a_customer_with_all_it_may_have(odoo: SimulatedOdoo) -> None:
    ours = tag(odoo, "rebated")
    tags = [tag(odoo, "Wholesale"), tag(odoo, "Berlin"), tag(odoo, "Gold", ours)]
    odoo.put("res.users", 7, name="Sue", display_name="Sue Seller")
    odoo.put("res.partner", 1, customer_rank=0)
    odoo.put("res.partner", 5, name="Group AG", customer_rank=0, commercial_partner_id=5)
    odoo.put(
        "res.partner",
        2,
        name="Branch GmbH",
        customer_rank=3,
        active=False,
        parent_id=5,
        commercial_partner_id=2,
        category_id=tags,
        country_id=57,
        lang="de_AT",
        vat="DE123456788",
        email="office@example.com",
        street="Weg 1",
        street2="Haus B",
        city="Köln",
        zip="50667",
        user_id=7,
        property_product_pricelist=odoo.put("product.pricelist", currency_id=USD),
    )
    [record] = pulled(odoo, "accounts", segments=("Retail", "Wholesale")).values()
    assert record.fields == {
        "id": "2",
        "name": "Branch GmbH",
        "segment": "Wholesale",
        "country": "DE",
        "currency": "USD",
        "language": "de",
        "parent": "5",
        "tags": "Berlin; Wholesale",
        "vat_number": "DE123456788",
        "email": "office@example.com",
        "street": "Weg 1, Haus B",
        "city": "Köln",
        "postcode": "50667",
        "sales_person": "Sue Seller",
    }
    assert "Branch" not in record.origin, "origins are kept, names may be erased"
    assert landed(record).account == "2"


def test_empty_fields_are_left_out(odoo: SimulatedOdoo) -> None:
    odoo.put("res.partner", 1, vat="/", country_id=False)
    assert pulled(odoo, "accounts")["1"].fields == {"id": "1", "name": "Buyer GmbH", "currency": "EUR"}


def test_who_is_a_customer(odoo: SimulatedOdoo) -> None:
    odoo.put("res.company", 2, name="Another", currency_id=EUR)
    for id_, values in {
        10: {"customer_rank": 1},
        11: {"customer_rank": 0},  # a supplier
        12: {"customer_rank": 0},  # invoiced
        13: {"customer_rank": 0},  # invoiced under a contact
        14: {"customer_rank": 1, "parent_id": 13, "commercial_partner_id": 13},  # the contact
        15: {"customer_rank": 1, "company_id": 2},  # of another company
        16: {"customer_rank": 1, "company_id": 1},
    }.items():
        odoo.put("res.partner", id_, name=f"Partner {id_}", **{"commercial_partner_id": id_, **values})
    odoo.invoice(partner_id=12, commercial_partner_id=12)
    odoo.invoice(partner_id=14, commercial_partner_id=13)
    odoo.invoice(partner_id=11, commercial_partner_id=11, move_type="in_invoice")
    assert set(pulled(odoo, "accounts")) == {"1", "10", "12", "13", "16"}
    assert set(pulled(odoo, "accounts", account="contact")) == {"1", "10", "12", "13", "14", "16"}


def test_a_first_invoice_makes_an_account_though_the_partner_was_not_touched(odoo: SimulatedOdoo) -> None:
    odoo.put("res.partner", 2, name="New", customer_rank=0, commercial_partner_id=2)
    odoo.tick(3600)
    first = pages_of(odoo, "accounts")
    odoo.tick(3600)
    odoo.invoice(partner_id=2, commercial_partner_id=2)
    odoo.tick(1)
    second = pages_of(odoo, "accounts", cursor_of(first))
    assert [record.external_id for record in records_of(second)] == ["2"]
    odoo.tick(60)
    assert records_of(pages_of(odoo, "accounts", cursor_of(second))) == []


# -------------------------------------------------------------------- products


def test_products(odoo: SimulatedOdoo) -> None:
    category = odoo.put("product.category", complete_name="All / Tools / Saws")
    brand = odoo.put("product.brand", display_name="Bosch")
    odoo.put(
        "product.product",
        4,
        name="Saw",
        default_code="SAW-3",
        active=False,
        categ_id=category,
        uom_id=PIECE,
        product_brand_id=brand,
    )
    odoo.put("product.product", 5, name="Nail", default_code=False, active=True, uom_id=PIECE)
    found = pulled(odoo, "products")
    assert found["SAW-3"].fields == {
        "id": "SAW-3",
        "name": "Saw",
        "category": "All / Tools / Saws",
        "brand": "Bosch",
        "unit": "Units",
        "units": "Dozens=12",
    }
    assert found["5"].fields == {"id": "5", "name": "Nail", "unit": "Units", "units": "Dozens=12"}
    assert landed(found["SAW-3"]).content["units"] == {"Dozens": "12"}


def test_an_archived_product_gives_way_to_an_active_one_of_the_same_reference(odoo: SimulatedOdoo) -> None:
    odoo.put("product.product", 4, name="Old saw", default_code="SAW-3", active=False)
    odoo.put("product.product", 5, name="Saw", default_code="SAW-3", active=True)
    odoo.put("product.product", 6, name="Drill", default_code="DRILL", active=False)
    names = [record.fields["name"] for record in records_of(pages_of(odoo, "products"))]
    assert names == ["Saw", "Drill"]


def test_a_change_of_the_template_is_one_of_its_variants(odoo: SimulatedOdoo) -> None:
    template = odoo.put("product.template", name="Saw")
    odoo.put("product.product", 4, name="Saw", default_code="SAW-3", active=True, product_tmpl_id=template)
    first = pages_of(odoo, "products")
    odoo.tick(3600)
    odoo.put("product.template", template, name="Better saw")
    odoo.silently("product.product", 4, name="Better saw")
    odoo.tick(1)
    [record] = records_of(pages_of(odoo, "products", cursor_of(first)))
    assert record.fields["name"] == "Better saw"
    assert record.order > records_of(first)[0].order


def test_a_renamed_category_is_found_by_a_sweep_and_no_product_is_deleted(odoo: SimulatedOdoo) -> None:
    category = odoo.put("product.category", complete_name="Tools")
    for id_ in (4, 5):
        odoo.put("product.product", id_, name="Saw", default_code=f"SAW-{id_}", active=True, categ_id=category)
    first = pages_of(odoo, "products")
    odoo.tick(25 * 3600)
    odoo.silently("product.category", category, complete_name="Garden")
    odoo.remove("product.product", 5)
    second = pages_of(odoo, "products", cursor_of(first))
    assert [(record.external_id, record.fields["category"]) for record in records_of(second)] == [("SAW-4", "Garden")]
    assert all(page.coverage is None for page in second)


@pytest.mark.parametrize("given", ["SAW-3", "5"])
def test_a_product_by_its_reference_or_id(odoo: SimulatedOdoo, given: str) -> None:
    odoo.put("product.product", 4, name="Saw", default_code="SAW-3", active=True)
    odoo.put("product.product", 5, name="Nail", default_code=False, active=True)
    found = reading(odoo).fetch("product", given)
    assert found is not None and found.external_id == given
    assert reading(odoo).fetch("product", "4") is None, "it is known by its reference"


def test_units_by_category_before_19() -> None:
    odoo = SimulatedOdoo((16, 0), without=["uom.uom.relative_factor", "uom.uom.relative_uom_id"])
    pieces, weight = odoo.put("uom.category", name="Unit"), odoo.put("uom.category", name="Weight")
    units: list[tuple[str, int, str, str, str]] = [
        ("Units", pieces, "reference", "1.0", "1.0"),
        ("Dozens", pieces, "bigger", "0.0833333333333333", "12.0"),
        ("kg", weight, "reference", "1.0", "1.0"),
        ("g", weight, "smaller", "1000.0", "0.001"),
        ("t", weight, "bigger", "0.001", "1000.0"),
        ("third", weight, "smaller", "3.0", "0.3333333333"),
        ("k=g", weight, "bigger", "0.5", "2.0"),
    ]
    for id_, (name, category, kind, factor, inverse) in enumerate(units, 1):
        size = {"factor": Decimal(factor), "factor_inv": Decimal(inverse)}
        odoo.put("uom.uom", id_, name=name, category_id=category, uom_type=kind, **size)
    for id_, name in ((3, "flour"), (4, "saffron")):
        odoo.put("product.product", name=name, default_code=name, active=True, uom_id=id_)
    found = pulled(odoo, "products")
    assert found["flour"].fields["units"] == "g=0.001; t=1000; third=0.333333333"
    assert found["saffron"].fields["units"] == "kg=1000; t=1000000; third=333.333333"


# -------------------------------------------------------------------- payments


def matched(odoo: SimulatedOdoo, invoice: int, other: int, amount: str = "40.00", **values: Any) -> int:
    """A match of the receivable of an invoice with another move."""
    receivable = odoo.put("account.account", 1, account_type="asset_receivable")
    line = {"company_id": 1, "account_id": receivable, "display_type": "payment_term"}
    debit = odoo.put("account.move.line", move_id=invoice, **line)
    credit = odoo.put("account.move.line", move_id=other, **line)
    given = {"max_date": "2026-02-20", "debit_currency_id": EUR, "debit_amount_currency": Decimal(amount)}
    return odoo.put("account.partial.reconcile", debit_move_id=debit, credit_move_id=credit, **{**given, **values})


def test_a_payment(odoo: SimulatedOdoo) -> None:
    invoice = odoo.invoice(partner_id=1)
    id_ = matched(odoo, invoice, odoo.invoice(move_type="entry"))
    assert pulled(odoo, "payments") == {
        str(id_): RawRecord(
            "payment",
            str(id_),
            {
                "account": "1",
                "invoice": str(invoice),
                "paid_on": "2026-02-20",
                "currency": "EUR",
                "amount": Decimal("40.00"),
            },
            (),
            int(odoo.clock.timestamp()) * 1_000_000,
            origin=f"Odoo match {id_} of invoice id {invoice}",
        )
    }


def test_what_is_no_payment_of_an_invoice(odoo: SimulatedOdoo) -> None:
    invoice, entry = odoo.invoice(), odoo.invoice(move_type="entry")
    matched(odoo, invoice, odoo.invoice(move_type="out_refund", lines=[{"amount_currency": "1"}]))
    matched(odoo, odoo.invoice(move_type="in_invoice"), entry)
    matched(odoo, odoo.invoice(move_type="out_receipt"), entry)
    matched(odoo, invoice, entry, "0")  # a difference of exchange rates
    odoo.put("account.account", 2, account_type="liability_current")
    other = matched(odoo, invoice, entry)
    odoo.put("account.move.line", odoo.tables["account.partial.reconcile"][other]["debit_move_id"], account_id=2)
    assert pulled(odoo, "payments") == {}


def test_an_undone_payment_is_told_by_a_sweep(odoo: SimulatedOdoo) -> None:
    entry = odoo.invoice(move_type="entry")
    kept, undone = (matched(odoo, odoo.invoice(), entry) for _ in range(2))
    first = pages_of(odoo, "payments")
    odoo.remove("account.partial.reconcile", undone)
    odoo.tick(25 * 3600)
    [page] = [page for page in pages_of(odoo, "payments", cursor_of(first)) if page.coverage is not None]
    assert page.coverage.complete and page.coverage.kind == "payment"
    assert page.seen == {str(kept)}
    assert reading(odoo).fetch("payment", str(undone)) is None
    assert reading(odoo).fetch("payment", str(kept)) is not None


def test_payments_of_older_invoices_are_not_read_and_not_deleted(odoo: SimulatedOdoo) -> None:
    old = odoo.invoice(invoice_date="2025-12-31")
    id_ = matched(odoo, old, odoo.invoice(move_type="entry"))
    assert pulled(odoo, "payments", issued_from="2026-01-01") == {}
    assert reading(odoo, issued_from="2026-01-01").fetch("payment", str(id_)) is not None


# -------------------------------------------------------------------- exchange rates


@pytest.mark.parametrize(
    ("rate", "inverse", "told"),
    [
        ("1.1", "0.9090909090909091", ("EUR", "USD", "1.1")),
        ("1.1111111111111112", "0.8999999999999999", ("USD", "EUR", "0.9")),
        ("2.0", "0.5", ("EUR", "USD", "2")),
    ],
)
def test_a_rate_comes_as_it_was_typed_in(odoo: SimulatedOdoo, rate: str, inverse: str, told: tuple[str, ...]) -> None:
    values = {"company_rate": Decimal(rate), "inverse_company_rate": Decimal(inverse), "company_id": 1}
    id_ = odoo.put("res.currency.rate", name="2026-02-01", currency_id=USD, **values)
    odoo.put("res.currency.rate", name="2026-02-01", currency_id=EUR, **values)
    [record] = pulled(odoo, "exchange_rates", exchange_rates=True).values()
    assert (record.external_id, record.fields["on"]) == (str(id_), "2026-02-01")
    assert (record.fields["base"], record.fields["quote"], record.fields["rate"]) == told
    assert landed(record).day is not None


def test_rates_are_read_where_the_settings_say_so(odoo: SimulatedOdoo) -> None:
    assert reading(odoo).streams() == ("accounts", "products", "documents", "payments")
    assert reading(odoo).kinds == {"account", "product", "invoice", "credit_note", "payment"}
    with_rates = reading(odoo, exchange_rates=True)
    assert with_rates.streams()[-1] == "exchange_rates" and "exchange_rate" in with_rates.kinds


def test_dozens_and_pieces_have_names(odoo: SimulatedOdoo) -> None:
    odoo.put("product.product", 4, name="Eggs", default_code="EGG", active=True, uom_id=DOZEN)
    assert pulled(odoo, "products")["EGG"].fields["unit"] == "Dozens"
    assert "units" not in pulled(odoo, "products")["EGG"].fields, "a twelfth cannot be told exactly"
