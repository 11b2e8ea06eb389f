"""Tiers that somebody has decided: acts in the book, each with the days it holds for and the reason."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from core.ledger.acts import record_act
from core.ledger.book import Batch
from core.ledger.tables import act
from core.period import FOREVER, day_number
from core.programs import Program
from core.tiers import Override

KIND = "tier_override"


class Decision(NamedTuple):
    """One act: the level an account has on the days from the first to the last one, whatever it has earned.

    `level` None ends what was decided before, from `first` on. Of acts about one day the later one holds.
    """

    program: str
    account_id: int
    level: str | None
    first: date
    last: date
    reason: str
    actor: str


def decide(batch: Batch, program: str, account_id: int, level: str, first: date, last: date, reason: str) -> None:
    """Record that an account has a level from one day through another, by the batch's actor."""
    value = {"level": level, "from": first.isoformat(), "until": last.isoformat()}
    record_act(batch, KIND, f"{program}/{account_id}", value, reason)


def release(batch: Batch, program: str, account_id: int, first: date, reason: str) -> None:
    """Record that what an account has earned holds again from a day on, by the batch's actor."""
    value = {"level": None, "from": first.isoformat(), "until": None}
    record_act(batch, KIND, f"{program}/{account_id}", value, reason)


def decisions(connection: Connection, known_batch: int | None = None) -> dict[tuple[str, int], list[Decision]]:
    """Every act by program and account, in the order they were recorded; with `known_batch` those known then."""
    query = sa.select(act).where(act.c.kind == KIND).order_by(act.c.id)
    if known_batch is not None:
        query = query.where(act.c.batch <= known_batch)
    found: dict[tuple[str, int], list[Decision]] = {}
    for row in connection.execute(query):
        program, _, account_id = row.subject.rpartition("/")
        value = row.value
        last = date.fromisoformat(value["until"]) if value["until"] else FOREVER
        decision = Decision(
            program, int(account_id), value["level"], date.fromisoformat(value["from"]), last, row.reason, row.actor
        )
        found.setdefault((program, int(account_id)), []).append(decision)
    return found


def overrides(
    connection: Connection, programs: Iterable[Program], known_batch: int | None = None
) -> dict[tuple[str, int], list[Override]]:
    """The decisions by tier program and account as timelines take them.

    A level that a program has no more is passed over.
    """
    names = {
        program.id: {level.name: i for i, level in enumerate(program.status.levels)}
        for program in programs
        if program.status is not None
    }
    return {
        key: [
            Override(day_number(item.first), day_number(item.last), None if item.level is None else levels[item.level])
            for item in decided
            if item.level is None or item.level in levels
        ]
        for key, decided in decisions(connection, known_batch).items()
        if (levels := names.get(key[0])) is not None
    }


def standing_decision(decided: list[Decision], day: date) -> Decision | None:
    """The decision that holds on a day; None where what was earned does."""
    for item in reversed(decided):
        if item.first <= day <= item.last:
            return item if item.level is not None else None
    return None
