"""What a program does, in sentences a controller reads. Defaults that change nothing are left unsaid."""

from __future__ import annotations

from core.programs.program import Program
from core.programs.telling.counting import audience, comparison, measure, products, status
from core.programs.telling.paying import limits, payout, pays
from core.programs.telling.words import PERIODS

__all__ = ["told"]


def told(program: Program) -> list[str]:
    """The program, one sentence an entry."""
    found = [_head(program)]
    found += audience(program.slices()[0])
    found += measure(program)
    if program.status is not None:
        found += status(program.status, program.program.currency)
        return found
    found += comparison(program)
    slices = program.slices()
    for part in slices:
        begin = f"From {part.start}: " if len(slices) > 1 else ""
        found += [f"{begin}{line[0].upper()}{line[1:]}" if begin else line for line in pays(program, part)]
        if part is not slices[0] and (part.audience, part.scope) != (slices[0].audience, slices[0].scope):
            found += [f"From {part.start}: {line}" for line in (*audience(part), *products(part.scope))]
    found += limits(program)
    found += payout(program)
    return found


def _head(program: Program) -> str:
    head = program.program
    until = f" to {head.valid_to}" if head.valid_to else " on"
    kind = "gives a tier" if program.is_tier else "pays a rebate"
    by = "" if program.is_tier else f", by {PERIODS.get(head.period, head.period)}"
    fiscal = f" beginning with month {head.fiscal_start}" if head.fiscal_start != 1 else ""
    name = f"{head.name} ({head.id}, version {head.version})"
    return f"{name} {kind} in {head.currency} from {head.valid_from}{until}{by}{fiscal}."
