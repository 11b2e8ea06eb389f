"""What becomes due: from cumulative entitlements and balances to the content of settlement proposals.

Settlement is always cumulative: to propose = entitlement + adjusted - settled - reserved - waived, per entitlement
key, payee and issuing legal entity; the tax split is the cumulative split less the split already settled. What is
owed back waits for the next positive settlement of the program (clawback `net`). Pure functions, minor units.
(design.md sections 5 and 6)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from core.money import RATE_EXPONENT, Rounding, divide, largest_remainder
from core.period import Period
from core.posting import Key
from core.programs import Program


class TaxCode(NamedTuple):
    """One tax code of one issuing entity and registration; rate in millionths."""

    entity: str
    registration: str
    category: str
    rate: int
    currency: str


@dataclass(frozen=True, slots=True)
class Due:
    """What one key is owed at a settlement: the cumulative entitlement and its split by tax code id."""

    key: Key
    settlement: Period
    final: bool
    entitled: int
    split: Mapping[int, int]
    open: int
    settled_split: Mapping[int, int]
    entitlement_id: int
    base: int


@dataclass(frozen=True, slots=True)
class Part:
    """The amount of one key in a proposal, split by tax code id."""

    key: Key
    amount: int
    taxes: Mapping[int, int]
    entitlement_id: int
    base: int


@dataclass(slots=True)
class Draft:
    """A proposal to be: what one settlement document of (program, payee, entity, settlement period) would hold."""

    program: str
    payee: int
    entity: str
    currency: str
    settlement: Period
    sequence: int
    parts: list[Part] = field(default_factory=list)

    @property
    def net(self) -> int:
        return sum(part.amount for part in self.parts)

    @property
    def base(self) -> int:
        return sum(part.base for part in self.parts)


def settlement_of(program: Program, calculation: Period, as_of: date) -> tuple[Period, bool] | None:
    """The settlement period that is due for a calculation period, and whether it is its last one.

    Due is the day after the grace days that follow the period's end. None: nothing is due yet.
    """
    calendar = program.settlement_calendar
    grace = timedelta(days=program.settlement.grace_days)
    last = calendar.of(calculation.last)
    if last.end + grace <= as_of:
        return last, True
    if not program.settles_within:
        return None
    found = None
    day = calculation.start
    while day < calculation.end:
        period = calendar.of(day)
        if period.end + grace > as_of:
            break
        found = period
        day = period.end
    return (found, False) if found is not None else None


def next_settlements(program: Program, after: Period, as_of: date) -> Iterator[Period]:
    """The settlement periods after `after` that are due, in order, within the program's life."""
    grace = timedelta(days=program.settlement.grace_days)
    period = program.settlement_calendar.after(after)
    while period is not None and period.end + grace <= as_of and period.start < program.end:
        yield period
        period = program.settlement_calendar.after(period)


def is_over(program: Program, as_of: date) -> bool:
    """Whether every settlement period of the program has been due."""
    if program.program.valid_to is None:
        return False
    last = program.settlement_calendar.of(program.program.valid_to)
    return last.end + timedelta(days=program.settlement.grace_days) <= as_of


def open_split(due: Due, others: Mapping[int, int] | None = None) -> dict[int, int]:
    """The open amount by tax code: cumulative split less what was settled under each code.

    What the codes do not account for (opening balances, adjustments, waivers) follows the cumulative split. Where
    nothing was ever earned or settled under any code it follows `others`, the split of the whole document.
    """
    shape = due.split if due.split or due.settled_split else others or {}
    codes = sorted({*shape, *due.settled_split})
    parts = {code: due.split.get(code, 0) - due.settled_split.get(code, 0) for code in codes}
    rest = due.open - sum(parts.values())
    if rest:
        if not codes:
            raise ValueError("an amount is open that was never earned under any tax code")
        weights = [abs(shape.get(code, 0)) for code in codes]
        for code, part in zip(codes, largest_remainder(rest, weights), strict=True):
            parts[code] += part
    return {code: part for code, part in parts.items() if part}


def drafts(
    program: Program,
    dues: Iterable[Due],
    frozen: Mapping[tuple[int, str, date, int], bool],
    as_of: date,
) -> list[Draft]:
    """Settlement drafts of one program.

    `frozen` tells the settlements (payee, entity, first day, sequence) that were approved: their late deltas go to
    the next settlement that is due, or, once the program is over, to a further sequence of the last one. Groups that
    are not positive are carried into the next group of the same payee, entity and currency, and so are those in
    which nothing was earned or settled under any tax code: such a document could not state its tax.
    """
    groups: dict[tuple[int, str, str], dict[tuple[Period, int], list[Due]]] = {}
    for due in dues:
        if not due.open and not _differs_by_code(due):
            continue
        place = _place(program, due, frozen, as_of)
        if place is not None:
            owner = (due.key.payee, due.key.entity, due.key.currency)
            groups.setdefault(owner, {}).setdefault(place, []).append(due)
    made = []
    for (payee, entity, currency), places in sorted(groups.items()):
        carried: list[Due] = []
        for place in sorted(places):
            pool = sorted(carried + places[place], key=lambda due: due.key)
            codes = _codes(pool)
            if sum(due.open for due in pool) <= 0 or not codes:
                carried = pool
                continue
            carried = []
            parts = [Part(due.key, due.open, open_split(due, codes), due.entitlement_id, due.base) for due in pool]
            made.append(Draft(program.id, payee, entity, currency, place[0], place[1], parts))
    return made


def _codes(pool: Sequence[Due]) -> dict[int, int]:
    """What was earned under each tax code in all, with 0 for those under which was only settled."""
    found: dict[int, int] = {}
    for due in pool:
        for code in due.settled_split:
            found.setdefault(code, 0)
        for code, amount in due.split.items():
            found[code] = found.get(code, 0) + amount
    return found


def _differs_by_code(due: Due) -> bool:
    """Whether nothing is open in sum, yet the tax codes have moved against each other."""
    return bool(due.settled_split) and any(open_split(due).values())


def _place(
    program: Program, due: Due, frozen: Mapping[tuple[int, str, date, int], bool], as_of: date
) -> tuple[Period, int] | None:
    def taken(period: Period, sequence: int) -> bool:
        return frozen.get((due.key.payee, due.key.entity, period.start, sequence), False)

    if not taken(due.settlement, 1):
        return due.settlement, 1
    last = due.settlement
    for period in next_settlements(program, due.settlement, as_of):
        if not taken(period, 1):
            return period, 1
        last = period
    if not is_over(program, as_of):
        return None
    sequence = 2
    while taken(last, sequence):
        sequence += 1
    return last, sequence


class TaxLine(NamedTuple):
    """One tax code of a document: net and tax in minor units."""

    code: int
    net: int
    tax: int


def tax_lines(
    parts: Sequence[Mapping[int, int]], codes: Mapping[int, TaxCode], rounding: Rounding = "half_away_from_zero"
) -> list[TaxLine]:
    """The document's net by tax code, with the tax each gives: rounded once per code."""
    nets: dict[int, int] = {}
    for taxes in parts:
        for code, amount in taxes.items():
            nets[code] = nets.get(code, 0) + amount
    ordered = sorted((code for code, net in nets.items() if net), key=lambda code: codes[code])
    return [
        TaxLine(code, nets[code], divide(nets[code] * codes[code].rate, 10**RATE_EXPONENT, rounding))
        for code in ordered
    ]
