"""Which record of another system stands for an account of ours: what was decided, batch by batch.

A row is written where the outcome of an account has changed; the latest of each account and target is in force. Rows
hold ids alone. No money depends on them: they say to whom notes and tiers are addressed.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from core.errors import RefusedError
from core.ledger import counterparts
from core.ledger.accounts import Identity, aliases, identities, origins, owner
from core.ledger.acts import record_act
from core.ledger.alarms import close_alarm, open_alarm, open_alarms
from core.ledger.book import Batch
from core.ledger.tables import account_match, act
from core.matching import Before, Outcome, Register, Rule, Said, match, why

ALARM = "account_match"
"""The kind of alarm that asks a person which counterpart an account has."""
DECIDED = "account_match"
"""The kind of act by which a person says so. Its value names target, account, `decision` and counterpart."""
Decision = Literal["matched", "none", "rules"]
"""It is that counterpart, it has none there, or the rules decide again."""


class Matching(NamedTuple):
    """How the accounts of `sources` are matched with those of `target`. `file`: what the mapping file says."""

    target: str
    sources: frozenset[str]
    by: Sequence[Rule]
    ignored_domains: Collection[str] = ()
    file: Mapping[str, tuple[str | None, ...]] = {}


def addresses(connection: Connection, target: str, today: date) -> Mapping[int, str]:
    """The id by which `target` knows each account, by account. Accounts that are not in it have no match there: what
    is to be told of them waits.

    `target` is the name of a connection whose adapter reads records of kind `counterpart`. An account that was merged
    into another one, as of `today`, has the match of that one; where that one has none, the match of the old account
    serves both.
    """
    rows = latest(connection, target)
    matched = {row.account_id: row.counterpart for row in rows.values() if row.state == "matched"}
    known = [alias for alias in aliases(connection) if alias.covers(today)]
    for new in dict.fromkeys(owner(known, alias.old, today) for alias in known):
        members = origins(known, {new})
        former = {matched.pop(member) for member in members if member in matched and member != new}
        own = rows.get(new)
        decided = own is not None and (own.state != "unmatched" or own.rule)
        chosen = matched.get(new) if decided or len(former) != 1 else former.pop()
        if chosen is not None:
            matched.update(dict.fromkeys(members, chosen))
    return matched


def latest(connection: Connection, target: str) -> dict[int, sa.Row[Any]]:
    """The row in force of each account that has any for a target."""
    return _newest(connection, account_match.c.target == target)


def targets(connection: Connection) -> list[str]:
    """The targets that anything was ever matched in."""
    return sorted(connection.execute(sa.select(account_match.c.target).distinct()).scalars())


def outcome(row: sa.Row[Any] | None) -> Outcome:
    """What a row says; without one an account is unmatched."""
    if row is None:
        return Outcome("unmatched")
    candidates = tuple((counterpart, rule) for counterpart, rule in row.candidates)
    return Outcome(row.state, row.counterpart, row.rule, row.reason, candidates, tuple(row.rivals))


def find(connection: Connection, matching: Matching, today: date) -> dict[int, Outcome]:
    """The outcome of every account of the sources, from what the book knows now. Merged accounts have none."""
    ours = counterparts.our_accounts(connection, matching.sources, today)
    theirs = [item for item, _ in counterparts.counterparts(connection, matching.target).values()]
    decided = _decisions(connection, matching.target)
    person = {
        account_id: row.value["counterpart"] for account_id, row in decided.items() if row.value["decision"] != "rules"
    }
    before = _before(connection, matching.target, decided)
    return match(ours, theirs, matching.by, matching.ignored_domains, Said(person, matching.file), before)


def changes(connection: Connection, target: str, found: Mapping[int, Outcome]) -> dict[int, Outcome]:
    """The outcomes that differ from what is in force. Accounts that are matched no longer become unmatched."""
    rows = latest(connection, target)
    wanted = {**dict.fromkeys(rows, Outcome("unmatched")), **found}
    return {account_id: new for account_id, new in sorted(wanted.items()) if new != outcome(rows.get(account_id))}


def keep(batch: Batch, target: str, changed: Mapping[int, Outcome]) -> None:
    """Write what has changed. What only a person can tell opens an alarm; what is solved closes it."""
    first = batch.next_id("account_match", len(changed)) if changed else 0
    batch.add(
        account_match,
        [
            {"id": number, "target": target, "account_id": account_id, **_values(new)}
            for number, (account_id, new) in enumerate(changed.items(), first)
        ],
    )
    asked = {account_id: new for account_id, new in changed.items() if new.state in ("ambiguous", "stale")}
    named = {*asked, *(rival for new in asked.values() for rival in new.rivals)}
    names = {key: item.external_id for key, item in identities(batch.connection).items() if key in named}
    alarmed = {row.subject for row in open_alarms(batch.connection) if row.kind == ALARM}
    for account_id, new in changed.items():
        subject = _subject(target, account_id)
        if account_id in asked:
            open_alarm(batch, ALARM, subject, _question(target, names, account_id, new), account_id)
        elif subject in alarmed:
            close_alarm(batch, ALARM, subject, f"{new.state} {new.counterpart or ''}".strip())


def decide(
    batch: Batch, target: str, account: Identity, decision: Decision, counterpart: str | None, reason: str, today: date
) -> None:
    """Record what a person says of an account. Raises RefusedError for an account that was merged into another, and
    for a counterpart that is not there or was merged."""
    became = counterparts.merged_away(batch.connection, today).get(account.account_id)
    if became is not None:
        name = identities(batch.connection, [became])[became].external_id
        raise RefusedError(f"{account.external_id} was merged into {name}", hint=f"match {name}: it stands for both")
    if counterpart is not None:
        _need(batch.connection, target, counterpart)
    value = {
        "target": target,
        "account": account.external_id,
        "source": account.source,
        "company": account.company,
        "decision": decision,
        "counterpart": counterpart,
    }
    record_act(batch, DECIDED, _subject(target, account.account_id), value, reason)


def _need(connection: Connection, target: str, counterpart: str) -> None:
    register = Register(item for item, _ in counterparts.counterparts(connection, target).values())
    if counterpart in register.active:
        return
    survivors = register.survivors(counterpart)
    if survivors:
        raise RefusedError(f"{counterpart} was merged into {', '.join(survivors)} in {target}", hint="match that one")
    raise RefusedError(
        f"{target} has no account {counterpart} in use, as far as it was read",
        hint=f"check the id; `rebated pull {target}` reads what is new there",
    )


def _subject(target: str, account_id: int) -> str:
    return f"{target}:{account_id}"


def _values(new: Outcome) -> dict[str, Any]:
    return {
        "state": new.state,
        "counterpart": new.counterpart,
        "rule": new.rule,
        "reason": new.reason,
        "candidates": [list(candidate) for candidate in new.candidates],
        "rivals": list(new.rivals),
    }


def _question(target: str, names: Mapping[int, str], account_id: int, new: Outcome) -> str:
    account, more = shlex.quote(names[account_id]), f"--target {target} --reason …"
    return (
        f"account {names[account_id]} has no certain match in {target}: {why(new, names)}. Nothing is told there about "
        f"it until `rebated account match {account} COUNTERPART {more}` or `rebated account unmatch {account} {more}`"
    )


def _newest(connection: Connection, *where: sa.ColumnElement[bool]) -> dict[int, sa.Row[Any]]:
    table = account_match.c
    newest = sa.select(sa.func.max(table.id)).where(*where).group_by(table.account_id)
    return {row.account_id: row for row in connection.execute(sa.select(account_match).where(table.id.in_(newest)))}


def _decisions(connection: Connection, target: str) -> dict[int, sa.Row[Any]]:
    """The last act of a person about each account."""
    newest = sa.select(sa.func.max(act.c.id)).where(act.c.kind == DECIDED).group_by(act.c.subject)
    rows = connection.execute(sa.select(act).where(act.c.id.in_(newest)))
    return {int(row.subject.rpartition(":")[2]): row for row in rows if row.value["target"] == target}


def _before(connection: Connection, target: str, decided: Mapping[int, sa.Row[Any]]) -> dict[int, Before]:
    """The last match of each account, as long as nobody has said since that the rules decide again."""
    rows = _newest(connection, account_match.c.target == target, account_match.c.state != "ambiguous")
    return {
        account_id: Before(row.counterpart, row.rule, row.reason == "merged")
        for account_id, row in rows.items()
        if row.counterpart is not None and (account_id not in decided or row.batch >= decided[account_id].batch)
    }
