"""Evidence: the invoice lines behind an entitlement."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection

from core.engine.duck import DuckEngine, Evidence
from core.engine.leftout import Standings
from core.ledger.documents import known_documents
from core.ledger.setting import Setting
from core.period import day_number


def counted_lines(
    engine: DuckEngine,
    ground: Setting,
    program: str,
    beneficiary: int,
    period: date,
    known_batch: int | None = None,
    without: Collection[tuple[int, int]] = (),
    standings: Standings | None = None,
) -> list[Evidence]:
    """The lines that stand behind an entitlement in the engine, as known at a batch.

    `without` are (document, line) that stand there and wait, or do not count for their tier. `standings` are those of
    the tier programs that lines are told apart by.
    """
    tiers = [
        (ground.plan.index[giver], account, item.start, item.end, item.level)
        for giver, held in (standings or {}).items()
        for account, items in held.items()
        for item in items
    ]
    return [
        item
        for index, counter in enumerate(ground.grounds.counters)
        if counter.of == program and counter.role == "paid"
        for item in engine.evidence(
            ground.plan, index, beneficiary, day_number(period), standings=tiers, known_batch=known_batch
        )
        if (item.document, item.line) not in without
    ]


def evidence_lines(
    connection: Connection, found: Sequence[Evidence], known_batch: int | None = None
) -> list[dict[str, Any]]:
    """Counted lines for people, oldest first. Amounts are minor units of the line's own `currency`."""
    documents = known_documents(connection, {item.document for item in found}, known_batch)
    rows = []
    for item in found:
        known = documents.get(item.document)
        text = known.lines.get(item.line) if known is not None else None
        rows.append(
            {
                "document": known.number if known is not None else "?",
                "day": known.day if known is not None else None,
                "line": item.line,
                "product": text.product if text is not None else "",
                "description": text.description if text is not None else "",
                "currency": known.currency if known is not None else "",
                "measure": item.measure,
                "net": item.net,
            }
        )
    return sorted(rows, key=lambda row: (str(row["day"]), str(row["document"]), row["line"]))
