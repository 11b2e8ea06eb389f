"""`rebated replay`: what would have been computed with what was known at an earlier moment, and why it differs now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import typer

from core.errors import RefusedError
from core.ledger.columns import utc_now
from core.ledger.facts import account_facts, sync_facts
from core.ledger.masters import Profile, profiles
from core.ledger.replay import Difference, LineDifference, Replay, batch_at, compare, replay
from core.ledger.setting import views
from core.money import QUANTITY_EXPONENT, plain_number
from scheduler.cli.common import (
    DEFAULT_CONFIG,
    AsOfOption,
    ConfigOption,
    JsonOption,
    amount,
    day,
    money,
    out,
    print_json,
    say,
    table,
)
from scheduler.config import load_config
from scheduler.context import opened_to_rehearse, rehearsed

_LINES_SHOWN = 20
_MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
KnownOption = Annotated[
    datetime,
    typer.Option("--known-on", formats=_MOMENTS, help="As known at this moment (UTC); a day: at its end."),
]
AgainstOption = Annotated[
    datetime | None,
    typer.Option("--against", formats=_MOMENTS, help="Compare with what was known at this moment (UTC)."),
]


def replay_command(
    known_on: KnownOption,
    against: AgainstOption = None,
    now: Annotated[bool, typer.Option("--against-now", help="Compare with what is known now.")] = False,
    program: Annotated[list[str] | None, typer.Option("--program", "-p", help="Only these programs.")] = None,
    account: Annotated[str, typer.Option("--account", help="Only this account.")] = "",
    as_of: AsOfOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    all_lines: Annotated[bool, typer.Option("--all-lines", help="Every line that differs.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Compute again with what was known then, and tell line by line what has changed since. Nothing is written.

    Examples: rebated replay --known-on 2026-03-31 · rebated replay --known-on 2026-03-31 --against-now --account C-1001
    """
    if against is not None and now:
        raise RefusedError("--against and --against-now ask for two different things", hint="give one of them")
    loaded = load_config(config)
    with opened_to_rehearse(loaded, as_of=day(as_of)) as context, rehearsed(context), ExitStack() as engines:
        with context.book.read() as reading:
            names = profiles(reading)
            then = batch_at(reading, _moment(known_on))
            later = batch_at(reading, utc_now() if against is None else _moment(against))
            wanted = views(reading, None, then, later)
            asked = [key for key, item in names.items() if item.external_id == account]
        if account and not asked:
            raise RefusedError(f"no account is called {account!r}")
        only = frozenset(asked)
        sync_facts(context.book, context.engine, context.fence, wanted)

        def known(moment: int) -> Replay:
            engine = engines.enter_context(account_facts(context.book, None, wanted, moment))
            return replay(context.book, engine, context.as_of, moment, program)

        first = known(then)
        if against is None and not now:
            rows = _amounts(first, names, only)
            print_json(rows) if as_json else _show_amounts(rows, first)
            return
        second = known(later)
        with context.book.read() as reading:
            found = [item for item in compare(reading, first, second) if not only or item.place.beneficiary in only]
    if as_json:
        print_json([_told(item, names) for item in found])
    else:
        _show_differences(found, names, first, second, all_lines)


def _moment(given: datetime) -> datetime:
    """A day means its end."""
    if given.hour == given.minute == given.second == 0:
        given = given.replace(hour=23, minute=59, second=59, microsecond=999_999)
    return given.replace(tzinfo=UTC)


def _amounts(found: Replay, names: Mapping[int, Profile], only: frozenset[int]) -> list[dict[str, Any]]:
    return [
        {
            "program": place.program,
            "account": names[place.beneficiary].external_id,
            "period": item.program.calendar.of(place.period).label,
            "currency": place.currency,
            "amount": item.result.amount,
            "version": item.program.program.version,
            "tier": item.tier,
            "waiting": item.result.waiting,
        }
        for place, item in sorted(found.found.items(), key=lambda pair: pair[0])
        if not only or place.beneficiary in only
    ]


def _show_amounts(rows: Sequence[Mapping[str, Any]], found: Replay) -> None:
    columns = [("program", ""), ("account", ""), ("period", ""), ("version", ""), ("tier", ""), ("earned", "right")]
    cells = [
        (
            row["program"],
            row["account"],
            row["period"],
            row["version"],
            row["tier"],
            money(row["amount"], row["currency"]),
        )
        for row in rows
    ]
    out.print(table(f"As known at batch {found.known_batch}, as of {found.ground.as_of}", columns, cells))


def _told(item: Difference, names: Mapping[int, Profile]) -> dict[str, Any]:
    place = item.place
    return {
        "program": place.program,
        "account": names[place.beneficiary].external_id,
        "period": _label(item),
        "currency": place.currency,
        "before": item.before.result.amount if item.before else None,
        "after": item.after.result.amount if item.after else None,
        "reasons": item.reasons,
        "lines": item.lines,
    }


def _label(item: Difference) -> str:
    known = item.after or item.before
    return known.program.calendar.of(item.place.period).label if known else ""


def _show_differences(
    found: Sequence[Difference], names: Mapping[int, Profile], first: Replay, second: Replay, all_lines: bool
) -> None:
    say(
        f"Known at batch {first.known_batch} against batch {second.known_batch}, both as of {first.ground.as_of}",
        "bold",
    )
    if not found:
        say("No amount differs.")
    for item in found:
        place = item.place
        before = item.before.result.amount if item.before else 0
        after = item.after.result.amount if item.after else 0
        amounts = (money(minor, place.currency) for minor in (before, after, after - before))
        who = f"{place.program}/{names[place.beneficiary].external_id}/{_label(item)}"
        say("{}: {} then, {} now: {}".format(who, *amounts), "bold")
        for reason in item.reasons:
            say(f"  {reason}")
        _show_lines(item, all_lines)


def _show_lines(item: Difference, all_lines: bool) -> None:
    known = item.after or item.before
    if not item.lines or known is None:
        return
    shown = item.lines if all_lines else item.lines[:_LINES_SHOWN]
    quantity = known.program.basis.measure == "quantity"

    def measure(value: int | None) -> str:
        if value is None:
            return "-"
        return _quantity(value) if quantity else amount(value, item.place.currency)

    columns = [("day", ""), ("document", ""), ("line", "right"), ("product", ""), ("then", "right"), ("now", "right")]
    rows = [_row(line, measure(line.before), measure(line.after)) for line in shown]
    out.print(table("", [*columns, ("why", "")], rows))
    if len(shown) < len(item.lines):
        say(f"… and {len(item.lines) - len(shown)} more: --all-lines")


def _row(line: LineDifference, before: str, after: str) -> tuple[str, ...]:
    return (str(line.day or ""), line.document, str(line.line), line.product, before, after, line.reason)


def _quantity(value: int) -> str:
    return plain_number(Decimal(value).scaleb(-QUANTITY_EXPONENT))


def add_to(app: typer.Typer) -> None:
    app.command("replay")(replay_command)
