"""The filters of templates: a fixed list, each a pure function of a value and the text behind its colon.

Those that quote make a value harmless inside another language. A customer's number is what somebody typed once: it
never goes into a query without one of them.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import simplejson

from connectors.declarative.expression import as_text

Filter = Callable[[Any, str], Any]

_OURS = UUID("5f0c1e0a-6d3b-5c63-9d0e-2b8a51c7e4f9")
"""The namespace of ids made from our keys. Another one would make second documents: it never changes."""


def _instant(value: Any) -> datetime:
    """An instant; a day is its midnight in UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    raise TypeError("no instant")


def _whole_seconds(value: Any, _: str) -> int:
    return int(_instant(value).timestamp())


def _milliseconds(value: Any, _: str) -> int:
    moment = _instant(value)
    return int(moment.replace(microsecond=0).timestamp()) * 1000 + moment.microsecond // 1000


def _iso(value: Any, _: str) -> str | None:
    """Nothing stays nothing, for `default` behind it."""
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return _instant(value).astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else _iso(_instant(value), "")


def _noon(value: Any, _: str) -> datetime:
    """The noon of a day, UTC: it lies on that day in every time zone but the two easternmost."""
    day = value if isinstance(value, date) and not isinstance(value, datetime) else _instant(value).date()
    return datetime.combine(day, time(12), UTC)


def _date(value: Any, pattern: str) -> str | None:
    """Nothing stays nothing, for `default` behind it."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, date):
        raise TypeError("no day")
    return value.strftime(pattern or "%Y-%m-%d")


def _decimal(value: Any, digits: str) -> Decimal:
    """Exactly so many decimals; more than there are is an error unless they are zero."""
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError("not a number")
    rounded = number.quantize(Decimal(1).scaleb(-int(digits or "2")), ROUND_HALF_UP)
    if rounded != number:
        raise ValueError("more decimals than that")
    return rounded


def _number(value: Any, _: str) -> Decimal | int:
    if isinstance(value, bool):
        return int(value)
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError("not a number")
    return number


def _integer(value: Any, _: str) -> int:
    number = Decimal(str(value))
    if number != number.to_integral_value():
        raise ValueError("not a whole number")
    return int(number)


def _negate(value: Any, _: str) -> Decimal | int:
    number = _number(value, "")
    if number:
        return -number
    return number.copy_abs() if isinstance(number, Decimal) else number


def _times(value: Any, factor: str) -> Decimal:
    """The exact product: amounts in cents, or a rate as a fraction."""
    return Decimal(str(_number(value, ""))) * Decimal(factor)


def _zone(value: Any, name: str) -> datetime:
    """The instant by the clocks of a time zone."""
    try:
        return _instant(value).astimezone(ZoneInfo(name))
    except (LookupError, OSError):
        raise ValueError("no IANA time zone") from None


def _html(value: Any) -> str:
    """An apostrophe by its decimal number: Dolibarr drops what begins with `&#x`."""
    return html.escape(as_text(value)).replace("&#x27;", "&#39;")


def _backslashed(value: Any, _: str) -> str:
    """For a text between single quotes in SOQL."""
    text = as_text(value)
    signs = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
    return "".join(signs.get(sign, sign) for sign in text)


def _doubled(value: Any, _: str) -> str:
    """For a text between single quotes in OData and SQL: a quote is doubled."""
    return as_text(value).replace("'", "''")


def _universal_search(value: Any, _: str) -> str:
    """For a text between single quotes in the search filters of Dolibarr, which know no way to write a quote or a
    bracket: a text with one is refused."""
    text = as_text(value)
    if any(sign in text for sign in "'\"()\\:%") or not text.isprintable():
        raise ValueError("a text that cannot be searched for")
    return text


def _navision_filter(value: Any, _: str) -> str:
    """A text, or any of several, in a filter of Dynamics NAV. Quotes take the meaning from operators, but for
    placeholders perhaps: what is found has to be looked through. A text with a quote is refused."""
    texts = [as_text(item) for item in value] if isinstance(value, (list, tuple)) else [as_text(value)]
    if any(not text or not text.isprintable() or "'" in text for text in texts):
        raise ValueError("a text that cannot be searched for")
    return "|".join(f"'{text}'" for text in texts)


def _json(value: Any, _: str) -> str:
    """As JSON text; a decimal as the number it is."""
    return str(simplejson.dumps(value, ensure_ascii=False, use_decimal=True, default=_day_text))


def _day_text(value: Any) -> str:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise TypeError("no data")


def _cut(value: Any, length: str) -> str:
    return as_text(value)[: int(length)]


def _joined(value: Any, sign: str) -> str:
    if not isinstance(value, (list, tuple)):
        raise TypeError("no list")
    return (sign or ",").join(as_text(item) for item in value)


def _quoted_list(value: Any, _: str) -> str:
    """A list for `in (...)` of OData and SQL: 'A','B'."""
    return ",".join(f"'{_doubled(item, '')}'" for item in value)


FILTERS: Mapping[str, Filter] = {
    "string": lambda value, _: as_text(value.isoformat() if isinstance(value, date) else value),
    "number": _number,
    "integer": _integer,
    "decimal": _decimal,
    "negate": _negate,
    "times": _times,
    "comma": lambda value, _: as_text(_number(value, "")).replace(".", ","),
    "iso": _iso,
    "date": _date,
    "noon": _noon,
    "zone": _zone,
    "epoch": _whole_seconds,
    "epoch_ms": _milliseconds,
    "http_date": lambda value, _: format_datetime(_instant(value).astimezone(UTC), usegmt=True),
    "upper": lambda value, _: as_text(value).upper(),
    "lower": lambda value, _: as_text(value).lower(),
    "cut": _cut,
    "join": _joined,
    "default": lambda value, text: text if value in (None, "") else value,
    "base64": lambda value, _: base64.b64encode(as_text(value).encode()).decode(),
    "uuid": lambda value, _: str(uuid5(_OURS, as_text(value))),
    "base64url": lambda value, _: base64.urlsafe_b64encode(as_text(value).encode()).decode(),
    "html": lambda value, _: _html(value),
    "html_lines": lambda value, _: _html(value).replace("\n", "<br>"),
    "json": _json,
    "url": lambda value, _: quote(as_text(value), safe=""),
    "soql": _backslashed,
    "odata": _doubled,
    "sql": _doubled,
    "quoted_list": _quoted_list,
    "dolibarr": _universal_search,
    "nav": _navision_filter,
}
