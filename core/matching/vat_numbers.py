"""VAT numbers as people write them: compared without separators, with or without the prefix of the country."""

from __future__ import annotations

import re
from typing import NamedTuple

PREFIXES = frozenset(
    "AT BE BG CH CY CZ DE DK EE EL ES FI FR GB HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK SM XI".split()
)
_SEPARATORS = re.compile(r"[^0-9A-Z]")
_SUFFIX = re.compile(r"(?<=[0-9])(MWST|TVA|IVA|MVA)$")
_LEAST = 5
"""Fewer characters are no VAT number anywhere."""


class VatNumber(NamedTuple):
    """A VAT number: the prefix of the country, empty where unknown, and the rest."""

    prefix: str
    rest: str

    def alike(self, other: VatNumber) -> bool:
        """Whether both may be one number: an unknown prefix contradicts none."""
        return self.rest == other.rest and (self.prefix == other.prefix or not self.prefix or not other.prefix)


def vat_number(text: str, country: str = "") -> VatNumber | None:
    """The number in a text; None where there is none, or a stand-in such as 00000. A number without a prefix has the
    one of the country (ISO 3166) it belongs to, where that is known."""
    plain = _SUFFIX.sub("", _SEPARATORS.sub("", text.upper()))
    code = country.strip().upper()
    home = {"GR": "EL"}.get(code, code) if len(code) == 2 else ""
    if plain[:2] == "GR":
        plain = "EL" + plain[2:]
    prefix = plain[:2] if plain[:2] in PREFIXES or plain[:2] == home else ""
    rest = plain[len(prefix) :]
    digits = {sign for sign in rest if sign.isdigit()}
    if len(rest) < _LEAST or len(digits) < 2:
        return None
    return VatNumber(prefix or home, rest)
