"""Amounts of invoice lines and their taxes, in Decimal, rounded half up to the currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.helpers.odoo_server.session import Session
from tests.helpers.odoo_server.store import Record

HUNDRED = Decimal(100)


@dataclass(slots=True)
class LineAmounts:
    """`taxes` are amounts by tax id, rounded only where the company rounds per line; `stated` is the unrounded price of
    a line that holds its taxes."""

    subtotal: Decimal
    total: Decimal
    taxes: dict[int, Decimal] = field(default_factory=dict)
    stated: Decimal | None = None


def exact(value: Any) -> Decimal:
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value or 0)


def rounded(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def digits_of(session: Session, currency: int) -> int:
    places = session.one("res.currency", currency)["decimal_places"]
    return int(places)


def flat(session: Session, taxes: Sequence[int]) -> list[Record]:
    """The taxes in their order, groups replaced by what they hold."""
    found: list[Record] = []
    for one in sorted((session.one("account.tax", one) for one in taxes), key=lambda tax: (tax["sequence"], tax["id"])):
        children = one.get("children_tax_ids") or []
        own = [{**one, "price_include": is_included(one)}]
        found.extend(flat(session, children) if one["amount_type"] == "group" else own)
    return found


def is_included(tax: Record) -> bool:
    """Whether prices hold the tax: said by a choice of its own from 18 on."""
    if "price_include_override" in tax:
        return bool(tax["price_include_override"] == "tax_included")
    return bool(tax.get("price_include"))


def line_amounts(session: Session, line: Mapping[str, Any], digits: int, *, per_line: bool) -> LineAmounts:
    """Subtotal without and total with tax of one line."""
    price = exact(line.get("price_unit")) * (1 - exact(line.get("discount")) / HUNDRED)
    quantity = exact(line.get("quantity"))
    amount = price * quantity
    if per_line:
        amount = rounded(amount, digits)
    taxes = flat(session, line.get("tax_ids") or [])
    base = _without_included(amount, quantity, taxes)
    included = any(tax.get("price_include") for tax in taxes)
    if included and per_line:
        base = rounded(base, digits)
    parts: dict[int, Decimal] = {}
    reach = base
    for tax in taxes:
        part = _part(tax, reach, quantity)
        parts[tax["id"]] = rounded(part, digits) if per_line else part
        if tax.get("include_base_amount"):
            reach += part
    whole = rounded(base, digits) + sum((rounded(part, digits) for part in parts.values()), Decimal(0))
    if included and all(tax.get("price_include") for tax in taxes):
        whole = rounded(amount, digits)
        if per_line and len(parts) == 1:
            parts = {one: whole - rounded(base, digits) for one in parts}
    stated = amount if included and not per_line else None
    return LineAmounts(rounded(base, digits), whole, parts, stated)


def shortfall(lines: Sequence[LineAmounts], digits: int) -> Decimal:
    """What the booked net amounts need, so that lines whose prices hold their taxes come to the sum of the prices."""
    stated = [line for line in lines if line.stated is not None]
    taxes: dict[int, Decimal] = {}
    for line in stated:
        for one, amount in line.taxes.items():
            taxes[one] = taxes.get(one, Decimal(0)) + amount
    prices = rounded(sum((line.stated or Decimal(0) for line in stated), Decimal(0)), digits)
    booked = sum((line.subtotal for line in stated), Decimal(0))
    return prices - booked - sum((rounded(amount, digits) for amount in taxes.values()), Decimal(0))


def _part(tax: Record, base: Decimal, quantity: Decimal) -> Decimal:
    rate = exact(tax["amount"])
    if tax["amount_type"] == "fixed":
        return rate * quantity
    if tax["amount_type"] == "division":
        return base / (1 - rate / HUNDRED) - base
    return base * rate / HUNDRED


def _without_included(amount: Decimal, quantity: Decimal, taxes: Sequence[Record]) -> Decimal:
    """Take the taxes that stand in the price out of it."""
    share, fixed = Decimal(1), Decimal(0)
    for tax in taxes:
        if tax.get("price_include"):
            if tax["amount_type"] == "fixed":
                fixed += exact(tax["amount"]) * quantity
            elif tax["amount_type"] == "division":
                share += 1 / (1 - exact(tax["amount"]) / HUNDRED) - 1
            else:
                share += exact(tax["amount"]) / HUNDRED
    return (amount - fixed) / share


def mapped(session: Session, position: int | None, taxes: Sequence[int]) -> list[int]:
    """The taxes a fiscal position puts in the place of these; one it maps to nothing falls away."""
    rules = session.find("account.fiscal.position", position).get("tax_map") or {}
    found: list[int] = []
    for one in taxes:
        found.extend(rules.get(str(one), [one]))
    return found


def position_for(session: Session, partner: Record, company: int) -> int | None:
    """The fiscal position of the partner: its own, or the first that detects it by country and tax id."""
    if not partner:
        return None
    if own := partner.get("property_account_position_id"):
        return int(own)
    positions = [
        one
        for one in session.store.table("account.fiscal.position").values()
        if one.get("auto_apply") and one.get("active") and one["company_id"] == company
    ]
    for one in sorted(positions, key=lambda one: (one["sequence"], one["id"])):
        countries = one.get("countries") or []
        if one.get("vat_required") and not partner.get("vat"):
            continue
        if not countries or partner.get("country_id") in countries:
            return int(one["id"])
    return None
