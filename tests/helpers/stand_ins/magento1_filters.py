"""The filters of Magento's API: `filter` and `complex_filter`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from tests.helpers.stand_ins.soap.base import SoapFault

_CONDITIONS: Mapping[str, Callable[[str, str], bool]] = {
    "eq": lambda value, given: value == given,
    "in": lambda value, given: value in given.split(","),
    "gt": lambda value, given: _comparable(value) > _comparable(given),
    "gteq": lambda value, given: _comparable(value) >= _comparable(given),
    "from": lambda value, given: _comparable(value) >= _comparable(given),
    "lt": lambda value, given: _comparable(value) < _comparable(given),
    "lteq": lambda value, given: _comparable(value) <= _comparable(given),
    "to": lambda value, given: _comparable(value) <= _comparable(given),
}


def _comparable(text: str) -> Decimal | str:
    return Decimal(text) if text.replace(".", "", 1).isdigit() else text


def filtered(records: Iterable[dict[str, Any]], filters: Any) -> list[dict[str, Any]]:
    """Those all conditions hold for: `filter` is equal, `complex_filter` says how. Of several conditions of one field
    the first counts alone, but for a range with `from` and `to`."""
    given = filters or {}
    wanted = [(each["key"], "eq", each["value"]) for each in given.get("filter") or ()]
    wanted += [
        (each["key"], each["value"]["key"], each["value"]["value"]) for each in given.get("complex_filter") or ()
    ]
    found = []
    for record in records:
        for field, condition, value in wanted:
            if condition not in _CONDITIONS or field not in record:
                raise SoapFault("101", f"Invalid filters given: {field} {condition}")
            if not _CONDITIONS[condition](str(record[field]), value or ""):
                break
        else:
            found.append(record)
    return found
