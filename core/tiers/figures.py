"""What a tier program measures in, so that people read amounts, quantities and orders as such."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from core.money import QUANTITY_EXPONENT, exponent, plain_number
from core.programs import Program
from core.programs.basis import COUNTED


class Figures(NamedTuple):
    """The unit of a measure, and the digits after the point of its smallest part."""

    unit: str
    digits: int
    is_money: bool

    def text(self, value: int) -> str:
        """Plain text for machines: `-1234.50` of money, `1.5` of a quantity."""
        number = Decimal(value).scaleb(-self.digits)
        return f"{number:f}" if self.is_money else plain_number(number)

    def shown(self, value: int) -> str:
        """For people: `1,234.50 EUR`, `1,500.5 kg`, `12 orders`."""
        return f"{Decimal(self.text(value)):,f} {self.unit}"


def figures(program: Program) -> Figures:
    """What the measure of a program is in."""
    basis = program.basis
    if basis.measure in COUNTED:
        return Figures(basis.measure, 0, is_money=False)
    if basis.measure == "quantity":
        return Figures(basis.unit or "units", QUANTITY_EXPONENT, is_money=False)
    return Figures(program.program.currency, exponent(program.program.currency), is_money=True)
