"""`rebated program check`, `test` and `show`: what program files and registered definitions say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from core.engine.feasibility import computable
from core.errors import ConfigError
from core.ledger.registry import registered
from core.programs import Program, read_program
from core.programs.overlap import overlaps
from core.programs.telling import told
from scheduler.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    counted,
    out,
    print_json,
    say,
    session,
    table,
)
from scheduler.config import load_config
from scheduler.examples import Result, Stage, run_examples
from scheduler.steps.programs import program_files

ProgramArgument = Annotated[str, typer.Argument(help="The id of the program.")]
EitherArgument = Annotated[str, typer.Argument(help="A program file, or the id of a registered program.")]
FilesArgument = Annotated[list[Path] | None, typer.Argument(help="Program files; the folder's where absent.")]
_PAIRS_SHOWN = 20


def _paths(files: list[Path] | None, config: Path) -> list[Path]:
    return files or program_files(load_config(config).programs_folder)


def check(files: FilesArgument = None, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Validate program files and the order they depend on each other in; nothing is imported.

    Told too: which programs may pay for the same purchases, and which ask for programs that are in none of the files.

    Example: rebated program check programs/annual-bonus.toml
    """
    programs, wrong = [], []
    for path in _paths(files, config):
        try:
            programs.append(read_program(path))
        except ConfigError as error:
            wrong += error.problems
    if wrong:
        raise ConfigError(wrong)
    known = {program.id for program in programs}
    absent = [(program, need) for program in programs for need in program.needs if need not in known]
    if not files or not absent:
        computable(programs)
    say(f"{counted(len(programs), 'program')} {'is' if len(programs) == 1 else 'are'} valid")
    for program, need in absent:
        say(f"{program.id} needs {need}, which is in none of these files: it must be registered before", "yellow")
    _show_overlaps(overlaps(programs))


def _show_overlaps(pairs: Sequence[tuple[Program, Program]]) -> None:
    if not pairs:
        return
    say("These may pay for the same purchases:", "yellow")
    for one, other in pairs[:_PAIRS_SHOWN]:
        say(f"  {one.id} and {other.id}", "yellow")
    if len(pairs) > _PAIRS_SHOWN:
        say(f"  … and {counted(len(pairs) - _PAIRS_SHOWN, 'more pair')}", "yellow")
    say("If that is not meant: state basis.net_of in the one that goes last, or a [combination] in both.", "yellow")


def is_file(name: str) -> bool:
    """Whether a program is named by its file."""
    return name.endswith(".toml") or Path(name).is_file()


def test(
    files: FilesArgument = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Run the examples that program files carry, each in a book of its own; the configured book is not touched.

    Exit code 1 where one gives something else than it expects.

    Example: rebated program test programs/annual-bonus.toml
    """
    found: list[tuple[Path, Result]] = []
    without = []
    with Stage() as stage:
        for path in _paths(files, config):
            results = list(run_examples(stage, path))
            found += [(path, result) for result in results]
            if not results:
                without.append(path)
    failed = [result for _, result in found if not result.passed]
    if as_json:
        print_json([_as_data(path, result) for path, result in found])
    else:
        _show_results([result for _, result in found], without)
    if failed:
        raise typer.Exit(1)


def _as_data(path: Path, result: Result) -> dict[str, Any]:
    return {
        "file": path,
        "program": result.program,
        "example": result.example,
        "as_of": result.as_of,
        "passed": result.passed,
        "problems": result.problems,
        "earned": [
            {
                "account": item.account, "period": item.period, "currency": item.currency, "amount": item.amount,
                "accrued": item.accrued, "level": item.level, "shares": item.shares, "taxes": item.taxes,
                "waiting": item.waiting,
            }
            for item in result.outcome.earned
        ],
        "documents": result.outcome.documents,
        "tiers": result.outcome.tiers,
    }  # fmt: skip


def _show_results(results: Sequence[Result], without: Sequence[Path]) -> None:
    rows = [
        [Text("passed", "green") if result.passed else Text("failed", "red"), result.program, result.example]
        for result in results
    ]
    if rows:
        out.print(table("Examples", [("", ""), ("program", ""), ("example", "")], rows))
    for result in results:
        if not result.passed:
            say(f"{result.program}: {result.example} (as of {result.as_of})", "bold")
            for problem in result.problems:
                say("\n".join(f"  {line}" for line in problem.splitlines()))
    for path in without:
        say(f"{path} carries no [[example]]", "yellow")
    failed = sum(not result.passed for result in results)
    say(
        f"{counted(len(results), 'example')}, {failed} failed"
        if failed
        else f"{counted(len(results), 'example')} passed"
    )


def show(program: EitherArgument, config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Tell in sentences what a program does, a registered one or a file; with --json its definition, defaults included.

    Examples: rebated program show annual-bonus · rebated program show programs/annual-bonus.toml
    """
    if is_file(program):
        definition = read_program(Path(program))
        digest, origin = definition.hash(), f"As {program} states it."
    else:
        with session(config, create=False, quiet=True) as context, context.book.read() as reading:
            found = registered(reading, program)
        definition, digest = found.program, found.hash
        origin = f"Imported by {found.actor}, known as {digest[:12]}."
    if as_json:
        content = definition.model_dump(mode="python", by_alias=True, exclude={"example"})
        print_json({"hash": digest, **content})
        return
    for line in told(definition):
        say(line)
    say(origin, "dim")
