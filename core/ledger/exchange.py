"""Exchange rates by day: what one major unit of a currency is in another, exactly, and where that comes from.

A rate is looked for in this order, and the first way that gives one on the day is taken:

1. a rate stated for the pair;
2. the inverse of a rate stated for the pair the other way round;
3. both rates to one common currency, each found by 1 or 2 (EUR where it will do, else the first by its code).

The day is found by a rule. `document`: the latest rate on or before the day, at most 7 days old. `month_average`: the
mean of the rates dated in the day's month, inverted afterwards where it is. `period_end`: as `document`, for the last
day of the period. Where several providers publish and none is asked for, each day's rate is that of the first by name;
where one published twice for a day, the first by source, company and id of the record counts.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta
from fractions import Fraction
from typing import Literal, NamedTuple

from sqlalchemy import Connection

from core.ledger.masters import current

Rule = Literal["document", "month_average", "period_end"]
OLDEST = timedelta(days=7)
PIVOT = "EUR"


class Rate(NamedTuple):
    """Quote units for one base unit, both major. `on` is the day the rate was published for (of an average the last
    of its days, of two rates the earlier one), `how` is `direct`, `inverse`, or `through` a currency."""

    ratio: Fraction
    on: date
    provider: str
    how: str


class Quoted(NamedTuple):
    """One published rate."""

    base: str
    quote: str
    on: date
    rate: Fraction
    provider: str = ""


class _Day(NamedTuple):
    on: date
    rate: Fraction
    provider: str


class Exchange:
    """Published rates, and what follows from them. Rates that are not above zero are left out."""

    def __init__(self, rates: list[Quoted]) -> None:
        """`rates` in the order in which the first of several for one day counts."""
        self._rates = [item for item in rates if item.rate > 0]
        self._pivots = sorted(
            {code for item in self._rates for code in item[:2]}, key=lambda code: (code != PIVOT, code)
        )
        self._series: dict[str, dict[tuple[str, str], list[_Day]]] = {}
        self._told: dict[tuple[str, str, Rule, str, date], Rate | None] = {}

    @classmethod
    def read(cls, connection: Connection, known_batch: int | None = None) -> Exchange:
        """The rates of the book: now, or as they were known at a batch."""
        rows = sorted(
            current(connection, "exchange_rate", known_batch=known_batch),
            key=lambda row: (row.source, row.company, row.external_id),
        )
        return cls(
            [
                Quoted(
                    row.content["base"],
                    row.content["quote"],
                    date.fromisoformat(row.content["on"]),
                    Fraction(row.content["rate"]),
                    row.content.get("provider", ""),
                )
                for row in rows
            ]
        )

    def ratio(self, base: str, quote: str, day: date, rule: Rule, provider: str, period_end: date) -> Fraction | None:
        """Quote units for one base unit, both major, exactly; None where no rate is known."""
        told = self.told(base, quote, day, rule, provider, period_end)
        return None if told is None else told.ratio

    def told(self, base: str, quote: str, day: date, rule: Rule, provider: str, period_end: date) -> Rate | None:
        """The rate by a rule with its day and source; None where none is known. `period_end` is the last day of the
        calculation period; any provider will do where `provider` is empty."""
        if base == quote:
            return Rate(Fraction(1), day, "", "direct")
        if rule == "period_end":
            day = period_end
        elif rule == "month_average":
            day = day.replace(day=1)
        key = (base, quote, rule, provider, day)
        if key not in self._told:
            self._told[key] = self._stated(*key) or self._through(*key)
        return self._told[key]

    def _stated(self, base: str, quote: str, rule: Rule, provider: str, day: date) -> Rate | None:
        direct = self._found(base, quote, rule, provider, day)
        if direct is not None:
            return Rate(direct.rate, direct.on, direct.provider, "direct")
        inverse = self._found(quote, base, rule, provider, day)
        if inverse is not None:
            return Rate(1 / inverse.rate, inverse.on, inverse.provider, "inverse")
        return None

    def _through(self, base: str, quote: str, rule: Rule, provider: str, day: date) -> Rate | None:
        for pivot in self._pivots:
            if pivot in (base, quote):
                continue
            first = self._stated(base, pivot, rule, provider, day)
            second = self._stated(pivot, quote, rule, provider, day) if first is not None else None
            if first is not None and second is not None:
                names = dict.fromkeys((first.provider, second.provider))
                on = min(first.on, second.on)
                return Rate(first.ratio * second.ratio, on, ", ".join(filter(None, names)), f"through {pivot}")
        return None

    def _found(self, base: str, quote: str, rule: Rule, provider: str, day: date) -> _Day | None:
        days = self._days(provider).get((base, quote), [])
        if rule == "month_average":
            month = [item for item in days if (item.on.year, item.on.month) == (day.year, day.month)]
            if not month:
                return None
            names = sorted({item.provider for item in month if item.provider})
            mean = sum((item.rate for item in month), Fraction(0)) / len(month)
            return _Day(month[-1].on, mean, ", ".join(names))
        place = bisect_right(days, day, key=lambda item: item.on)
        latest = days[place - 1] if place else None
        return latest if latest is not None and day - latest.on <= OLDEST else None

    def _days(self, provider: str) -> dict[tuple[str, str], list[_Day]]:
        """The rates of each pair in the order of their days, one a day."""
        if provider not in self._series:
            wanted = [item for item in self._rates if provider in ("", item.provider)]
            first: dict[tuple[str, str], dict[date, _Day]] = {}
            for item in sorted(wanted, key=lambda item: item.provider):
                days = first.setdefault((item.base, item.quote), {})
                days.setdefault(item.on, _Day(item.on, item.rate, item.provider))
            self._series[provider] = {pair: sorted(days.values()) for pair, days in first.items()}
        return self._series[provider]
