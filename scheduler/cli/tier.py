"""`rebated tier`: where accounts stand in tier programs, and tiers that people decide."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

import sqlalchemy as sa
import typer

from core.errors import RefusedError
from core.ledger import overrides, registry, standings
from core.ledger.accounts import Identity, find_account
from core.ledger.masters import profiles
from core.ledger.overrides import Decision
from core.programs import Program
from core.programs.head import LAST_YEAR
from core.tiers import Figures, figures
from scheduler.cli.common import (
    DEFAULT_CONFIG,
    CompanyOption,
    ConfigOption,
    DryRunOption,
    JsonOption,
    ReasonOption,
    SourceOption,
    counted,
    out,
    print_json,
    say,
    session,
    table,
    writing,
)
from scheduler.context import Context

app = typer.Typer(help="Tiers: where accounts stand, what is missing, and what was decided.", no_args_is_help=True)

AccountArgument = Annotated[str, typer.Argument(help="The id of the account.")]
ProgramArgument = Annotated[str, typer.Argument(help="The id of the tier program.")]
FromOption = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day; today where absent.")
]


@app.command("list")
def list_(
    program: Annotated[str, typer.Argument(help="Only this tier program.")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    level: Annotated[str, typer.Option("--level", help="Only accounts of this level.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List where accounts stand: tier, since when, until when, what is missing for the next one and for keeping it.

    Examples: rebated tier list · rebated tier list status --level gold
    """
    with session(config, create=False, quiet=as_json) as context, context.book.read() as reading:
        rows = _standings(reading, context.as_of)
    rows = [row for row in rows if program in ("", row["program"]) and level in ("", row["tier"])]
    if as_json:
        print_json(rows)
        return
    columns = [("account", ""), ("name", ""), *_COLUMNS]
    out.print(
        table(counted(len(rows), "standing"), columns, [(row["account"], row["name"], *_cells(row)) for row in rows])
    )


@app.command()
def show(
    account: AccountArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    source: SourceOption = None,
    company: CompanyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show where one account stands in every tier program, and what was ever decided about it.

    Example: rebated tier show C-1001
    """
    with session(config, create=False, quiet=as_json) as context, context.book.read() as reading:
        item = find_account(reading, account, source, company)
        rows = [row for row in _standings(reading, context.as_of) if row["account_id"] == item.account_id]
        name = profiles(reading, {item.account_id})[item.account_id].name
        acts = [
            decision
            for (_, account_id), found in sorted(overrides.decisions(reading).items())
            for decision in found
            if account_id == item.account_id
        ]
    decided = [
        {"program": act.program, "level": act.level, "from": act.first, "until": act.last if act.level else None,
         "reason": act.reason, "actor": act.actor}
        for act in acts
    ]  # fmt: skip
    if as_json:
        print_json({"account": item.external_id, "name": name, "tiers": rows, "decided": decided})
        return
    say(f"{name} ({item.external_id})", "bold")
    out.print(table("Tiers", _COLUMNS, [_cells(row) for row in rows]))
    columns = [("program", ""), ("tier", ""), ("from", ""), ("until", ""), ("reason", ""), ("by", "")]
    told = [(d["program"], d["level"] or "as earned", d["from"], d["until"], d["reason"], d["actor"]) for d in decided]
    if told:
        out.print(table("Decided, the later one first where both hold", columns, told[::-1]))


@app.command()
def override(
    account: AccountArgument,
    program: ProgramArgument,
    level: Annotated[str, typer.Argument(help="The level it has on these days, whatever it earns.")],
    until: Annotated[datetime, typer.Option("--until", formats=["%Y-%m-%d"], help="The last day.")],
    reason: ReasonOption,
    config: ConfigOption = DEFAULT_CONFIG,
    start: FromOption = None,
    source: SourceOption = None,
    company: CompanyOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Give an account a level through a day, whatever it earns. Afterwards what it has earned holds again.

    Examples: rebated tier override C-1001 status gold --until 2026-12-31 --reason "status match" · rebated tier
    override C-1001 status bronze --from 2026-03-01 --until 2026-05-31 --reason "unpaid invoices" --dry-run
    """
    with writing(config, dry_run=dry_run, quiet=as_json) as context:
        item, given = _place(context, account, program, source, company)
        assert given.status is not None  # noqa: S101 - checked by _place
        names = [one.name for one in given.status.levels]
        if level not in names:
            raise RefusedError(f"{program} has no level {level!r}", hint=f"its levels are {', '.join(names)}")
        first, last = start.date() if start else context.as_of, until.date()
        if last < first or last.year > LAST_YEAR:
            raise RefusedError(
                f"the level would hold from {first} until {last}",
                hint=f"--until is not before it, nor past {LAST_YEAR}",
            )
        _need_reason(reason)
        with _batch(context, program) as batch:
            overrides.decide(batch, program, item.account_id, level, first, last, reason)
        done = Decision(program, item.account_id, level, first, last, reason, context.actor)
    if as_json:
        print_json({**done._asdict(), "account": item.external_id})
    elif not dry_run:
        say(f"{item.external_id} is {level} in {program} from {first} until {last}: the next run counts with it")


@app.command()
def release(
    account: AccountArgument,
    program: ProgramArgument,
    reason: ReasonOption,
    config: ConfigOption = DEFAULT_CONFIG,
    start: FromOption = None,
    source: SourceOption = None,
    company: CompanyOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Let what an account has earned hold again from a day on, whatever was decided before.

    Example: rebated tier release C-1001 status --reason "paid"
    """
    with writing(config, dry_run=dry_run, quiet=as_json) as context:
        item, _ = _place(context, account, program, source, company)
        first = start.date() if start else context.as_of
        _need_reason(reason)
        with context.book.read() as reading:
            known = overrides.decisions(reading).get((program, item.account_id), [])
        if not any(decision.level and decision.last >= first for decision in known):
            raise RefusedError(f"nothing is decided about {account} in {program} on {first} or later")
        with _batch(context, program) as batch:
            overrides.release(batch, program, item.account_id, first, reason)
    if as_json:
        print_json({"program": program, "account": item.external_id, "from": first, "reason": reason})
    elif not dry_run:
        say(f"{item.external_id} has in {program} what it has earned, from {first} on: the next run counts with it")


_COLUMNS = [
    ("program", ""),
    ("tier", ""),
    ("since", ""),
    ("valid until", ""),
    ("measure", "right"),
    ("to next", "right"),
    ("to keep", "right"),
    ("book", ""),
]


def _standings(reading: sa.Connection, as_of: date) -> list[dict[str, Any]]:
    """The present standings of every account, as plain data. Measures are integers with `digits` after the point."""
    names, programs = profiles(reading), registry.current(reading)
    decided = overrides.decisions(reading)
    rows = []
    for book in ("live", "shadow"):
        for (program, account_id), row in standings.latest(reading, book).items():
            if program not in programs:
                continue
            measured = figures(programs[program].program)
            act = overrides.standing_decision(decided.get((program, account_id), []), as_of)
            rows.append(
                {
                    "program": program, "account": names[account_id].external_id, "account_id": account_id,
                    "name": names[account_id].name, "tier": row.tier, "since": row.since,
                    "valid_until": row.valid_until, "measure": row.measure, "to_next": row.to_next,
                    "next_tier": row.next_tier, "to_keep": row.to_keep, "unit": measured.unit,
                    "digits": measured.digits, "is_money": measured.is_money,
                    "decided_until": act.last if act else None, "book": book,
                }
            )  # fmt: skip
    return sorted(rows, key=lambda row: (row["program"], row["account"], row["book"]))


def _cells(row: dict[str, Any]) -> tuple[Any, ...]:
    """A standing as cells of `_COLUMNS`."""
    measured = Figures(row["unit"], row["digits"], row["is_money"])
    missing, keep = row["to_next"], row["to_keep"]
    return (
        row["program"],
        f"{row['tier']} (decided)" if row["decided_until"] else row["tier"],
        row["since"],
        row["valid_until"],
        measured.shown(row["measure"]),
        f"{measured.shown(missing)} to {row['next_tier']}" if missing is not None else "",
        measured.shown(keep) if keep is not None else "ends",
        row["book"],
    )


def _place(
    context: Context, account: str, program: str, source: str | None, company: str | None
) -> tuple[Identity, Program]:
    """The account and the tier program. Raises RefusedError where either is unknown."""
    with context.book.read() as reading:
        item = find_account(reading, account, source, company)
        known = {name: one.program for name, one in registry.current(reading).items() if one.program.is_tier}
    if program not in known:
        raise RefusedError(
            f"no tier program is called {program!r}", hint=f"there are {', '.join(sorted(known)) or 'none'}"
        )
    return item, known[program]


def _need_reason(reason: str) -> None:
    if not reason.strip():
        raise RefusedError("a decision needs a reason", hint='--reason "..."')


def _batch(context: Context, program: str) -> Any:
    return context.book.batch("tier", actor=context.actor, claim=context.fence, note=program)
