"""The order programs are computed in: what one needs of another comes first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from core.errors import ConfigError
from core.programs.program import Program


def strata(programs: Sequence[Program]) -> list[list[Program]]:
    """The programs in groups, each needing only the groups before it.

    Raises ConfigError naming a program that is needed and not there, one that gives no tier or pays nothing, programs
    that cannot be looked at together, or a cycle.
    """
    by_id = {program.id: program for program in programs}
    wrong = [problem for program in programs for problem in _problems(program, by_id)]
    wrong += [problem for group in groups(programs).values() for problem in _unlike(group)]
    if wrong:
        raise ConfigError(wrong)
    needs = {program.id: _needs(program, by_id) for program in programs}
    done: list[list[Program]] = []
    placed: set[str] = set()
    waiting = list(programs)
    while waiting:
        ready = [program for program in waiting if placed.issuperset(needs[program.id])]
        if not ready:
            names = ", ".join(sorted(program.id for program in waiting))
            raise ConfigError(f"the programs {names} need each other in a circle")
        # What gives a tier needs nothing, and others may look at the tier of a program they share lines with.
        done.append(sorted(ready, key=lambda program: not program.is_tier))
        placed.update(program.id for program in ready)
        waiting = [program for program in waiting if program.id not in placed]
    return done


def groups(programs: Iterable[Program]) -> dict[str, list[Program]]:
    """The programs of each combination, in their order of priority."""
    found: dict[str, list[Program]] = {}
    for program in programs:
        if program.combination is not None:
            found.setdefault(program.combination.group, []).append(program)
    for members in found.values():
        members.sort(key=lambda program: (program.combination.priority if program.combination else 0, program.id))
    return found


def _needs(program: Program, by_id: Mapping[str, Program]) -> set[str]:
    """What must be computed before: of a program of a `best` group, all of the group."""
    found = set(program.needs)
    for name in program.basis.net_of:
        combined = by_id[name].combination
        if combined is not None and combined.rule == "best":
            found |= {mate.id for mate in groups(by_id.values())[combined.group]}
    return found


def _problems(program: Program, by_id: Mapping[str, Program]) -> list[tuple[str, str, str]]:
    wrong = []
    for need in program.tier_needs:
        if need not in by_id:
            wrong.append((program.id, "tier.program", f"no program is called {need!r}"))
        elif not by_id[need].is_tier:
            wrong.append((program.id, "tier.program", f"{need!r} is no tier program"))
        else:
            wrong += _unknown_levels(program, by_id[need])
    for need in program.basis.net_of:
        if need not in by_id:
            wrong.append((program.id, "basis.net_of", f"no program is called {need!r}"))
        elif by_id[need].is_tier:
            wrong.append((program.id, "basis.net_of", f"{need!r} gives a tier and pays nothing"))
        else:
            wrong += _not_comparable(program, by_id[need])
    return wrong


def _unknown_levels(program: Program, giver: Program) -> list[tuple[str, str, str]]:
    known = [level.name for level in giver.status.levels] if giver.status else []
    stated: dict[str, None] = {}
    for part in program.slices():
        if part.tier is not None and part.tier.program == giver.id:
            stated |= dict.fromkeys([*part.tier.levels, *part.tier.multipliers])
        if part.audience.tiers is not None and part.audience.tiers.program == giver.id:
            stated |= dict.fromkeys(part.audience.tiers.levels)
    allowed = f"{giver.id!r} has the levels {', '.join(known)}"
    return [(program.id, f"tier.levels.{level}", allowed) for level in stated if level not in known]


def _not_comparable(program: Program, other: Program) -> list[tuple[str, str, str]]:
    same = (
        ("currency", program.program.currency == other.program.currency),
        ("basis.date, paid and returns", _lines(program) == _lines(other)),
        ("currency.payout = program", other.currency.payout == "program"),
    )
    return [
        (program.id, "basis.net_of", f"{other.id!r} must have the same {what}, for their lines to be the same")
        for what, holds in same
        if not holds
    ]


def _lines(program: Program) -> tuple[str, str, str]:
    basis = program.basis
    return basis.date, basis.paid, basis.returns if basis.returns == "original_period" else "count"


def _unlike(members: Sequence[Program]) -> list[tuple[str, str, str]]:
    first, wrong = members[0], []
    for program in members[1:]:
        ours, theirs = program.combination, first.combination
        assert ours is not None and theirs is not None  # noqa: S101 - they are members of a group
        place = "combination"
        if ours.rule != theirs.rule:
            wrong.append((program.id, place, f"group {ours.group!r} has the rule {theirs.rule} in {first.id!r}"))
        elif ours.rule == "best" and not _same_periods(program, first):
            wrong.append((program.id, place, f"must have the currency, periods and beneficiary of {first.id!r}"))
        elif ours.rule == "best" and set(program.needs) & {mate.id for mate in members}:
            wrong.append((program.id, place, "cannot need another program of its own group"))
        elif ours.rule == "exclusive" and _lines(program) != _lines(first):
            wrong.append((program.id, place, f"must have basis.date, paid and returns of {first.id!r}"))
    return wrong


def _same_periods(program: Program, other: Program) -> bool:
    ours, theirs = program.program, other.program
    return (
        (ours.currency, ours.period, ours.fiscal_start, ours.ranges, program.audience.beneficiary)
        == (theirs.currency, theirs.period, theirs.fiscal_start, theirs.ranges, other.audience.beneficiary)
    )  # fmt: skip
