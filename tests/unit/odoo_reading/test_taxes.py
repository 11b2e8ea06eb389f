"""What the taxes on a line make together."""

from __future__ import annotations

from typing import Any

import pytest

from core.documents import BadRecord
from tests.unit.odoo_reading.pulling import bad_of, pages_of, records_of
from tests.unit.odoo_reading.simulated import EXEMPT, VAT, SimulatedOdoo


@pytest.fixture
def odoo() -> SimulatedOdoo:
    return SimulatedOdoo()


def code(odoo: SimulatedOdoo, *taxes: int, **read: Any) -> tuple[str, str] | BadRecord:
    """The percentage and category of a line with these taxes, or what is said of it."""
    odoo.invoice(7, lines=[{"tax_ids": list(taxes)}])
    pages = pages_of(odoo, "documents", **read)
    if bad := bad_of(pages):
        return bad[0]
    line = records_of(pages)[0].lines[0]
    return line["tax_percent"], line["tax_category"]


def test_plain_taxes(odoo: SimulatedOdoo) -> None:
    assert code(odoo, VAT) == ("19", "S")


def test_none_and_none_owed(odoo: SimulatedOdoo) -> None:
    assert code(odoo) == ("0", "Z")
    assert code(SimulatedOdoo(), EXEMPT) == ("0", "Z")


def test_several_add_up(odoo: SimulatedOdoo) -> None:
    assert code(odoo, odoo.tax("GST", 5), odoo.tax("QST", "9.975")) == ("14.975", "S")


def test_a_group_is_its_parts(odoo: SimulatedOdoo) -> None:
    parts = [odoo.tax("CGST", 9), odoo.tax("SGST", 9)]
    assert code(odoo, odoo.tax("GST 18", 0, amount_type="group", children_tax_ids=parts)) == ("18", "S")


def test_a_tax_on_a_tax(odoo: SimulatedOdoo) -> None:
    first = odoo.tax("First", 5, sequence=1, include_base_amount=True)
    assert code(odoo, odoo.tax("On both", "9.5", sequence=2), first) == ("14.975", "S")


def test_a_tax_beside_a_tax_on_taxes(odoo: SimulatedOdoo) -> None:
    first = odoo.tax("First", 5, sequence=1, include_base_amount=True)
    beside = odoo.tax("On the net alone", 10, sequence=2, is_base_affected=False)
    assert code(odoo, first, beside) == ("15", "S")


def test_what_is_finer_than_a_rate_can_be(odoo: SimulatedOdoo) -> None:
    first = odoo.tax("First", "5.125", sequence=1, include_base_amount=True)
    found = code(odoo, first, odoo.tax("Second", "9.875", sequence=2))
    assert isinstance(found, BadRecord)
    assert "'First'" in found.message and "'Second'" in found.message


def test_what_is_taken_back_at_once_is_not_owed(odoo: SimulatedOdoo) -> None:
    reverse = odoo.tax("Reverse charge", 19, ubl_cii_tax_category_code="AE")
    odoo.put("account.tax.repartition.line", tax_id=reverse, repartition_type="tax", factor_percent=-100)
    assert code(odoo, reverse) == ("0", "AE")


def test_half_of_a_tax(odoo: SimulatedOdoo) -> None:
    assert code(odoo, odoo.tax("Half", 20, share=50)) == ("10", "S")


@pytest.mark.parametrize(
    ("kind", "amount", "words"),
    [
        ("fixed", "0.5", "fixed amount"),
        ("division", "10", "gross amount"),
        ("code", "1", "formula"),
        ("percent", "-15", "withholds"),
    ],
)
def test_what_is_no_percentage(odoo: SimulatedOdoo, kind: str, amount: str, words: str) -> None:
    found = code(odoo, VAT, odoo.tax("Odd one", amount, id_=55, amount_type=kind))
    assert isinstance(found, BadRecord)
    assert "'Odd one' (id 55)" in found.message and words in found.message


def test_a_fixed_tax_of_nothing_does_no_harm(odoo: SimulatedOdoo) -> None:
    assert code(odoo, VAT, odoo.tax("Nothing", 0, amount_type="fixed")) == ("19", "S")


def test_a_tax_that_is_gone_is_told(odoo: SimulatedOdoo) -> None:
    found = code(odoo, 999)
    assert isinstance(found, BadRecord) and "id 999" in found.message


def test_categories_are_those_odoo_states(odoo: SimulatedOdoo) -> None:
    within = odoo.tax("0% EU", 0, ubl_cii_tax_category_code="K")
    assert code(odoo, within) == ("0", "K")
    assert code(odoo, odoo.tax("0% odd", 0, ubl_cii_tax_category_code="XX"), within)[1] == "K"


def test_categories_of_the_settings_come_first(odoo: SimulatedOdoo) -> None:
    within = odoo.tax("0% EU", 0, ubl_cii_tax_category_code="K")
    assert code(odoo, within, tax_categories={"0% EU": "G"}) == ("0", "G")
    assert code(odoo, within, tax_categories={"0% EU": "G", str(within): "E"}) == ("0", "E")


def test_the_category_is_that_of_the_tax_that_levies(odoo: SimulatedOdoo) -> None:
    exempt = odoo.tax("0% part", 0, ubl_cii_tax_category_code="E", sequence=0)
    assert code(odoo, exempt, VAT) == ("19", "S")
