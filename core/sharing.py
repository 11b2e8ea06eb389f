"""Sharing: what each cell of one unit of accumulation earns, exactly, before anything is rounded.

Where a program's scale changed within the period, the band is picked on the whole unit's measure and each slice pays
at its own scale:

- flat, retrospective, total: the rate reached in the slice's scale, times the slice's measure;
- marginal: the slices lie one after the other, in date order, on the axis of the measure. A slice of measure m that
  begins at r pays N(r + m) - N(r), N being its own scale. On growth they cannot, and go by the next rule;
- everything else (rolling, from a point, lump sums, every, linear, beyond a closed scale, on growth): what the slice's
  scale gives for the whole unit, pro rata of the slice's measure.

Within a slice, cells share by their measures. Counts belong to no line, so that they are shared by the size of the
net; so is what is earned where the measures sum to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from math import lcm
from typing import NamedTuple

from core.cells import Cell, measure_of, weights
from core.rules import Rule, Side
from core.scales import AnyScale, CompiledScale, Number

Pair = tuple[Number, Number]
"""A share: the first over the second."""


class Shares(NamedTuple):
    """What the cells of one unit earn: `numerators` over `common * 10**digits`, in minor units."""

    numerators: list[int]
    common: int


NOTHING: Pair = (0, 1)


def share(rule: Rule, cells: Sequence[Cell], side: Side) -> Shares:
    """The exact share of each cell of one unit, the cells in canonical order."""
    measures = [cell[10] if cell[14] == cell[15] else measure_of(cell) for cell in cells]
    total = sum(measures)
    reach = rule.reach(total, side)
    if reach is None:
        return Shares([0] * len(cells), 1)
    pairs: list[Pair] = []
    position: Number = 0
    first = 0
    for slice_, level, members in _alike(rule, cells, side):
        mine = measures[first : first + len(members)]
        first += len(members)
        scale = rule.scales[slice_][level + 1]
        paid = rule.paid(scale, reach) if scale is not None else 0
        rate = _plain(scale, reach.reached) if paid == total and not rule.counts else None
        if scale is None:
            pairs += [NOTHING] * len(mine)
        elif scale.method == "marginal" and rule.baseline is None and reach.measure == total:
            pairs += _lying(rule, scale, position, members, mine)
        elif rate is not None:
            pairs += [(rate * each, 1) for each in mine]
        else:
            earned = scale.numerator(paid, reach.reached)
            if reach.measure:
                pairs += _pro_rata(rule, earned, reach.measure, members, mine)
            else:
                each = weights(cells, money=rule.unit == "money")
                pairs += [(earned * weight, sum(each)) for weight in each[first - len(mine) : first]]
        position += sum(mine)
    found = _together(pairs, whole=rule.simple and type(total) is int)
    return _equally(rule, cells, found) if rule.equal else found


def _alike(rule: Rule, cells: Sequence[Cell], side: Side) -> Iterator[tuple[int, int, Sequence[Cell]]]:
    """The cells of each slice and level, with both; the level is the cells' own where the document's tier counts."""
    if not rule.at_document and cells[0][5] == cells[-1][5]:
        yield cells[0][5], side.level, cells
        return
    for (slice_, own), group in groupby(cells, key=lambda cell: (cell[5], cell[6] if rule.at_document else side.level)):
        yield slice_, own, list(group)


def _equally(rule: Rule, cells: Sequence[Cell], shares: Shares) -> Shares:
    """The whole of the shares in equal parts for the payees; each payee's by the size of its net."""
    exact = [Fraction(0)] * len(cells)
    mine = payees(cells)
    for places in mine:
        each = weights([cells[i] for i in places], money=rule.unit == "money")
        for i, weight in zip(places, each, strict=True):
            exact[i] = Fraction(sum(shares.numerators) * weight, shares.common * len(mine) * sum(each))
    return over_common(exact)


def payees(cells: Sequence[Cell]) -> list[list[int]]:
    """The positions of the cells of each payee that has any line, by its id."""
    found: dict[int, list[int]] = {}
    for i, cell in enumerate(cells):
        if cell.over and (cell.lines or cell.measure or cell.net):
            found.setdefault(cell.payee, []).append(i)
    return [found[payee] for payee in sorted(found)]


def _lying(rule: Rule, scale: AnyScale, begin: Number, cells: Sequence[Cell], measures: Sequence[Number]) -> list[Pair]:
    """A slice of a marginal scale that lies on the axis of the measure from `begin` on."""
    measure = sum(measures)
    if not measure:
        rate = scale.segment(begin).rate if isinstance(scale, CompiledScale) else 0
        return [(rate * each, 1) for each in measures]
    return _within(rule, scale.numerator(begin + measure) - scale.numerator(begin), measure, cells, measures)


def _pro_rata(
    rule: Rule, earned: Number, total: Number, cells: Sequence[Cell], measures: Sequence[Number]
) -> list[Pair]:
    """What the cells of a slice have of `earned`, which its scale gives for the whole unit's measure `total`."""
    if not rule.counts:
        return _over(earned, total, measures)
    measure = sum(measures)
    return _within(rule, Fraction(earned * measure) / total, measure, cells, measures)


def _within(
    rule: Rule, earned: Number, measure: Number, cells: Sequence[Cell], measures: Sequence[Number]
) -> list[Pair]:
    """What the cells of a slice have of what it earned."""
    if rule.counts:
        each = weights(cells, money=False)
        return [(earned * weight, sum(each)) for weight in each]
    return _over(earned, measure, measures)


def _over(earned: Number, total: Number, measures: Sequence[Number]) -> list[Pair]:
    """What each measure has of what the total earned."""
    if total < 0:
        earned, total = -earned, -total
    return [(earned * each, total) for each in measures]


def _plain(scale: AnyScale | None, reached: Number) -> int | None:
    """The rate of a band that pays by it alone, from 0 on."""
    if not isinstance(scale, CompiledScale):
        return None
    _, _, rate, base, offset = scale.segment(reached)
    return rate if not base and not offset else None


def _together(pairs: Sequence[Pair], *, whole: bool) -> Shares:
    """Shares over one denominator, in integers; `whole` where every number is one already."""
    if whole or all(isinstance(first, int) and isinstance(second, int) for first, second in pairs):
        common = lcm(*{int(second) for _, second in pairs})
        if common == 1:
            return Shares([int(first) for first, _ in pairs], 1)
        return Shares([int(first) * (common // int(second)) for first, second in pairs], common)
    return over_common([Fraction(first) / second for first, second in pairs])


def over_common(exact: Sequence[Fraction]) -> Shares:
    """Shares over 10**digits as integers over one more denominator."""
    common = lcm(*(one.denominator for one in exact))
    return Shares([one.numerator * (common // one.denominator) for one in exact], common)
