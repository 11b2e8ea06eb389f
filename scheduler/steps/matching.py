"""Matching: which record of a CRM stands for which account, after every pull. No money depends on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from core.errors import RebatedError, RefusedError
from core.ledger import matches
from core.ledger.accounts import GROUPS
from core.ledger.book import Batch
from core.ledger.matches import Matching
from core.ledger.tables import account_identity
from core.matching import Outcome
from scheduler.context import Context, log
from scheduler.mapping_file import read_mapping


@dataclass(slots=True)
class Matched:
    """What is matched in one target: accounts in each state, and how many changed. `notes` tell what to look at,
    `failure` why nothing was matched; what was matched before stays."""

    target: str
    matched: int = 0
    ambiguous: int = 0
    stale: int = 0
    unmatched: int = 0
    changed: int = 0
    notes: list[str] = field(default_factory=list)
    failure: str = ""
    hint: str = ""


def match_accounts(context: Context) -> list[Matched]:
    """Match our accounts with those of every target. One that fails does not stop the others, nor the run."""
    results = []
    for target in targets(context):
        try:
            with context.book.read() as reading:
                matching = settings(context, reading, target)
                found = matches.find(reading, matching, context.as_of)
                changed = matches.changes(reading, target, found)
                notes = _unknown(reading, matching)
            if changed:
                with context.book.batch(
                    "matching", actor=context.actor, claim=context.fence, run=context.run_id, note=target
                ) as batch:
                    matches.keep(batch, target, changed)
            results.append(_told(target, found, len(changed), notes))
        except RebatedError as error:
            results.append(Matched(target, failure=error.message, hint=error.hint or ""))
            log.error("matching failed", target=target, error=error.message, run=context.run_id)
    return results


def match_again(context: Context, batch: Batch, target: str) -> dict[int, Outcome]:
    """Match one target anew after a person's decision, in its batch. Returns what has changed."""
    found = matches.find(batch.connection, settings(context, batch.connection, target), context.as_of)
    changed = matches.changes(batch.connection, target, found)
    matches.keep(batch, target, changed)
    return changed


def targets(context: Context) -> list[str]:
    """The connections that tell accounts as they know them."""
    return [name for name in context.config.connections if "counterpart" in context.adapter(name).capabilities.reads]


def the_target(context: Context, wanted: str | None) -> str:
    """The target a person means. Raises RefusedError where there is none such, or it has to be said which."""
    there = targets(context)
    if wanted is None and len(there) == 1:
        return there[0]
    if wanted in there:
        return wanted
    names = ", ".join(there) or "none"
    what = "several connections have accounts to match" if wanted is None and there else "no such connection to match"
    raise RefusedError(f"{what}: there are {names}", hint="--target names a connection that reads counterpart records")


def settings(context: Context, reading: sa.Connection, target: str) -> Matching:
    """How a target is matched, as the configuration and its mapping file say. Raises ConfigError."""
    section = context.config.connections[target].matching
    file = read_mapping(context.config.place(section.file)) if section.file is not None else {}
    return Matching(target, sources(context, reading, target), section.by, section.ignored_domains, file)


def sources(context: Context, reading: sa.Connection, target: str) -> frozenset[str]:
    """The connections whose accounts are matched in a target: those stated, else all others that have any."""
    stated = context.config.connections[target].matching.accounts_from
    known = reading.execute(sa.select(account_identity.c.source).distinct()).scalars()
    return frozenset(stated or (name for name in known if name not in (target, GROUPS)))


def _unknown(reading: sa.Connection, matching: Matching) -> list[str]:
    """What the mapping file says of accounts that there are none of: slips of the pen, or customers still to come."""
    if not matching.file:
        return []
    table = account_identity.c
    known = set(reading.execute(sa.select(table.external_id).where(table.source.in_(matching.sources))).scalars())
    unknown = sorted(name for name in matching.file if name not in known)
    if not unknown:
        return []
    some = ", ".join(unknown[:5]) + (" and others" if len(unknown) > 5 else "")
    return [f"the mapping file names accounts that are not known: {some}"]


def _told(target: str, found: Mapping[int, Outcome], changed: int, notes: list[str]) -> Matched:
    counts = Counter(outcome.state for outcome in found.values())
    return Matched(target, counts["matched"], counts["ambiguous"], counts["stale"], counts["unmatched"], changed, notes)
