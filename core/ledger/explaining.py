"""The way from a cent back to the invoice lines: proposal, entitlement, version, band, rounding, lines.

Everything is recomputed from what the book keeps and compared with what was posted, so an explanation that does not
give the amount says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from core.cells import measure_of, net_of
from core.engine import sides
from core.engine.duck import DuckEngine
from core.entitlement import entitle, entitle_by_currency
from core.explanation import Part, explain_parts, narrative, part, told
from core.explanation.bands import exact
from core.explanation.narrative import limit_parts, waiting_parts
from core.ledger import entitlements, moves, proposals, registry
from core.ledger.accounts import identities
from core.ledger.evidence import counted_lines, evidence_lines
from core.ledger.facts import tax_codes
from core.ledger.left_out import WAITING, lines_left_out, summary
from core.ledger.masters import profiles
from core.ledger.overrides import decisions, standing_decision
from core.ledger.owing import rule_of
from core.ledger.rates_used import rate_parts, rates_used
from core.ledger.setting import Setting
from core.ledger.tables import batch, entitlement, posting, posting_transaction, receipt
from core.ledger.tiering import tier_timelines
from core.money import divide, major, percent_text
from core.period import FOREVER, day_date, day_number
from core.posting import component_amount
from core.programs import COUNTED, Program
from core.rules import Rule
from core.scales import Number
from core.tax import TaxCode
from core.tiers import Standing, tier_day


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
    """One entitlement: inputs, band, formula with numbers, rounding, limits, the split by tax code, and the lines.

    `narrative` holds the sentences as parts for whoever translates them, `sentences` are the same in English.
    """
    program = registry.by_hash(connection, stored.definition)
    rule = rule_of(ground.registered, program)
    period = program.calendar.of(stored.period)
    codes = tax_codes(connection)
    names = profiles(connection)
    calculation = explain_parts(rule, stored.cells, stored.side)
    counted_as = ground.counted_as(program.id, stored.definition)
    standings = _standings(engine, ground, counted_as)
    where = (engine, ground, counted_as, stored.beneficiary, period.start)
    out = lines_left_out(connection, *where, standings, stored.batch)
    without = {row["place"] for row in out if row["setting"] in (*WAITING, "audience.tiers")}
    lines = evidence_lines(connection, counted_lines(*where, stored.batch, without, standings), stored.batch)
    rates = rates_used(connection, ground, program, lines, period.last, stored.batch)
    parts = (
        _decided(connection, ground, program, stored)
        + _parts(program, stored, calculation)
        + rate_parts(program, rates)
        + summary(out)
    )
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
        "agrees": _agrees(rule, program, stored, codes),
        "calculation": calculation,
        "narrative": parts,
        "sentences": told(parts),
        "taxes": [
            {
                "entity": codes[code].entity,
                "category": codes[code].category,
                "percent": percent_text(codes[code].rate),
                **sums,
            }
            for code, sums in sorted(_by_tax(program, stored).items(), key=lambda pair: codes[pair[0]])
        ],
        "waiting": stored.waiting,
        "transfers": transfers(connection, stored),
        "rates": rates,
        "lines": lines,
        "left_out": out,
    }


def _decided(connection: Connection, ground: Setting, program: Program, stored: entitlements.Stored) -> list[Part]:
    """Who decided the tier that counts, where nobody earned it."""
    day = tier_day(program, day_number(stored.period))
    if program.tier is None or day is None:
        return []
    acts = decisions(connection, stored.batch).get((program.tier.program, stored.beneficiary), [])
    found = standing_decision(acts, min(day_date(day), ground.as_of))
    if found is None:
        return []
    until = {} if found.last == FOREVER else {"last": found.last}
    return [
        part(
            "tier.decided.until" if until else "tier.decided",
            level=found.level,
            actor=found.actor,
            first=found.first,
            reason=found.reason,
            **until,
        )
    ]


def _by_tax(program: Program, stored: entitlements.Stored) -> dict[int, dict[str, int]]:
    """Measure, net and share of the entitlement by tax code. What was converted is rounded, to be shown."""
    money = program.basis.measure not in ("quantity", *COUNTED)
    exactly: dict[int, list[Number]] = {}
    for cell, amount in zip(stored.cells, stored.parts, strict=True):
        sums = exactly.setdefault(cell.tax, [0, 0, 0])
        for i, value in enumerate((measure_of(cell), net_of(cell, money=money), amount)):
            sums[i] += value
    return {
        code: {
            name: divide(value.numerator, value.denominator)
            for name, value in zip(("measure", "net", "amount"), sums, strict=True)
        }
        for code, sums in exactly.items()
    }


def _standings(engine: DuckEngine, ground: Setting, counted_as: str) -> dict[str, dict[int, list[Standing]]]:
    """The standings of each tier program that the lines of a program are told apart by."""
    givers = {
        ground.plan.programs[giver].id
        for index, counter in enumerate(ground.grounds.counters)
        if counter.of == counted_as and counter.role == "paid"
        for giver in ground.plan.givers(index)
    }
    return {name: tier_timelines(engine, ground, ground.registered[name].program) for name in sorted(givers)}


def _parts(program: Program, stored: entitlements.Stored, calculation: dict[str, Any]) -> list[Part]:
    """Everything that is said about an entitlement, in order."""
    currency = program.program.currency
    found = narrative(calculation)
    joined = stored.base.get("joined")
    if joined is not None and stored.side.baseline is not None:
        digits = sides.digits(program.basis.measure, currency)
        place = next((i for i, item in enumerate(found) if item["id"].startswith("baseline.")), len(found))
        values = {
            "day": date.fromisoformat(joined),
            "before": exact(Fraction(stored.base["before"]), digits),
            "after": exact(stored.side.baseline, digits),
            "days": stored.base["days"],
            "whole": stored.base["whole"],
            "unit": calculation["unit"],
        }
        found.insert(place, part("baseline.joiner", **values))
    steps = [(kind, major(before, currency), major(after, currency)) for kind, before, after in stored.limits]
    found += limit_parts(steps, currency)
    if program.currency.payout == "invoice":
        found.append(part("payout.invoice", amount=major(stored.amount, stored.currency), currency=stored.currency))
    return found + waiting_parts(stored.waiting)


def _agrees(rule: Rule, program: Program, stored: entitlements.Stored, codes: Mapping[int, TaxCode]) -> bool:
    """Whether the computation gives what stands in the book."""
    if program.currency.payout == "invoice":
        by_tax = {tax: code.currency for tax, code in codes.items()}
        found = entitle_by_currency(rule, stored.cells, by_tax, stored.side).get(stored.currency)
        own = [
            part for cell, part in zip(stored.cells, stored.parts, strict=True) if by_tax[cell.tax] == stored.currency
        ]
        return found is not None and (found.amount, found.parts) == (stored.amount, own)
    again = entitle(rule, stored.cells, stored.side)
    if stored.limits:
        before, after = stored.limits[0].before, stored.limits[-1].after
        return (again.amount, stored.amount, sum(stored.parts)) == (before, after, after)
    return (again.amount, again.parts) == (stored.amount, stored.parts)


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
