"""Ledger, an ERP over OData: a key in the query, links, an index that lags, and deltas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.helpers.stand_ins.base import Answer, Received, Refused, StandIn, route, same
from tests.helpers.stand_ins.table import Row, Table

_LAG = timedelta(seconds=60)
_EQUALS = re.compile(r"(\w+) eq '((?:[^']|'')*)'")
_KEY = re.compile(r"(?:ExternalKey=)?'((?:[^']|'')*)'")


class Ledger(StandIn):
    """Documents have texts for ids. Amounts are texts, negative on credit notes; lists show them after a minute."""

    key = "l3dger/key+="
    page = 2

    def __init__(self) -> None:
        super().__init__()
        self.documents = Table(self.stamp, name_id="DE/{:04}'A".format)

    def authenticate(self, asked: Received) -> None:
        if not same(asked.query.get("apikey", ""), self.key):
            raise _wrong(401, "Unauthorized", f"key {asked.query.get('apikey', '')} is not valid")

    @route("GET", "/odata/Documents")
    def listed(self, asked: Received) -> Any:
        """By $filter, or all with a delta link at the end, or what changed since one was given."""
        query = asked.query
        changed = [row for row in self.documents.every if row.changed.isoformat() > query.get("$deltatoken", "")]
        rows = [row for row in changed if "$deltatoken" in query or not row.deleted]
        if "$filter" in query:
            wanted = _EQUALS.fullmatch(query["$filter"])
            if wanted is None:
                raise _wrong(400, "BadRequest", "Syntax error in $filter")
            value = wanted[2].replace("''", "'")
            ripe = self.clock.now() - _LAG
            rows = [row for row in rows if row.values.get(wanted[1]) == value and row.created <= ripe]
            return {"value": [_shown(row) for row in rows]}
        skip = int(query.get("$skiptoken", "0"))
        told = {"value": [_shown(row) for row in rows[skip : skip + self.page]]}
        here = f"{self.url}/odata/Documents?"
        since = f"$deltatoken={query['$deltatoken'].replace('+', '%2B')}&" if "$deltatoken" in query else ""
        if skip + self.page < len(rows):
            return {**told, "@odata.nextLink": f"{here}{since}$skiptoken={skip + self.page}"}
        last = max((row.changed for row in self.documents.every), default=self.clock.now()).isoformat()
        return {**told, "@odata.deltaLink": f"{here}$deltatoken={last.replace('+', '%2B')}"}

    @route("GET", "/odata/Documents({predicate})")
    def one(self, asked: Received, predicate: str) -> Any:
        row = self._row(predicate)
        if row is None:
            raise _wrong(404, "NotFound", "no such document")
        return _shown(row)

    @route("PATCH", "/odata/Documents({predicate})")
    def put(self, asked: Received, predicate: str) -> Any:
        """Made, or changed where the alternate key is there."""
        values = asked.json()
        for line in values["Lines"]:
            if not isinstance(line["Net"], str):
                raise _wrong(400, "BadRequest", "Net is Edm.Decimal as text (IEEE754Compatible)")
        matched = _KEY.fullmatch(predicate)
        assert matched is not None
        row = self._row(predicate)
        if row is not None:
            return _shown(row)
        key = matched[1].replace("''", "'")
        row = self.add({**values, "ExternalKey": key, "Kind": "Credit"})
        return Answer(201, _shown(row))

    def add(self, values: Mapping[str, Any]) -> Row:
        return self.documents.add({"ExternalKey": "", "Currency": "EUR", **values})

    def _row(self, predicate: str) -> Row | None:
        matched = _KEY.fullmatch(predicate)
        if matched is None:
            raise _wrong(400, "BadRequest", "Bad key predicate")
        value = matched[1].replace("''", "'")
        if predicate.startswith("ExternalKey="):
            return next(iter(self.documents.where(ExternalKey=value)), None)
        return self.documents.get(value)


def _wrong(status: int, code: str, message: str) -> Refused:
    return Refused(status, {"error": {"code": code, "message": message}})


def _shown(row: Row) -> dict[str, Any]:
    if row.deleted:
        return {"@removed": {"reason": "deleted"}, "Id": row.id}
    lines = row.values["Lines"]
    tax = sum((_tax(line) for line in lines), Decimal())
    net = sum((Decimal(line["Net"]) for line in lines), Decimal())
    return {"Id": row.id, **row.values, "Net": f"{net:.4f}", "Tax": f"{tax:.4f}", "ModifiedAt": row.changed.isoformat()}


def _tax(line: Mapping[str, Any]) -> Decimal:
    return (Decimal(line["Net"]) * Decimal(line["Rate"])).quantize(Decimal("0.01"), ROUND_HALF_UP)
