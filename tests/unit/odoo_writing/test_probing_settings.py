from __future__ import annotations

import pytest

from tests.unit.odoo_writing.findings import FIELDS, found, only, wrong
from tests.unit.odoo_writing.installation import TAX_0, TAX_7, Installation

# -------------------------------------------------------------------- taxes


def test_taxes_that_cannot_be_told_apart(ends: Installation):
    second = ends.server.add_tax("19% Goods", 19.0)
    findings = found(ends.adapter(), "taxes")
    (doubtful,) = [finding for finding in findings if finding.hint.startswith("set write.tax_ids")]
    assert doubtful.level == "warning"
    assert "S 19 %" in doubtful.message and f"19% Goods (id {second})" in doubtful.message
    assert "ok" in {finding.level for finding in findings}, "the others are clear"
    settled = found(ends.adapter({"tax_ids": {"S 19": second}}), "taxes")
    assert f"S 19 % is 19% Goods (id {second})" in settled[0].message


def test_taxes_that_are_credited_under_another(ends: Installation):
    (finding,) = [one for one in found(ends.adapter(), "taxes") if one.level == "warning"]
    for name in ("0% EU D (id 10)", "0% EX (id 11)", "19% EU D (id 30)"):
        assert name in finding.message
    assert "read.tax_categories" in finding.hint
    stated = {"tax_categories": {"0% EU D": "K", "0% EX": "G", "30": "L"}}
    assert [one.level for one in found(ends.adapter(read=stated), "taxes")] == ["ok"]


def test_a_tax_in_the_settings_that_is_not_there(ends: Installation):
    bought = ends.server.add_tax("19% bought", 19.0, type_tax_use="purchase")
    findings = found(ends.adapter({"tax_ids": {"S 19": 4711, "S 7": bought}}), "taxes")
    messages = [finding.message for finding in findings if finding.level == "error"]
    assert messages == [
        "write.tax_ids: S 19 is no plain sales tax with the id 4711",
        f"write.tax_ids: S 7 is no plain sales tax with the id {bought}",
    ]
    assert "7% (id 19)" in findings[0].hint


def test_a_tax_in_the_settings_of_another_percentage(ends: Installation):
    (finding,) = [one for one in found(ends.adapter({"tax_ids": {"S 19": TAX_7}}), "taxes") if one.level == "error"]
    assert finding.message == "write.tax_ids: S 19 is given 7% (id 19), which is 7 %"
    assert found(ends.adapter({"tax_ids": {"E 0": TAX_0}}), "taxes")[0].level != "error"


def test_no_tax_at_all(ends: Installation):
    for tax in ends.server.search("account.tax"):
        ends.server.write("account.tax", tax, active=False)
    finding = only(ends.adapter(), "taxes")
    assert (finding.level, finding.message) == ("error", "the company has no plain sales tax")


def test_taxes_of_odoo_s_choice(install):
    own = {"taxes": "fiscal_position", "lines": {"product": "SAW-3"}}
    assert only(install("16").adapter(own), "taxes").level == "ok"
    before = only(install("14").adapter(own), "taxes")
    assert (before.level, before.what) == ("error", "taxes")
    assert "before Odoo 16" in before.message and "split" in before.hint


# -------------------------------------------------------------------- what lines are booked on


@pytest.mark.parametrize(
    ("write", "message"),
    [
        ({"lines": {"account": "4711"}}, "the account 4711 is not there in Odoo"),
        ({"lines": {"product": "NOPE"}}, "the product NOPE is not there in Odoo"),
        ({"programs": {"club": {"account": "4711"}}}, "the account 4711 is not there in Odoo"),
        ({"programs": {"club": {"analytic": {"Nowhere": 100}}}}, "the analytic account Nowhere is not there in Odoo"),
    ],
)
def test_what_lines_are_booked_on_is_not_there(ends: Installation, write: dict, message: str):
    finding = only(ends.adapter(write), "lines")
    assert (finding.level, finding.message) == ("error", message)
    assert "settings" in finding.hint


def test_lines_booked_on_whatever_the_journal_says(odoo: Installation):
    finding = only(odoo.adapter({"lines": {}}), "write.lines")
    assert finding.level == "warning"
    assert "default account of the journal" in finding.message and "write.lines.account" in finding.hint


def test_a_product_is_needed_where_its_taxes_count(odoo: Installation):
    adapter = odoo.adapter({"taxes": "fiscal_position", "programs": {"club": {"account": "8700"}}})
    findings = [
        finding for finding in adapter.check() if finding.what.startswith("write.") and finding.level == "error"
    ]
    assert [finding.what for finding in findings] == ["write.lines.product", "write.programs.club.product"]


def test_shares_that_do_not_add_up(odoo: Installation):
    for name in ("North", "South"):
        odoo.server.create("account.analytic.account", name=name, plan_id=1)
    adapter = odoo.adapter({"programs": {"club": {"analytic": {"North": 60, "South": 30}}}})
    finding = only(adapter, "write.programs.club.analytic")
    assert (finding.level, finding.message) == ("warning", "the shares add up to 90 %, not to 100")


def test_shares_before_16(install):
    odoo = install("14")
    for name in ("North", "South"):
        odoo.server.create("account.analytic.account", name=name)
    finding = only(odoo.adapter({"lines": {"analytic": {"North": 60, "South": 40}}}), "lines")
    assert finding.level == "error"
    assert "before Odoo 16 a line has one analytic account" in finding.message


# -------------------------------------------------------------------- fields


def test_a_field_that_is_missing(ends: Installation):
    ends.server.add_field("res.partner", "x_tier")
    adapter = ends.adapter({"fields": {"tier": "x_tier", "since": "x_since"}})
    (finding,) = wrong(adapter)
    assert (finding.what, finding.message) == ("write.fields.since", "partners have no field x_since")
    assert "date" in finding.hint


@pytest.mark.parametrize(
    ("shown", "kind", "level"),
    [
        ("tier", "char", "ok"),
        ("tier", "text", "ok"),
        ("tier", "integer", "error"),
        ("since", "date", "ok"),
        ("since", "char", "error"),
        ("progress", "integer", "ok"),
        ("progress", "float", "ok"),
        ("progress", "char", "error"),
        ("to_next", "monetary", "ok"),
        ("to_next", "integer", "error"),
        ("accrued", "float", "ok"),
        ("accrued", "char", "error"),
    ],
)
def test_a_field_of_a_wrong_type(odoo: Installation, shown: str, kind: str, level: str):
    odoo.server.add_field("res.partner", FIELDS[shown], kind)
    adapter = odoo.adapter({"fields": {shown: FIELDS[shown]}})
    findings = wrong(adapter)
    if level == "ok":
        assert findings == []
    else:
        assert [finding.what for finding in findings] == [f"write.fields.{shown}"]
        assert f"the field {FIELDS[shown]} is {kind}, not " in findings[0].message
