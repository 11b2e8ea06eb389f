"""Tax of settlements: which tax codes an amount belongs to, and the tax each code gives.

An entitlement is net. It is split over the tax codes of the documents it was earned on, and a settlement carries the
cumulative split less what was settled under each code: a rate that changed inside the period shows both rates. Amounts
are minor units, rates millionths. Pure functions. (design.md section 5, tax; EU VAT directive Art. 90; German UStG
§ 17(4), which asks for the split on the document)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from core.money import RATE_EXPONENT, Rounding, divide, largest_remainder


class TaxCode(NamedTuple):
    """One tax code of one issuing entity and registration; rate in millionths."""

    entity: str
    registration: str
    category: str
    rate: int
    currency: str


class TaxLine(NamedTuple):
    """One tax code of a document: net and tax in minor units."""

    code: int
    net: int
    tax: int


def open_split(
    amount: int, split: Mapping[int, int], settled: Mapping[int, int], others: Mapping[int, int] | None = None
) -> dict[int, int]:
    """The open `amount` by tax code: the cumulative `split` less what was `settled` under each code.

    What the codes do not account for (opening balances, adjustments, waivers) follows the cumulative split. Where
    nothing was ever earned or settled under any code it follows `others`, the split of the whole document. Raises
    ValueError where there is an amount and no code at all.
    """
    shape = split if split or settled else others or {}
    codes = sorted({*shape, *settled})
    parts = {code: split.get(code, 0) - settled.get(code, 0) for code in codes}
    rest = amount - sum(parts.values())
    if rest:
        if not codes:
            raise ValueError("an amount is open that was never earned under any tax code")
        weights = [abs(shape.get(code, 0)) for code in codes]
        for code, part in zip(codes, largest_remainder(rest, weights), strict=True):
            parts[code] += part
    return {code: part for code, part in parts.items() if part}


def under_lowest_rate(split: Mapping[int, int], codes: Mapping[int, TaxCode]) -> dict[int, int]:
    """The split with everything taxed moved under the lowest rate of its entity, registration and category.

    What bears no tax (exempt, reverse charge, zero rated, outside the scope) stays under its own code.
    """
    lowest: dict[tuple[str, str, str, str], int] = {}
    for code in sorted(split, key=lambda code: (codes[code].rate, code)):
        if codes[code].rate:
            lowest.setdefault(_kind(codes[code]), code)
    found: dict[int, int] = {}
    for code, amount in split.items():
        chosen = lowest[_kind(codes[code])] if codes[code].rate else code
        found[chosen] = found.get(chosen, 0) + amount
    return found


def _kind(code: TaxCode) -> tuple[str, str, str, str]:
    return code.entity, code.registration, code.category, code.currency


def of_one_sign(parts: Sequence[Mapping[int, int]]) -> list[dict[int, int]]:
    """The parts of a document for a target that takes no lines of both signs.

    Only codes whose total has the sign of the whole document stay; the others wait for a later document.
    """
    totals: dict[int, int] = {}
    for taxes in parts:
        for code, amount in taxes.items():
            totals[code] = totals.get(code, 0) + amount
    sign = -1 if sum(totals.values()) < 0 else 1
    return [{code: amount for code, amount in taxes.items() if totals[code] * sign > 0} for taxes in parts]


def tax_lines(
    parts: Sequence[Mapping[int, int]],
    codes: Mapping[int, TaxCode],
    rounding: Rounding = "half_away_from_zero",
    *,
    taxed: bool = True,
) -> list[TaxLine]:
    """The document's net by tax code, with the tax each gives: rounded once per code, so that the lines add up.

    `taxed` is False for what bears no tax of ours: a service the customer invoices.
    """
    nets: dict[int, int] = {}
    for taxes in parts:
        for code, amount in taxes.items():
            nets[code] = nets.get(code, 0) + amount
    ordered = sorted((code for code, net in nets.items() if net), key=lambda code: codes[code])
    return [
        TaxLine(code, nets[code], divide(nets[code] * codes[code].rate * taxed, 10**RATE_EXPONENT, rounding))
        for code in ordered
    ]
