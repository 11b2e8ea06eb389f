"""What is owed back after settlement, where no positive settlement of the program takes it up.

net      waits for the next positive settlement of the program
offset   waits for that of any program of the same payee, entity and currency
debit    becomes a debit invoice after some settlement periods, from an amount on
waive    is given up, up to an amount

Pure functions, minor units. (design.md section 5, clawback)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from core.money import largest_remainder
from core.programs import Program
from core.settlement import Draft, Part, Pool, Settled, amount_in, codes_of, draft, parts_of
from core.settlement_calendar import is_over


def claw_back(program: Program, found: Settled, as_of: date) -> Settled:
    """Make documents of what a program's own policy does with what is owed back: debit invoices and write-offs."""
    made, left = list(found.made), []
    for pool in found.left:
        policy = program.settlement.clawback
        item = None
        if pool.owed < 0 and codes_of(pool.dues):
            if policy == "debit":
                item = _debit(program, pool, as_of)
            elif policy == "waive":
                item = _write_off(program, pool)
        if item is None:
            left.append(pool)
        else:
            made.append(item)
    return Settled(made, left)


def _debit(program: Program, pool: Pool, as_of: date) -> Draft | None:
    """A debit invoice, once it is enough and has waited long enough. A service is invoiced by the customer, who is
    asked for a credit note: no document of ours."""
    if program.settlement.document == "service" or not _has_waited(program, pool, as_of):
        return None
    item = draft(program, pool, "debit_invoice")
    least = amount_in(program, program.settlement.debit_from, item.currency)
    return item if -pool.owed >= (least or 0) and item.net < 0 else None


def _has_waited(program: Program, pool: Pool, as_of: date) -> bool:
    """Whether as many settlement periods as stated have become due meanwhile, or none will follow any more."""
    grace = timedelta(days=program.settlement.grace_days)
    period = pool.since
    for _ in range(program.settlement.debit_after):
        following = program.settlement_calendar.after(period)
        if following is None:
            return is_over(program, as_of)
        if following.end + grace > as_of:
            return False
        period = following
    return True


def _write_off(program: Program, pool: Pool) -> Draft | None:
    """What is owed back in sum is given up, the earliest keys first; what a key is owed is not given up with it.

    Inside a calculation period that still runs nothing is: what is bought later may make up for it.
    """
    currency = pool.dues[0].key.currency
    most = amount_in(program, program.settlement.waive_up_to, currency)
    if most is None or -pool.owed > most or not all(due.final for due in pool.dues):
        return None
    rest, parts = -pool.owed, []
    for part in parts_of(pool.dues, codes_of(pool.dues)):
        if part.amount < 0 and rest:
            parts.append(_share(part, min(rest, -part.amount)))
            rest += parts[-1].amount
    return replace(draft(program, pool, "write_off"), parts=parts, adjustments=[])


def _share(part: Part, amount: int) -> Part:
    """So much of a part that is owed back, over its tax codes in proportion."""
    codes = sorted(part.taxes)
    split = largest_remainder(-amount, [part.taxes[code] for code in codes])
    return replace(part, amount=-amount, taxes={code: own for code, own in zip(codes, split, strict=True) if own})


def offset(programs: Iterable[Program], found: Mapping[str, Settled]) -> dict[str, Settled]:
    """Take what is owed back in programs with clawback `offset` from the documents of other programs.

    A debt goes, whole, on the first document that stays worth paying out with it. Where none does, documents are
    joined, the earlier first, until one does; until then they wait with it. Documents that people have adjusted are
    not joined to others, and services and price reductions stay apart.
    """
    known = {program.id: program for program in programs}
    made = {name: list(item.made) for name, item in found.items()}
    left = {name: list(item.left) for name, item in found.items()}
    for name in sorted(known):
        if known[name].settlement.clawback != "offset":
            continue
        for pool in found[name].left:
            if pool.owed >= 0 or pool.adjustments:
                continue
            others = [
                item
                for program in known.values()
                if program.id != name and program.settlement.document == known[name].settlement.document
                for item in made[program.id]
                if _same_owner(item, pool) and item.kind == program.settlement.document and not item.waits
            ]
            used, chosen = _cover(pool, sorted(others, key=_order))
            for item in used:
                made[item.program].remove(item)
            if chosen is not None:
                made[chosen.program].append(chosen)
                left[name].remove(pool)
    return {name: Settled(sorted(made[name], key=lambda item: item.place), left[name]) for name in known}


def _order(item: Draft) -> tuple[object, ...]:
    return item.settlement.end, item.settlement.start, item.program, item.sequence


def _same_owner(item: Draft, pool: Pool) -> bool:
    key = pool.dues[0].key
    return (item.payee, item.entity, item.currency) == (key.payee, key.entity, key.currency)


def _cover(pool: Pool, others: Sequence[Draft]) -> tuple[list[Draft], Draft | None]:
    """The documents that are used up, and the one that takes their place with the debt on it."""
    for item in others:
        if item.net + pool.owed >= item.least:
            return [item], _with_debt([item], pool)
    joined = [item for item in others if not item.adjustments]
    for count in range(2, len(joined) + 1):
        if sum(item.net for item in joined[:count]) + pool.owed >= joined[count - 1].least:
            return joined[:count], _with_debt(joined[:count], pool)
    return joined, None


def _with_debt(items: Sequence[Draft], pool: Pool) -> Draft:
    *earlier, last = items
    codes: dict[int, int] = codes_of(pool.dues)
    for item in items:
        for part in item.parts:
            for code, amount in part.taxes.items():
                codes[code] = codes.get(code, 0) + amount
    parts = [part for item in (last, *earlier) for part in item.parts]
    return replace(last, parts=[*parts, *parts_of(pool.dues, codes)])
