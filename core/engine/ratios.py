"""Ratios: what turns a sum of lines into the program's own unit or currency, exactly.

Three things do: the unit a quantity is measured in, the index a baseline is raised by, and the rate of a foreign
currency. The first two depend on the item, the last on the tax key and the day. Each is a small table of numbers that
name a ratio; only programs that need one are joined with it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

import pyarrow
import pyarrow.compute

from core.engine.patterns import Products
from core.engine.states import Exchange, ItemState
from core.money import exponent
from core.period import Calendar, day_date, day_number
from core.programs import Currency, Index
from core.programs.counters import Counter

Ratio = tuple[int, int]
"""What a sum is multiplied with and divided by."""
ONE: Ratio = (1, 1)
NOBODY_KNOWS: Ratio = (1, 0)


class Ratios(NamedTuple):
    """Which ratio holds for which things on which days."""

    rows: pyarrow.Table
    """(item or tax key, from_day, to_day, number of the ratio)"""
    values: tuple[Ratio, ...]
    """By number, in their order of size, so that numbers sort alike whatever else is known."""
    default: Ratio
    """Of what has no row."""

    def of(self, key: int) -> list[tuple[int, int, Ratio]]:
        """The rows (from_day, to_day, ratio) of an item or tax key."""
        rows = self.rows.filter(pyarrow.compute.equal(self.rows[0], key)).to_pylist()
        return [(row["from_day"], row["to_day"], self.values[row["ratio"]]) for row in rows]


class ItemRatios(NamedTuple):
    """By what the ratio of an item is found: the unit of the quantity, and what a baseline is raised by."""

    unit: str
    raises: tuple[Index, ...]


class TaxRatios(NamedTuple):
    """By what the ratio of a tax key is found."""

    currency: str
    rule: Currency
    calendar: Calendar | None
    """The periods whose end the rate is of."""
    program: str = ""
    """The program, where some of its rates are frozen."""


def item_ratios_of(counter: Counter) -> ItemRatios | None:
    """The ratios a counter needs for items; None for most."""
    basis, baseline = counter.program.basis, counter.program.baseline
    index = baseline.index if baseline is not None and counter.role == "baseline" else ()
    return ItemRatios(basis.unit, index) if basis.unit or index else None


def tax_ratios_of(counter: Counter, taxes: Mapping[int, str], frozen: Collection[str] = ()) -> TaxRatios | None:
    """The ratios a counter needs for tax keys: None where no tax key is in a foreign currency, or none counts money.

    `frozen` are the programs that have rates of their own.
    """
    program = counter.program
    own = program.program.currency
    if program.basis.measure not in ("net", "gross") or all(code == own for code in taxes.values()):
        return None
    rule = program.currency.model_copy(update={"payout": "program", "rounding": "exact"})
    by_period = rule.lines == "convert" and rule.date == "period_end"
    calendar = (counter.calendar or program.calendar) if by_period else None
    return TaxRatios(own, rule, calendar, counter.of if counter.of in frozen else "")


def item_ratios(wanted: ItemRatios, items: Mapping[int, Sequence[ItemState]]) -> Ratios:
    """The ratios of all items."""
    raised = Products(wanted.raises)
    factors = [1 + Fraction(index.percent) / 100 for index in wanted.raises]
    found: dict[tuple[object, ...], Fraction | None] = {}
    rows: list[tuple[int, int, int, Fraction | None]] = []
    for item, states in items.items():
        for state in states:
            if state[2:] not in found:
                ratio = _unit_ratio(wanted.unit, state)
                matches = raised.match(state)
                if ratio is not None and matches:
                    ratio *= factors[(matches & -matches).bit_length() - 1]
                found[state[2:]] = ratio
            rows.append((item, state.from_day, state.to_day, found[state[2:]]))
    return _ratios("item", rows, NOBODY_KNOWS if wanted.unit else ONE)


def _unit_ratio(unit: str, state: ItemState) -> Fraction | None:
    """What a quantity in base units is multiplied with to be in `unit`."""
    if not unit or unit == state.base_unit:
        return Fraction(1)
    held = dict(state.units).get(unit)
    return 1 / held if held else None


def tax_ratios(wanted: TaxRatios, taxes: Mapping[int, str], exchange: Exchange | None, first: int, end: int) -> Ratios:
    """The ratios of all foreign tax keys on the days from `first` up to, not including, `end`."""
    rows: list[tuple[int, int, int, Fraction | None]] = []
    runs: dict[str, list[tuple[int, int, Fraction | None]]] = {}
    for tax, currency in sorted(taxes.items()):
        if currency != wanted.currency and first < end:
            if currency not in runs:
                runs[currency] = list(_runs(_rate(wanted, currency, exchange, end), _days(wanted, first, end)))
            rows += [(tax, *run) for run in runs[currency]]
    return _ratios("tax", rows, ONE)


def _days(wanted: TaxRatios, first: int, end: int) -> Iterable[tuple[int, int]]:
    """The days in pieces that have one rate."""
    day = first
    while day < end:
        if wanted.rule.lines == "wait":
            after = end
        elif wanted.rule.date == "document":
            after = day + 1
        elif wanted.calendar is None:
            month = day_date(day).replace(day=1) + timedelta(days=32)
            after = day_number(month.replace(day=1))
        else:
            after = day_number(period_end(wanted.calendar, day_date(day))) + 1
        yield day, min(after, end)
        day = after


def _rate(wanted: TaxRatios, currency: str, exchange: Exchange | None, end: int) -> Callable[[int], Fraction | None]:
    """The ratio of minor units by day. While a period runs, its end is the last day that counts."""
    scale = Fraction(10) ** (exponent(wanted.currency) - exponent(currency))

    def rate(number: int) -> Fraction | None:
        if exchange is None or wanted.rule.lines == "wait":
            return None
        day = day_date(number)
        last = day if wanted.calendar is None else min(period_end(wanted.calendar, day), day_date(end - 1))
        ratio = exchange.ratio(currency, wanted.currency, day, wanted.rule.date, wanted.rule.provider, last)
        return None if ratio is None else ratio * scale

    return rate


def _runs(
    rate: Callable[[int], Fraction | None], days: Iterable[tuple[int, int]]
) -> Iterable[tuple[int, int, Fraction | None]]:
    """Rows (from, to, ratio), neighbours with one ratio as one."""
    before: tuple[int, int, Fraction | None] | None = None
    for first, end in days:
        ratio = rate(first)
        if before is not None and before[2] == ratio:
            before = (before[0], end, ratio)
            continue
        if before is not None:
            yield before
        before = (first, end, ratio)
    if before is not None:
        yield before


def period_end(calendar: Calendar, day: date) -> date:
    """The last day of the period that holds a day. Where explicit periods begin later, those of a later year stand
    for it, and the end of its month where there is none."""
    for years in range(10):
        try:
            last = calendar.of(_shifted(day, years)).last
        except ValueError:
            continue
        return _shifted(last, -years)
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _shifted(day: date, years: int) -> date:
    """The same day of another year; the 28th for a 29 February that is not there."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _ratios(what: str, stated: Sequence[tuple[int, int, int, Fraction | None]], default: Ratio) -> Ratios:
    usual = Fraction(*default) if default[1] else None
    rows = [row for row in stated if row[3] != usual]
    known = sorted({ratio for *_, ratio in rows if ratio is not None})
    numbers: dict[Fraction | None, int] = {None: 0} | {ratio: i + 1 for i, ratio in enumerate(known)}
    columns = list(zip(*((key, first, end, numbers[ratio]) for key, first, end, ratio in rows), strict=True))
    table = pyarrow.table(
        [pyarrow.array(column, pyarrow.int32()) for column in columns or [()] * 4],
        names=[what, "from_day", "to_day", "ratio"],
    )
    values = (NOBODY_KNOWS, *((ratio.numerator, ratio.denominator) for ratio in known))
    return Ratios(table, values, default)
