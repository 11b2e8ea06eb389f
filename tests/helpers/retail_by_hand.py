"""What the programs of `tests.helpers.retail` give, computed in plain Python from the Parquet file.

Shares nothing with the product: its own reading, rounding, bands, tiers and carrying. Amounts are pence.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

OUT = {"POST", "DOT", "C2", "C3", "AMAZONFEE", "BANK CHARGES", "S", "M", "m", "ADJUST", "ADJUST2", "B"}
"""Freight, fees, manual and bad-debt lines: in no program."""
YEAR_BANDS = [(600_000, Fraction(1, 100)), (1_500_000, Fraction(175, 10_000)), (4_000_000, Fraction(3, 100))]
FAMILY_BANDS = [(300_000, Fraction(2, 100)), (600_000, Fraction(35, 1000)), (1_200_000, Fraction(5, 100))]
TIERS = [("bronze", 0), ("silver", 300_000), ("gold", 1_000_000)]
CASHBACK = {"bronze": Fraction(0), "silver": Fraction(5, 1000), "gold": Fraction(125, 10_000)}
TIER_MONTHS = 3
Amounts = dict[tuple[str, str, str], int]
"""Pence by (program, account, label of the period)."""


class Row(NamedTuple):
    """A line of a document."""

    code: str
    pence: int


@dataclass
class Document:
    """The rows of one number. `heads` are the (customer, instant, country) its rows state."""

    rows: list[Row] = field(default_factory=list)
    heads: set[tuple[int | None, datetime, str]] = field(default_factory=set)

    @property
    def contradicts_itself(self) -> bool:
        return len(self.heads) > 1

    @property
    def account(self) -> str:
        customer = next(iter(self.heads))[0]
        return "" if customer is None else str(customer)

    @property
    def day(self) -> date:
        (day,) = {instant.date() for _, instant, _ in self.heads}
        return day


def pence(amount: Decimal) -> int:
    """Pounds to pence, half away from zero."""
    return int((amount * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def rounded(exact: Fraction) -> int:
    """Half away from zero."""
    whole, rest = divmod(abs(exact.numerator), exact.denominator)
    whole += 2 * rest >= exact.denominator
    return whole if exact >= 0 else -whole


def year(day: date) -> str:
    return str(day.year)


def quarter(day: date) -> str:
    return f"{day.year}-Q{(day.month + 2) // 3}"


class ByHand:
    """The file, and what it gives."""

    def __init__(self, path: Path) -> None:
        table = pq.read_table(path)
        columns = ("invoice_no", "stock_code", "quantity", "unit_price", "customer_id", "invoice_at", "country")
        self.documents: dict[str, Document] = defaultdict(Document)
        for number, code, quantity, price, *head in zip(
            *(table.column(name).to_pylist() for name in columns), strict=True
        ):
            document = self.documents[number]
            document.rows.append(Row(code, pence(quantity * price)))
            document.heads.add(tuple(head))

    @cached_property
    def contradictory(self) -> dict[str, Document]:
        return {number: found for number, found in self.documents.items() if found.contradicts_itself}

    @cached_property
    def parked(self) -> dict[str, Document]:
        return {
            number: found
            for number, found in self.documents.items()
            if not found.contradicts_itself and not found.account
        }

    @cached_property
    def counted(self) -> list[Document]:
        return [found for found in self.documents.values() if not found.contradicts_itself and found.account]

    @cached_property
    def accounts(self) -> set[str]:
        return {found.account for found in self.counted}

    @cached_property
    def buyers(self) -> set[str]:
        """Accounts with a line that counts."""
        return {found.account for found in self.counted if any(row.code not in OUT for row in found.rows)}

    @cached_property
    def bases(self) -> Amounts:
        """The measure of each period of the year bonus and the family rebate."""
        sums: Amounts = defaultdict(int)
        for document in self.counted:
            for row in document.rows:
                if row.code in OUT:
                    continue
                sums["year-bonus", document.account, year(document.day)] += row.pence
                if row.code.startswith(("22", "21")):
                    sums["family-quarter", document.account, quarter(document.day)] += row.pence
        return dict(sums)

    @cached_property
    def months(self) -> dict[tuple[str, int], int]:
        """What each account bought in each month, for its tier."""
        sums: dict[tuple[str, int], int] = defaultdict(int)
        for document in self.counted:
            month = document.day.year * 12 + document.day.month
            sums[document.account, month] += sum(row.pence for row in document.rows if row.code not in OUT)
        return dict(sums)

    def tier(self, account: str, day: date) -> str:
        """The tier at the start of a day: by the whole months before its month."""
        month = day.year * 12 + day.month
        bought = sum(self.months.get((account, month - back), 0) for back in range(1, TIER_MONTHS + 1))
        return [name for name, bound in TIERS if bought >= bound or not bound][-1]

    @cached_property
    def entitlements(self) -> Amounts:
        """What every account earns, zeros left out."""
        found: Amounts = defaultdict(int)
        for (program, account, label), measure in self.bases.items():
            earn = _retrospective if program == "year-bonus" else _marginal
            found[program, account, label] = rounded(earn(measure))
        for document in self.counted:
            measure = sum(row.pence for row in document.rows if row.code not in OUT)
            rate = CASHBACK[self.tier(document.account, document.day)]
            found["club-cashback", document.account, quarter(document.day)] += rounded(measure * rate)
        return {key: amount for key, amount in found.items() if amount}

    @cached_property
    def credit_notes(self) -> Amounts:
        """What is credited: what is owed back waits until the same program owes more than that."""
        found: Amounts = {}
        carried: dict[tuple[str, str], int] = defaultdict(int)
        for program, account, label in sorted(self.entitlements):
            owner = program, account
            carried[owner] += self.entitlements[program, account, label]
            if carried[owner] > 0:
                found[program, account, label] = carried.pop(owner)
        return found


def _retrospective(measure: int) -> Fraction:
    reached = [rate for bound, rate in YEAR_BANDS if measure >= bound]
    return measure * reached[-1] if reached else Fraction(0)


def _marginal(measure: int) -> Fraction:
    ends = [bound for bound, _ in FAMILY_BANDS[1:]] + [max(measure, 10**12)]
    slices = zip(FAMILY_BANDS, ends, strict=True)
    return sum((max(0, min(measure, end) - bound) * rate for (bound, rate), end in slices), Fraction(0))
