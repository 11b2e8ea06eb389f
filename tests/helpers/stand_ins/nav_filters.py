"""Filters of Dynamics NAV as its web services take them: `1000..1999`, `>=5`, `A*|B`, `'A&B'`, `01.03.26..`.

Dates are read as the service user's language writes them, which is what makes them a trap.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

DATES = {"de": ("%d.%m.%Y", "%d.%m.%y", "%d%m%Y", "%d%m%y"), "en": ("%m/%d/%Y", "%m/%d/%y", "%m%d%Y", "%m%d%y")}
"""How each language writes days."""

Test = Callable[[Any], bool]


class BadFilter(ValueError):
    """What stands there is no filter on a field of that type."""


def condition(criteria: str, sample: Any, language: str) -> Test:
    """What the criteria ask of a value. `sample`: a value of the field, which tells its type. Raises BadFilter."""
    if not criteria:
        return lambda value: True
    return _any(_cut(criteria, "|"), sample, language)


def _any(parts: list[str], sample: Any, language: str) -> Test:
    tests = [_all(_cut(part, "&"), sample, language) for part in parts]
    return lambda value: any(test(value) for test in tests)


def _all(parts: list[str], sample: Any, language: str) -> Test:
    tests = [_one(part.strip(), sample, language) for part in parts]
    return lambda value: all(test(value) for test in tests)


def _cut(text: str, sign: str) -> list[str]:
    """The text at each sign that is not between quotes."""
    parts, quoted = [""], False
    for each in text:
        quoted = quoted != (each == "'")
        if each == sign and not quoted:
            parts.append("")
        else:
            parts[-1] += each
    if quoted:
        raise BadFilter("a quote is not closed")
    return parts


def _one(text: str, sample: Any, language: str) -> Test:
    def read(part: str) -> Any:
        return _value(part.strip(), sample, language)

    lower, dots, upper = text.partition("..")
    if dots and not text.startswith("'"):
        low, high = (read(part) if part.strip() else None for part in (lower, upper))
        return lambda value: (low is None or value >= low) and (high is None or value <= high)
    for sign, holds in (
        ("<>", lambda value, other: value != other),
        (">=", lambda value, other: value >= other),
        ("<=", lambda value, other: value <= other),
        (">", lambda value, other: value > other),
        ("<", lambda value, other: value < other),
        ("=", lambda value, other: value == other),
    ):
        if text.startswith(sign):
            wanted = read(text.removeprefix(sign))
            return lambda value, holds=holds, wanted=wanted: holds(value, wanted)  # type: ignore[misc]
    if isinstance(sample, str) and not text.startswith("'") and set(text) & set("*?@"):
        pattern = re.escape(text.removeprefix("@")).replace(r"\*", ".*").replace(r"\?", ".")
        flags = re.IGNORECASE if text.startswith("@") else 0
        return lambda value: re.fullmatch(pattern, value, flags) is not None
    wanted = read(text)
    return lambda value: bool(value == wanted)


def _value(text: str, sample: Any, language: str) -> Any:
    text = text[1:-1] if len(text) > 1 and text[0] == text[-1] == "'" else text
    try:
        if isinstance(sample, bool):
            return {"true": True, "false": False, "1": True, "0": False}[text.lower()]
        if isinstance(sample, int):
            return int(text)
        if isinstance(sample, Decimal):
            return Decimal(text.replace(".", "").replace(",", ".") if language == "de" else text)
    except (KeyError, ValueError, InvalidOperation):
        raise BadFilter(text) from None
    if isinstance(sample, date):
        if not text:
            return date(1, 1, 1)
        for form in DATES[language]:
            try:
                return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day
            except ValueError:
                continue
        raise BadFilter(text)
    return text
