"""Programs: definitions from the folder into the book, and the dated acts of going live or back into shadow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from core.engine.feasibility import computable
from core.errors import RefusedError
from core.ledger import acts, proposals, registry
from core.programs import Program, read_program
from scheduler.context import Context


def program_files(folder: Path) -> list[Path]:
    """The program files of a folder, in order of their names."""
    return sorted(path for path in folder.glob("*.toml") if path.is_file())


def import_programs(context: Context, paths: Sequence[Path] | None = None) -> list[str]:
    """Register the definitions of the folder, or of the given files. Returns the ids of those that are new or changed.

    Raises ConfigError for a wrong file or a cycle, RefusedError for a settled version with other content.
    """
    files = program_files(context.config.programs_folder) if paths is None else list(paths)
    found = {path: read_program(path) for path in files}
    with context.book.read() as reading:
        known = {item.program.id: item.program for item in registry.current(reading).values()}
        hashes = {item.hash for item in registry.current(reading).values()}
    twice = _twice(list(found.values()))
    if twice:
        raise RefusedError(f"two files define the program {twice}")
    computable(list({**known, **{program.id: program for program in found.values()}}.values()))
    if all(program.hash() in hashes for program in found.values()):
        return []
    changed = []
    with context.book.batch("program", actor=context.actor, claim=context.fence, run=context.run_id) as batch:
        for path, program in sorted(found.items(), key=lambda pair: pair[1].id):
            if registry.register(batch, program, path.name):
                changed.append(program.id)
    return changed


def _twice(programs: list[Program]) -> str:
    seen: set[str] = set()
    for program in programs:
        if program.id in seen:
            return program.id
        seen.add(program.id)
    return ""


def go_live(context: Context, program: str, settle_from: date, reason: str = "") -> int:
    """Start the live book of a program. Its open shadow proposals are closed. Returns how many."""
    with context.book.batch("program", actor=context.actor, claim=context.fence, run=context.run_id) as batch:
        if program not in registry.current(batch.connection):
            raise RefusedError(f"no program is called {program!r}", hint="`rebated program import` registers one")
        mode = acts.modes(batch.connection).get(program)
        if mode is not None and mode.mode == "live":
            raise RefusedError(f"{program} is live since before, settling from {mode.settle_from}")
        value = {"mode": "live", "settle_from": settle_from.isoformat()}
        acts.record_act(batch, "program_mode", program, value, reason)
        waiting = proposals.in_states(batch.connection, proposals.UNDECIDED, "shadow", program)
        for item in waiting:
            proposals.move(batch, item, "superseded", "the program went live")
        return len(waiting)


def back_to_shadow(context: Context, program: str, reason: str) -> None:
    """Compute a program apart from the book again. Refused while anything of it is approved and not settled."""
    with context.book.batch("program", actor=context.actor, claim=context.fence, run=context.run_id) as batch:
        mode = acts.modes(batch.connection).get(program)
        if mode is None or mode.mode != "live":
            raise RefusedError(f"{program} is not live")
        busy = proposals.in_states(batch.connection, proposals.RESERVED, "live", program)
        if busy:
            raise RefusedError(f"{busy[0].key} is {busy[0].state}", hint="let it be settled first")
        for item in proposals.in_states(batch.connection, proposals.UNDECIDED, "live", program):
            proposals.move(batch, item, "superseded", "the program went back into shadow")
        acts.record_act(batch, "program_mode", program, {"mode": "shadow", "settle_from": None}, reason)
