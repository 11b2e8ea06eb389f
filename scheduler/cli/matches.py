"""`rebated account matches`, `match`, `unmatch`: which account of a CRM stands for which of ours."""

from __future__ import annotations

from typing import Annotated, Any

import sqlalchemy as sa
import typer

from core.errors import RefusedError
from core.ledger import accounts, counterparts
from core.ledger import matches as kept
from core.ledger.accounts import Identity
from core.ledger.masters import profiles
from core.ledger.matches import Decision
from core.matching import Outcome, why
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
from scheduler.steps import matching

STATES = ("matched", "ambiguous", "stale", "unmatched")
AccountArgument = Annotated[str, typer.Argument(help="The id of our account.")]
TargetOption = Annotated[
    str | None, typer.Option("--target", help="The connection it is matched in, where there are several.")
]


def matches(
    config: ConfigOption = DEFAULT_CONFIG,
    target: TargetOption = None,
    state: Annotated[
        str | None, typer.Option("--state", help="Only those matched, ambiguous, stale or unmatched.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List accounts with the accounts of a CRM that stand for them: by what, or why there is none.

    Examples: rebated account matches · rebated account matches --state ambiguous
    """
    if state is not None and state not in STATES:
        raise typer.BadParameter(f"{state!r} is none of {', '.join(STATES)}")
    rows: list[dict[str, Any]] = []
    with session(config, create=False, quiet=as_json) as context, context.book.read() as reading:
        wanted = matching.targets(context) if target is None else [matching.the_target(context, target)]
        for name in wanted:
            rows += [row for row in _rows(context, reading, name) if state in (None, row["state"])]
    if as_json:
        print_json(rows)
        return
    columns = ("account", "name", "target", "counterpart", "name there", "by", "state", "why")
    shown_rows = [
        tuple(row[name] for name in ("account", "name", "target", "counterpart", "called", "by", "state", "why"))
        for row in rows
    ]
    out.print(table(counted(len(rows), "account"), [(name, "") for name in columns], shown_rows))


def _rows(context: Context, reading: sa.Connection, target: str) -> list[dict[str, Any]]:
    """The accounts that are matched in a target, as they stand in the book."""
    sources = matching.sources(context, reading, target)
    merged, own = counterparts.merged_away(reading, context.as_of), accounts.identities(reading)
    there, latest = counterparts.counterparts(reading, target), kept.latest(reading, target)
    names = {account_id: item.external_id for account_id, item in own.items()}
    found = []
    for account_id, profile in sorted(profiles(reading).items(), key=lambda pair: own[pair[0]][1:]):
        if account_id in merged or profile.source not in sources or profile.source == accounts.GROUPS:
            continue
        outcome = kept.outcome(latest.get(account_id))
        found.append(
            {
                "account": profile.external_id,
                "source": profile.source,
                "company": profile.company,
                "name": profile.name,
                "target": target,
                "counterpart": outcome.counterpart,
                "called": there[outcome.counterpart][1] if outcome.counterpart in there else "",
                "by": outcome.rule,
                "state": outcome.state,
                "why": why(outcome, names),
                "candidates": [
                    {"counterpart": one, "by": rule, "called": there[one][1] if one in there else ""}
                    for one, rule in outcome.candidates
                ],
                "rivals": [names[rival] for rival in outcome.rivals],
            }
        )
    return found


def of_account(reading: sa.Connection, account_id: int) -> list[dict[str, Any]]:
    """What one account is in each system it was ever matched in."""
    names = {key: item.external_id for key, item in accounts.identities(reading).items()}
    found = []
    for target in kept.targets(reading):
        outcome = kept.outcome(kept.latest(reading, target).get(account_id))
        row = {"target": target, "state": outcome.state, "counterpart": outcome.counterpart, "by": outcome.rule}
        found.append({**row, "why": why(outcome, names)})
    return found


def match(
    account: AccountArgument,
    counterpart: Annotated[str, typer.Argument(help="The id of its account in the CRM.")],
    reason: ReasonOption,
    config: ConfigOption = DEFAULT_CONFIG,
    target: TargetOption = None,
    source: SourceOption = None,
    company: CompanyOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Say which account of the CRM stands for ACCOUNT; this wins over every rule and over the mapping file.

    Example: rebated account match C-1001 7312044 --reason "same address, asked sales"
    """
    _decide(account, "matched", counterpart.strip(), reason, config, target, source, company, dry_run)


def unmatch(
    account: AccountArgument,
    reason: ReasonOption,
    config: ConfigOption = DEFAULT_CONFIG,
    by_rules: Annotated[
        bool, typer.Option("--by-rules", help="Forget what a person said and what was matched: the rules decide again.")
    ] = False,
    target: TargetOption = None,
    source: SourceOption = None,
    company: CompanyOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Say that ACCOUNT has no account in the CRM: nothing is told there about it.

    Examples: rebated account unmatch C-1001 --reason "a private person" · rebated account unmatch C-1001 --by-rules
    --reason "the CRM is right now"
    """
    decision: Decision = "rules" if by_rules else "none"
    _decide(account, decision, None, reason, config, target, source, company, dry_run)


def _decide(
    account: str,
    decision: Decision,
    counterpart: str | None,
    reason: str,
    config: ConfigOption,
    target: str | None,
    source: str | None,
    company: str | None,
    dry_run: bool,
) -> None:
    with writing(config, dry_run=dry_run) as context:
        place = matching.the_target(context, target)
        with context.book.batch(
            "account", actor=context.actor, claim=context.fence, note=f"{account} {place}"
        ) as batch:
            item = accounts.find_account(batch.connection, account, source, company)
            if item.source not in matching.sources(context, batch.connection, place):
                raise RefusedError(
                    f"accounts of {item.source} are not matched in {place}",
                    hint=f"connections.{place}.matching.accounts_from says whose are",
                )
            kept.decide(batch, place, item, decision, counterpart, reason, context.as_of)
            changed = matching.match_again(context, batch, place)
            now = kept.outcome(kept.latest(batch.connection, place).get(item.account_id))
            names = {key: one.external_id for key, one in accounts.identities(batch.connection).items()}
    _tell(item, place, now, changed, names)


def _tell(item: Identity, target: str, now: Outcome, changed: dict[int, Outcome], names: dict[int, str]) -> None:
    found = f" with {now.counterpart}" if now.state == "matched" else ""
    reason = why(now, names)
    say(f"{item.external_id} is {now.state}{found} in {target}" + (f": {reason}" if reason else ""))
    for account_id, other in changed.items():
        if account_id != item.account_id:
            reason = why(other, names)
            say(f"{names[account_id]} is {other.state} now" + (f": {reason}" if reason else ""), "yellow")


def add_to(app: typer.Typer) -> None:
    app.command()(matches)
    app.command()(match)
    app.command()(unmatch)
