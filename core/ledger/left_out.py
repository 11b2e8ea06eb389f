"""What was left out of an entitlement, and why: lines of the beneficiary that do not count, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection

from core.engine.duck import DuckEngine
from core.engine.leftout import Standings, left_out
from core.explanation import Part, part
from core.ledger.documents import known_documents
from core.ledger.facts import documents_left_out
from core.ledger.setting import Setting
from core.period import day_number

WAITING = ("basis.unit", "currency.lines")
"""Settings by which a line is not left out for good: it waits."""

_WORDS = {
    "program.valid_from": "the program does not run on {detail}",
    "audience.enrolled": "the account is not enrolled on that day",
    "audience.pilot": "the account is not in the {detail} part of the pilot",
    "audience.tiers": "the account has the tier {detail} on that day, which does not take part",
    "basis.returns": "returns do not count",
    "basis.paid": "it is not paid as the program asks ({detail})",
    "basis.unit": "its unit has no ratio to the program's",
    "currency.lines": "it is in {detail} and no exchange rate applies",
    "scope.line_kinds_out": "lines of the kind {detail} do not count",
    "combination.priority": "it counts for {detail}, which goes first",
}


def lines_left_out(
    connection: Connection,
    engine: DuckEngine,
    ground: Setting,
    program: str,
    beneficiary: int,
    period: date,
    standings: Standings | None = None,
    known_batch: int | None = None,
) -> list[dict[str, Any]]:
    """The lines of a beneficiary in a calculation period that do not count, each with its reason, oldest first.

    `setting` is the path of the setting that leaves it out. `standings` are those of the tier
    programs that lines are told apart by.
    """
    found = [
        item
        for index, counter in enumerate(ground.grounds.counters)
        if counter.of == program and counter.role == "paid"
        for item in left_out(
            engine, ground.plan, index, beneficiary, day_number(period), standings=standings, known_batch=known_batch
        )
    ]
    unpaid: dict[int, str] = {}
    if any(item.reason == "basis.paid" for item in found):
        view = next(counter.view for counter in ground.grounds.counters if counter.of == program)
        unpaid = documents_left_out(ground.book, {item.line.account for item in found}, view, known_batch)
    documents = known_documents(connection, {item.line.document for item in found}, known_batch)
    rows = []
    for item in found:
        known = documents.get(item.line.document)
        text = known.lines.get(item.line.line) if known is not None else None
        told = unpaid.get(item.line.document) if item.reason == "basis.paid" else None
        rows.append(
            {
                "document": known.number if known is not None else "?",
                "day": known.day if known is not None else None,
                "line": item.line.line,
                "product": text.product if text is not None else "",
                "net": item.line.net,
                "place": (item.line.document, item.line.line),
                "setting": item.reason,
                "reason": told or words(item.reason, item.detail),
            }
        )
    return sorted(rows, key=lambda row: (str(row["day"]), str(row["document"]), row["line"]))


def words(setting: str, detail: str) -> str:
    """A reason for people."""
    known = _WORDS.get(setting)
    if known is not None:
        return known.format(detail=detail)
    where = setting.rpartition(".")[2]
    if ".exclude." in setting:
        return f"{detail} is excluded by {setting}"
    return f"{detail or 'nothing known'} is none of the {where} the program asks for"


def summary(rows: Sequence[Mapping[str, Any]]) -> list[Part]:
    """How many lines were left out for each reason."""
    counts: dict[str, int] = {}
    for row in rows:
        if row["setting"] not in WAITING:  # told with what waits
            counts[row["reason"]] = counts.get(row["reason"], 0) + 1
    return [part("left_out", lines=count, reason=reason) for reason, count in sorted(counts.items())]
