"""The way from a cent back to the invoice lines: proposal, entitlement, version, band, rounding, lines.

Everything is recomputed from what the book keeps and compared with what was posted, so an explanation that does not
give the amount says so.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from core.engine.duck import DuckEngine
from core.entitlement import Side, compile_rule, entitle
from core.errors import RefusedError
from core.explanation import explain_parts, sentences
from core.ledger import entitlements, moves, proposals, registry
from core.ledger.accounts import identities
from core.ledger.accruals import Setting, level_names
from core.ledger.facts import tax_codes
from core.ledger.masters import profiles
from core.ledger.tables import (
    batch,
    effect,
    entitlement,
    line,
    posting,
    posting_transaction,
    receipt,
    record,
    record_version,
)
from core.money import percent_text
from core.period import day_number
from core.posting import component_amount


def find_proposal(connection: Connection, key: str) -> proposals.Stored:
    """The latest proposal under a key, live or in shadow. Raises RefusedError where there is none."""
    try:
        return proposals.by_key(connection, key)
    except RefusedError:
        return proposals.by_key(connection, key, "shadow")


def explain_proposal(
    connection: Connection, engine: DuckEngine, ground: Setting, item: proposals.Stored
) -> dict[str, Any]:
    """A credit note or proposal, as plain data."""
    names = profiles(connection)
    kept = connection.execute(sa.select(receipt).where(receipt.c.key == item.key)).one_or_none()
    return {
        "key": item.key,
        "state": item.state,
        "book": item.book,
        "account": item.content["payee"],
        "name": names[item.payee].name,
        "entity": item.entity,
        "text": item.content["text"],
        "period": item.period_label,
        "currency": item.currency,
        "net": item.net,
        "tax": item.tax,
        "lines": item.content["lines"],
        "alarms": item.content["alarms"],
        "incomplete": item.content["incomplete"],
        "receipt": {"remote_id": kept.remote_id, "number": kept.number, "learned": kept.learned} if kept else None,
        "life": [
            {"at": row.at, "state": row.state, "actor": row.actor, "reason": row.reason}
            for row in proposals.life(connection, item)
        ],
        "parts": [
            {
                "kind": row.kind,
                "amount": row.amount,
                "reason": row.reason,
                "entitlement": (
                    explain_entitlement(connection, engine, ground, entitlements.by_id(connection, row.entitlement_id))
                    if row.entitlement_id is not None
                    else None
                ),
            }
            for row in proposals.parts(connection, [item.id])[item.id]
        ],
    }


def explain_entitlement(
    connection: Connection, engine: DuckEngine, ground: Setting, stored: entitlements.Stored
) -> dict[str, Any]:
    """One entitlement: inputs, band, formula with numbers, rounding, the split by tax code, and the lines."""
    program = registry.by_hash(connection, stored.definition)
    rule = compile_rule(program, level_names(ground, program))
    period = program.calendar.of(stored.period)
    codes = tax_codes(connection)
    names = profiles(connection)
    again = entitle(rule, stored.cells, Side(level=stored.level))
    calculation = explain_parts(rule, stored.cells, Side(level=stored.level))
    split: dict[int, dict[str, int]] = {}
    for cell, part in zip(stored.cells, stored.parts, strict=True):
        sums = split.setdefault(cell.tax, {"measure": 0, "net": 0, "amount": 0})
        sums["measure"] += cell.measure
        sums["net"] += cell.net
        sums["amount"] += part
    return {
        "program": program.id,
        "name": program.program.name,
        "version": program.program.version,
        "definition": stored.definition,
        "account": names[stored.beneficiary].external_id,
        "period": period.label,
        "period_start": period.start,
        "period_last": period.last,
        "currency": stored.currency,
        "measure_of": program.basis.measure,
        "accumulate": program.basis.accumulate,
        "tier": rule.levels[stored.level] if 0 <= stored.level < len(rule.levels) else None,
        "amount": stored.amount,
        "agrees": again.amount == stored.amount and again.parts == stored.parts,
        "calculation": calculation,
        "sentences": sentences(calculation, program.basis.measure),
        "taxes": [
            {
                "entity": codes[code].entity,
                "category": codes[code].category,
                "percent": percent_text(codes[code].rate),
                **sums,
            }
            for code, sums in sorted(split.items(), key=lambda pair: codes[pair[0]])
        ],
        "waiting": stored.waiting,
        "transfers": transfers(connection, stored),
        "lines": evidence_lines(connection, engine, ground, program.id, stored.beneficiary, period.start, stored.batch),
    }


def transfers(connection: Connection, stored: entitlements.Stored) -> list[dict[str, Any]]:
    """What went over from or to the key of an entitlement when accounts were merged, oldest first."""
    table, head = posting.c, posting_transaction.c
    query = (
        sa.select(head.id, head.reference, head.reason, batch.c.actor, batch.c.at, table.component, table.beneficiary)
        .add_columns(table.amount)
        .join(posting_transaction, head.id == table.transaction_id)
        .join(batch, batch.c.seq == head.batch)
        .where(
            head.kind == "transfer",
            table.book == sa.select(entitlement.c.book).where(entitlement.c.id == stored.id).scalar_subquery(),
            table.program == stored.program,
            table.beneficiary == stored.beneficiary,
            table.period == stored.period,
        )
        .order_by(head.id, table.number)
    )
    found: dict[int, dict[str, Any]] = {}
    for row in connection.execute(query):
        if row.id not in found:
            old, new = moves.pair(row.reference)
            names = identities(connection, (old, new))
            found[row.id] = {
                "transaction": row.id,
                "at": row.at,
                "actor": row.actor,
                "reason": row.reason,
                "from": names[old].external_id,
                "to": names[new].external_id,
                "amounts": {},
            }
        sign = 1 if row.beneficiary == moves.pair(row.reference)[1] else -1
        amounts = found[row.id]["amounts"]
        moved = sign * component_amount(row.component, row.amount)
        amounts[row.component] = amounts.get(row.component, 0) + moved
    return list(found.values())


def evidence_lines(
    connection: Connection,
    engine: DuckEngine,
    ground: Setting,
    program: str,
    account: int,
    period: date,
    known_batch: int | None = None,
) -> list[dict[str, Any]]:
    """The invoice lines behind an entitlement, as they were known when it was computed, oldest first."""
    index = ground.plan.index.get(program)
    if index is None:
        return []
    found = engine.evidence(ground.plan, index, account, day_number(period), known_batch=known_batch)
    documents = _documents(connection, {item.document for item in found}, known_batch)
    rows = []
    for item in found:
        number, day, lines = documents.get(item.document, ("?", None, {}))
        text = lines.get(item.line)
        rows.append(
            {
                "document": number,
                "day": day,
                "line": item.line,
                "product": text.product if text is not None else "",
                "description": text.description if text is not None else "",
                "measure": item.measure,
                "net": item.net,
            }
        )
    return sorted(rows, key=lambda row: (str(row["day"]), str(row["document"]), row["line"]))


def _documents(
    connection: Connection, record_ids: set[int], known_batch: int | None
) -> dict[int, tuple[str, date | None, dict[int, Any]]]:
    """Number, day and lines of documents, in the version that counted at a batch."""
    found: dict[int, tuple[str, date | None, dict[int, Any]]] = {}
    wanted = sorted(record_ids)
    for start in range(0, len(wanted), 500):
        ids = wanted[start : start + 500]
        where = [effect.c.record_id.in_(ids), effect.c.sign == 1]
        if known_batch is not None:
            where.append(effect.c.batch <= known_batch)
        newest = sa.select(sa.func.max(effect.c.id)).where(*where).group_by(effect.c.record_id)
        query = (
            sa.select(
                record.c.id, record_version.c.id.label("version"), record_version.c.day, record_version.c.content,
                record.c.external_id,
            )
            .join(effect, effect.c.record_id == record.c.id)
            .join(record_version, record_version.c.id == effect.c.version_id)
            .where(effect.c.id.in_(newest))
        )  # fmt: skip
        versions = {}
        for row in connection.execute(query):
            found[row.id] = (row.content.get("number", row.external_id), row.day, {})
            versions[row.version] = row.id
        for text in connection.execute(sa.select(line).where(line.c.version_id.in_(list(versions)))):
            found[versions[text.version_id]][2][text.number] = text
    return found


def find_accrual(connection: Connection, reference: str, accounts: dict[str, int]) -> entitlements.Stored:
    """The entitlement `program/account/period` (such as annual-bonus/C-1001/2026), or that of a transaction number.

    Raises RefusedError where there is none, with what is there.
    """
    if reference.isdigit():
        return _by_transaction(connection, int(reference))
    program, _, rest = reference.partition("/")
    account, _, label = rest.rpartition("/")
    if not account:
        raise RefusedError(
            f"{reference!r} is neither a key (RB-…), nor a transaction number, nor program/account/period",
            hint="such as annual-bonus/C-1001/2026",
        )
    found = registry.current(connection)
    if program not in found:
        raise RefusedError(f"no program is called {program!r}; there are: {', '.join(sorted(found)) or 'none'}")
    if account not in accounts:
        raise RefusedError(f"no account is called {account!r}")
    calendar = found[program].program.calendar
    labels = []
    for book in ("live", "shadow"):
        for stored in entitlements.latest(connection, book, program, accounts[account]):
            name = calendar.of(stored.period).label
            if name == label:
                return stored
            labels.append(name)
    raise RefusedError(
        f"{program} has no entitlement of {account} for {label!r}", hint=f"there are: {', '.join(labels) or 'none'}"
    )


def _by_transaction(connection: Connection, transaction_id: int) -> entitlements.Stored:
    row = connection.execute(
        sa.select(posting, posting_transaction.c.kind)
        .join(posting_transaction, posting_transaction.c.id == posting.c.transaction_id)
        .where(posting.c.transaction_id == transaction_id)
        .order_by(posting.c.number.desc())  # where accounts were merged, the last side is that of the new one
        .limit(1)
    ).one_or_none()
    if row is None:
        raise RefusedError(f"there is no transaction {transaction_id}")
    table = entitlement.c
    found = connection.execute(
        sa.select(table.id)
        .where(
            table.book == row.book,
            table.program == row.program,
            table.beneficiary == row.beneficiary,
            table.period == row.period,
            table.batch <= row.batch,
        )
        .order_by(table.id.desc())
        .limit(1)
    ).scalar()
    if found is None:
        raise RefusedError(f"transaction {transaction_id} is a {row.kind} without an entitlement of ours")
    return entitlements.by_id(connection, found)
