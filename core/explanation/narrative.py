"""The explanation as parts a translator can order: each has an id, which names its sentence, and its values."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, TypedDict

UNITS_TOLD = 6


class Part(TypedDict):
    """One sentence: `id` names it in `core.explanation.english.TEMPLATES`; `values` fill it.

    Values are texts, dates, integers and exact Decimals: whoever renders them chooses how numbers look.
    """

    id: str
    values: dict[str, Any]


def part(name: str, /, **values: Any) -> Part:
    """One sentence of an explanation."""
    return {"id": name, "values": values}


def narrative(calculation: dict[str, Any]) -> list[Part]:
    """What `explain_parts` found as parts, in the order of the computation: inputs, band, formula, rounding."""
    currency, unit = calculation["currency"], calculation["unit"]
    found = [*_conditions(calculation)]
    units = calculation["units"]
    if not units:
        return [*found, part("nothing.no_lines")]
    if calculation["excluded"]:
        found.append(part("nothing.excluded", reason=calculation["excluded"]))
    whole = calculation["accumulate"] == "period"
    for item in units[:UNITS_TOLD]:
        name = "measure.period" if whole else f"measure.{calculation['accumulate']}"
        found.append(part(name, measure=item["measure"], unit=unit))
        found += _of_unit(item, calculation, unit)
    if len(units) > UNITS_TOLD:
        rest = sum((item["amount"] for item in units[UNITS_TOLD:]), Decimal(0))
        found.append(part("units.more", count=len(units) - UNITS_TOLD, amount=rest, currency=currency))
    if len(units) > 1:
        found.append(part("units.sum", count=len(units), amount=calculation["amount"], currency=currency))
    if calculation["distribution"] == "equal":
        found.append(part("distribution.equal"))
    return found


def _conditions(calculation: dict[str, Any]) -> Iterator[Part]:
    for condition in calculation["conditions"]:
        yield part(
            "condition.met" if condition["met"] else "condition.missed",
            name=condition["name"],
            measure=condition["measure"],
            minimum=condition["minimum"],
            unit=condition["unit"],
        )


def _of_unit(item: dict[str, Any], calculation: dict[str, Any], unit: str) -> Iterator[Part]:
    """One unit of accumulation."""
    currency = calculation["currency"]
    if item["less"]:
        yield part("measure.less", less=item["less"], unit=unit)
    if item["waiting"]:
        yield part("measure.waiting", lines=item["waiting"])
    if item["compared"] is not None:
        yield from _compared(item["compared"], unit)
    several = len(item["slices"]) > 1
    for told in item["slices"]:
        yield from _slice(told, item["measure"], unit, several)
    name = "rounding.exact" if item["unrounded"] == item["amount"] else f"rounding.{item['rounding']}"
    yield part(name, unrounded=item["unrounded"], amount=item["amount"], currency=currency)


def _compared(found: dict[str, Any], unit: str) -> Iterator[Part]:
    """The qualifier, or the baseline and the growth."""
    if found["with"] == "qualifier":
        yield part("qualifier", value=found["value"], unit=found["unit"])
        return
    if found["baseline"] is None:
        yield part(f"baseline.none.{found['without']}")
        if found["without"] == "nothing":
            return
    else:
        yield part(f"baseline.{found['against']}", baseline=found["baseline"], unit=unit)
    if found["percent"] is None:
        yield part("growth.amount", growth=found["growth"], unit=unit)
    elif found["bands_in"] == "attainment":
        yield part("attainment", percent=found["percent"])
    else:
        yield part("growth.percent", growth=found["growth"], percent=found["percent"], unit=unit)
    if found["highest"]:
        yield part("growth.highest")
    yield part(f"pays_on.{found['pays_on']}")


def _slice(told: dict[str, Any], whole: Decimal, unit: str, several: bool) -> Iterator[Part]:
    """One slice of a unit with what paid it."""
    level = ".level" if told["level"] else ""
    if several:
        yield part(f"slice{level}", start=told["from"], level=told["level"], measure=told["measure"], unit=unit)
    if told["method"] is None:
        yield part(f"scale.none{level}", level=told["level"])
        return
    if not told["bands"]:
        return
    method = told["method"]
    if method == "retrospective" and "point" in told["bands"][0]:
        method = "point"
    yield part(f"scale.{method}{level}", level=told["level"])
    for band in told["bands"]:
        yield _band(told["method"], band, unit, told["about"], told["inclusive"])
        if "closed" in band:
            yield part("band.closed", end=band["closed"], unit=unit)
    if told["pro_rata"] and several:
        yield part("slice.pro_rata", measure=told["measure"], whole=whole, unit=unit)


def _band(method: str, band: dict[str, Any], unit: str, about: str, inclusive: str) -> Part:
    """One line of the formula."""
    values = {**band, "unit": unit, "about": about}
    del values["numerator"]
    if method == "every":
        return part("band.every.most" if band["reached"] > band["count"] else "band.every", **values)
    if method == "linear":
        return part(f"band.linear.{_linear(band)}{'.amount' if band['measure'] is None else ''}", **values)
    if method == "flat":
        return part("band.flat", **values)
    kind = "amount" if band["measure"] is None else "point" if "point" in band else "rate"
    where = "open" if band["upper"] is None else "between"
    return part(f"band.{kind}.{where}.{inclusive}", **values)


def _linear(band: dict[str, Any]) -> str:
    if band["below"]:
        return "below"
    return "last" if band["upper"] is None else "between"


def limit_parts(steps: list[Any], currency: str) -> list[Part]:
    """The limits that changed an amount, in their order: `steps` as in `core.limits.Bounded`, amounts Decimals."""
    return [part(f"limit.{kind}", before=before, after=after, currency=currency) for kind, before, after in steps]


def waiting_parts(reasons: list[str]) -> list[Part]:
    """What waits, and why."""
    return [part("waiting", reason=reason) for reason in reasons]
