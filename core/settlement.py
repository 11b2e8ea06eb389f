"""What becomes due: from cumulative entitlements and balances to the content of settlement documents.

Settlement is always cumulative: to propose = entitlement + adjusted - settled - reserved - waived, per entitlement
key, payee and issuing legal entity; the tax split is the cumulative split less the split already settled. What is
not positive, or less than the least that is paid out, is carried into the next settlement of the program. What is
left over then is a matter of `core.clawback`. Pure functions, minor units. (design.md sections 5 and 6)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from math import ceil
from typing import Literal, NamedTuple

from core.money import exponent, largest_remainder, shown
from core.period import Period
from core.posting import Key
from core.programs import Program
from core.settlement_calendar import is_over, next_settlements
from core.tax import of_one_sign, open_split

DocumentKind = Literal["credit_note", "service", "debit_invoice", "write_off"]
"""`write_off` is no document: what is owed back is given up, and the book keeps it like one."""


class Place(NamedTuple):
    """One settlement document: to whom, by whom, in which currency, for which period (its first day), and which one
    of that period."""

    payee: int
    entity: str
    currency: str
    start: date
    sequence: int


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


class Adjustment(NamedTuple):
    """What a person added to a document before its approval, or took away, split by tax code id. `place` is the
    document they changed."""

    key: Key
    amount: int
    taxes: Mapping[int, int]
    reason: str
    place: Place


class Adjusted(NamedTuple):
    """What people changed of the document of a settlement period."""

    settlement: Period
    changes: Sequence[Adjustment]


@dataclass(frozen=True, slots=True)
class Part:
    """The amount of one key in a proposal, split by tax code id.

    `left_out` is what of the key waits because the target takes no lines of both signs.
    """

    key: Key
    amount: int
    taxes: Mapping[int, int]
    entitlement_id: int
    base: int
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposal to be: what one settlement document of (program, payee, entity, settlement period) would hold.

    The net amount is positive in favour of the payee, also where the document is a debit invoice. `least` is the
    smallest net amount of it that is paid out; `waits` tells why a person has to look at it first.
    """

    program: str
    payee: int
    entity: str
    currency: str
    settlement: Period
    sequence: int
    parts: list[Part] = field(default_factory=list)
    adjustments: list[Adjustment] = field(default_factory=list)
    kind: DocumentKind = "credit_note"
    least: int = 1
    waits: str = ""

    @property
    def place(self) -> Place:
        return Place(self.payee, self.entity, self.currency, self.settlement.start, self.sequence)

    @property
    def net(self) -> int:
        return sum(part.amount for part in self.parts) + sum(item.amount for item in self.adjustments)

    @property
    def base(self) -> int:
        return sum(part.base for part in self.parts)


@dataclass(frozen=True, slots=True)
class Pool:
    """What was left over of one payee, entity and currency: it waits since the end of `since`, and was carried into
    `settlement` last."""

    since: Period
    settlement: Period
    sequence: int
    dues: list[Due]
    adjustments: list[Adjustment]

    @property
    def owed(self) -> int:
        """What the keys are owed in sum, adjustments left aside; below zero where it is owed back."""
        return sum(due.open for due in self.dues)


class Settled(NamedTuple):
    """The documents of one program, and what waits."""

    made: list[Draft]
    left: list[Pool]


def least_paid(program: Program, currency: str) -> int:
    """The smallest amount a document of the program has. The limit is stated in the program's currency and bounds
    no other one."""
    limits = program.limits
    if limits.minimum is None or limits.below_minimum == "drop":
        return 1
    return max(1, ceil(amount_in(program, limits.minimum, currency) or 0))


def settle(
    program: Program,
    dues: Iterable[Due],
    frozen: Collection[Place],
    as_of: date,
    adjusted: Iterable[Adjusted] = (),
) -> Settled:
    """The settlement documents of one program, and what is left over.

    `frozen` are the documents that were approved: what changes afterwards goes to the next settlement that is due,
    or, once the program is over or where late changes reopen the period, to a further sequence of the same one.
    Groups that are not positive with the `adjusted` amounts of people, or are less than the least that is paid out,
    are carried into the next group of the same payee, entity and currency, and so are those in which nothing was
    earned or settled under any tax code: such a document could not state its tax. At the end of a program what is
    less than the least becomes a document that waits for a person.

    What people adjusted belongs to the document of the key they adjusted, else to the one they changed.
    """
    groups: dict[tuple[int, str, str], dict[tuple[Period, int], _Group]] = {}
    places: dict[Key, tuple[Period, int]] = {}
    for due in dues:
        if not due.open and not _differs_by_code(due):
            continue
        place = _place(program, due, frozen, as_of)
        if place is not None:
            places[due.key] = place
            groups.setdefault(_owner(due.key), {}).setdefault(place, _Group([], [])).dues.append(due)
    for item in adjusted:
        for change in item.changes:
            place = places.get(change.key, (item.settlement, change.place.sequence))
            groups.setdefault(_owner(change.key), {}).setdefault(place, _Group([], [])).changes.append(change)
    found = Settled([], [])
    for owner, mine in sorted(groups.items()):
        _documents(program, owner, mine, as_of, found)
    return found


class _Group(NamedTuple):
    dues: list[Due]
    changes: list[Adjustment]


def _owner(key: Key) -> tuple[int, str, str]:
    return key.payee, key.entity, key.currency


def _documents(
    program: Program,
    owner: tuple[int, str, str],
    places: Mapping[tuple[Period, int], _Group],
    as_of: date,
    found: Settled,
) -> None:
    least = least_paid(program, owner[2])
    left: Pool | None = None
    for period, sequence in sorted(places):
        own = places[period, sequence]
        dues = sorted([*(left.dues if left else ()), *own.dues], key=lambda due: due.key)
        changes = [*(left.adjustments if left else ()), *own.changes]
        pool = Pool(left.since if left else period, period, sequence, dues, changes)
        net = pool.owed + sum(item.amount for item in changes)
        left = pool
        if net >= least and codes_of(dues):
            found.made.append(draft(program, pool))
            left = None
    if left is None:
        return
    net = left.owed + sum(item.amount for item in left.adjustments)
    if net > 0 and left.dues and codes_of(left.dues) and is_over(program, as_of):
        told = f"it is less than the least that is paid out ({shown(least, owner[2])})"
        found.made.append(draft(program, left, waits=told))
    else:
        found.left.append(left)


def draft(program: Program, pool: Pool, kind: DocumentKind | None = None, waits: str = "") -> Draft:
    """The document of a pool in which something is due."""
    key = pool.dues[0].key
    return Draft(
        program.id,
        key.payee,
        key.entity,
        key.currency,
        pool.settlement,
        pool.sequence,
        parts_of(pool.dues, codes_of(pool.dues)),
        list(pool.adjustments),
        kind or program.settlement.document,
        least_paid(program, key.currency),
        waits,
    )


def parts_of(dues: Iterable[Due], codes: Mapping[int, int]) -> list[Part]:
    """What dues are in a document whose tax codes are `codes`."""
    return [
        Part(due.key, due.open, open_split(due.open, due.split, due.settled_split, codes), due.entitlement_id, due.base)
        for due in dues
    ]


def codes_of(dues: Iterable[Due]) -> dict[int, int]:
    """What was earned under each tax code in all, with 0 for those under which was only settled."""
    found: dict[int, int] = {}
    for due in dues:
        for code in due.settled_split:
            found.setdefault(code, 0)
        for code, amount in due.split.items():
            found[code] = found.get(code, 0) + amount
    return found


def _differs_by_code(due: Due) -> bool:
    """Whether nothing is open in sum, yet the tax codes have moved against each other."""
    return bool(due.settled_split) and any(open_split(due.open, due.split, due.settled_split).values())


def _place(program: Program, due: Due, frozen: Collection[Place], as_of: date) -> tuple[Period, int] | None:
    def taken(period: Period, sequence: int) -> bool:
        return Place(due.key.payee, due.key.entity, due.key.currency, period.start, sequence) in frozen

    if not taken(due.settlement, 1):
        return due.settlement, 1
    last = due.settlement
    in_advance = due.settlement.end <= date.fromisoformat(due.key.period)
    if program.settlement.late == "next" and not in_advance:
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


def of_one_sign_only(item: Draft) -> Draft:
    """A draft for a target that takes no lines of both signs: the tax codes of the other sign wait."""
    rows = [*(part.taxes for part in item.parts), *(change.taxes for change in item.adjustments)]
    kept = of_one_sign(rows)
    if kept == [dict(taxes) for taxes in rows]:
        return item
    codes: dict[int, int] = {}
    for taxes in kept:
        for code, amount in taxes.items():
            codes[code] = codes.get(code, 0) + amount
    ordered = sorted(codes)
    weights = [abs(codes[code]) for code in ordered]
    parts = []
    for part, taxes in zip(item.parts, kept, strict=False):
        amount = sum(taxes.values())
        if taxes or not part.taxes:
            parts.append(replace(part, amount=amount, taxes=taxes, left_out=part.amount - amount))
    changes = [
        change._replace(taxes=dict(zip(ordered, largest_remainder(change.amount, weights), strict=True)))
        for change in item.adjustments
    ]
    return replace(item, parts=parts, adjustments=changes)


def amount_in(program: Program, amount: Decimal | None, currency: str) -> Decimal | None:
    """A stated amount in minor units; None where there is none, or in another currency than the program's."""
    return amount.scaleb(exponent(currency)) if amount is not None and currency == program.program.currency else None
