"""The part of NetSuite's searches the preset uses: basic criteria of one record type, all of which must hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tests.helpers.stand_ins.netsuite_soap_books import PACIFIC, TRANSACTIONS, Books
from tests.helpers.stand_ins.table import Row

_KINDS = {"TransactionSearch": "invoice", "CustomerSearch": "customer", "ItemSearch": "serviceSaleItem"} | {
    "NoteSearch": "note"
}
_TYPES = {f"_{kind}": kind for kind in TRANSACTIONS}


class NoSearch(Exception):
    """The search cannot be carried out: a code, and why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def found(search: Mapping[str, Any], books: Books) -> list[Row]:
    """The rows in the order of their ids; a transaction once for each line as well, where main lines are not asked
    for. Raises NoSearch."""
    name = search["_type"]
    if name.endswith("Basic"):
        name, basic = name.removesuffix("Basic"), {key: value for key, value in search.items() if key != "_type"}
    else:
        basic = search.get("basic") or {}
        joins = sorted(key for key, value in search.items() if key not in ("_type", "basic") and value)
        if joins:
            raise NoSearch("INVALID_SEARCH_JOIN_ID", f"The search join {joins[0]} is not supported here.")
    table = books.table(_KINDS.get(name, ""))
    if table is None:
        raise NoSearch("INVALID_SEARCH_TYPE", f"Records cannot be searched for by {name}.")
    rows = [row for row in table if all(_holds(row, key, value) for key, value in basic.items())]
    if name == "TransactionSearch" and "mainLine" not in basic:
        rows = [row for row in rows for _ in range(1 + len(row.extra["lines"]))]
    return sorted(rows, key=lambda row: int(row.id))


def _holds(row: Row, name: str, asked: Mapping[str, Any]) -> bool:
    if name == "lastModifiedDate":
        return _in_time(row.changed, asked)
    if name in ("internalId", "externalId"):
        own = row.id if name == "internalId" else row.values.get("externalId")
        return _among(own, [each.get(name) for each in asked["searchValue"]], asked)
    if name == "type":
        return _among(row.values["type"], [_TYPES.get(each) for each in asked["searchValue"]], asked)
    if name == "mainLine":
        return bool(asked["searchValue"] == "true")
    if name == "posting":
        return bool(row.values["posting"] == (asked["searchValue"] == "true"))
    raise NoSearch("INVALID_SEARCH_FIELD_NAME", f"The search field {name} is not known here.")


def _among(own: str | None, wanted: list[str | None], asked: Mapping[str, Any]) -> bool:
    return (own in wanted) is (asked["operator"] == "anyOf")


def _in_time(own: datetime, asked: Mapping[str, Any]) -> bool:
    first = _instant(asked["searchValue"])
    match asked.get("operator"):
        case "within":
            return first <= own <= _instant(asked["searchValue2"])
        case "onOrAfter" | "notBefore":
            return own >= first
        case "onOrBefore" | "notAfter":
            return own <= first
        case "before":
            return own < first
        case "after":
            return own > first
    raise NoSearch("INVALID_SEARCH_OPERATOR", f"The operator {asked.get('operator')} is not known here.")


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=PACIFIC)
