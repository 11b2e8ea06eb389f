"""Whether programs can be computed together: their order, what they look at in each other, and their figures."""

from __future__ import annotations

from collections.abc import Sequence

from core.engine.counting import countings
from core.errors import ConfigError
from core.limits import compile_limits
from core.programs import Program, strata
from core.programs.counters import counters
from core.rules import compile_rule
from core.tiers import ladder


def computable(programs: Sequence[Program]) -> list[list[Program]]:
    """The programs in the order they are computed in, as `core.programs.strata`.

    Raises ConfigError where they need each other in a circle, ask for what is not there, meet on lines in a way that
    cannot be counted, or state figures that are finer than what they are compared with: everything that would else
    stop a run.
    """
    order = strata(programs)
    countings([counter for program in programs for counter in counters(program)], {})
    levels = {program.id: program.status.levels for program in programs if program.status is not None}
    wrong = []
    for program in programs:
        use = program.slices()[0].tier
        names = tuple(level.name for level in levels.get(use.program, ())) if use is not None else ()
        try:
            if program.is_tier:
                ladder(program)
            else:
                compile_rule(program, names)
                compile_limits(program)
        except ConfigError as error:
            wrong.append((program.id, "", error.message))
    if wrong:
        raise ConfigError(wrong)
    return order
