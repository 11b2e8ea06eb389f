from __future__ import annotations

import re

import pytest
from pydantic import ValidationError

from connectors.odoo import masters
from connectors.spi import TaxPart, WriteRefused
from core.errors import FatalError
from tests.unit.odoo_writing.installation import BUYER, GOODS, TAX_0, TAX_7, TAX_19, TAX_EU, Installation
from tests.unit.odoo_writing.wanted import STANDARD, credit_note, line

SMALL_EU = 30
AUSTRIA = 12
NOTHING_STATED = {"category": "K", "rate": 0}


def taxes_of(odoo: Installation, remote_id: str) -> list[list[int]]:
    return [found["tax_ids"] for found in odoo.lines(remote_id)]


def refused(odoo: Installation, *lines, **write) -> str:
    """The message of a refusal that left nothing behind."""
    with pytest.raises(WriteRefused) as error:
        odoo.adapter(write).create(credit_note(1, *lines))
    assert odoo.writes() == []
    assert "write.tax_ids" in str(error.value.hint)
    return error.value.message


# -------------------------------------------------------------------- which tax


def test_the_domestic_tax_is_taken_of_several(each: Installation):
    remote = each.adapter().create(credit_note(1, line(1000)))
    assert taxes_of(each, remote.remote_id) == [[TAX_19]], "not 19 % of small deliveries within the EU"


def test_a_rate_with_digits_after_the_point(ends: Installation):
    tax = ends.server.add_tax("5.5%", 5.5)
    remote = ends.adapter().create(credit_note(1, line(1000, 55_000)))
    assert taxes_of(ends, remote.remote_id) == [[tax]]
    assert remote.taxes == (TaxPart("S", 55_000, 1000, 55),)


def test_a_tax_named_in_the_settings_comes_first(ends: Installation):
    adapter = ends.adapter({"tax_ids": {"S 19": SMALL_EU}})
    request = credit_note(1, line(1000))
    remote = adapter.create(request)
    assert taxes_of(ends, remote.remote_id) == [[SMALL_EU]]
    assert remote.taxes == (TaxPart("S", STANDARD, 1000, 190),)


def test_two_taxes_of_one_code_are_refused_and_named(each: Installation):
    second = each.server.add_tax("19% Goods", 19.0)
    message = refused(each, line(1000))
    assert message.startswith("it cannot be told which sales tax of Odoo is S 19 %")
    assert f"19% (id {TAX_19})" in message and f"19% Goods (id {second})" in message
    assert f"7% (id {TAX_7})" not in message
    remote = each.adapter({"tax_ids": {"S 19": second}}).create(credit_note(1, line(1000)))
    assert taxes_of(each, remote.remote_id) == [[second]]


def test_a_code_without_a_tax_is_refused(odoo: Installation):
    assert "S 16 %: 19% (id 18), 7% (id 19)" in refused(odoo, line(1000, 160_000))


def test_what_is_mended_in_odoo_is_soon_seen(odoo: Installation, monkeypatch: pytest.MonkeyPatch):
    second = odoo.server.add_tax("19% Goods", 19.0)
    adapter = odoo.adapter()
    with pytest.raises(WriteRefused):
        adapter.create(credit_note(1, line(1000)))
    odoo.server.write("account.tax", second, active=False)
    later = masters.time.monotonic() + 3600
    monkeypatch.setattr("connectors.odoo.masters.time.monotonic", lambda: later)
    assert taxes_of(odoo, adapter.create(credit_note(1, line(1000))).remote_id) == [[TAX_19]]


@pytest.mark.parametrize(
    "values",
    [
        {"price_include": True},
        {"amount_type": "fixed"},
        {"amount_type": "division"},
        {"amount_type": "group"},
        {"type_tax_use": "purchase"},
        {"active": False},
    ],
)
@pytest.mark.parametrize("spoken", ["19", "16"])
def test_only_a_plain_percentage_on_sales_is_taken(install, values: dict, spoken: str):
    odoo = install(spoken)
    odoo.server.add_tax("16% other", 16.0, **values)
    assert "16% other" not in refused(odoo, line(1000, 160_000))
    plain = odoo.server.add_tax("16%", 16.0)
    remote = odoo.adapter().create(credit_note(1, line(1000, 160_000)))
    assert taxes_of(odoo, remote.remote_id) == [[plain]], "nor does it make the plain one ambiguous"


# -------------------------------------------------------------------- categories


def test_a_tax_never_stands_for_another_category(each: Installation):
    message = refused(each, line(1000, **NOTHING_STATED))
    assert message.startswith("it cannot be told which sales tax of Odoo is K 0 %")
    assert f"0% EU D (id {TAX_EU})" in message


def test_no_tax_is_zero_rated_where_nothing_is_stated(each: Installation):
    remote = each.adapter().create(credit_note(1, line(1000, 0, "Z")))
    assert taxes_of(each, remote.remote_id) == [[TAX_0]]
    assert (remote.tax, remote.taxes) == (0, (TaxPart("Z", 0, 1000, 0),))


@pytest.mark.parametrize("name", ["0% EU D", str(TAX_EU)])
def test_the_settings_state_the_category_of_a_tax(odoo: Installation, name: str):
    adapter = odoo.adapter(read={"tax_categories": {name: "K"}})
    remote = adapter.create(credit_note(1, line(1000, **NOTHING_STATED)))
    assert taxes_of(odoo, remote.remote_id) == [[TAX_EU]]
    assert remote.taxes == (TaxPart("K", 0, 1000, 0),)


@pytest.mark.parametrize("spoken", ["19", "18"])
def test_odoo_states_the_category_of_a_tax(install, spoken: str):
    odoo = install(spoken)
    odoo.server.write("account.tax", TAX_EU, ubl_cii_tax_category_code="K")
    remote = odoo.adapter().create(credit_note(1, line(1000, **NOTHING_STATED)))
    assert taxes_of(odoo, remote.remote_id) == [[TAX_EU]]
    assert remote.taxes == (TaxPart("K", 0, 1000, 0),)


def test_odoo_without_the_field_is_not_asked_for_it(odoo: Installation):
    odoo.server.tax_categories(installed=False)
    assert odoo.adapter().create(credit_note()).state == "posted"


def test_a_tax_with_a_code_of_its_own_is_no_other(odoo: Installation):
    """Else a document under the other code would be read back under this one."""
    adapter = odoo.adapter({"tax_ids": {"E 0": TAX_0}})
    remote = adapter.create(credit_note(1, line(1000, 0, "E")))
    assert taxes_of(odoo, remote.remote_id) == [[TAX_0]]
    with pytest.raises(WriteRefused, match="Z 0 %"):
        adapter.create(credit_note(2, line(1000, 0, "Z")))


def test_codes_are_read_back_as_they_were_written(ends: Installation):
    """By a process that has written nothing yet: after a crash the document is compared with what was approved."""
    settings = {"tax_ids": {"AE 0": TAX_EU, "E 0": TAX_0}}
    request = credit_note(1, line(1000, 0, "AE"), line(500, 0, "E"), line(700))
    ends.adapter(settings).create(request)
    (found,) = ends.adapter(settings).look_up("credit_note", request.key)
    assert found.taxes == request.taxes


def test_lines_people_gave_other_taxes_are_under_no_code_of_ours(odoo: Installation):
    remote = odoo.adapter({"post": False}).create(credit_note(1, line(1000), line(500)))
    first, second = odoo.lines(remote.remote_id)
    odoo.server.write("account.move", int(remote.remote_id),
                      invoice_line_ids=[[1, first["id"], {"tax_ids": [[6, 0, []]]}],
                                        [1, second["id"], {"tax_ids": [[6, 0, [TAX_19, TAX_7]]]}]])  # fmt: skip
    found = odoo.adapter().read_back("credit_note", remote.remote_id)
    assert found is not None
    assert [(part.category, part.net) for part in found.taxes] == [("", 1500)]


def test_a_tax_that_is_none_of_sales_is_told_as_what_it_is(odoo: Installation):
    bought = odoo.server.add_tax("16% bought", 16.0, type_tax_use="purchase")
    move = odoo.server.add_refund(
        BUYER, [{"name": "x", "price_unit": 10.0, "tax_ids": [bought]}], ref=credit_note().key
    )
    (found,) = odoo.adapter().look_up("credit_note", credit_note().key)
    assert (found.remote_id, found.taxes) == (str(move), (TaxPart("S", 160_000, 1000, 160),))


# -------------------------------------------------------------------- settings


def test_a_percentage_may_be_written_with_zeros(odoo: Installation):
    adapter = odoo.adapter({"tax_ids": {"S 19.00": SMALL_EU, "S 5.50": TAX_7}})
    assert adapter.settings.write.tax_ids == {"S 19": SMALL_EU, "S 5.5": TAX_7}
    assert taxes_of(odoo, adapter.create(credit_note(1, line(1000))).remote_id) == [[SMALL_EU]]


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"X 19": 18}, "X 19: 'X' is none of S, Z"),
        ({"S 19": 18, "S 19.0": 30}, "S 19.0: each code needs a tax of its own"),
        ({"S 19": 18, "E 0": 18}, "E 0: each code needs a tax of its own"),
        ({"19": 18}, "tax_ids"),
        ({"S 19 %": 18}, "tax_ids"),
    ],
)
def test_codes_that_cannot_be_meant(odoo: Installation, given: dict[str, int], wrong: str):
    with pytest.raises(ValidationError, match=re.escape(wrong)):
        odoo.settings({"tax_ids": given})


# -------------------------------------------------------------------- taxes of Odoo's choice

OWN = {"taxes": "fiscal_position", "lines": {"product": "SAW-3"}}


@pytest.mark.parametrize("spoken", ["19", "19-xmlrpc", "18", "16"])
def test_odoo_chooses_the_tax_by_product_and_partner(install, spoken: str):
    odoo = install(spoken)
    abroad = odoo.server.add_partner("Käufer GmbH", country_id=AUSTRIA, vat="ATU12345675")
    adapter = odoo.adapter(OWN)
    home, away = adapter.create(credit_note(1)), adapter.create(credit_note(2, account=abroad))
    assert taxes_of(odoo, home.remote_id) == [[TAX_19], [TAX_19]]
    assert taxes_of(odoo, away.remote_id) == [[TAX_EU], [TAX_EU]]
    assert (home.net, home.tax, home.own_tax, home.taxes) == (1505, 286, True, ())
    assert (away.net, away.tax, away.own_tax, away.taxes) == (1505, 0, True, ())
    assert adapter.look_up("credit_note", credit_note(2).key) == (away,)


def test_codes_no_tax_stands_for_do_not_matter_then(odoo: Installation):
    remote = odoo.adapter(OWN).create(credit_note(1, line(1000, 160_000)))
    assert (remote.net, remote.tax) == (1000, 190)


def test_the_net_amount_is_compared_all_the_same(odoo: Installation):
    included = odoo.server.add_tax("19% incl.", 19.0, price_include=True)
    odoo.server.write("product.product", GOODS, taxes_id=[[6, 0, [included]]])
    request = credit_note(1, line(1190))
    with pytest.raises(WriteRefused, match=r"net amount 10\.00 EUR of 11\.90 EUR.*included in prices"):
        odoo.adapter(OWN).create(request)
    assert odoo.documents(request.key) == []


def test_before_16_odoo_would_leave_the_tax_out(install):
    odoo = install("14")
    with pytest.raises(FatalError, match="before Odoo 16 the fiscal position") as stopped:
        odoo.adapter(OWN).create(credit_note())
    assert "split" in str(stopped.value.hint)
    assert odoo.writes() == []
