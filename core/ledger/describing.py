"""The content of a proposal: everything an approver signs, and nothing that changes by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from core import __version__
from core.ledger.owing import Ground, Owed
from core.ledger.proposals import PartRow
from core.ledger.registry import Registered
from core.ledger.tables import record
from core.money import Rounding
from core.programs import Program
from core.settlement import Draft
from core.tax import TaxCode, tax_lines

DEBIT = "it is a debit invoice: the customer has to pay"


def rows_of(item: Draft) -> list[PartRow]:
    """A draft as the parts of a proposal."""
    parts = [PartRow("entitlement", part.key, part.amount, dict(part.taxes), part.entitlement_id, "")
             for part in item.parts]  # fmt: skip
    changes = [PartRow("adjustment", change.key, change.amount, dict(change.taxes), None, change.reason)
               for change in item.adjustments]  # fmt: skip
    return parts + changes


def describe(
    connection: Connection,
    ground: Ground,
    item: Registered,
    made: Draft,
    debt: Owed,
    incomplete: Sequence[str],
) -> dict[str, Any]:
    """The content of a proposal. What most have not is left out, so that theirs stays as it was."""
    program = item.program
    rows = rows_of(made)
    left_out = [part.left_out for part in made.parts] + [0] * len(made.adjustments)
    others = sorted({row.key.program for row in rows} - {program.id})
    return {
        **({"kind": made.kind} if made.kind != "credit_note" else {}),
        "program": program.id,
        "text": program.settlement.text or program.program.name,
        **({"texts": program.settlement.texts} if program.settlement.texts else {}),
        "payee": ground.names[made.payee].external_id,
        "entity": made.entity,
        "period": made.settlement.label,
        "period_start": made.settlement.start,
        "period_last": made.settlement.end - timedelta(days=1),
        "currency": made.currency,
        "sequence": made.sequence,
        **lines_of(rows, ground.taxes, program.program.rounding, made.kind),
        "parts": [
            {
                "kind": row.kind,
                **({"program": row.key.program} if row.key.program != program.id else {}),
                "beneficiary": ground.names[row.key.beneficiary].external_id,
                "period": row.key.period,
                "amount": row.amount,
                **({"left_out": waits} if waits else {}),
                "reason": row.reason,
            }
            for row, waits in zip(rows, left_out, strict=True)
        ],
        "base": made.base,
        "incomplete": list(incomplete),
        "alarms": _alarms(ground, program, made),
        "rests_on": {
            "definition": item.hash,
            **({"others": {name: ground.registered[name].hash for name in others}} if others else {}),
            "entitlements": sorted(debt.hashes[row.entitlement_id][:16] for row in rows if row.entitlement_id),
            "engine": __version__.rpartition(".")[0],
        },
        **_original(connection, made, debt),
    }


def lines_of(rows: Sequence[PartRow], taxes: Mapping[int, TaxCode], rounding: Rounding, kind: str) -> dict[str, Any]:
    """Net, tax and the lines by tax code of a document. A service bears no tax of ours: the customer invoices it."""
    lines = tax_lines([row.taxes for row in rows], taxes, rounding, taxed=kind != "service")
    return {
        "net": sum(line.net for line in lines),
        "tax": sum(line.tax for line in lines),
        "lines": [
            {
                "category": taxes[line.code].category,
                "rate": taxes[line.code].rate,
                "registration": taxes[line.code].registration,
                "code": line.code,
                "net": line.net,
                "tax": line.tax,
            }
            for line in lines
        ],
    }


def _original(connection: Connection, made: Draft, debt: Owed) -> dict[str, str]:
    """The source's id of the invoice a settlement pays for, where it is one alone."""
    paid_for = set().union(*(debt.documents.get(part.entitlement_id, ()) for part in made.parts))
    if len(paid_for) != 1:
        return {}
    query = sa.select(record.c.external_id).where(record.c.id.in_(paid_for), record.c.kind == "invoice")
    found = connection.execute(query).scalar_one_or_none()
    return {} if found is None else {"original": found}


def _alarms(ground: Ground, program: Program, made: Draft) -> list[str]:
    limits, found, net = ground.limits, [], made.net
    if made.kind == "debit_invoice":
        found.append(DEBIT)
    if made.base > 0 and net * 100 > made.base * limits.percent_of_base:
        found.append(f"more than {limits.percent_of_base} % of the base it rests on")
    book = ground.mode(program).book
    before = [entry for entry in ground.settled.get((book, made.payee), ()) if entry.period < made.settlement.start]
    same = [entry for entry in before if entry.program == program.id and entry.net > 0]
    if same and net > same[-1].net * limits.times_last_period:
        found.append(f"more than {limits.times_last_period} times the last one ({same[-1].key})")
    if limits.first_for_account and not before:
        found.append("the account's first credit note")
    return found
