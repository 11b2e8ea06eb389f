"""What simple types of a schema are to us, and their texts as values."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Literal

from connectors.soap_erp.replies.markup import NotSoap

Kind = Literal["text", "bool", "int", "number", "table", "array", "any"]

_LONGEST_NUMBER = 200
_LARGEST_EXPONENT = 400
_WHOLE = "integer long int short byte"
_SIGNED = "nonPositiveInteger negativeInteger nonNegativeInteger positiveInteger"
_UNSIGNED = "unsignedLong unsignedInt unsignedShort unsignedByte"

BUILT_IN: dict[str, Kind] = {
    **dict.fromkeys(
        "string normalizedString token language Name NCName NMTOKEN anyURI QName date dateTime time duration gYear "
        "gYearMonth gMonth gMonthDay gDay hexBinary base64Binary base64 ID IDREF ENTITY NOTATION".split(),
        "text",
    ),
    **dict.fromkeys(f"{_WHOLE} {_SIGNED} {_UNSIGNED}".split(), "int"),
    **dict.fromkeys("decimal double float".split(), "number"),
    "boolean": "bool",
}
"""By the names of XML Schema, which the types of the SOAP encoding share."""

_NUMBER = re.compile(r"\s*([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?)\s*", re.ASCII)
_ORDINARY = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?", re.ASCII).fullmatch
_LARGER = re.compile(r"\s*[+-]?[0-9.]+[eE][+-]?[0-9]{10,}\s*", re.ASCII)
_INTEGER = re.compile(r"\s*([+-]?[0-9]+)\s*", re.ASCII)


class Texts(dict[str, Any]):
    """Values by the texts they had, so that a text that comes often is read once. What cannot be read stays text."""

    def __missing__(self, text: str) -> Any:
        value = self[text] = self._value(text)
        return value

    def _value(self, text: str) -> Any:
        raise NotImplementedError


class Numbers(Texts):
    """Decimals of the very text. Bounded: 1e999999 must not become a million digits further on."""

    def _value(self, text: str) -> Any:
        if _ORDINARY(text):
            return Decimal(text)
        found = _NUMBER.fullmatch(text)
        if found is None:
            if _LARGER.fullmatch(text):
                raise NotSoap("it holds a number that is too large, or too small")
            return text
        if len(found[1]) > _LONGEST_NUMBER:
            raise NotSoap("it holds a number of too many digits")
        number = Decimal(found[1])
        if abs(number.adjusted()) > _LARGEST_EXPONENT:
            raise NotSoap("it holds a number that is too large, or too small")
        return number


class Integers(Texts):
    """Whole numbers."""

    def _value(self, text: str) -> Any:
        found = _INTEGER.fullmatch(text)
        if found is None:
            return text
        if len(found[1]) > _LONGEST_NUMBER:
            raise NotSoap("it holds a number of too many digits")
        return int(found[1])


class Booleans(Texts):
    """True and False, also as other languages write them."""

    def _value(self, text: str) -> Any:
        return {"true": True, "1": True, "false": False, "0": False}.get(text.strip().lower(), text)
