"""Countings: how a counter is counted. Counters that are alike in this are counted by one statement."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, NamedTuple

from core.engine.ratios import ItemRatios, TaxRatios, item_ratios_of, tax_ratios_of
from core.errors import ConfigError
from core.money import Rounding
from core.programs import COUNTED, Program, View
from core.programs.counters import Counter

Grain = Literal[
    "period", "document", "line", "product", "document product",
    "day", "day line", "day document", "day product",
    "month", "month line", "month document", "month product",
]  # fmt: skip
"""What the cells of a group are told apart by. Their `document` is the document's id, or the number of the day or of
the first day of the month; their `line` the number of the line, or the product, or by day and month the document's id,
or a number of its own for each line."""

_BY_TIME: dict[tuple[bool, str], Grain] = {
    (False, ""): "day",
    (False, "line"): "day line",
    (False, "orders"): "day document",
    (False, "products"): "day product",
    (True, ""): "month",
    (True, "line"): "month line",
    (True, "orders"): "month document",
    (True, "products"): "month product",
}


class Counting(NamedTuple):
    """What one statement does."""

    grain: Grain = "period"
    level: str = ""
    """Whose tier on the line's day cells are told apart by: that of the account, its group, parent or top_parent;
    nobody's where empty."""
    view: View = View()
    beneficiary: str = "account"
    items: ItemRatios | None = None
    taxes: TaxRatios | None = None
    rounding: Rounding | None = None
    """How each converted line is rounded; None where conversions are exact."""
    merged: Grain = "period"
    """The grain of the cells handed over, where each line is rounded."""
    takers: tuple[int, ...] = ()
    """The programs that are net of these."""
    ordered: bool = False
    """Whether lines that count for a program before these in their exclusive group are left out."""
    others: str = ""
    """The tier program whose level on the line's day matters to those others; empty where none does."""
    others_level: str = "account"
    """Whose tier that is."""

    @property
    def plain(self) -> bool:
        """Whether classes of accounts and items alone decide which lines count, and for nothing else."""
        return not self.takers and not self.ordered


def countings(
    counters: Sequence[Counter], taxes: Mapping[int, str], frozen: Collection[str] = ()
) -> tuple[Counting, ...]:
    """How each counter is counted. `taxes` are the currencies of the tax keys, `frozen` the programs with exchange
    rates of their own. Raises ConfigError."""
    givers = {counter.of: counter.program for counter in counters if counter.program.is_tier}
    rivals, takers = rivals_of(counters), takers_of(counters)
    found = []
    for i, counter in enumerate(counters):
        how = _counting(counter, taxes, givers, [counters[j].by for j in takers[i]], frozen)
        others = _others(counters, i, rivals, takers)
        level = givers[others].audience.beneficiary if others in givers else "account"
        found.append(how._replace(takers=takers[i], ordered=bool(rivals[i]), others=others, others_level=level))
    return tuple(found)


def _counting(
    counter: Counter,
    taxes: Mapping[int, str],
    givers: Mapping[str, Program],
    takers: Sequence[str],
    frozen: Collection[str],
) -> Counting:
    """How a counter is counted, whatever the others do; `takers` is what those net of it are told apart by."""
    program = counter.program
    giver = tier_giver(program)
    found = tax_ratios_of(counter, taxes, frozen)
    by_line = found is not None and program.currency.rounding == "line"
    grain = _grain(counter, takers)
    return Counting(
        grain=_finest(counter) if by_line else grain,
        level="" if giver is None else givers[giver].audience.beneficiary if giver in givers else "account",
        view=counter.view,
        beneficiary=program.audience.beneficiary,
        items=item_ratios_of(counter),
        taxes=found,
        rounding=program.program.rounding if by_line else None,
        merged=grain,
    )


def _others(
    counters: Sequence[Counter], i: int, rivals: Sequence[Sequence[int]], takers: Sequence[Sequence[int]]
) -> str:
    """The tier program that matters to those a counter gives to or gives way to. Raises ConfigError for several."""
    looked_at = {*rivals[i], *takers[i]} | {rival for taker in takers[i] for rival in rivals[taker]}
    asked = {giver for j in looked_at - {i} if (giver := tier_giver(counters[j].program)) is not None}
    if len(asked) > 1:
        names = ", ".join(sorted(counters[j].of for j in looked_at - {i}))
        raise ConfigError(f"{names} meet on the lines of {counters[i].of}: they must ask for the tier of one program")
    return next(iter(asked), "")


def tier_giver(program: Program) -> str | None:
    """The program whose tier on the day of a line matters to this one; None where none does."""
    part = program.slices()[0]
    if part.audience.tiers is not None:
        return part.audience.tiers.program
    return part.tier.program if part.tier is not None and part.tier.at == "document" else None


def _grain(counter: Counter, takers: Sequence[str]) -> Grain:
    """As fine as the counter asks for, and the programs that are net of it."""
    own: Grain = _of_time(counter, counter.program.basis.measure) if counter.by == "day" else counter.by
    finest = max(takers, key=("period", "product", "document", "line").index, default="period")
    if own == "product":
        return "product" if finest == "period" else "document product"
    if own in ("period", "document") and finest in ("document", "line"):
        return "line" if finest == "line" else "document"
    return own


def _of_time(counter: Counter, what: str) -> Grain:
    """By day; by month where every period begins with one."""
    months = counter.calendar is not None and not counter.calendar.ranges
    return _BY_TIME[months, what if what in (*COUNTED, "line") else ""]


def _finest(counter: Counter) -> Grain:
    return _of_time(counter, "line") if counter.by == "day" else "line"


def rivals_of(counters: Sequence[Counter]) -> tuple[tuple[int, ...], ...]:
    """For each counter those that go before it in its exclusive group."""
    members: dict[str, list[tuple[int, str, int]]] = {}
    for i, counter in enumerate(counters):
        combination = counter.program.combination
        if counter.role == "paid" and combination is not None and combination.rule == "exclusive":
            members.setdefault(combination.group, []).append((combination.priority, counter.of, i))
    found: dict[int, tuple[int, ...]] = {}
    for group in members.values():
        for priority, name, i in group:
            found[i] = tuple(sorted(j for other, of, j in group if (other, of) < (priority, name)))
    return tuple(found.get(i, ()) for i in range(len(counters)))


def takers_of(counters: Sequence[Counter]) -> tuple[tuple[int, ...], ...]:
    """For each paid counter those that are net of its program."""
    net: dict[str, list[int]] = {}
    for i, counter in enumerate(counters):
        if counter.role == "paid":
            for name in counter.program.basis.net_of:
                net.setdefault(name, []).append(i)
    return tuple(tuple(net.get(counter.of, ())) if counter.role == "paid" else () for counter in counters)
