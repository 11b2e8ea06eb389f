"""`rebated program diff`: which settings differ, and what that would have changed on the documents of the book."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from core.errors import RefusedError
from core.ledger import registry
from core.ledger.facts import account_facts, sync_facts
from core.ledger.masters import profiles
from core.ledger.registry import registered
from core.ledger.replay import Place, Replayed, replay
from core.ledger.setting import views
from core.programs import Program, read_program, strata
from core.programs.differences import Difference, differences
from scheduler.cli.common import (
    DEFAULT_CONFIG,
    AsOfOption,
    ConfigOption,
    JsonOption,
    day,
    money,
    out,
    plain,
    print_json,
    say,
    session,
    table,
)
from scheduler.cli.program_files import EitherArgument, is_file
from scheduler.config import load_config
from scheduler.context import Context, opened_to_rehearse, rehearsed


class _Change(NamedTuple):
    """What one account earns in one period by the two definitions, in minor units."""

    account: str
    period: str
    currency: str
    before: int
    after: int


def diff(
    old: EitherArgument,
    new: EitherArgument,
    with_replay: Annotated[
        bool, typer.Option("--replay", help="Compute both on the documents of the book, and tell what differs.")
    ] = False,
    as_of: AsOfOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Show the settings in which two definitions differ: two files, or the registered one and a file.

    With --replay also what each account would earn by each, as of the business day. Nothing is written.

    Example: rebated program diff annual-bonus programs/annual-bonus.toml --replay
    """
    before, after = (_either(name, config) for name in (old, new))
    settings = differences(before, after)
    changes = _replayed(config, day(as_of), before, after) if with_replay else None
    if as_json:
        print_json({"settings": settings} | ({} if changes is None else {"entitlements": changes}))
        return
    _show_settings(settings)
    if changes is not None:
        _show_changes(changes)


def _either(name: str, config: Path) -> Program:
    """A program from a file, or the registered one with this id. Raises ConfigError, RefusedError."""
    if is_file(name):
        return read_program(Path(name))
    with session(config, create=False, quiet=True) as context, context.book.read() as reading:
        return registered(reading, name).program


def _replayed(config: Path, as_of: date | None, before: Program, after: Program) -> list[_Change]:
    """What differs by account and period: each definition is put in force in a book that is thrown away."""
    if before.is_tier or after.is_tier:
        raise RefusedError("a tier program earns nothing: --replay tells what is earned otherwise")
    with opened_to_rehearse(load_config(config), as_of=as_of) as context, rehearsed(context):
        old = _computed(context, before, "before")
        new = _computed(context, after, "after")
        with context.book.read() as reading:
            names = {account_id: item.external_id for account_id, item in profiles(reading).items()}
    groups = sorted({place[1:] for place in (*old, *new)})
    found = []
    for group in groups:
        was, now = (found_by.get(Place(name, *group)) for name, found_by in ((before.id, old), (after.id, new)))
        amounts = [item.result.amount if item else 0 for item in (was, now)]
        known = now or was
        if known is not None and amounts[0] != amounts[1]:
            label = known.program.calendar.of(group[1]).label
            found.append(_Change(names.get(group[0], str(group[0])), label, group[2], *amounts))
    return found


def _computed(context: Context, program: Program, which: str) -> Mapping[Place, Replayed]:
    """What a definition gives for every period, whatever was settled by another one."""
    alone = {"version": f"{program.program.version[:30]} {which}", "change_mode": "everything", "change_from": None}
    program = program.model_copy(update={"program": program.program.model_copy(update=alone)})
    with context.book.read() as reading:
        others = [item.program for name, item in registry.current(reading).items() if name != program.id]
    strata([program, *others])
    with context.book.batch("program", actor=context.actor, claim=context.fence) as batch:
        registry.register(batch, program, "diff")
        known_batch = batch.seq
    with context.book.read() as reading:
        wanted = views(reading)
    sync_facts(context.book, context.engine, context.fence, wanted)
    with account_facts(context.book, None, wanted, known_batch) as engine:
        return replay(context.book, engine, context.as_of, known_batch, {program.id}).found


def _show_settings(settings: Sequence[Difference]) -> None:
    if not settings:
        say("The two say the same.")
        return
    rows = [[item.path, _value(item.old), _value(item.new)] for item in settings]
    out.print(table("Settings", [("setting", ""), ("before", ""), ("after", "")], rows))


def _show_changes(changes: Sequence[_Change]) -> None:
    if not changes:
        say("On the documents of the book both give the same.")
        return
    columns = [("account", ""), ("period", ""), ("before", "right"), ("after", "right"), ("difference", "right")]
    rows = [
        (item.account, item.period, *(money(minor, item.currency) for minor in _three(item.before, item.after)))
        for item in changes
    ]
    sums: dict[str, list[int]] = {}
    for item in changes:
        both = sums.setdefault(item.currency, [0, 0])
        both[0] += item.before
        both[1] += item.after
    rows += [("all of these", "", *(money(minor, name) for minor in _three(*both))) for name, both in sums.items()]
    out.print(table("Earned", columns, rows))


def _three(before: int, after: int) -> tuple[int, int, int]:
    return before, after, after - before


def _value(value: Any) -> str:
    """A setting's value for people; empty where it is not stated."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{name} = {_value(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_value(part) for part in value)
    return str(plain(value))
