"""Everything together: what each beneficiary is entitled to, program by program."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from core.engine.reference.comparison import baseline, conditions, qualifier
from core.engine.reference.counting import Cell, cells_of, measured, place_of
from core.engine.reference.days import DAY, Days, date_of, period_with
from core.engine.reference.earning import earned, exact_shares
from core.engine.reference.limits import Gained, bounded, budgeted
from core.engine.reference.matching import beneficiary, counts, slice_of
from core.engine.reference.rounding import in_proportion, rounded, whole_parts
from core.engine.reference.tiers import has_tier, level_names, level_of
from core.engine.reference.world import Fact, World
from core.money import exponent
from core.programs import Program


class Side(NamedTuple):
    """As `core.entitlement.Side`."""

    level: int = -1
    qualifier: Fraction | None = None
    baseline: Fraction | None = None
    conditions: tuple[object, ...] = ()
    excluded: str = ""


class Key(NamedTuple):
    """What an entitlement is of: program, beneficiary, first day of the calculation period, payout currency."""

    program: str
    beneficiary: int
    start: date
    currency: str


class Entitlement(NamedTuple):
    """In minor units of the payout currency: the amount, and before any limit its parts by tax key and payee."""

    amount: int
    parts: dict[tuple[int, int], int]
    unlimited: int


def entitlements(world: World) -> dict[Key, Entitlement]:
    """What everybody is entitled to in every period in which a line of his counts."""
    found: dict[Key, Entitlement] = {}
    for program in world.programs:
        if not program.is_tier:
            found |= of_program(world, program)
    return _best(world, found)


class Counted(NamedTuple):
    """A line that counts for a program."""

    line: Fact
    whose: int
    period: Days
    level: int


def of_program(world: World, program: Program) -> dict[Key, Entitlement]:
    """The entitlements of one program, within its limits."""
    found: dict[Key, Entitlement] = {}
    for group in _groups(world, program):
        found |= _group(world, program, group)
    return _limited(world, program, found)


def counted(world: World, program: Program) -> list[Counted]:
    """The lines that count for the paid measure of a program."""
    found = []
    use = program.slices()[0].tier
    for line in world.known(program):
        part = program.slices()[max(slice_of(program, line), 0)]
        if not counts(world, program, line) or not has_tier(world, part.audience, line):
            continue
        level = -1
        if use is not None and use.at == "document":
            giver = world.program(use.program)
            level = level_of(world, giver, beneficiary(world, giver, line), date_of(line.day))
        period = period_with(program, date_of(line.day))
        found.append(Counted(line, beneficiary(world, program, line), period, level))
    return found


def _groups(world: World, program: Program) -> list[list[Counted]]:
    groups: dict[tuple[int, Days], list[Counted]] = defaultdict(list)
    for item in counted(world, program):
        groups[item.whose, item.period].append(item)
    return list(groups.values())


def side_of(world: World, program: Program, whose: int, period: Days, cells: Iterable[Cell]) -> Side:
    """What beside its cells decides what a group earns."""
    use = program.slices()[0].tier
    level = -1
    if use is not None and use.at != "document":
        day = period.first if use.at == "period_start" else min(period.last, world.as_of)
        level = level_of(world, world.program(use.program), whose, day)
    compared = baseline(world, program, whose, period) if program.baseline is not None else None
    paid = sum((cell.measure for cell in cells), Fraction(0))
    return Side(
        level,
        qualifier(world, program, whose, period) if program.qualifier is not None else None,
        compared.value if compared is not None else None,
        conditions(world, program, whose, period, paid),
        compared.excluded if compared is not None else "",
    )


def _group(world: World, program: Program, group: list[Counted]) -> dict[Key, Entitlement]:
    whose, period = group[0].whose, group[0].period
    cells = _cells(world, program, group)
    if not cells:  # all of it waits
        return {}
    names = level_names(world, program)
    side = side_of(world, program, whose, period, cells)
    key = Key(program.id, whose, period.first, program.program.currency)
    if program.currency.payout == "invoice":
        return _by_currency(world, program, key, cells, exact_shares(program, names, cells, side))
    result = earned(program, names, cells, side)
    parts: dict[tuple[int, int], int] = defaultdict(int)
    for cell, part in zip(cells, result.parts, strict=True):
        parts[cell.tax, cell.payee] += part
    return {key: Entitlement(result.amount, dict(parts), result.amount)}


def _cells(world: World, program: Program, group: list[Counted]) -> list[Cell]:
    """The cells of a group, less what other programs give for the same lines."""
    cells = cells_of(world, program, [(measured(world, program, item.line), item.level) for item in group],
                     group[0].period)  # fmt: skip
    if not program.basis.net_of:
        return cells
    ours = {item.line: (item.whose, item.period, place_of(program, item.line, item.level, item.period))
            for item in counted(world, program)}  # fmt: skip
    taken: dict[object, int] = defaultdict(int)
    for name in program.basis.net_of:
        for place, amount in _given(world, world.program(name), ours):
            taken[place] += amount
    head = group[0].whose, group[0].period
    return [cell._replace(measure=cell.measure - taken[(*head, tuple(cell)[:7])]) for cell in cells]


def _given(world: World, giver: Program, ours: Mapping[Fact, object]) -> Iterable[tuple[object, int]]:
    """What a program gives by the places of another that counts the same lines too. Its rounded amount is spread over
    its cells, and inside a cell over the places by measure."""
    for group in _groups(world, giver):
        cells = _cells(world, giver, group)
        side = side_of(world, giver, group[0].whose, group[0].period, cells)
        result = earned(giver, level_names(world, giver), cells, side)
        for cell, part in zip(cells, result.parts, strict=True):
            inside: dict[object, list[Fraction]] = {}
            for item in group:
                if place_of(giver, item.line, item.level, item.period) == tuple(cell)[:7]:
                    found = measured(world, giver, item.line)
                    row = inside.setdefault(ours.get(item.line), [Fraction(0), Fraction(0)])
                    row[0] += found.value or 0
                    row[1] += found.net
            places = sorted(inside, key=lambda place: (place is not None, str(place)))
            weights = [inside[place][0] for place in places]
            if not sum(weights):
                weights = [abs(inside[place][1]) for place in places]
            yield from zip(places, in_proportion(part, weights), strict=True)


def _by_currency(
    world: World, program: Program, key: Key, cells: list[Cell], shares: list[Fraction]
) -> dict[Key, Entitlement]:
    """Each currency of the invoices in itself: the exact shares converted back at the rates they came in by."""
    found: dict[Key, Entitlement] = {}
    for currency in {world.currencies[cell.tax] for cell in cells}:
        mine = [i for i, cell in enumerate(cells) if world.currencies[cell.tax] == currency]
        own = [shares[i] / cells[i].ratio for i in mine]
        amount = rounded(sum(own, Fraction(0)), program.program.rounding)
        parts: dict[tuple[int, int], int] = defaultdict(int)
        for i, part in zip(mine, whole_parts(amount, own), strict=True):
            parts[cells[i].tax, cells[i].payee] += part
        found[key._replace(currency=currency)] = Entitlement(amount, dict(parts), amount)
    return found


def _limited(world: World, program: Program, found: dict[Key, Entitlement]) -> dict[Key, Entitlement]:
    limits = program.limits
    if not limits.bounds_amounts and limits.below_minimum != "drop":
        return found
    by_account: dict[int, dict[date, int]] = defaultdict(dict)
    for key, earning in found.items():
        by_account[key.beneficiary][key.start] = earning.amount
    amounts: dict[date, dict[int, int]] = defaultdict(dict)
    for whose, periods in by_account.items():
        days = list(_every_period(program, min(periods), _last(world, program, max(periods))))
        rows = [Gained(one.first, periods.get(one.first, 0), one.last < world.as_of) for one in days]
        for one, amount in zip(days, bounded(program, rows), strict=True):
            amounts[one.first][whose] = amount
    if limits.program_budget is not None:
        minor = 10 ** exponent(program.program.currency)
        amounts = defaultdict(dict, budgeted(int(limits.program_budget * minor), amounts))
    made: dict[Key, Entitlement] = {}
    for start, row in amounts.items():
        for whose, amount in row.items():
            key = Key(program.id, whose, start, program.program.currency)
            before = found.get(key, Entitlement(0, {}, 0))
            made[key] = before._replace(amount=amount)
    return made


def _every_period(program: Program, first: date, last: date) -> Iterable[Days]:
    day = first
    while day <= last:
        period = period_with(program, day)
        yield period
        day = date.fromordinal(period.last.toordinal() + 1)


def _last(world: World, program: Program, last: date) -> date:
    """The first day of the last period that matters: with a guarantee, the last one that is due, bought in or not."""
    for period in _every_period(program, last, min(world.as_of, program.end - DAY)):
        due = period.last < world.as_of or program.limits.guarantee_paid == "start"
        if program.limits.guarantee is not None and due:
            last = max(last, period.first)
    return last


def _best(world: World, found: dict[Key, Entitlement]) -> dict[Key, Entitlement]:
    """Of the programs of a `best` group the one that gives a beneficiary most in a period pays; of two alike the one
    of the smaller priority, or id."""
    groups = {
        program.id: program.combination
        for program in world.programs
        if program.combination is not None and program.combination.rule == "best"
    }
    winners: dict[tuple[str, int, date], Key] = {}

    def rank(key: Key) -> tuple[int, int, str]:
        return -found[key].amount, groups[key.program].priority, key.program

    for key in found:
        if key.program in groups:
            place = (groups[key.program].group, key.beneficiary, key.start)
            if place not in winners or rank(key) < rank(winners[place]):
                winners[place] = key
    paid = set(winners.values())
    return {
        key: one if key.program not in groups or key in paid else Entitlement(0, {}, one.unlimited)
        for key, one in found.items()
    }
