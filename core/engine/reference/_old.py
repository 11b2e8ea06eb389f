"""The oracle: the same results by plain loops, for tests and for whoever wants to check a figure by hand.

Nothing here is shared with the engine but the definitions and the records: lines are matched one by one, money is
exact fractions taken slice by slice, tiers are looked up from their definition for each date. It is slow on purpose.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from fnmatch import fnmatchcase
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import Any, NamedTuple

from core.money import exponent
from core.programs import AccountSelection, ProductSelection, Program, Scale

EPOCH = date(1970, 1, 1)
MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}


class Fact(NamedTuple):
    """One signed line, as in `core.engine.duck.FACT`."""

    document: int
    line: int
    account: int
    item: int
    tax: int
    day: int
    net: int
    tax_amount: int
    quantity: int | None
    sign: int
    batch: int


Key = tuple[str, int, date]
"""(program id, account, first day of the calculation period)"""


def entitlements(
    programs: Sequence[Program],
    accounts: Mapping[int, Sequence[Any]],
    items: Mapping[int, Sequence[Any]],
    lines: Iterable[Fact],
    currencies: Mapping[int, str],
    known_batch: int | None = None,
) -> dict[Key, tuple[int, dict[int, int]]]:
    """(amount, part by tax key) of every group, in minor units. `currencies` tells the currency of each tax key."""
    known = [line for line in lines if known_batch is None or line.batch <= known_batch]
    by_id = {program.id: program for program in programs}
    bought = {
        program.id: tier_sums(program, accounts, items, known, currencies) for program in programs if program.is_tier
    }
    found: dict[Key, tuple[int, dict[int, int]]] = {}
    for program in programs:
        if program.is_tier:
            continue
        groups: dict[tuple[int, date], list[Fact]] = defaultdict(list)
        for line in known:
            if counts(program, accounts, items, line):
                groups[line.account, month_run(program, _date(line.day), program.program.period)].append(line)
        for (account, start), members in groups.items():
            use = program.slices()[0].tier
            levels: dict[date, int] = {}
            names: list[str] = []
            if use is not None:
                tier = by_id[use.program]
                names = [level.name for level in tier.status.levels] if tier.status else []
                last = _months_later(start, MONTHS[program.program.period]) - timedelta(days=1)
                for line in members:
                    day = _date(line.day)
                    asked = {"period_end": last, "period_start": start, "document": day}[use.at]
                    levels[day] = level_on(tier, bought[use.program].get(account, []), asked)
            found[program.id, account, start] = _earned(program, members, levels, names)
    return found


def counts(
    program: Program, accounts: Mapping[int, Sequence[Any]], items: Mapping[int, Sequence[Any]], line: Fact
) -> bool:
    """Whether a line counts for a program."""
    day = _date(line.day)
    if not program.program.valid_from <= day < program.end:
        return False
    account = next((state for state in accounts.get(line.account, ()) if state[0] <= line.day < state[1]), None)
    item = next((state for state in items.get(line.item, ()) if state[0] <= line.day < state[1]), None)
    audience, scope = program.audience, program.scope
    line_kind, is_return = (item.line_kind, item.is_return) if item is not None else ("goods", False)
    if line_kind in scope.line_kinds_out or (is_return and program.basis.returns == "exclude"):
        return False
    people, goods = _account_lists(audience, account), _product_lists(scope, item)
    if any(patterns and not _any(patterns, values) for patterns, values in people + goods):
        return False
    out = _account_lists(audience.exclude, account) + _product_lists(scope.exclude, item)
    return not any(_any(patterns, values) for patterns, values in out)


def measure_of(program: Program, line: Fact) -> int:
    """What a line adds to the measure, in minor units or 10^-6 units of quantity."""
    if program.basis.measure == "quantity":
        return line.quantity or 0
    return line.net + (line.tax_amount if program.basis.measure == "gross" else 0)


def tier_sums(
    program: Program,
    accounts: Mapping[int, Sequence[Any]],
    items: Mapping[int, Sequence[Any]],
    lines: Iterable[Fact],
    currencies: Mapping[int, str],
) -> dict[int, list[tuple[date, int]]]:
    """What each account bought: (day, measure) of every line that counts for a tier program."""
    found: dict[int, list[tuple[date, int]]] = defaultdict(list)
    for line in lines:
        if currencies[line.tax] == program.program.currency and counts(program, accounts, items, line):
            found[line.account].append((_date(line.day), measure_of(program, line)))
    return found


def level_on(program: Program, bought: Sequence[tuple[date, int]], day: date) -> int:
    """The index of the level at the start of a day."""
    status = program.status
    assert status is not None  # noqa: S101
    scale = 10 ** exponent(program.program.currency)

    def level(measure: int) -> int:
        return max([0, *(i for i, step in enumerate(status.levels) if measure >= step.from_ * scale)])

    def total(first: date, end: date) -> int:
        return sum(amount for when, amount in bought if first <= when < end)

    if status.window == "rolling":
        end = day.replace(day=1)
        return level(total(_months_later(end, -status.months), end))

    def highest(year: date, until: date) -> int:
        """The highest level that the running measure of the year reached before `until`."""
        if status.upgrade == "at_once":
            looks = {when + timedelta(days=1) for when, _ in bought if year <= when < _months_later(year, 12)}
        else:
            looks = {_months_later(year, months) for months in range(1, 13)}
        return max([0, *(level(total(year, look)) for look in looks if look <= until)])

    this_year = _months_later(day, -((day.month - program.program.fiscal_start) % 12))
    reached = highest(this_year, day)
    if status.keep == "next_window_end":
        reached = max(reached, highest(_months_later(this_year, -12), this_year))
    return reached


def month_run(program: Program, day: date, length: str) -> date:
    """The first day of the month, quarter, half or year that holds a day."""
    since_year_start = (day.month - program.program.fiscal_start) % 12
    return _months_later(day, -(since_year_start % MONTHS[length]))


def _earned(
    program: Program, lines: Sequence[Fact], levels: Mapping[date, int], names: Sequence[str]
) -> tuple[int, dict[int, int]]:
    units: dict[tuple[int, int], list[Fact]] = defaultdict(list)
    for line in lines:
        by = program.basis.accumulate
        units[line.document if by != "period" else 0, line.line if by == "line" else 0].append(line)
    amount = 0
    parts: dict[int, int] = defaultdict(int)
    for unit in units.values():
        shares = _shares(program, unit, levels, names)
        rounded = _rounded(sum(shares.values(), Fraction(0)), program.program.rounding)
        for key, part in zip(shares, _whole_parts(rounded, list(shares.values())), strict=True):
            parts[key[2]] += part
        amount += rounded
    return amount, dict(parts)


def _shares(
    program: Program, unit: Sequence[Fact], levels: Mapping[date, int], names: Sequence[str]
) -> dict[tuple[int, ...], Fraction]:
    """The exact share of each cell (slice, level, tax, document, line, settlement) of one unit, in minor units."""
    slices = program.slices()
    use = slices[0].tier
    by = program.basis.accumulate
    cells: dict[tuple[int, ...], int] = defaultdict(int)
    days: dict[tuple[int, ...], date] = {}
    for line in unit:
        day = _date(line.day)
        slice_ = max(i for i, part in enumerate(slices) if part.start <= day)
        settle = (month_run(program, day, program.settles_every) - EPOCH).days
        if MONTHS[program.settles_every] >= MONTHS[program.program.period]:
            settle = 0
        level = levels[day] if use is not None and use.at == "document" else -1
        document, number = line.document if by != "period" else 0, line.line if by == "line" else 0
        key: tuple[int, ...] = (slice_, level, line.tax, document, number, settle)
        cells[key] += measure_of(program, line)
        days[key] = day
    whole = sum(cells.values())
    shares: dict[tuple[int, ...], Fraction] = {}
    reached = 0
    for slice_ in sorted({key[0] for key in cells}):
        keys = sorted(key for key in cells if key[0] == slice_)
        here = sum(cells[key] for key in keys)
        for key in keys:
            scales = slices[slice_].scales
            scale = scales.get(names[levels[days[key]]], scales[""]) if levels else scales[""]
            if scale is None:
                shares[key] = Fraction(0)
            elif scale.method != "marginal":
                shares[key] = _rate(program, scale, whole) * cells[key]
            elif here:
                shares[key] = _between(program, scale, reached, reached + here) * cells[key] / here
            else:
                shares[key] = _rate(program, scale, reached) * cells[key]
        reached += here
    return shares


def _steps(program: Program, scale: Scale) -> list[tuple[Fraction, Fraction]]:
    """(from, rate) of each band, in units of the measure and minor units for each of them; the first from 0."""
    minor = 10 ** exponent(program.program.currency)
    unit = 10**6 if scale.is_per_unit else minor
    steps = []
    for band in scale.bands or (scale,):
        lower = Fraction(getattr(band, "from_", 0)) * unit
        rate = Fraction(band.percent or 0) / 100 + Fraction(band.per_unit or 0) * minor / 10**6
        steps.append((lower, rate))
    return steps if steps[0][0] == 0 else [(Fraction(0), Fraction(0)), *steps]


def _rate(program: Program, scale: Scale, measure: int) -> Fraction:
    """The rate of the band that holds a measure; the lowest band's for a negative one."""
    steps = _steps(program, scale)
    rate = steps[0][1]
    for lower, above in steps[1:]:
        if measure > lower or (measure == lower and scale.inclusive == "lower"):
            rate = above
    return rate


def _between(program: Program, scale: Scale, first: int, last: int) -> Fraction:
    """What the stretch from one measure to another earns, band by band."""
    if first > last:
        return -_between(program, scale, last, first)
    steps = _steps(program, scale)
    nothing = Fraction(0)
    total = (min(last, 0) - min(first, 0)) * steps[0][1]
    for (lower, rate), (upper, _) in pairwise([*steps, (Fraction(10**30), nothing)]):
        inside = min(Fraction(last), upper) - max(Fraction(first), lower)
        total += max(inside, nothing) * rate
    return total


def _rounded(value: Fraction, rounding: str) -> int:
    whole = floor(abs(value))
    rest = abs(value) - whole
    if rest > Fraction(1, 2) or (rest == Fraction(1, 2) and (rounding != "half_even" or whole % 2)):
        whole += 1
    return whole if value >= 0 else -whole


def _whole_parts(total: int, shares: Sequence[Fraction]) -> list[int]:
    """Whole numbers near the shares that add up to the total, by largest remainder."""
    exact = sum(shares, Fraction(0))
    leading = exact if exact else next((share for share in shares if share), Fraction(0))
    if leading < 0:
        return [-part for part in _whole_parts(-total, [-share for share in shares])]
    parts: list[int] = [floor(share) for share in shares]
    rests: list[Fraction] = [share - part for share, part in zip(shares, parts, strict=True)]
    order = sorted(range(len(shares)), key=lambda i: (-rests[i], i))
    for i in order[: total - sum(parts)]:
        parts[i] += 1
    return parts


def _account_lists(selection: AccountSelection, state: Any) -> list[tuple[tuple[str, ...], list[str | None]]]:
    ids = list(state.external_ids) if state is not None else []
    found: list[tuple[tuple[str, ...], list[str | None]]] = [(selection.accounts, ids)]
    for patterns, name in (
        (selection.segments, "segment"),
        (selection.countries, "country"),
        (selection.groups, "group"),
        (selection.channels, "channel"),
    ):
        found.append((patterns, [getattr(state, name, None)]))
    return found


def _product_lists(selection: ProductSelection, state: Any) -> list[tuple[tuple[str, ...], list[str | None]]]:
    return [
        (selection.skus, [getattr(state, "sku", None)]),
        (selection.categories, [getattr(state, "category", None)]),
        (selection.brands, [getattr(state, "brand", None)]),
    ]


def _any(patterns: Collection[str], values: Collection[str | None]) -> bool:
    return any(fnmatchcase(value, pattern) for pattern in patterns for value in values if value is not None)


def _months_later(day: date, months: int) -> date:
    """The first day of the month that lies `months` after the month of `day`."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def _date(day: int) -> date:
    return EPOCH + timedelta(days=day)
