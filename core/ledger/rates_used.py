"""The exchange rates an entitlement rests on: each with its day, who published it, and how it was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection

from core.explanation import Part, part
from core.ledger.exchange import Exchange
from core.ledger.freezing import FrozenExchange, frozen_rates
from core.ledger.setting import Setting
from core.money import divide
from core.programs import Program

_DIGITS = 10
"""After the point, of a rate that has no end."""


def rates_used(
    connection: Connection,
    ground: Setting,
    program: Program,
    lines: Sequence[Mapping[str, Any]],
    period_last: date,
    known_batch: int | None = None,
) -> list[dict[str, Any]]:
    """The rates that lines (as `evidence_lines` tells them) in other currencies were converted by, oldest first.

    `rate` is text: the exact ratio, quote units for one base unit.
    """
    own, rule = program.program.currency, program.currency
    days = sorted({(row["currency"], row["day"]) for row in lines if row["currency"] not in ("", own) and row["day"]})
    if not days or program.basis.measure not in ("net", "gross"):
        return []
    present = Exchange.read(connection, known_batch)
    rates: Exchange | FrozenExchange = frozen_rates(connection, [program], ground.modes, present, known_batch).get(
        program.id, present
    )
    end = min(period_last, ground.as_of)
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for currency, day in days:
        told = rates.told(currency, own, day, rule.date, rule.provider, end)
        if told is not None:
            key = (currency, *told)
            row = found.setdefault(
                key,
                {
                    "currency": currency,
                    "rate": str(told.ratio),
                    "on": told.on,
                    "provider": told.provider,
                    "how": told.how,
                    "days": 0,
                },
            )
            row["days"] += 1
    return list(found.values())


def rate_parts(program: Program, rates: Sequence[Mapping[str, Any]]) -> list[Part]:
    """One sentence for each rate."""
    return [
        part(
            "rate.from" if row["provider"] else "rate",
            currency=row["currency"],
            own=program.program.currency,
            rate=_decimal(Fraction(row["rate"])),
            day=row["on"],
            provider=row["provider"],
            how=row["how"],
        )
        for row in rates
    ]


def _decimal(ratio: Fraction) -> Decimal:
    return Decimal(divide(ratio.numerator * 10**_DIGITS, ratio.denominator)).scaleb(-_DIGITS)
