"""Running examples: land what is known on each day, settle, compute, and compare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from core.errors import ConfigError, RebatedError
from core.period import Calendar
from core.programs import Example, Program, read_program, strata
from scheduler.examples.comparing import differences
from scheduler.examples.outcome import Outcome, read_outcome, sentences
from scheduler.examples.rows import BadExample, Told, days, entities, told
from scheduler.examples.stage import Play, Stage


@dataclass(slots=True)
class Result:
    """One example: `problems` are sentences and empty where all came as expected."""

    program: str
    example: str
    as_of: date
    problems: list[str] = field(default_factory=list)
    outcome: Outcome = field(default_factory=Outcome)

    @property
    def passed(self) -> bool:
        return not self.problems


class Beside(NamedTuple):
    """What an example needs beside its own program: other programs, and the definition in force before."""

    programs: Sequence[Program] = ()
    before: Program | None = None


def beside(path: Path, program: Program, example: Example) -> Beside:
    """What an example names, from the files beside its own. Raises ConfigError."""
    found = [read_program(path.parent / name) for name in example.programs]
    if any(item.id == program.id for item in found):
        raise ConfigError([(str(path), "example.programs", f"a file beside it defines {program.id!r} too")])
    before = read_program(path.parent / example.replaces) if example.replaces else None
    if before is not None and before.id != program.id:
        text = f"{example.replaces} defines another program, {before.id!r}"
        raise ConfigError([(str(path), "example.replaces", text)])
    return Beside(found, before)


def run_examples(stage: Stage, path: Path) -> Iterator[Result]:
    """Run every example of a program file. Raises ConfigError for a file that is wrong."""
    program = read_program(path)
    for example in program.example:
        yield run_example(stage, program, example, beside(path, program, example))


def run_example(stage: Stage, program: Program, example: Example, needs: Beside | None = None) -> Result:
    """Run one example in a book of its own. Raises ConfigError where the programs do not go together."""
    needs = needs or Beside()
    strata([program, *needs.programs])
    result = Result(program.id, example.name, example.as_of or date.min)
    try:
        records = told(program, example)
        result.as_of = example.as_of or _after_everything(program, records)
        with stage.play([*needs.programs, needs.before or program], entities(records)) as play:
            _play(play, program, needs, example, records, result.as_of)
            result.outcome = read_outcome(play, program)
            found = differences(
                program, example, result.outcome, lambda item: sentences(play, program, item, result.as_of)
            )
            result.problems += found
    except (BadExample, RebatedError) as error:
        result.problems.append(str(error))
    return result


def _play(play: Play, program: Program, needs: Beside, example: Example, records: Sequence[Told], as_of: date) -> None:
    """Each day sees what is known by then; a record's own day is when it becomes known."""
    late = [day for day in example.settled if day > as_of]
    if late:
        raise BadExample(f"settled on {late[0]}, after the computation as of {as_of}")
    waiting = list(records)
    for day in sorted(example.settled):
        waiting = _land(play, waiting, day)
        play.compute(day)
        play.settle(day)
    if needs.before is not None:
        play.define([program])
    _land(play, waiting, as_of)
    play.compute(as_of)


def _land(play: Play, waiting: Sequence[Told], day: date) -> list[Told]:
    """Land what is known by a day. Returns the rest."""
    play.land([item for item in waiting if item.known is None or item.known <= day])
    return [item for item in waiting if item.known is not None and item.known > day]


def _after_everything(program: Program, records: Sequence[Told]) -> date:
    """The day on which everything of the example is due. Of a tier program: the day after its last document."""
    head = program.program
    last = max(days(records), default=head.valid_from)
    if program.is_tier:
        return last + timedelta(days=1)
    end = max(_end(program.calendar, last), _end(program.settlement_calendar, last))
    known = max((item.known for item in records if item.known is not None), default=end)
    return max(end, known) + timedelta(days=program.settlement.grace_days)


def _end(calendar: Calendar, day: date) -> date:
    """The day after the period that holds a day, or after the last period there is."""
    try:
        return calendar.of(day).end
    except ValueError:
        return calendar.ranges[-1].last + timedelta(days=1)
