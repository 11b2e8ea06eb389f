"""Published figures of other systems, through definitions, the engine and entitlements.

Sources: Dynamics 365 rebate management (stepped, cumulative, rolling, total, free items); SAP condition contracts and
note 930537; NetSuite rebates; Pricefx rebate types; Salesforce quantity tiers; OCA agreement_rebate (whose own figure
counts the first slice twice); Haufe on yearly bonuses and on VAT.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyarrow
import pytest

from core.engine.duck import FACT, DuckEngine
from core.engine.plan import BEGINNING, END, AccountState, ItemState, make_plan
from core.entitlement import Entitled, compile_rule, entitle
from core.period import day_number
from core.programs import parse_program
from core.programs.counters import counters

HEAD = """
[program]
id = "example"
name = "Example"
currency = "{currency}"
valid_from = 2024-01-01
period = "{period}"
"""


def earned(
    definition: str,
    *lines: tuple[str, str, int],
    currency: str = "EUR",
    period: str = "year",
    quantity: bool = False,
) -> dict[date, Entitled]:
    """Lines are (day, amount or quantity, tax key); the amount is in major units with two digits."""
    program = parse_program(HEAD.format(currency=currency, period=period) + definition)
    rows = []
    for number, (day, amount, tax) in enumerate(lines):
        net = 0 if quantity else int(Decimal(amount) * 100)
        units = int(Decimal(amount) * 10**6) if quantity else None
        rows.append((number, 1, 1, 1, tax, day_number(date.fromisoformat(day)), net, 0, units, 1, 1))
    columns = [pyarrow.array(column, field.type) for column, field in zip(zip(*rows, strict=True), FACT, strict=True)]
    first, last = day_number(date(2024, 1, 1)), day_number(date(2026, 1, 1))
    plan = make_plan(
        counters(program), {1: [AccountState(BEGINNING, END)]}, {1: [ItemState(BEGINNING, END)]}, first, last
    )
    rule = compile_rule(program)
    with DuckEngine(threads=1) as engine:
        engine.append(pyarrow.table(columns, schema=FACT))
        return {
            date.fromordinal(start + date(1970, 1, 1).toordinal()): entitle(rule, cells)
            for _, _, start, cells in engine.count(plan, [0])
        }


def total(definition: str, *amounts: str, currency: str = "EUR", quantity: bool = False) -> str:
    """What amounts of one year earn, in major units with two digits."""
    lines = [("2024-03-01", amount, 1) for amount in amounts]
    found = earned(definition, *lines, currency=currency, quantity=quantity)
    return f"{Decimal(found[date(2024, 1, 1)].amount).scaleb(-2):.2f}"


def banded(method: str, *bands: tuple[str, str], rate: str = "percent", more: str = "", basis: str = "") -> str:
    rows = "".join(f"[[scale.bands]]\nfrom = {lower}\n{rate} = {value}\n" for lower, value in bands)
    return f'{basis}\n[scale]\nmethod = "{method}"\n{more}\n{rows}'


DYNAMICS = (("0", "10"), ("1000", "25"))


def test_dynamics_stepped() -> None:
    assert total(banded("marginal", *DYNAMICS), "2000", currency="USD") == "350.00"


def test_dynamics_cumulative() -> None:
    assert total(banded("retrospective", *DYNAMICS), "2000", currency="USD") == "500.00"


@pytest.mark.parametrize(("method", "amount"), [("rolling", "600.00"), ("total", "700.00")])
def test_dynamics_rolling_and_total(method: str, amount: str) -> None:
    assert total(banded(method, *DYNAMICS), "2000", currency="USD") == amount


def test_dynamics_two_free_items_for_each_hundred() -> None:
    scale = '[basis]\nmeasure = "quantity"\n[scale]\nmethod = "every"\nevery = 100\npays = 2\n'
    assert total(scale, "150", quantity=True) == "2.00"


@pytest.mark.parametrize(("actual", "amount"), [("110000", "1000.00"), ("90000", "0.00"), ("100000", "1000.00")])
def test_pricefx_single_target(actual: str, amount: str) -> None:
    assert total(banded("lump_sum", ("100000", "1000"), rate="amount"), actual) == amount


@pytest.mark.parametrize(
    ("inclusive", "bound", "amounts"),
    # "200 or fewer" and "more than 201" leaves 201 open: either the second tier begins above 200, or at 202.
    [
        ("upper", "200", ["400.00", "1005.00", "1250.00"]),
        ("lower", "202", ["400.00", "402.00", "1250.00"]),
    ],
)
def test_salesforce_quantity_tiers(inclusive: str, bound: str, amounts: list[str]) -> None:
    scale = banded(
        "retrospective", ("0", "2"), (bound, "5"), rate="per_unit", more=f'inclusive = "{inclusive}"',
        basis='[basis]\nmeasure = "quantity"',
    )  # fmt: skip
    assert [total(scale, quantity, quantity=True) for quantity in ("200", "201", "250")] == amounts


@pytest.mark.parametrize(
    ("months", "so_far"), [(("3000",), "0.00"), (("3000", "4000"), "140.00"), (("3000", "4000", "20000"), "1080.00")]
)
def test_sap_interim_settlement_pays_the_cumulative_entitlement(months: tuple[str, ...], so_far: str) -> None:
    scale = banded("retrospective", ("0", "0"), ("5000", "2"), ("27000", "4"))
    assert total(scale, *months, currency="USD") == so_far


SAP_SCALE = (("0", "10"), ("5", "12"), ("20", "15"), ("100", "20"), ("1000", "30"))


@pytest.mark.parametrize(("method", "amount"), [("retrospective", "2800.00"), ("marginal", "2230.00")])
def test_sap_note_930537(method: str, amount: str) -> None:
    # "To" scales: the bound belongs to the band below.
    scale = banded(
        method, *SAP_SCALE, rate="per_unit", more='inclusive = "upper"', basis='[basis]\nmeasure = "quantity"'
    )
    assert total(scale, "140", quantity=True) == amount


NETSUITE = (("0", "5"), ("100", "10"), ("350", "15"))


def test_netsuite_marginal_per_line() -> None:
    scale = banded("marginal", *NETSUITE, basis='[basis]\naccumulate = "line"')
    found = earned(scale, ("2024-03-01", "60", 1), ("2024-03-01", "200", 1))[date(2024, 1, 1)]
    assert (found.amount, found.parts) == (1800, [300, 1500])


def test_netsuite_marginal_cumulative() -> None:
    assert total(banded("marginal", *NETSUITE), "60", "200") == "21.00"


@pytest.mark.parametrize(("base", "amount"), [("3800", "1100.00"), ("1000", "260.00")])
def test_oca_sections_pay_each_slice_once(base: str, amount: str) -> None:
    assert total(banded("marginal", ("0", "10"), ("100", "20"), ("300", "30")), base) == amount


@pytest.mark.parametrize(("turnover", "bonus"), [("650000", "13000.00"), ("600000", "0.00"), ("600000.01", "12000.00")])
def test_haufe_turnover_bonus_above_a_bound(turnover: str, bonus: str) -> None:
    assert total(banded("retrospective", ("600000", "2"), more='inclusive = "upper"'), turnover) == bonus


def test_vat_splits_by_the_original_rates() -> None:
    found = earned("[scale]\npercent = 3", ("2024-03-01", "80000", 19), ("2024-05-01", "20000", 7))[date(2024, 1, 1)]
    # Cells come in the order of their tax keys.
    assert (found.amount, found.parts) == (300_000, [60_000, 240_000])


@pytest.mark.parametrize(
    ("method", "inclusive", "amount"),
    [
        ("retrospective", "lower", "5.00"),
        ("retrospective", "upper", "10.00"),
        ("marginal", "lower", "10.00"),
        ("marginal", "upper", "10.00"),
    ],
)
def test_the_boundary_matters_only_for_retrospective_scales(method: str, inclusive: str, amount: str) -> None:
    scale = banded(
        method,
        ("0", "1.00"),
        ("10", "0.50"),
        rate="per_unit",
        more=f'inclusive = "{inclusive}"',
        basis='[basis]\nmeasure = "quantity"',
    )
    assert total(scale, "10", quantity=True) == amount


@pytest.mark.parametrize(("net", "amount"), [("123.45", "12.35"), ("-123.45", "-12.35")])
def test_rounding_mirrors_the_sign(net: str, amount: str) -> None:
    assert total("[scale]\npercent = 10", net) == amount


def test_netsuite_pays_at_the_rate_in_force_on_the_day() -> None:
    definition = "[scale]\npercent = 10\n[[change]]\nfrom = 2024-03-10\nscale = { percent = 15 }\n"
    assert total(definition, "300") == "30.00"  # 2024-03-01, edited to a quantity of 3


def test_a_threshold_not_reached_pays_by_the_first_tier() -> None:
    # ERPNext issue 33550: 196000 is below 300000, so the first tier rules.
    scale = banded("retrospective", ("100000", "0.1"), ("300000", "0.2"))
    assert total(scale, "196000") == "196.00"
    assert total(scale, "20000") == "0.00"
