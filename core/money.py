"""Exact money: the only module that turns text into amounts, and the one place where amounts are rounded.

Amounts are integers in minor units of their currency (ISO 4217 exponent: EUR 2, JPY 0, KWD 3).
Rates are an integer numerator over a power of ten. No float enters or leaves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Context, Decimal, Inexact, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from core.errors import DataError

if TYPE_CHECKING:
    from numpy import int64
    from numpy.typing import NDArray

Rounding = Literal["half_away_from_zero", "half_even"]

# ISO 4217 active codes by exponent; codes of exponent 2 are listed so that unknown ones are recognised.
_TWO = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP"
    " CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR"
    " IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN"
    " NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP"
    " STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
)
_EXPONENTS: dict[str, int] = dict.fromkeys(_TWO.split(), 2)
_EXPONENTS.update(dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0))
_EXPONENTS.update(dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3))
_EXPONENTS.update({"CLF": 4, "UYW": 4})

QUANTITY_EXPONENT = 6
"""Quantities are integers in 10^-6 of their unit."""

RATE_EXPONENT = 6
"""Tax rates are integers in 10^-6: 20 % is 200000."""

MAX_MINOR = 10**15
"""No amount and no quantity is larger than this, so that sums stay within 64 bits."""
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)\Z", re.ASCII)


def is_currency(code: str) -> bool:
    """Whether `code` is an ISO 4217 currency we know the exponent of."""
    return code in _EXPONENTS


def exponent(currency: str) -> int:
    """Digits after the point of the currency's minor unit; 2 for a code ISO 4217 does not know."""
    return _EXPONENTS.get(currency, 2)


def parse_decimal(value: object, *, decimal_sign: str = ".", path: str = "") -> Decimal:
    """An exact Decimal from text, int or Decimal. Grouping signs are not guessed.

    Raises DataError `not_a_number` for anything else: floats, NaN, infinities, exponents, grouping.
    """
    if isinstance(value, Decimal):
        if value.is_finite():
            return value
    elif isinstance(value, bool) or value is None:
        pass
    elif isinstance(value, int):
        return Decimal(value)
    elif isinstance(value, str):
        text = value.strip()
        if decimal_sign != ".":
            if "." in text:
                raise DataError(
                    "not_a_number", f"{value!r} is not a number with decimal sign {decimal_sign!r}", path=path
                )
            text = text.replace(decimal_sign, ".")
        if _NUMBER.match(text):
            try:
                return Decimal(text)
            except InvalidOperation:  # pragma: no cover - the pattern admits only what Decimal reads
                pass
    raise DataError("not_a_number", f"{str(value)[:60]!r} is not a number", path=path)


_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])
_MAX_DIGITS = len(str(MAX_MINOR)) - 1


def scaled(value: Decimal, digits: int, *, path: str = "") -> int:
    """`value` as an integer in 10^-digits, exactly.

    Raises DataError `too_fine` where digits would be lost and `too_large` beyond 10^15.
    """
    if value and value.adjusted() + digits > _MAX_DIGITS:
        raise DataError("too_large", f"{str(value)[:60]} is too large to be an amount", path=path)
    try:
        shifted = _EXACT.scaleb(value, digits)
        number = int(shifted)
        exact = number == shifted
    except (Inexact, InvalidOperation):
        number, exact = 0, False
    if not exact:
        raise DataError("too_fine", f"{str(value)[:60]} has more than {digits} digits after the point", path=path)
    if not -MAX_MINOR <= number <= MAX_MINOR:
        raise DataError("too_large", f"{str(value)[:60]} is too large to be an amount", path=path)
    return number


@lru_cache(maxsize=100_000)
def _scaled_text(value: str, digits: int, decimal_sign: str) -> int:
    return scaled(parse_decimal(value, decimal_sign=decimal_sign), digits)


def scaled_number(value: object, digits: int, *, decimal_sign: str = ".", path: str = "") -> int:
    """A number (text, int or Decimal) as an integer in 10^-digits, exactly. Raises DataError."""
    if type(value) is str:
        try:
            return _scaled_text(value, digits, decimal_sign)
        except DataError as error:
            raise DataError(error.reason, error.message, path=path) from None
    return scaled(parse_decimal(value, decimal_sign=decimal_sign, path=path), digits, path=path)


def minor_units(value: object, currency: str, *, decimal_sign: str = ".", path: str = "") -> int:
    """An amount in major units (text, int or Decimal) as minor units of `currency`, exactly."""
    return scaled_number(value, exponent(currency), decimal_sign=decimal_sign, path=path)


def divide(numerator: int, denominator: int, rounding: Rounding = "half_away_from_zero") -> int:
    """`numerator / denominator` rounded to an integer: **the rounding point**. Sign-symmetric.

    `denominator` must be positive. Half away from zero by default, half to even by choice.
    """
    if denominator <= 0:
        raise ValueError("the denominator must be positive")
    quotient, rest = divmod(abs(numerator), denominator)
    twice = rest * 2
    if twice > denominator or (twice == denominator and (rounding == "half_away_from_zero" or quotient & 1)):
        quotient += 1
    return -quotient if numerator < 0 else quotient


def divide_column(
    numerators: NDArray[int64], denominator: int, rounding: Rounding = "half_away_from_zero"
) -> NDArray[int64]:
    """`divide` for a whole column of 64-bit integers, none of them beyond 2**62; so must `denominator` be."""
    if denominator <= 0:
        raise ValueError("the denominator must be positive")
    quotient, rest = divmod(abs(numerators), denominator)
    up = rest > denominator - rest
    tie = rest == denominator - rest
    up |= tie if rounding == "half_away_from_zero" else tie & (quotient % 2 == 1)
    rounded: NDArray[int64] = (quotient + up) * (1 - 2 * (numerators < 0))
    return rounded


def largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` in proportion to `weights` so that the parts add up to it exactly.

    Each part is the exact share rounded towards minus infinity, and the units left over go to the largest
    remainders, the earlier position first where they are equal. Weights may have both signs; the parts then do
    too. Where the weights sum to zero the whole total goes to the heaviest position. Sign-symmetric: the split of
    `-total` is the negated split. Raises ValueError where there is something to split and nobody to take it.
    """
    if not weights:
        if total:
            raise ValueError("cannot split an amount over nothing")
        return []
    if total < 0:
        return [-part for part in largest_remainder(-total, weights)]
    whole = sum(weights)
    if whole == 0:
        parts = [0] * len(weights)
        parts[max(range(len(weights)), key=lambda i: abs(weights[i]))] = total
        return parts
    sign = -1 if whole < 0 else 1
    divided = [divmod(total * weight * sign, whole * sign) for weight in weights]
    parts = [quotient for quotient, _ in divided]
    left = total - sum(parts)
    if left:
        for i in sorted(range(len(weights)), key=lambda i: (-divided[i][1], i))[:left]:
            parts[i] += 1
    return parts


def apportion(total: int, numerators: Sequence[int], denominator: int) -> list[int]:
    """Show `total` as parts whose exact shares are `numerators[i] / denominator`, so that the parts add up to it.

    `total` is the sum of the shares, rounded once by either rule. Each part is its share rounded towards minus
    infinity, and the units left over go to the largest remainders, the earlier position first where they are equal.
    No part differs from its share by a whole unit, and a share of zero stays zero. Shares may have both signs and
    may sum to zero. Sign-symmetric: mirrored shares give mirrored parts. Raises ValueError where `total` is not the
    rounded sum of the shares.
    """
    if denominator <= 0:
        raise ValueError("the denominator must be positive")
    whole = sum(numerators)
    if whole < 0 or (whole == 0 and next((number for number in numerators if number), 0) < 0):
        return [-part for part in apportion(-total, [-number for number in numerators], denominator)]
    divided = [divmod(number, denominator) for number in numerators]
    parts = [quotient for quotient, _ in divided]
    left = total - sum(parts)
    if abs(total * denominator - whole) * 2 > denominator:
        raise ValueError(f"{total} is not the rounded sum of the shares {whole}/{denominator}")
    if left:
        for i in sorted(range(len(parts)), key=lambda i: (-divided[i][1], i))[:left]:
            parts[i] += 1
    return parts


class Rate(NamedTuple):
    """An exact rate: `numerator / 10**digits`, whatever its length. 2.5 % is Rate(25, 3)."""

    numerator: int
    digits: int

    @classmethod
    def from_decimal(cls, value: Decimal) -> Rate:
        sign, figures, exp = value.as_tuple()
        number = int("".join(map(str, figures))) * (-1 if sign else 1)
        digits = -int(exp)
        while number and number % 10 == 0:
            number, digits = number // 10, digits - 1
        return cls(number, max(digits, 0) if number else 0).times_ten(max(-digits, 0))

    @classmethod
    def minor(cls, value: Decimal, currency: str) -> Rate:
        """An amount in major units as an exact number of minor units of `currency`, which need not be whole."""
        return cls.from_decimal(value).times_ten(exponent(currency))

    def times_ten(self, places: int) -> Rate:
        """Ten to the power of `places` times as much."""
        if places <= self.digits:
            return Rate(self.numerator, self.digits - places)
        return Rate(self.numerator * int(10 ** (places - self.digits)), 0)

    def at(self, digits: int) -> int:
        """The numerator over 10**digits. Raises ValueError where `digits` are fewer than our own."""
        if digits < self.digits:
            raise ValueError(f"a rate of {self.digits} digits cannot be told in {digits}")
        return self.numerator * int(10 ** (digits - self.digits))


def plain_number(value: Decimal) -> str:
    """An exact number as plain text without needless zeros: one text for one value."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def major(minor: int, currency: str) -> Decimal:
    """Minor units as an exact Decimal in major units, with all digits of the currency."""
    return Decimal(minor).scaleb(-exponent(currency))


def text(minor: int, currency: str) -> str:
    """Minor units as plain text for machines: `-1234.50`."""
    return f"{major(minor, currency):f}"


def shown(minor: int, currency: str) -> str:
    """Minor units for people: `1,234.50 EUR`."""
    return f"{major(minor, currency):,f} {currency}"


def percent_text(rate_millionths: int) -> str:
    """A tax rate in millionths as a percentage without trailing zeros: 200000 -> `20`."""
    return f"{(Decimal(rate_millionths) / 10000).normalize():f}"
