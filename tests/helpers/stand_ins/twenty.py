"""A stand-in for Twenty: companies, notes, and what ties them together, over its REST interface.

Behaviour was read in the sources of Twenty (2026); what was not seen on a running system stands in
docs/connectors/twenty.md. Clients may choose the ids of what they make; with `upsert` what is there under an id is
changed, and taken out of the bin.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import uuid
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.helpers.stand_ins.base import Answer, Received, Refused, StandIn, route, same
from tests.helpers.stand_ins.table import Row, Table
from tests.helpers.stand_ins.twenty_filter import Invalid, holds

KEY = "twenty-api-key-7f20b1"
MOST_ON_A_PAGE = 60
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII)
ALWAYS = {"id": "UUID", "createdAt": "DATE_TIME", "updatedAt": "DATE_TIME", "deletedAt": "DATE_TIME"}
OBJECTS = {
    "companies": ("company", ALWAYS | {"name": "TEXT", "domainName": "LINKS"}),
    "notes": ("note", ALWAYS | {"title": "TEXT", "bodyV2": "RICH_TEXT"}),
    "noteTargets": ("noteTarget", ALWAYS | {"noteId": "UUID", "targetCompanyId": "UUID"}),
}
REFERS = {"noteId": "notes", "targetCompanyId": "companies"}


class Twenty(StandIn):
    """One workspace, and one API key. `may`: what its role may do with an object."""

    precision = timedelta(milliseconds=1)

    def __init__(self) -> None:
        super().__init__()
        self.key = KEY
        self.types = {plural: dict(types) for plural, (_, types) in OBJECTS.items()}
        self.tables = {plural: Table(self.stamp, name_id=lambda number: str(uuid.uuid4())) for plural in OBJECTS}
        self.may = {plural: {"read", "update", "soft_delete"} for plural in OBJECTS}

    # ------------------------------------------------------------ for tests

    def add_field(self, name: str, type: str) -> None:
        """A custom field of companies."""
        self.types["companies"][name] = type

    def add_company(self, name: str, domain: str = "", **values: Any) -> Row:
        """A company made by hand."""
        with self.lock:
            return self.tables["companies"].add({"name": name, "domainName": link(domain), **values})

    def merge(self, gone: Row, into: Row) -> None:
        """Merge a company into another: its notes go along, it goes into the bin."""
        with self.lock:
            for target in self.tables["noteTargets"].where(targetCompanyId=gone.id):
                self.tables["noteTargets"].change(target, {"targetCompanyId": into.id})
            self.tables["companies"].delete(gone)

    # ------------------------------------------------------------ who may

    def authenticate(self, asked: Received) -> None:
        if not same(asked.bearer(), self.key):
            raise Refused(403, _error(403, "ForbiddenException", "Forbidden resource"))

    def unknown(self, asked: Received) -> Answer:
        return Answer(404, _error(404, "NotFoundException", "there is no such path"))

    def malformed(self, asked: Received, why: str) -> Answer:
        return _refusal(why).answer

    def _may(self, plural: str, action: str) -> None:
        if plural not in self.tables:
            raise _refusal(f"object '{plural}' not found")
        if action not in self.may[plural]:
            raise Refused(
                403, _error(403, "ForbiddenException", "Entity performing the request does not have permission")
            )

    # ------------------------------------------------------------ reading

    @route("GET", "/rest/{plural}")
    def list_records(self, asked: Received, plural: str) -> Any:
        """Those found, behind the cursor. What is in the bin is left out."""
        self._may(plural, "read")
        query = self._only(asked, "filter", "order_by", "orderBy", "limit", "starting_after", "depth")
        order = query.get("order_by", query.get("orderBy", "id"))
        if order not in ("id", "id[AscNullsFirst]"):
            raise _refusal("this stand-in orders by id")
        table, types = self.tables[plural], self.types[plural]
        try:
            rows = [row for row in table if "filter" not in query or holds(query["filter"], self._compared(row), types)]
            if "filter" in query:
                holds(query["filter"], {}, types)  # what is wrong with a filter is told also where there is nothing
        except Invalid as why:
            raise _refusal(str(why)) from None
        rows.sort(key=lambda row: row.id)
        total, after = len(rows), _behind(query["starting_after"]) if "starting_after" in query else ""
        rows = [row for row in rows if row.id > after]
        limit = query.get("limit", str(MOST_ON_A_PAGE))
        if not limit.isdecimal():
            raise _refusal(f"limit '{limit}' is invalid. Should be an integer")
        shown = rows[: min(int(limit), MOST_ON_A_PAGE)]
        told = [self._told(plural, row, _depth(query)) for row in shown]
        start, end = (_cursor(shown[0]), _cursor(shown[-1])) if shown else (None, None)
        pages = {"hasNextPage": len(shown) < len(rows), "startCursor": start, "endCursor": end}
        return {"data": {plural: told}, "totalCount": total, "pageInfo": pages}

    @route("GET", "/rest/{plural}/{id}")
    def record(self, asked: Received, plural: str, id: str) -> Any:
        """One."""
        self._may(plural, "read")
        query = self._only(asked, "depth")
        return {"data": {OBJECTS[plural][0]: self._told(plural, self._found(plural, id), _depth(query))}}

    # ------------------------------------------------------------ writing

    @route("POST", "/rest/{plural}")
    def create(self, asked: Received, plural: str) -> Any:
        """Make one; with `upsert` change what is there under its id, also in the bin."""
        self._may(plural, "update")
        upsert = self._only(asked, "upsert", "depth").get("upsert") == "true"
        given = self._given(asked, plural)
        id, table = given.pop("id", None), self.tables[plural]
        if id is not None and not UUID.fullmatch(str(id)):
            raise _refusal(f"Value {id} is not a valid UUID")
        row = next((row for row in table.every if row.id == id), None)
        if row is not None and not upsert:
            raise _refusal("A duplicate entry was detected")
        for name, other in REFERS.items():
            if name in given and not any(each.id == given[name] for each in self.tables[other].every):
                raise _refusal(f'insert or update on table "{OBJECTS[plural][0]}" violates foreign key constraint')
        if row is None:
            row = table.add(given, id=id)
        else:
            row.deleted = False
            table.change(row, given)
        return Answer(201, {"data": {f"create{_capital(OBJECTS[plural][0])}": self._told(plural, row, 0)}})

    @route("PATCH", "/rest/{plural}/{id}")
    def update(self, asked: Received, plural: str, id: str) -> Any:
        """Change one."""
        self._may(plural, "update")
        self._only(asked, "depth")
        row, given = self._found(plural, id), self._given(asked, plural)
        if "id" in given:
            raise _refusal("an id stays as it is")
        self.tables[plural].change(row, given)
        return {"data": {f"update{_capital(OBJECTS[plural][0])}": self._told(plural, row, 0)}}

    @route("DELETE", "/rest/{plural}/{id}")
    def delete(self, asked: Received, plural: str, id: str) -> Any:
        """Put one into the bin, and with a note what ties it to others."""
        if self._only(asked, "soft_delete").get("soft_delete") != "true":
            raise _refusal("this stand-in destroys nothing")
        self._may(plural, "soft_delete")
        self.tables[plural].delete(self._found(plural, id))
        if plural == "notes":
            for target in self.tables["noteTargets"].where(noteId=id):
                self.tables["noteTargets"].delete(target)
        return {"data": {f"delete{_capital(OBJECTS[plural][0])}": {"id": id}}}

    # ------------------------------------------------------------ inside

    def _only(self, asked: Received, *names: str) -> Mapping[str, str]:
        unknown = sorted(set(asked.query) - set(names))
        if unknown:
            raise _refusal(f"unknown parameters: {', '.join(unknown)}")
        return asked.query

    def _found(self, plural: str, id: str) -> Row:
        if not UUID.fullmatch(id):
            raise _refusal(f"'{id}' is not a valid UUID")
        row = self.tables[plural].get(id)
        if row is None:
            raise _refusal("Record not found")
        return row

    def _given(self, asked: Received, plural: str) -> dict[str, Any]:
        given = asked.json()
        if not isinstance(given, dict):
            raise _refusal("the body must be an object")
        for name, value in given.items():
            if name not in self.types[plural] or name in ("createdAt", "updatedAt", "deletedAt"):
                raise _refusal(f'Object {OBJECTS[plural][0]} doesn\'t have any "{name}" field.')
            if name != "id" and value is not None and not _fits(self.types[plural][name], value):
                raise _refusal(f'Invalid value {value!r} for field "{name}"')
        return given

    def _compared(self, row: Row) -> dict[str, Any]:
        return {**row.values, "id": row.id, "createdAt": row.created, "updatedAt": row.changed, "deletedAt": None}

    def _told(self, plural: str, row: Row, depth: int) -> dict[str, Any]:
        values = {name: row.values.get(name) for name in self.types[plural]}
        values |= {"id": row.id, "createdAt": _written(row.created), "updatedAt": _written(row.changed)}
        if depth and plural == "noteTargets":
            for name, other in REFERS.items():
                referred = self.tables[other].get(row.values.get(name) or "")
                values[name.removesuffix("Id")] = None if referred is None else self._told(other, referred, 0)
        return values


def link(domain: str) -> dict[str, Any]:
    """A domain as Twenty keeps it."""
    return {"primaryLinkLabel": "", "primaryLinkUrl": f"https://{domain}" if domain else "", "secondaryLinks": []}


def _capital(name: str) -> str:
    return name[0].upper() + name[1:]


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _cursor(row: Row) -> str:
    return base64.b64encode(json.dumps({"id": row.id}).encode()).decode()


def _behind(cursor: str) -> str:
    try:
        return str(json.loads(base64.b64decode(cursor, validate=True))["id"])
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise _refusal("Invalid cursor") from None


def _depth(query: Mapping[str, str]) -> int:
    depth = query.get("depth", "0")
    if depth not in ("0", "1"):
        raise _refusal(f"'depth={depth}' parameter invalid. Allowed values are 0, 1")
    return int(depth)


def _fits(type: str, value: Any) -> bool:
    if type == "NUMBER":
        return isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    if type == "RICH_TEXT":
        return isinstance(value, dict) and set(value) <= {"markdown", "blocknote"}
    if not isinstance(value, str):
        return False
    if type == "UUID":
        return UUID.fullmatch(value) is not None
    if type == "DATE":
        try:
            return date.fromisoformat(value).isoformat() == value
        except ValueError:
            return False
    return True


def _error(status: int, name: str, message: str) -> dict[str, Any]:
    return {"statusCode": status, "error": name, "messages": [message]}


def _refusal(message: str) -> Refused:
    return Refused(400, _error(400, "BadRequestException", message))
