"""A stand-in for SuiteCRM's API V8: accounts with custom fields, notes with ids of the client's choice, OAuth2.

Behaviour was read in the sources of SuiteCRM 7.14; what was not seen on a running system stands in
docs/connectors/suitecrm.md. As the real one does, it answers nearly every error with status 400, keeps what an
attribute was where null is sent, takes a note on an account that is not there, and tells stamps in whole minutes: it
sends them through the time format of the user. It searches by the second.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.helpers.stand_ins.base import Answer, Malformed, Received, Refused, StandIn, bracketed, route, same
from tests.helpers.stand_ins.table import Row, Table

MEDIA_TYPE = "application/vnd.api+json"
UUID = re.compile(r"(\d+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})", re.IGNORECASE | re.ASCII)
_STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
FAILURE = "Database failure. Please refer to suitecrm.log for details."
_COMPARED = {"eq": "==", "neq": "!=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
ALWAYS = {"id": "id", "name": "name", "date_entered": "datetime", "date_modified": "datetime", "deleted": "bool"}
ACCOUNT = ALWAYS | {"website": "url", "phone_office": "phone", "billing_address_country": "varchar"}
NOTE = ALWAYS | {"description": "text", "parent_type": "parent_type", "parent_id": "id"}


class SuiteCRM(StandIn):
    """One installation, and one client for client credentials. `may`: what its user may do with a module."""

    precision = timedelta(seconds=1)

    def __init__(self) -> None:
        super().__init__()
        self.client_id, self.client_secret = "3d7f3fda-97d7-147f-94cf-6a05d9b6f55e", "suite-secret-5581"
        self.tokens: dict[str, datetime] = {}
        self.fields: dict[str, dict[str, str]] = {"Accounts": dict(ACCOUNT), "Notes": dict(NOTE)}
        self.tables = {
            module: Table(self.stamp, name_id=lambda number: str(uuid.uuid4())) for module in ("Accounts", "Notes")
        }
        self.database_fails = False
        self.may = {module: {"view", "save"} for module in self.tables}

    # ------------------------------------------------------------ for tests

    def add_field(self, name: str, type: str) -> None:
        """A custom field of accounts, as an administrator adds it in Studio."""
        self.fields["Accounts"][name] = type

    def add_account(self, name: str, **values: Any) -> Row:
        """An account made by hand."""
        with self.lock:
            return self.tables["Accounts"].add({"name": name, **values})

    def allow(self, module: str, *actions: str) -> None:
        """Change what the user may do with a module."""
        self.may[module] = set(actions)

    # ------------------------------------------------------------ who may

    @route("POST", "/Api/access_token", open=True)
    def token(self, asked: Received) -> Any:
        """A token for an hour."""
        form = asked.form()
        known = same(form.get("client_id", ""), self.client_id) and same(
            form.get("client_secret", ""), self.client_secret
        )
        if not same(form.get("client_id", ""), self.client_id):
            message = "OAuth2Clients module with this id is not found"
            raise Refused(500, {"error": "unknown_error", "message": message})
        if form.get("grant_type") != "client_credentials":
            raise Refused(400, {"error": "unsupported_grant_type", "message": "no such grant"})
        if not known:
            raise Refused(401, {"error": "invalid_client", "message": "Client authentication failed"})
        token = f"suite-token-{uuid.uuid4().hex}"
        self.tokens[token] = self.clock.now() + timedelta(hours=1)
        return {"token_type": "Bearer", "expires_in": 3600, "access_token": token}

    def authenticate(self, asked: Received) -> None:
        ends = self.tokens.get(asked.bearer())
        if ends is None or ends < self.clock.now():
            raise Refused(401, {"error": "access_denied", "hint": "the token is not good any more"})

    def malformed(self, asked: Received, why: str) -> Answer:
        return _refusal(why).answer

    # ------------------------------------------------------------ records

    @route("GET", "/Api/V8/module/{module}")
    def list_records(self, asked: Received, module: str) -> Any:
        """Those found, on the page asked for. The number of pages is told where there is anything on it."""
        self._may(module, "view")
        query = bracketed(asked.pairs)
        unknown = set(query) - {"fields", "page", "sort", "filter"}
        if unknown:
            raise _refusal(f"The options {sorted(unknown)} do not exist")
        rows = [row for row in self.tables[module] if self._holds(module, row, query.get("filter", {}))]
        sort = query.get("sort", "date_entered")
        if sort.lstrip("-") not in self.fields[module]:
            raise _refusal(f"Sort field {sort} is not found")
        rows.sort(key=lambda row: str(self._values(module, row)[sort.lstrip("-")]), reverse=sort.startswith("-"))
        page = query.get("page", {})
        size, number = _positive(page.get("size", "20")), _positive(page.get("number", "1"))
        shown = rows[(number - 1) * size : number * size]
        told: dict[str, Any] = {"data": [self._told(module, row, query.get("fields", {})) for row in shown]}
        if shown:
            told["meta"] = {"total-pages": -(-len(rows) // size), "records-on-this-page": len(shown)}
        return _answer(200, told)

    @route("GET", "/Api/V8/module/{module}/{id}")
    def record(self, asked: Received, module: str, id: str) -> Any:
        """One."""
        self._may(module, "view")
        return _answer(200, {"data": self._told(module, self._found(module, id), bracketed(asked.pairs).get("fields"))})

    @route("POST", "/Api/V8/module")
    def create(self, asked: Received) -> Any:
        """A note. An id that was there once, deleted or not, is refused."""
        module, id, attributes = self._given(asked)
        if module != "Notes":
            raise _refusal(f"this stand-in makes no {module}")
        self._may(module, "save")
        if id is not None:
            if not UUID.fullmatch(id) or id.isdigit():
                raise _refusal(f'The option "id" with value "{id}" is invalid.')
            if any(row.id == id for row in self.tables[module].every):
                raise _refusal(f"Bean {module} with id {id} is already exist")
        row = self.tables[module].add(_kept({}, attributes), id=id)
        if self.database_fails:
            refusal, text = _refusal(FAILURE).answer, FAILURE.encode()
            raise Refused(400, json.dumps(refusal.body).encode() + text)
        return _answer(201, {"data": self._told(module, row, None)})

    @route("PATCH", "/Api/V8/module")
    def update(self, asked: Received) -> Any:
        """Change an account. Null changes nothing; empty text empties."""
        module, id, attributes = self._given(asked)
        if module != "Accounts":
            raise _refusal(f"this stand-in changes no {module}")
        row = self._found(module, id or "")
        self._may(module, "save")
        self.tables[module].change(row, _kept(row.values, attributes))
        return _answer(201, {"data": self._told(module, row, None)})

    @route("GET", "/Api/V8/meta/fields/{module}")
    def field_list(self, asked: Received, module: str) -> Any:
        """What fields a module has."""
        self._may(module, "view")
        fields = {name: {"type": type, "required": False} for name, type in self.fields[module].items()}
        return _answer(200, {"data": {"type": "fields", "attributes": fields}})

    # ------------------------------------------------------------ inside

    def _may(self, module: str, action: str) -> None:
        if module not in self.tables:
            raise _refusal(f"Module {module} does not exist")
        if action not in self.may[module]:
            raise _refusal("[SuiteCRM] [API] [AccessDeniedException] ")

    def _found(self, module: str, id: str) -> Row:
        if not UUID.fullmatch(id):
            raise _refusal(f'The option "id" with value "{id}" is invalid.')
        row = self.tables[module].get(id)
        if row is None:
            raise _refusal(f"{module} module with id {id} is not found")
        return row

    def _given(self, asked: Received) -> tuple[str, str | None, Mapping[str, Any]]:
        if asked.content_type not in (MEDIA_TYPE, "application/json"):
            raise Malformed("the body is none of JSON")
        body = asked.json()
        data = body.get("data") if isinstance(body, dict) and set(body) == {"data"} else None
        if not isinstance(data, dict) or set(data) - {"type", "id", "attributes"}:
            raise _refusal("data with type, id and attributes is needed")
        module, id, attributes = data.get("type"), data.get("id"), data.get("attributes", {})
        if module not in self.fields or not isinstance(attributes, dict) or not isinstance(id, (str, type(None))):
            raise _refusal("type, id or attributes are not of the right form")
        for name, value in attributes.items():
            if name not in self.fields[module]:
                raise _refusal(f"Property {name} in {module} module is invalid")
            if not _fits(self.fields[module][name], value):
                raise _refusal(f"the value of {name} is no {self.fields[module][name]}")
        return module, id, attributes

    def _holds(self, module: str, row: Row, given: Any) -> bool:
        if not isinstance(given, dict):
            raise _refusal("a filter is a table")
        rules = {name: rule for name, rule in given.items() if name not in ("operator", "deleted")}
        judged = []
        for name, rule in rules.items():
            if name not in self.fields[module]:
                raise _refusal(f"Filter field {name} in {module} module is not found")
            if not isinstance(rule, dict):
                raise _refusal(f"Filter field {name} must be an array")
            for operator, value in rule.items():
                judged.append(self._compared(module, row, name, operator, value))
        either = str(given.get("operator", "and")).lower() == "or"
        return not judged or (any(judged) if either else all(judged))

    def _compared(self, module: str, row: Row, name: str, operator: str, value: str) -> bool:
        if operator not in _COMPARED:
            raise _refusal(f"Filter operator {operator} is invalid")
        if self.fields[module][name] == "datetime" and not _STAMP.fullmatch(value):
            raise _refusal(f"{value} is no instant")  # MySQL would take it, and find something else
        mine = self._values(module, row)[name]
        if isinstance(mine, datetime):
            mine = f"{mine:%Y-%m-%d %H:%M:%S}"
        mine = "" if mine is None else str(mine)
        held = {
            "==": mine == value,
            "!=": mine != value,
            ">": mine > value,
            ">=": mine >= value,
            "<": mine < value,
            "<=": mine <= value,
        }
        return held[_COMPARED[operator]]

    def _values(self, module: str, row: Row) -> dict[str, Any]:
        own = {"id": row.id, "date_entered": row.created, "date_modified": row.changed, "deleted": "0"}
        return {name: row.values.get(name, "") for name in self.fields[module]} | own

    def _told(self, module: str, row: Row, fields: Any) -> dict[str, Any]:
        values = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in self._values(module, _whole(row)).items()
        }
        if fields:
            wanted = str(fields.get(module, "")).split(",")
            unknown = [name for name in wanted if name not in values]
            if unknown:
                raise _refusal(f"The following field in {module} module is not found: {', '.join(unknown)}")
            values = {name: value for name, value in values.items() if name in wanted}
        values = {name: _escaped(value) for name, value in values.items() if name != "id"}
        return {"type": module.removesuffix("s"), "id": row.id, "attributes": values, "relationships": {}}


def _escaped(value: Any) -> Any:
    """Texts come as HTML writes them, but for the ampersand."""
    if not isinstance(value, str):
        return value
    return value.replace('"', "&quot;").replace("'", "&#039;").replace("<", "&lt;").replace(">", "&gt;")


def _whole(row: Row) -> Row:
    created, changed = row.created.replace(second=0, microsecond=0), row.changed.replace(second=0, microsecond=0)
    return Row(row.id, row.values, created, changed)


def _kept(before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Everything comes back as text, as PHP reads it from the database."""
    return {**before, **{name: _as_kept(value) for name, value in given.items() if value is not None}}


def _as_kept(value: Any) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _fits(type: str, value: Any) -> bool:
    if value is None or value == "":
        return True
    if type in ("decimal", "currency", "float", "int"):
        # Text would be read by the number format of the user.
        return isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    if not isinstance(value, str):
        return False
    if type == "date":
        try:
            return date.fromisoformat(value).isoformat() == value
        except ValueError:
            return False
    return len(value) <= 255 or type == "text"


def _positive(text: Any) -> int:
    if not isinstance(text, str) or not text.isdecimal() or int(text) < 1:
        raise _refusal("the page is not of the right form")
    return int(text)


def _answer(status: int, body: Any) -> Answer:
    return Answer(status, body, content_type=MEDIA_TYPE)


def _refusal(detail: str) -> Refused:
    return Refused(400, {"errors": {"status": 400, "title": None, "detail": detail}})
