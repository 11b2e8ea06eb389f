"""Running examples: land what is known on each day, settle, compute, and compare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

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


def programs_beside(path: Path, program: Program, example: Example) -> list[Program]:
    """The programs an example names, from the files beside its own. Raises ConfigError."""
    found = [read_program(path.parent / name) for name in example.programs]
    twice = {item.id for item in found if item.id == program.id}
    if twice:
        raise ConfigError([(str(path), "example.programs", f"a file beside it defines {program.id!r} too")])
    return found


def run_examples(stage: Stage, path: Path) -> Iterator[Result]:
    """Run every example of a program file. Raises ConfigError for a file that is wrong."""
    program = read_program(path)
    for example in program.example:
        yield run_example(stage, program, example, programs_beside(path, program, example))


def run_example(stage: Stage, program: Program, example: Example, beside: Sequence[Program] = ()) -> Result:
    """Run one example in a book of its own. Raises ConfigError where the programs do not go together."""
    strata([program, *beside])
    result = Result(program.id, example.name, example.as_of or date.min)
    try:
        records = told(program, example)
        result.as_of = example.as_of or _after_everything(program, records)
        with stage.play([*beside, program], entities(records)) as play:
            _play(play, example, records, result.as_of)
            result.outcome = read_outcome(play, program)
            found = differences(
                program, example, result.outcome, lambda item: sentences(play, program, item, result.as_of)
            )
            result.problems += found
    except (BadExample, RebatedError) as error:
        result.problems.append(str(error))
    return result


def _play(play: Play, example: Example, records: Sequence[Told], as_of: date) -> None:
    """Each day sees what is known by then; a record's own day is when it becomes known."""
    late = [day for day in example.settled if day > as_of]
    if late:
        raise BadExample(f"settled on {late[0]}, after the computation as of {as_of}")
    landed = date.min
    for day in sorted({*example.settled, as_of}):
        new = [
            item
            for item in records
            if (item.known is None and landed == date.min) or (item.known is not None and landed < item.known <= day)
        ]
        play.land(new)
        landed = day
        play.compute(day)
        if day in example.settled:
            play.settle(day)
    if as_of in example.settled:
        play.compute(as_of)


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
