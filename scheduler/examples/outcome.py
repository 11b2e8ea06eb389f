"""What came of an example, in major units and by the names the example uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from core.ledger import entitlements, postings, registry, standings
from core.ledger.accounts import identities
from core.ledger.explaining import explain_entitlement
from core.ledger.facts import tax_codes
from core.ledger.proposals import Stored
from core.ledger.setting import setting
from core.money import major, percent_text
from core.programs import Program
from core.tax import TaxCode
from scheduler.examples.stage import Play


@dataclass(slots=True)
class Earned:
    """What one account or group earned in one calculation period. `stored` is the entitlement it was read from."""

    account: str
    period: str
    currency: str
    amount: Decimal
    accrued: Decimal
    level: str
    shares: dict[str, Decimal]
    taxes: dict[str, Decimal]
    waiting: tuple[str, ...]
    stored: entitlements.Stored


@dataclass(slots=True)
class Document:
    """A document that is proposed: amounts are positive, those of a debit invoice too."""

    account: str
    period: str
    kind: str
    currency: str
    net: Decimal
    tax: Decimal
    taxes: dict[str, Decimal]
    state: str


@dataclass(slots=True)
class Outcome:
    """Everything one program earned and proposes, and the tier of each account where it gives tiers."""

    earned: list[Earned] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    tiers: dict[str, str] = field(default_factory=dict)


def read_outcome(play: Play, program: Program) -> Outcome:
    """What the book holds of a program."""
    with play.book.read() as connection:
        names = {account_id: found.external_id for account_id, found in identities(connection).items()}
        if program.is_tier:
            found = standings.latest(connection, "live", program.id)
            return Outcome(tiers={names[account]: row.tier for (_, account), row in found.items()})
        codes = tax_codes(connection)
        levels = _levels(connection, program)
        accrued: dict[tuple[int, str, str], int] = {}
        for key, balance in postings.balances(connection, "live", program.id).items():
            place = key.beneficiary, key.period, key.currency
            accrued[place] = accrued.get(place, 0) + balance.accrued
        return Outcome(
            [
                _earned(stored, program, names, codes, levels, accrued)
                for stored in entitlements.latest(connection, "live", program.id)
            ],
            [_document(item) for item in play.proposed(connection) if item.program == program.id],
        )


def sentences(play: Play, program: Program, item: Earned, as_of: date) -> list[str]:
    """How the amount came about, as `rebated explain` tells it."""
    ground = setting(play.book, as_of, horizon=play.engine.horizon())
    with play.book.read() as connection:
        return list(explain_entitlement(connection, play.engine, ground, item.stored)["sentences"])


def tax_name(category: str, rate: int) -> str:
    """`S 19` for the standard category at a rate of 190000 millionths."""
    return f"{category} {percent_text(rate)}"


def _levels(connection: Connection, program: Program) -> tuple[str, ...]:
    """Names of the levels the program tells apart, by their numbers."""
    registered = registry.current(connection)
    for need in program.tier_needs:
        status = registered[need].program.status
        if status is not None:
            return tuple(level.name for level in status.levels)
    return ()


def _earned(
    stored: entitlements.Stored,
    program: Program,
    names: Mapping[int, str],
    codes: Mapping[int, TaxCode],
    levels: tuple[str, ...],
    accrued: Mapping[tuple[int, str, str], int],
) -> Earned:
    shares: dict[str, int] = {}
    taxes: dict[str, int] = {}
    for cell, part in zip(stored.cells, stored.parts, strict=True):
        payee, code = names[cell.payee], codes[cell.tax]
        shares[payee] = shares.get(payee, 0) + part
        label = tax_name(code.category, code.rate)
        taxes[label] = taxes.get(label, 0) + part
    currency = stored.currency
    return Earned(
        account=names[stored.beneficiary],
        period=program.calendar.of(stored.period).label,
        currency=currency,
        amount=major(stored.amount, currency),
        accrued=major(accrued.get((stored.beneficiary, stored.period.isoformat(), currency), 0), currency),
        level=levels[stored.level] if 0 <= stored.level < len(levels) else "",
        shares={name: major(amount, currency) for name, amount in shares.items()},
        taxes={name: major(amount, currency) for name, amount in taxes.items() if amount},
        waiting=tuple(stored.waiting),
        stored=stored,
    )


def _document(item: Stored) -> Document:
    content: Mapping[str, Any] = item.content
    kind = str(content.get("kind", "credit_note"))
    sign = -1 if kind == "debit_invoice" else 1
    taxes: dict[str, int] = {}
    for line in content["lines"]:
        label = tax_name(line["category"], line["rate"])
        taxes[label] = taxes.get(label, 0) + sign * line["net"]
    return Document(
        account=str(content["payee"]),
        period=item.period_label,
        kind=kind,
        currency=item.currency,
        net=major(sign * item.net, item.currency),
        tax=major(sign * item.tax, item.currency),
        taxes={name: major(amount, item.currency) for name, amount in taxes.items()},
        state=item.state,
    )
