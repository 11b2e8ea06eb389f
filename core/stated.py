"""Values as a source states them, read by its conventions: text, days, currencies, amounts.

Everything here raises DataError with the reason and the name of the field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from core.errors import DataError
from core.money import minor_units
from core.source import SourceRules

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_STATES = {"": False, "posted": False, "cancelled": True}
_MAX_TEXT = 4000
_MAX_NAMES = {
    **dict.fromkeys(
        ("id", "account", "product", "registration", "parent", "group", "external_key", "merged_into"), 200
    ),
    "entity": 60,
    "unit": 40,
}
"""What names things is short: longer than this is no name, and the book has no room for it."""
_SHORT = 60


@lru_cache(maxsize=50_000)
def _clean_short(value: str) -> str:
    return _clean(value)


def _clean(value: str) -> str:
    text = value.strip()
    if len(text) > _MAX_TEXT:
        raise DataError("too_long", f"longer than {_MAX_TEXT} characters")
    if _CONTROL.search(text):
        raise DataError("control_character", "holds control characters")
    return text


def text_of(fields: Mapping[str, Any], name: str) -> str:
    """A field as clean text, empty where absent. Raises DataError for what no text may hold."""
    value = fields.get(name)
    if value is None:
        return ""
    try:
        given = value if type(value) is str else str(value)
        text = _clean_short(given) if len(given) <= _SHORT else _clean(given)
    except DataError as error:
        raise DataError(error.reason, error.message, path=name) from None
    longest = _MAX_NAMES.get(name, _MAX_TEXT)
    if len(text) > longest:
        raise DataError("too_long", f"longer than {longest} characters", path=name)
    return text


def day_of(value: object, rules: SourceRules, path: str) -> date:
    """A business date from a date, an instant (turned into the source's time zone) or text."""
    if isinstance(value, datetime):
        found = _business_day(value, rules, path)
    elif isinstance(value, date):
        found = value
    elif isinstance(value, str) and value.strip():
        found = _parse_day(value.strip(), rules, path)
    else:
        raise DataError("missing", "is missing", path=path)
    if not 1990 <= found.year <= 2200:
        raise DataError("not_a_date", f"the year {found.year} cannot be right", path=path)
    return found


def _parse_day(text: str, rules: SourceRules, path: str) -> date:
    try:
        if rules.date_format != "iso":
            instant = datetime.strptime(text, rules.date_format)  # noqa: DTZ007 - a business date has no zone
        elif len(text) == 10:
            return date.fromisoformat(text)
        else:
            instant = datetime.fromisoformat(text)
    except ValueError:
        expected = "YYYY-MM-DD" if rules.date_format == "iso" else rules.date_format
        raise DataError("not_a_date", f"{text[:40]!r} is not a date of the form {expected}", path=path) from None
    return _business_day(instant, rules, path)


def _business_day(instant: datetime, rules: SourceRules, path: str) -> date:
    try:
        return instant.astimezone(rules.zone).date() if instant.tzinfo else instant.date()
    except OverflowError:  # the first or the last day there is, in a zone where it is the day before or after
        raise DataError("not_a_date", f"the year {instant.year} cannot be right", path=path) from None


def required(fields: Mapping[str, Any], name: str, constant: str | None = None) -> str:
    """A field as clean text, or the constant of the source where it has none."""
    text = text_of(fields, name) or (constant or "")
    if not text:
        raise DataError("missing", "is missing", path=name)
    return text


def currency_code(text: str, path: str) -> str:
    """Three letters, in capitals; whether they name a currency is for whoever counts amounts in it."""
    code = text.upper()
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise DataError("not_a_currency", f"{code[:10]!r} is not a currency code", path=path)
    return code


def stated_money(fields: Mapping[str, Any], name: str, currency: str, rules: SourceRules, path: str = "") -> int | None:
    """An amount in minor units of the currency, exactly; None where absent."""
    value = fields.get(name)
    if value is None or value == "":
        return None
    return minor_units(value, currency, decimal_sign=rules.decimal_sign, path=path or name)


def is_cancelled(fields: Mapping[str, Any]) -> bool:
    """Whether the state of a record says cancelled; posted where there is none."""
    state = text_of(fields, "state").lower()
    if state not in _STATES:
        raise DataError("unknown_state", f"{state[:30]!r} is neither posted nor cancelled", path="state")
    return _STATES[state]
