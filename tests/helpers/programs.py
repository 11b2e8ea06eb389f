"""Programs made up by Hypothesis: every scale, side measure, tier, limit and combination a definition can state."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from core.errors import ConfigError
from core.programs import Program, program_from

LEVELS = ("bronze", "silver", "gold")
PERIODS = ("month", "quarter", "half", "year")
MONEY = ("net", "gross")
APART = ("flat", "retrospective", "total", "lump_sum", "linear")
METHODS = (*APART, "marginal", "rolling", "every")

percents = st.sampled_from(["2.5", "0", "0.5", "1", "3.333", "10", "-1.5", "100"]).map(Decimal)
amounts = st.sampled_from(["0", "1", "12", "0.4", "-3", "250"]).map(Decimal)
bounds = st.sampled_from([0, 1, 5, 10, 20, 35])


@st.composite
def scales(draw: st.DrawFn, measure: str, methods: tuple[str, ...] = METHODS, *, cuts: bool = True) -> dict[str, Any]:
    """A scale for a measure; `cuts` where its bands are about the measure that is paid on."""
    kind = "percent" if measure in MONEY else "per_unit"
    rates = percents if kind == "percent" else amounts
    method = draw(st.sampled_from(methods))
    if method == "flat":
        return {"method": "flat", kind: draw(rates)}
    inclusive = draw(st.sampled_from(["lower", "upper"]))
    if method == "every":
        return {
            "method": "every",
            "inclusive": inclusive,
            "every": Decimal(draw(st.sampled_from([1, 3, 10]))),
            "pays": draw(amounts),
            "start": Decimal(draw(st.sampled_from([0, 0, 5]))),
            "most": draw(st.sampled_from([None, None, 2])),
        }
    if method == "lump_sum" or (method == "linear" and draw(st.booleans())):
        kind, rates = "amount", amounts
    lower = sorted(draw(st.sets(bounds, min_size=1, max_size=4)))
    bands: list[dict[str, Any]] = [{"from": Decimal(bound), kind: draw(rates)} for bound in lower]
    if cuts and draw(st.integers(0, 3)) == 0:
        bands[-1]["to"] = Decimal(lower[-1] + draw(st.sampled_from([1, 7])))
    found: dict[str, Any] = {"method": method, "inclusive": inclusive, "bands": bands}
    if method == "retrospective" and cuts and draw(st.integers(0, 2)) == 0:
        found["point"] = draw(st.sampled_from(["band", "stated"]))
        if found["point"] == "stated":
            found["point_at"] = Decimal(draw(st.sampled_from([4, 10])))
    return found


WANTED = {
    "segments": ["a"],
    "accounts": ["id-[12]"],
    "tags": ["big", "new"],
    "parents": ["id-3"],
    "groups": ["n*"],
    "countries": ["DE", "F*"],
}
EXCLUDED = {"countries": ["FR"], "accounts": ["id-3", "x*"], "tags": ["bad"], "segments": ["b"]}


@st.composite
def scopes(draw: st.DrawFn) -> dict[str, Any]:
    """Which lines count."""
    wanted = draw(st.sampled_from([{}, {}, {}, {"categories": ["tools", "tea"]}, {"categories": ["t*"]}]))
    excluded = draw(st.sampled_from([{}, {}, {}, {"brands": ["own"]}, {"skus": ["s1"]}]))
    return {**wanted, "exclude": excluded}


@st.composite
def selections(draw: st.DrawFn) -> dict[str, Any]:
    """Who takes part: everybody, or by one of the lists."""
    name = draw(st.sampled_from(["", "", "", "", *WANTED]))
    out = draw(st.sampled_from(["", "", "", *EXCLUDED]))
    wanted = {name: WANTED[name]} if name else {}
    return {**wanted, "exclude": {out: EXCLUDED[out]} if out else {}}


@st.composite
def sides(draw: st.DrawFn, measure: str) -> dict[str, Any]:
    """A qualifier or a baseline, and conditions."""
    found: dict[str, Any] = {}
    other = st.sampled_from(["net", "gross", "quantity", "orders", "products"])
    kind = draw(st.sampled_from(["", "", "qualifier", "baseline", "baseline"]))
    if kind == "qualifier":
        found["qualifier"] = {
            "measure": draw(other),
            "scope": draw(scopes()),
            "months": draw(st.sampled_from([None, None, 1, 3, 13])),
        }
    if kind == "baseline":
        against = draw(st.sampled_from(["previous_period", "last_year", "target"]))
        found["baseline"] = {
            "against": against,
            "bands_in": draw(st.sampled_from(["percent", "amount", "attainment"])),
            "pays_on": draw(st.sampled_from(["everything", "growth"])),
            "joiners": draw(st.sampled_from(["pro_rata", "exclude", "as_is"])),
            "without": draw(st.sampled_from(["nothing", "all_growth"])),
        }
        if against == "target":
            found["baseline"] |= {"target": Decimal(draw(st.sampled_from([0, 5, 20]))), "targets": {"id-1": Decimal(7)}}
        elif measure in (*MONEY, "quantity"):
            tools = {"percent": Decimal("2.5"), "categories": ["tools"]}
            others = [{"percent": Decimal(-10), "brands": ["own"]}, {"percent": Decimal(3)}]
            raises = st.sampled_from([[], [], [tools], others])
            found["baseline"]["index"] = draw(raises)
    for number in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        minimum = draw(st.sampled_from(["minimum", "minimum_percent"]))
        condition = {"name": f"condition {number}", "measure": draw(other), "scope": draw(scopes())}
        if minimum == "minimum_percent":
            condition["measure"] = measure
        condition[minimum] = Decimal(draw(st.sampled_from([0, 1, 10])))
        found.setdefault("condition", []).append(condition)
    return found


@st.composite
def rebates(
    draw: st.DrawFn,
    number: int = 0,
    *,
    tier: str = "",
    beneficiary: str = "",
    measure: str = "",
    sided: bool = True,
    currency: str = "",
) -> dict[str, Any]:
    """The data of a rebate program that states many things; some do not go together (see `programs`)."""
    measure = measure or draw(st.sampled_from(["net", "net", "gross", "quantity", "orders", "products"]))
    beneficiary = beneficiary or draw(st.sampled_from(["account"] * 4 + ["group", "parent", "top_parent"]))
    beside = draw(sides(measure)) if sided else {}
    base = beside.get("baseline")
    apart = "qualifier" in beside or (
        base is not None and not (base["bands_in"] == "amount" and base["pays_on"] == "growth")
    )
    at = draw(st.sampled_from([None, "period_end", "period_start", "document"])) if tier else None
    methods = ("flat",) if at == "document" else APART if apart else METHODS
    scale = scales(measure, methods, cuts=not apart)
    counted = measure in ("orders", "products")
    accumulate = "period" if counted or base else draw(st.sampled_from(["period", "period", "document", "line"]))
    audience = draw(selections()) | {"beneficiary": beneficiary}
    if beneficiary != "account":
        audience["distribution"] = draw(st.sampled_from(["measure", "equal"]))
    definition: dict[str, Any] = {
        "program": {
            "id": f"rebate{number}",
            "name": "Rebate",
            "currency": currency or draw(st.sampled_from(["EUR", "EUR", "JPY", "KWD"])),
            "period": draw(st.sampled_from(PERIODS)),
            "fiscal_start": draw(st.sampled_from([1, 1, 4])),
            "valid_from": draw(
                st.sampled_from([date(2023, 12, 1), date(2023, 12, 1), date(2024, 1, 1), date(2024, 2, 10)])
            ),
            "valid_to": draw(st.sampled_from([None, date(2024, 12, 31), date(2025, 2, 11)])),
            "rounding": draw(st.sampled_from(["half_away_from_zero", "half_even"])),
        },
        "audience": audience,
        "scope": draw(scopes()),
        "basis": {
            "measure": measure,
            "accumulate": accumulate,
            "returns": draw(st.sampled_from(["count", "count", "exclude"])),
            "negative": draw(st.sampled_from(["take_back", "take_back", "zero"])),
        },
        "settlement": {"every": draw(st.sampled_from([None, None, "month", "quarter", "year"]))},
        "scale": draw(scale),
        **beside,
    }
    if base is not None and draw(st.integers(0, 2)) == 0 and definition["scale"]["method"] == "retrospective":
        definition["scale"] |= {"point": "baseline"}
        definition["scale"].pop("point_at", None)

    def use() -> dict[str, Any]:
        names = draw(st.sets(st.sampled_from(LEVELS)))
        multiplied = draw(st.sets(st.sampled_from(LEVELS)))
        factor = st.sampled_from(["1.5", "0", "2"]).map(Decimal)
        return {
            "program": tier,
            "at": at,
            "levels": {name: draw(scale) for name in sorted(names)},
            "multipliers": {name: draw(factor) for name in sorted(multiplied)},
        }

    if at is not None:
        definition["tier"] = use()
        if draw(st.integers(0, 3)) == 0:
            del definition["scale"]
    changes = sorted(
        draw(st.sets(st.sampled_from([date(2024, 4, 1), date(2024, 6, 30), date(2024, 7, 15)]), max_size=2))
    )
    definition["change"] = [
        {"from": day, "tier": use()} if at is not None and draw(st.booleans()) else {"from": day, "scale": draw(scale)}
        for day in changes
    ]
    return definition


@st.composite
def limits(draw: st.DrawFn) -> dict[str, Any]:
    """Bounds from below and above."""
    found: dict[str, Any] = {}
    for name in ("cap", "account_budget", "program_budget"):
        if draw(st.integers(0, 2)) == 0:
            found[name] = Decimal(draw(st.sampled_from([5, 12, 40])))
    if draw(st.integers(0, 2)) == 0:
        found["guarantee"] = Decimal(draw(st.sampled_from([1, 5])))
        found["guarantee_cumulative"] = draw(st.booleans())
        found["guarantee_paid"] = draw(st.sampled_from(["end", "start"]))
    if draw(st.integers(0, 2)) == 0:
        found |= {"minimum": Decimal(draw(st.sampled_from([1, 3]))), "below_minimum": "drop"}
    return found


@st.composite
def audiences(draw: st.DrawFn, beneficiary: str, tier: str) -> dict[str, Any]:
    """An audience of enrolled accounts, of a pilot, or of accounts with a tier."""
    found = draw(selections()) | {"beneficiary": beneficiary}
    chosen = draw(st.sets(st.sampled_from(["enrolled", "pilot", "tiers"]), max_size=1))
    if "enrolled" in chosen:
        found["enrolled"] = True
    if "pilot" in chosen:
        found["pilot"] = {
            "percent": Decimal(draw(st.sampled_from([30, 50, 70]))),
            "part": draw(st.sampled_from(["pilot", "control"])),
            "seed": draw(st.sampled_from(["", "one", "two"])),
        }
    if "tiers" in chosen and tier:
        levels = sorted(draw(st.sets(st.sampled_from(LEVELS), min_size=1)))
        found["tiers"] = {"program": tier, "levels": levels}
    return found


@st.composite
def conversions(draw: st.DrawFn) -> dict[str, Any]:
    """What becomes of lines in other currencies."""
    return {
        "lines": draw(st.sampled_from(["convert"] * 4 + ["wait"])),
        "date": draw(st.sampled_from(["document", "month_average", "period_end"])),
        "rounding": draw(st.sampled_from(["exact", "line"])),
        "payout": draw(st.sampled_from(["program", "program", "invoice"])),
    }


@st.composite
def everything(draw: st.DrawFn, number: int = 0, **choices: Any) -> Program:
    """A rebate program with any of the parts that others leave out."""
    definition = draw(rebates(number, **choices))
    audience = definition["audience"]
    tier = choices.get("tier", "")
    shared = {name: audience[name] for name in ("distribution",) if name in audience}
    definition["audience"] = draw(audiences(audience["beneficiary"], tier)) | shared
    definition["currency"] = draw(conversions())
    basis = definition["basis"]
    if basis["accumulate"] != "period" or basis["measure"] not in MONEY or definition["currency"]["rounding"] == "line":
        definition["currency"]["payout"] = "program"
    if definition["basis"]["measure"] == "quantity":
        definition["basis"]["unit"] = draw(st.sampled_from(["", "box", "kg", "piece"]))
    if draw(st.integers(0, 3)) == 0:
        basis |= {
            "paid": draw(st.sampled_from(["in_full", "share"])),
            "date": draw(st.sampled_from(["issue", "payment"])),
        }
    if draw(st.integers(0, 3)) == 0:
        basis["returns"] = "original_period"
    if definition["currency"]["payout"] == "program":
        definition["limits"] = draw(st.just({}) | limits())
    for change in definition["change"]:
        if draw(st.booleans()):
            change["scope"] = draw(scopes())
        if draw(st.integers(0, 2)) == 0:
            change["audience"] = draw(audiences(audience["beneficiary"], tier)) | shared
    return sound(definition)


def sound(definition: dict[str, Any]) -> Program:
    """The program a definition states, where its parts go together."""
    try:
        return program_from(definition)
    except ConfigError:
        assume(False)
        raise


@st.composite
def programs(draw: st.DrawFn, number: int = 0, **choices: Any) -> Program:
    """A sound rebate program."""
    return sound(draw(rebates(number, **choices)))
