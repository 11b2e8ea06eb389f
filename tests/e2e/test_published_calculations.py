"""Published calculations of other systems, as program files with examples, through landing, accrual and settlement.

The expected figures are read from the collection of worked examples ($REBATED_SHARED/examples). Systems contradict
each other: each test shows our rule, and the setting that reaches the other one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError
from core.programs import parse_program
from scheduler.examples import Beside, Outcome, Stage, run_example

SHARED = Path(os.environ.get("REBATED_SHARED", Path(__file__).resolve().parents[2].parent / "shared"))
PUBLISHED = SHARED / "examples" / "worked_examples.json"
pytestmark = pytest.mark.skipif(not PUBLISHED.exists(), reason=f"no {PUBLISHED} (REBATED_SHARED names its folder)")

ELSEWHERE = {
    "COOP-NEWSDAY": "claims for advertising come in a later step",
    "ERPNEXT-TIER": "points come in a later step",
    "CRR": "a key figure, not what an account earns",
    "WALLET-LOTS": "wallets come in a later step",
}
TESTED = {
    "D365-STEPPED", "D365-CUMULATIVE", "D365-ROLLING", "D365-TOTAL", "D365-CUM-GUARANTEE", "D365-FREE-ITEM",
    "SAP-INTERIM", "SAP-NOTE-930537", "NS-MARGINAL-PCT", "NS-VERSION", "NS-NEGATIVE-SETTLEMENT",
    "OCA-SECTION-PRORATED", "PFX-SINGLE-TARGET", "IDCO-THERMOID", "SF-QTY-TIERS", "SF-PAYOUT-WINDOW",
    "HAUFE-UMSATZBONUS", "VAT-MIXED-RATES", "ROUND-DOCUMENT", "ROUND-SIGN", "BOUNDARY-RETRO",
}  # fmt: skip


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    return {item["id"]: item for item in json.loads(PUBLISHED.read_text(encoding="utf-8"))}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage() as found:
        yield found


def head(currency: str = "EUR", valid_from: str = "2025-01-01", more: str = "") -> str:
    return (
        f'[program]\nid = "published"\nname = "Published"\ncurrency = "{currency}"\nvalid_from = {valid_from}\n{more}\n'
    )


def banded(method: str, *bands: tuple[Any, Any], kind: str = "percent", to: Any = None, more: str = "") -> str:
    rows = [f"{{ from = {lower}, {kind} = {rate} }}" for lower, rate in bands]
    if to is not None:
        rows[-1] = rows[-1].replace(" }", f", to = {to} }}")
    return f'[scale]\nmethod = "{method}"\n{more}\nbands = [{", ".join(rows)}]\n'


def outcome(stage: Stage, definition: str, example: str, before: str = "") -> Outcome:
    """What comes of an example whose expectation nobody can know but the test."""
    text = f'{definition}\n[[example]]\nname = "published"\ndocuments = []\n{example}\n'
    program = parse_program(text)
    needs = Beside((), parse_program(before) if before else None)
    result = run_example(stage, program, program.example[0], needs)
    unexpected = [problem for problem in result.problems if not problem.startswith("nobody expects")]
    assert not unexpected
    return result.outcome


def earned(stage: Stage, definition: str, example: str, before: str = "") -> Decimal:
    """What the example earns in all."""
    return sum((item.amount for item in outcome(stage, definition, example, before).earned), Decimal(0))


def of(stage: Stage, definition: str, measure: Any) -> Decimal:
    return earned(stage, definition, f"measure = {measure}")


def figures(published: dict[str, Any], name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return published[name]["inputs"], published[name]["expected"]


def percent(rate: str) -> Decimal:
    return Decimal(rate) * 100


def test_every_published_calculation_is_tested_or_said_to_be_elsewhere(published: dict[str, Any]) -> None:
    assert set(published) == TESTED | set(ELSEWHERE)


# ---------------------------------------------------------------- scales


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("D365-STEPPED", "marginal"),
        ("D365-CUMULATIVE", "retrospective"),
        ("D365-ROLLING", "rolling"),
        ("D365-TOTAL", "total"),
    ],
)
def test_dynamics_four_methods(stage: Stage, published: dict[str, Any], name: str, method: str) -> None:
    given, expected = figures(published, name)
    first, second = published[name]["program"]["tiers"]
    bands = ((0, percent(first["rate"])), (first["up_to"], percent(second["rate"])))
    definition = head("USD") + banded(method, *bands, to=second["up_to"])
    assert of(stage, definition, given["value_sold"]) == Decimal(expected["total"])


def test_sap_to_scale_and_graduated(stage: Stage, published: dict[str, Any]) -> None:
    given, expected = figures(published, "SAP-NOTE-930537")
    levels = published["SAP-NOTE-930537"]["program"]["scale"]
    bounds = [0, *(level["to"] for level in levels[:-1])]
    bands = [(bound, level["rate"]) for bound, level in zip(bounds, levels, strict=True)]

    def by(method: str) -> Decimal:
        more = 'inclusive = "upper"'
        scale = banded(method, *bands, kind="per_unit", to=levels[-1]["to"], more=more)
        return of(stage, head() + '[basis]\nmeasure = "quantity"\n' + scale, given["quantity"])

    assert by("retrospective") == Decimal(expected["to_scale"]["total"])
    assert by("marginal") == Decimal(expected["interval"]["total"])


def test_netsuite_line_by_line_or_all_together(stage: Stage, published: dict[str, Any]) -> None:
    given, expected = figures(published, "NS-MARGINAL-PCT")
    tiers = published["NS-MARGINAL-PCT"]["program"]["tiers"]
    bounds = [0, *(tier["max"] for tier in tiers[:-1])]
    bands = [(bound, percent(tier["value"])) for bound, tier in zip(bounds, tiers, strict=True)]
    scale = banded("marginal", *bands, to=tiers[-1]["max"])
    lines = ", ".join(f'{{ product = "{line["item"]}", net = {line["amount"]} }}' for line in given["lines"])
    example = f"invoices = [{{ lines = [{lines}] }}]"
    by_line = earned(stage, head("USD") + '[basis]\naccumulate = "line"\n' + scale, example)
    assert by_line == Decimal(expected["per_line"]["total"])
    together = earned(stage, head("USD") + scale, example)
    assert together == Decimal(expected["if_cumulative_instead"]["total"])


def test_oca_sections_pay_each_slice_once(stage: Stage, published: dict[str, Any]) -> None:
    given, expected = figures(published, "OCA-SECTION-PRORATED")
    sections = published["OCA-SECTION-PRORATED"]["program"]["sections"]
    bounds = [0, *(section["to"] for section in sections[:-1])]
    bands = [(bound, percent(section["rate"])) for bound, section in zip(bounds, sections, strict=True)]
    definition = head() + banded("marginal", *bands, to=sections[-1]["to"])
    for which in ("all", "filtered"):
        amount = of(stage, definition, given[f"base_{which}"])
        assert amount == Decimal(expected["correct_marginal"][which])
        assert amount != Decimal(expected["asserted_by_OCA_tests"][which])


def test_pricefx_single_target(stage: Stage, published: dict[str, Any]) -> None:
    given, expected = figures(published, "PFX-SINGLE-TARGET")
    terms = published["PFX-SINGLE-TARGET"]["program"]
    definition = head() + banded("lump_sum", (terms["target"], terms["amount"]), kind="amount")
    for actual in given["actuals"]:
        assert of(stage, definition, actual) == Decimal(expected[actual])


def test_dynamics_items_for_each_whole_multiple(stage: Stage, published: dict[str, Any]) -> None:
    given, expected = figures(published, "D365-FREE-ITEM")
    terms = published["D365-FREE-ITEM"]["program"]
    scale = f'[scale]\nmethod = "every"\nevery = {terms["multiple"]}\npays = {terms["quantity"]}\n'
    definition = head() + '[basis]\nmeasure = "quantity"\n' + scale
    assert of(stage, definition, given["sales_qty"]) == expected["free_items"]


def test_which_side_of_a_bound_is_inside(stage: Stage, published: dict[str, Any]) -> None:
    given, expected = figures(published, "BOUNDARY-RETRO")
    terms = published["BOUNDARY-RETRO"]["program"]
    bands = ((0, terms["unit_prices"]["below"]), (terms["threshold"], terms["unit_prices"]["upper"]))

    def by(method: str, side: str) -> Decimal:
        scale = banded(method, *bands, kind="per_unit", more=f'inclusive = "{side}"')
        return of(stage, head("USD") + '[basis]\nmeasure = "quantity"\n' + scale, given["quantity"])

    assert by("retrospective", "lower") == Decimal(expected["lower_inclusive"]["retrospective_total"])
    assert by("retrospective", "upper") == Decimal(expected["upper_inclusive"]["retrospective_total"])
    assert by("marginal", "lower") == by("marginal", "upper")


def test_salesforce_bands_with_a_gap_are_refused_or_resolved(stage: Stage, published: dict[str, Any]) -> None:
    _, expected = figures(published, "SF-QTY-TIERS")
    quantity = head() + '[basis]\nmeasure = "quantity"\n'
    gap = "bands = [{ from = 0, to = 200, per_unit = 2 }, { from = 201, per_unit = 5 }]"
    with pytest.raises(ConfigError) as refused:
        parse_program(f'{quantity}[scale]\nmethod = "retrospective"\n{gap}\n')
    assert "gap between 200 and 201" in str(refused.value)
    from_201 = quantity + banded("retrospective", (0, 2), (201, 5), kind="per_unit")
    above_201 = quantity + banded("retrospective", (0, 2), (201, 5), kind="per_unit", more='inclusive = "upper"')
    for definition in (from_201, above_201):
        assert of(stage, definition, 200) == Decimal(expected["200"])
        assert of(stage, definition, 250) == Decimal(expected["250"])
    assert of(stage, from_201, 201) == 201 * 5
    assert of(stage, above_201, 201) == 201 * 2


# ---------------------------------------------------------------- limits, growth


def test_dynamics_guarantee_cumulative_or_not(stage: Stage, published: dict[str, Any]) -> None:
    given, expected = figures(published, "D365-CUM-GUARANTEE")
    guarantee = published["D365-CUM-GUARANTEE"]["program"]["guarantee_per_quarter"]
    example = f"""as_of = 2025-07-01
invoices = [
  {{ net = {given["earned"]["Q1"]}, issued = 2025-02-01 }},
  {{ net = {given["earned"]["Q2"]}, issued = 2025-05-01 }},
]"""
    for cumulative, which in (("true", "cumulative"), ("false", "not_cumulative")):
        definition = (
            head("USD", more='period = "quarter"')
            + f"[scale]\npercent = 100\n[limits]\nguarantee = {guarantee}\nguarantee_cumulative = {cumulative}\n"
        )
        found = {item.period: item.amount for item in outcome(stage, definition, example).earned}
        assert found["2025-Q1"] == Decimal(given["earned"]["Q1"]) + Decimal(expected["Q1_top_up"])
        assert found["2025-Q2"] == Decimal(given["earned"]["Q2"]) + Decimal(expected[which]["Q2_top_up"])
        assert found["2025-Q2"] == Decimal(expected[which]["Q2_guarantee"])


def test_buying_group_base_and_growth(stage: Stage, published: dict[str, Any]) -> None:
    given, expected = figures(published, "IDCO-THERMOID")
    base = "4315000"
    group = '[audience]\ngroups = ["IDCO"]\nbeneficiary = "group"\n'
    members = """accounts = [{ id = "A", group = "IDCO" }, { id = "N", group = "IDCO" }]
"""
    new = f'{{ account = "N", net = {given["new_member_prorated"]}, issued = 2025-02-01 }}'
    bought = f"""invoices = [
  {{ net = {base}, issued = 2024-02-01 }},
  {{ net = {given["existing_members"]}, issued = 2025-02-01 }},
  {new},
]"""
    flat = earned(stage, head("USD") + group + "[scale]\npercent = 2.5\n", members + bought)
    assert flat == Decimal(expected["base_rebate"])
    growth = (
        head("USD")
        + group.replace("beneficiary", 'exclude = { accounts = ["N"] }\nbeneficiary')
        + '[baseline]\nagainst = "last_year"\npays_on = "growth"\n'
        + banded("retrospective", (15, 3))
    )
    assert earned(stage, growth, members + bought) == Decimal(expected["growth_rebate"])
    for amount, reached in ((expected["growth_threshold"], True), (f"{expected['growth_threshold']}.00", True)):
        at = bought.replace(given["existing_members"], amount)
        assert (earned(stage, growth, members + at) > 0) is reached
    below = bought.replace(given["existing_members"], str(Decimal(expected["growth_threshold"]) - Decimal("0.01")))
    assert earned(stage, growth, members + below) == 0


# ---------------------------------------------------------------- settlement, time


def test_sap_interim_settlements_net_what_was_paid(stage: Stage, published: dict[str, Any]) -> None:
    given, expected = figures(published, "SAP-INTERIM")
    definition = (
        head("USD", "2025-10-01", 'valid_to = 2025-12-31\nperiod = "program"')
        + banded("retrospective", (0, 0), (5000, 2), (20000, 4))
        + '[settlement]\nevery = "month"\n'
    )
    volume = {month: Decimal(amount) for month, amount in given["cumulative_volume"].items()}
    bought = f"""invoices = [
  {{ net = {volume["Oct"]}, issued = 2025-10-10 }},
  {{ net = {volume["Nov"] - volume["Oct"]}, issued = 2025-11-10 }},
  {{ net = {volume["Dec"] - volume["Nov"]}, issued = 2025-12-10 }},
]
"""
    october = outcome(stage, definition, bought + "as_of = 2025-11-01")
    assert (october.documents, october.earned[0].amount) == ([], Decimal(expected["Oct"]))
    november = outcome(stage, definition, bought + "settled = [2025-11-01]\nas_of = 2025-12-01")
    assert [item.net for item in november.documents] == [Decimal(expected["Nov"])]
    december = outcome(stage, definition, bought + "settled = [2025-11-01, 2025-12-01]\nas_of = 2026-01-01")
    assert [item.amount for item in december.earned] == [Decimal(expected["Dec_total"])]
    assert [item.net for item in december.documents] == [Decimal(expected["Dec_payment"])]


def test_netsuite_version_at_the_documents_day_or_the_latest(stage: Stage, published: dict[str, Any]) -> None:
    given, expected = figures(published, "NS-VERSION")
    first, second = published["NS-VERSION"]["program"]["versions"]
    sold, edit = given["transaction"], given["edit"]
    day = head("USD", first["from"])
    slices = f"""[scale]
percent = {percent(first["rate"])}
[[change]]
from = {second["from"]}
scale = {{ percent = {percent(second["rate"])} }}
"""
    price = Decimal(sold["price"])
    sale = f'{{ id = "S", net = {price * sold["qty"]}, issued = {sold["date"]} }}'
    edited = f'{{ id = "S", net = {price * edit["qty"]}, issued = {sold["date"]}, known = {edit["date"]} }}'
    assert earned(stage, day + slices, f"invoices = [{sale}]") == Decimal(expected["initial"])
    both = f"invoices = [{sale}, {edited}]"
    assert earned(stage, day + slices, both) == Decimal(expected["after_edit_version_at_date"])
    before = day + f"[scale]\npercent = {percent(first['rate'])}\n"
    latest = (
        head("USD", first["from"], 'version = "2"\nchange_mode = "everything"')
        + f"[scale]\npercent = {percent(second['rate'])}\n"
    )
    assert earned(stage, latest, both, before) == Decimal(expected["after_edit_latest"])


def test_netsuite_a_negative_settlement_flips_the_document(stage: Stage, published: dict[str, Any]) -> None:
    _, expected = figures(published, "NS-NEGATIVE-SETTLEMENT")
    assert expected["credit memo"] == "invoice"
    example = """as_of = 2025-10-01
settled = [2025-04-01]
invoices = [{ net = 1000, issued = 2025-02-01 }]
credit_notes = [{ net = 400, issued = 2025-05-01 }]"""
    quarterly = head(more='period = "quarter"') + "[scale]\npercent = 10\n"
    debit = outcome(stage, quarterly + '[settlement]\nclawback = "debit"\n', example).documents
    assert [(item.kind, item.net) for item in debit] == [("debit_invoice", Decimal(40))]
    assert outcome(stage, quarterly, example).documents == []


def test_salesforce_payout_after_grace_days(stage: Stage, published: dict[str, Any]) -> None:
    terms = published["SF-PAYOUT-WINDOW"]["program"]
    _, expected = figures(published, "SF-PAYOUT-WINDOW")
    assert expected["calculated_on"] == "February 10"
    definition = (
        head(more='period = "month"')
        + f"[scale]\npercent = 10\n[settlement]\ngrace_days = {terms['payout_calculation_days'] - 1}\n"
    )
    bought = f"""invoices = [
  {{ net = 100, issued = 2025-01-31 }},
  {{ net = 50, issued = 2025-01-31, known = 2025-02-0{terms["transaction_grace_days"]} }},
]
"""
    assert outcome(stage, definition, bought + "as_of = 2025-02-09").documents == []
    [document] = outcome(stage, definition, bought + "as_of = 2025-02-10").documents
    assert (document.period, document.net) == ("2025-01", 15)


# ---------------------------------------------------------------- tax, rounding


def test_haufe_yearly_bonus_with_tax(stage: Stage, published: dict[str, Any]) -> None:
    given, expected = figures(published, "HAUFE-UMSATZBONUS")
    definition = head() + banded("retrospective", (600000, 2), more='inclusive = "upper"')
    [document] = outcome(stage, definition, f"measure = {given['net']}").documents
    assert document.net == Decimal(expected["bonus_net"])
    assert document.tax == Decimal(expected["bonus_vat"])
    assert document.net + document.tax == Decimal(expected["credit_note_gross"])
    assert of(stage, definition, 600000) == 0


def test_a_bonus_over_two_rates_of_tax_is_split(stage: Stage, published: dict[str, Any]) -> None:
    given, expected = figures(published, "VAT-MIXED-RATES")
    definition = head() + f"[scale]\npercent = {percent(published['VAT-MIXED-RATES']['program']['bonus_rate'])}\n"
    example = (
        f"invoices = [{{ lines = [{{ net = {given['net_19']} }}, {{ net = {given['net_07']}, tax_percent = 7 }}] }}]"
    )
    [document] = outcome(stage, definition, example).documents
    assert document.net == Decimal(expected["bonus_net"])
    assert document.taxes == {
        "S 19": Decimal(expected["split"]["0.19"]),
        "S 7": Decimal(expected["split"]["0.07"]),
    }
    assert document.tax == sum(map(Decimal, expected["vat"].values()))
    assert document.net + document.tax == Decimal(expected["gross"])
    [lowest] = outcome(stage, definition + '[settlement]\ntax = "lowest_rate"\n', example).documents
    assert lowest.taxes == {"S 7": Decimal(expected["bonus_net"])}


def test_tax_of_a_document_or_of_its_lines(stage: Stage, published: dict[str, Any]) -> None:
    given, expected = figures(published, "ROUND-DOCUMENT")
    rate = percent(published["ROUND-DOCUMENT"]["program"]["vat"])
    lines = ", ".join(f"{{ net = {net} }}" for net in given["lines"]).replace(" }", f", tax_percent = {rate} }}")
    [ours] = outcome(stage, head() + "[scale]\npercent = 100\n", f"invoices = [{{ lines = [{lines}] }}]").documents
    assert ours.net + ours.tax == Decimal(expected["round_of_total"])
    gross = head() + '[basis]\nmeasure = "gross"\n[scale]\npercent = 100\n'
    by_line = earned(stage, gross, f"invoices = [{{ lines = [{lines}] }}]")
    assert by_line == Decimal(expected["total_of_round"])
    stated = earned(stage, gross, f"invoices = [{{ total_tax = 6.01, lines = [{lines}] }}]")
    assert stated == Decimal(expected["round_of_total"])


def test_rounding_is_symmetric(stage: Stage, published: dict[str, Any]) -> None:
    given, expected = figures(published, "ROUND-SIGN")
    for rounding, results in (("half_away_from_zero", expected["correct"]), ("half_even", ["12.34", "-12.34"])):
        definition = head(more=f'rounding = "{rounding}"') + "[scale]\npercent = 50\n"
        for amount, result in zip(given["amounts"], results, strict=True):
            assert of(stage, definition, Decimal(amount) * 2) == Decimal(result)
