"""Values as the text of an element: exact, and checked against what the schema says of it.

Measured on zeep 4.3.3: it sends any text for a number or a date and takes any but `false` and `0` for true, fails on a
year or a month as text, and writes a duration its own way. So texts are made here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from connectors.declarative.json_reply import written
from connectors.secrets import Secret
from connectors.soap_erp.envelopes.generic import xml_text
from connectors.soap_erp.wsdl.facets import Facets, fits
from core.errors import DataError

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DIGITS = {
    "boolean": ("true|false|1|0", "true or false"),
    "decimal": (r"[+-]?(\d+(\.\d*)?|\.\d+)", "a number in digits, with a point"),
} | dict.fromkeys(
    "integer nonPositiveInteger negativeInteger nonNegativeInteger positiveInteger long int short byte unsignedLong "
    "unsignedInt unsignedShort unsignedByte".split(),
    (r"[+-]?\d+", "a whole number"),
)
"""Forms of what may have any number of digits; libxml2 knows but so many."""
_WORDS = {
    "float": "a number",
    "double": "a number",
    "date": "a date such as 2026-01-31",
    "dateTime": "a time such as 2026-01-31T12:00:00Z",
    "time": "a time of day such as 12:00:00",
    "duration": "a duration such as P1D",
    "gYear": "a year such as 2026",
    "gYearMonth": "a month such as 2026-01",
    "gMonth": "a month such as --01",
    "gMonthDay": "a day such as --01-31",
    "gDay": "a day such as ---31",
    "base64Binary": "base64",
    "hexBinary": "pairs of hexadecimal digits",
}
"""Forms that libxml2 tells."""
_BYTES = ("base64Binary", "hexBinary")
_RANGES = {
    **{name: (-(2**bits), 2**bits - 1) for name, bits in (("long", 63), ("int", 31), ("short", 15), ("byte", 7))},
    **{f"unsigned{name}": (0, 2**bits - 1) for name, bits in (("Long", 64), ("Int", 32), ("Short", 16), ("Byte", 8))},
    "nonNegativeInteger": (0, None),
    "positiveInteger": (1, None),
    "nonPositiveInteger": (None, 0),
    "negativeInteger": (None, -1),
}
_FORMS = {name: re.compile(form, re.ASCII) for name, (form, _) in _DIGITS.items()}


def text_of(value: Any, place: str) -> str:
    """A value as text: true or false, a Decimal in plain digits, `_json` and `_xml` tables written out.

    Raises DataError `bad_value`.
    """
    match value:
        case Secret():
            text = value.reveal()
        case bool():
            text = "true" if value else "false"
        case str():
            text = value
        case int():
            text = str(value)
        case Decimal() if value.is_finite():
            text = format(value, "f")
        case date() | time():  # a datetime is a date
            text = value.isoformat()
        case {"_json": content, **others} if not others:
            text = written(content).decode()
        case {"_xml": content, **others} if not others:
            text = xml_text(content, f"{place}._xml", text_of)
        case Mapping():
            raise DataError("bad_value", "a text is wanted here, and this is a table", path=place)
        case list() | tuple():
            raise DataError("bad_value", "one value is wanted here, and this is a list", path=place)
        case _:
            raise DataError("bad_value", f"a {type(value).__name__} cannot be sent: text or a number is", path=place)
    if _NOT_IN_XML.search(text):
        raise DataError("bad_value", "it holds a control character, which XML cannot", path=place)
    return text


def checked(text: str, type_: Any, facets: Facets | None, place: str, *, lenient: bool = False) -> str:
    """The text, where the zeep type and the facets allow it. Lenient: empty is allowed for whatever type.

    Raises DataError `bad_value`, which does not quote the text.
    """
    if not text and lenient:
        return text
    complaint = _complaint(text, type_)
    if not complaint and facets and _builtin(type_) not in _BYTES:  # whose lengths are not of characters
        complaint = facets.complaint(text)
    if complaint:
        raise DataError("bad_value", complaint, path=place)
    return text


def _complaint(text: str, type_: Any) -> str:
    builtin = _builtin(type_)
    if builtin in _WORDS and not fits(text, builtin):
        return f"{_WORDS[builtin]} is wanted"
    if builtin in _FORMS and not _FORMS[builtin].fullmatch(text):
        return f"{_DIGITS[builtin][1]} is wanted"
    lowest, highest = _RANGES.get(builtin, (None, None))
    if lowest is None and highest is None:
        return ""
    if len(text) > 40 or (lowest is not None and int(text) < lowest) or (highest is not None and int(text) > highest):
        return f"it is out of the range of xs:{builtin}"
    return ""


def _builtin(type_: Any) -> str:
    """The type of XML Schema that a simple type restricts; empty for lists and unions."""
    return str(getattr(getattr(type_, "_default_qname", None), "localname", ""))
