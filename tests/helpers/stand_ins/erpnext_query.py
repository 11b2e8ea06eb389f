"""What a Frappe server makes of `fields`, `filters`, `order_by` and `limit_*` of a list.

A field nobody knows is refused with 417, in `fields` as in `filters`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.helpers.stand_ins.base import Refused

Values = Mapping[str, Any]
_TRACEBACK = {"exc": json.dumps(["Traceback (most recent call last): ..."])}


def error(status: int, kind: str, message: str) -> Refused:
    """As Frappe answers: the class of the error, and the message as JSON inside JSON inside JSON."""
    told = json.dumps([json.dumps({"message": f"<b>{message}</b>", "indicator": "red", "raise_exception": 1})])
    body = {"exc_type": kind, "_server_messages": told}
    if status == 404:  # without a traceback
        return Refused(status, body)
    return Refused(status, {"exception": f"frappe.exceptions.{kind}: {message}"} | body | _TRACEBACK)


def crash(kind: str, message: str) -> Refused:
    """As Frappe answers where its program breaks: nothing is said to people."""
    return Refused(
        500, {"exception": f"{kind}: {message}", "exc_type": kind, "_exc_source": "erpnext (app)"} | _TRACEBACK
    )


def parsed(query: Mapping[str, str], name: str, default: Any) -> Any:
    """A parameter that is JSON."""
    if not query.get(name):
        return default
    try:
        return json.loads(query[name], parse_float=Decimal)
    except ValueError:
        raise error(500, "JSONDecodeError", f"{name} is no JSON") from None


def check_fields(names: Iterable[Any], known: Iterable[str]) -> None:
    """That there are fields of these names, even where there is no record."""
    for name in names:
        if name not in known:
            raise error(417, "DataError", f"Field not permitted in query: {name}")


def filtered(filters: Any) -> list[Any]:
    """The names of the fields filters look at."""
    return [each[0] for each in _listed(filters)]


def holds(filters: Iterable[Any], values: Values, doctype: str) -> bool:
    """Whether the record is one the filters want."""
    return all(_one(each, values, doctype) for each in _listed(filters))


def _listed(filters: Any) -> list[list[Any]]:
    if isinstance(filters, Mapping):
        return [[name, *(value if isinstance(value, list) else ["=", value])] for name, value in filters.items()]
    return [each[1:] if len(each) == 4 else each for each in filters]


def _one(each: list[Any], values: Values, doctype: str) -> bool:
    if len(each) != 3:
        raise error(417, "ValidationError", "a filter has three or four parts")
    name, operator, wanted = each
    operator = str(operator).lower()
    own = values[name]
    if operator == "is":
        return (own not in (None, "")) == (wanted == "set")
    if operator in ("in", "not in"):
        given = wanted if isinstance(wanted, list) else str(wanted).split(",")
        return any(_compared(own, "=", item) for item in given) == (operator == "in")
    if operator in ("like", "not like"):
        pattern = "".join({"%": ".*", "_": "."}.get(sign, re.escape(sign)) for sign in str(wanted))
        found = re.fullmatch(pattern, str(own or ""), re.IGNORECASE | re.DOTALL) is not None
        return found == (operator == "like")
    if operator not in ("=", "!=", "<", ">", "<=", ">="):
        raise error(417, "ValidationError", f"operator {operator}")
    return _compared(own, operator, wanted)


def _compared(own: Any, operator: str, wanted: Any) -> bool:
    """Nothing is empty text or zero, as it is stored; text is compared without its case."""
    left, right = _alike(own, wanted)
    return {
        "=": left == right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[operator]


def _alike(own: Any, wanted: Any) -> tuple[Any, Any]:
    try:
        if isinstance(own, datetime):
            return own, datetime.fromisoformat(str(wanted))
        if isinstance(own, date):
            return own, date.fromisoformat(str(wanted)[:10])
        if isinstance(own, (int, Decimal)):
            return Decimal(own), Decimal(str(wanted))
    except (ValueError, InvalidOperation):
        raise error(500, "DataError", f"incorrect value {wanted!r}") from None
    return str(own or "").casefold(), str("" if wanted is None else wanted).casefold()


def ordered(rows: list[Any], order_by: str, values_of: Any) -> list[Any]:
    """The rows in the order asked for."""
    for part in reversed(order_by.split(",")):
        words = part.strip().replace("`", "").split()
        if not words or len(words) > 2 or not re.fullmatch(r"[\w.]+", words[0]):
            raise error(417, "ValidationError", f"cannot order by {part}")
        name = words[0].rpartition(".")[2]
        if rows and name not in values_of(rows[0]):
            raise error(500, "OperationalError", f"(1054, \"Unknown column '{name}' in 'ORDER BY'\")")
        rows = sorted(rows, key=lambda row: _key(values_of(row)[name]), reverse=words[1:] == ["desc"])
    return rows


def _key(value: Any) -> tuple[bool, Any]:
    return (value is not None, value.casefold() if isinstance(value, str) else 0 if value is None else value)


def shown(value: Any) -> Any:
    """A value as Frappe writes JSON: numbers as floats are, instants as text without their zone."""
    if isinstance(value, datetime):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        plain = value.normalize()
        return plain.quantize(Decimal("0.1")) if plain == plain.to_integral_value() else plain
    return value
