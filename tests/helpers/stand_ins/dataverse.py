"""A stand-in for Dataverse: accounts and notes (annotations) as the Web API shows them.

As its documentation says; nothing here was seen on a running system. An id that is not there yet is made by PATCH,
unless If-Match says that it must be there; one that is there is changed, unless If-None-Match says it must not be.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import quote

from tests.helpers.stand_ins.base import Answer, Malformed, Received, Refused, StandIn, route, same
from tests.helpers.stand_ins.business_central_odata import condition
from tests.helpers.stand_ins.table import Row, Table

API = "/api/data/v9.2"
TENANT = "contoso.onmicrosoft.com"
CLIENT = "a3b1c9d2-7f44-4c0e-9d55-rebated"
SECRET = "dv8Q~secret-4e7d"
TOKEN = "eyJ0eXAiOi.dataverse"
_PREFIX = f"{API}/"
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ALWAYS = {"createdon": "instant", "modifiedon": "instant"}
_ACCOUNT = {"name": "text", "websiteurl": "text", "accountnumber": "text", "statecode": "integer", "merged": "boolean"}
_NOTE = {"subject": "text", "notetext": "memo", "isdocument": "boolean"}
_LONGEST = {"text": 500, "memo": 100_000}


class Dataverse(StandIn):
    """One environment. `types`: its columns by table; `fixed`: what nobody writes; `missing_rights`: what, where."""

    precision: ClassVar[timedelta] = timedelta(seconds=1)
    page_limit = 5000

    def __init__(self) -> None:
        super().__init__()
        self.tokens: dict[str, datetime] = {}
        account, note = ({"accountid": "id"} | _ALWAYS | _ACCOUNT), ({"annotationid": "id"} | _ALWAYS | _NOTE)
        self.types: dict[str, dict[str, str]] = {
            "accounts": account | {"_masterid_value": "id"},
            "annotations": note | {"_objectid_value": "id"},
        }
        self.fixed = {*_ALWAYS, "accountid", "annotationid", "merged", "_masterid_value", "_objectid_value"}
        self.missing_rights: set[tuple[str, str]] = set()
        self.tables = {
            name: Table(self.stamp, name_id=lambda number: str(uuid.uuid4())) for name in ("accounts", "annotations")
        }

    # ------------------------------------------------------------ for tests

    def add_column(self, name: str, type: str = "text") -> None:
        """A column of accounts, as a maker adds it."""
        self.types["accounts"][name] = type

    def add_account(self, name: str, **values: Any) -> Row:
        """An account made by hand."""
        with self.lock:
            return self.tables["accounts"].add({"name": name, "statecode": 0, "merged": False, **values})

    def merge(self, gone: Row, into: Row) -> None:
        """Merge an account into another: it stays, out of use, and names its master; its notes go along."""
        with self.lock:
            for note in self.tables["annotations"].where(_objectid_value=gone.id):
                note.values["_objectid_value"] = into.id
            self.tables["accounts"].change(gone, {"statecode": 1, "merged": True, "_masterid_value": into.id})
            self.tables["accounts"].change(into, {})

    # ------------------------------------------------------------ who may

    @route("POST", f"/{TENANT}/oauth2/v2.0/token", open=True)
    def token(self, asked: Received) -> Any:
        """A token for an hour."""
        form = asked.form()
        if form.get("grant_type") != "client_credentials":
            raise Refused(400, {"error": "unsupported_grant_type", "error_description": "AADSTS70003"})
        if form.get("scope") != f"http://{asked.header('Host')}/.default":
            raise Refused(400, {"error": "invalid_resource", "error_description": "AADSTS500011: not found"})
        if form.get("client_id") != CLIENT or not same(form.get("client_secret", ""), SECRET):
            raise Refused(401, {"error": "invalid_client", "error_description": "AADSTS7000215: invalid secret"})
        token = f"{TOKEN}{len(self.tokens)}"
        self.tokens[token] = self.clock.now() + timedelta(seconds=3599)
        return {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token}

    def authenticate(self, asked: Received) -> None:
        ends = self.tokens.get(asked.bearer())
        if ends is None or ends < self.clock.now():
            raise Refused(401)

    def unknown(self, asked: Received) -> Answer:
        return _error(404, "0x8006088a", "Resource not found for the segment").answer

    def malformed(self, asked: Received, why: str) -> Answer:
        return _error(400, "0x80048d19", f"Error identified in Payload: {why}").answer

    def _may(self, what: str, entities: str) -> None:
        if (what, entities) in self.missing_rights:
            raise _error(403, "0x80048306", f"Principal user is missing prv{what}{entities[:-1].title()} privilege")

    # ------------------------------------------------------------ reading

    @route("GET", f"{API}/WhoAmI")
    def who(self, asked: Received) -> Any:
        """Who asks."""
        return {name: str(uuid.uuid5(uuid.NAMESPACE_URL, name)) for name in ("BusinessUnitId", "UserId")}

    @route("GET", f"{API}/accounts")
    @route("GET", f"{API}/annotations")
    def list(self, asked: Received) -> Any:
        """What a filter finds, by id, page by page."""
        entities, query = asked.path.removeprefix(_PREFIX), asked.query
        self._may("Read", entities)
        if unknown := set(query) - {"$select", "$filter", "$orderby", "$top", "$skiptoken"}:
            raise _error(400, "0x80060888", f"The query parameter {min(unknown)} is not supported")
        columns, key = self._columns(entities, query.get("$select", "")), f"{entities[:-1]}id"
        if query.get("$orderby", key) != key:
            raise _error(400, "0x80060888", "the stand-in sorts by id alone")
        try:
            holds = condition(query.get("$filter", ""), frozenset(self.types[entities]))
        except Refused as refused:
            raise _error(400, "0x80060888", refused.answer.body["error"]["message"]) from None
        behind = re.search(r'last="([^"]*)"', query.get("$skiptoken", ""))
        after = behind.group(1) if behind else ""
        rows = [row for row in self.tables[entities] if row.id > after and holds(self._values(entities, row))]
        rows.sort(key=lambda row: row.id)
        preferred = re.search(r"odata\.maxpagesize=(\d+)", asked.header("Prefer"))
        size = min(self.page_limit, int(query.get("$top") or (preferred.group(1) if preferred else self.page_limit)))
        told: dict[str, Any] = {"@odata.context": f"{API}/$metadata#{entities}"}
        told["value"] = [self._told(entities, row, columns) for row in rows[:size]]
        if size < len(rows) and "$top" not in query:
            cookie = quote(f'<cookie pagenumber="2" last="{rows[size - 1].id}"/>', safe="")
            bare = re.sub(r"[?&](%24|\$)skiptoken=[^&]*", "", asked.target)
            sign = "&" if "?" in bare else "?"
            told["@odata.nextLink"] = f"http://{asked.header('Host')}{bare}{sign}$skiptoken={cookie}"
        return told

    @route("GET", f"{API}/{{entities}}({{id}})")
    def read(self, asked: Received, entities: str, id: str) -> Any:
        """One record."""
        self._may("Read", entities)
        row = self._row(entities, id)
        if row is None:
            raise _missing(entities, id)
        columns = self._columns(entities, asked.query.get("$select", ""))
        return {"@odata.context": f"{API}/$metadata#{entities}/$entity", **self._told(entities, row, columns)}

    def _columns(self, entities: str, select: str) -> tuple[str, ...]:
        columns = tuple(name.strip() for name in select.split(",")) if select else tuple(self.types[entities])
        for name in columns:
            if name not in self.types[entities]:
                why = f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{entities[:-1]}'."
                raise _error(400, "0x80060888", why)
        return (*columns, f"{entities[:-1]}id")

    def _values(self, entities: str, row: Row) -> dict[str, Any]:
        own = {f"{entities[:-1]}id": row.id, "createdon": row.created, "modifiedon": row.changed}
        return {name: row.values.get(name) for name in self.types[entities]} | own

    def _told(self, entities: str, row: Row, columns: tuple[str, ...]) -> dict[str, Any]:
        values = self._values(entities, row)
        return {"@odata.etag": f'W/"{row.changed.timestamp():.0f}"'} | {name: _json(values[name]) for name in columns}

    # ------------------------------------------------------------ writing

    @route("PATCH", f"{API}/{{entities}}({{id}})")
    def write(self, asked: Received, entities: str, id: str) -> Answer:
        """Change the record with this id, or make it."""
        row = self._row(entities, id)
        given = self._given(entities, asked.json())
        if row is None and asked.header("If-Match"):
            raise _missing(entities, id)
        if row is not None and asked.header("If-None-Match"):
            raise _error(412, "0x80040237", "A record with matching key values already exists.")
        self._may("Create" if row is None else "Write", entities)
        if row is None:
            row = self.tables[entities].add(given, id=id.lower())
        else:
            self.tables[entities].change(row, given)
        place = f"http://{asked.header('Host')}{API}/{entities}({row.id})"
        return Answer(204, None, {"OData-EntityId": place, "OData-Version": "4.0"})

    def _row(self, entities: str, id: str) -> Row | None:
        if entities not in self.tables:
            raise _error(404, "0x8006088a", f"Resource not found for the segment '{entities}'.")
        if not _GUID.fullmatch(id):
            raise _error(400, "0x80060888", "Bad Request - Error in query syntax.")
        return self.tables[entities].get(id.lower())

    def _given(self, entities: str, given: Any) -> dict[str, Any]:
        if not isinstance(given, Mapping):
            raise Malformed("the body is no object")
        values: dict[str, Any] = {}
        for name, value in given.items():
            if entities == "annotations" and name == "objectid_account@odata.bind":
                values["_objectid_value"] = self._bound(value)
            elif name not in self.types[entities] or name in self.fixed:
                raise Malformed(f"An undeclared property '{name}' was found")
            elif value is not None and not _fits(self.types[entities][name], value):
                raise Malformed(f"Cannot convert the literal to the expected type of '{name}'")
            elif isinstance(value, str) and len(value) > _LONGEST.get(self.types[entities][name], 100):
                raise _error(400, "0x80044331", f"The length of '{name}' exceeded the maximum allowed length")
            else:
                values[name] = value
        return values

    def _bound(self, value: Any) -> str:
        match = re.fullmatch(r"/accounts\(([^()]*)\)", value) if isinstance(value, str) else None
        if match is None or not _GUID.fullmatch(match.group(1)):
            raise Malformed("Error in query syntax of a bound value")
        row = self.tables["accounts"].get(match.group(1).lower())
        if row is None:
            raise _missing("accounts", match.group(1))
        return row.id


def _fits(type: str, value: Any) -> bool:
    if type in ("integer", "decimal"):
        whole = isinstance(value, int) or (isinstance(value, Decimal) and type == "decimal")
        return whole and not isinstance(value, bool)
    if type == "date":
        try:
            return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
        except ValueError:
            return False
    return isinstance(value, bool) if type == "boolean" else isinstance(value, str)


def _error(status: int, code: str, message: str) -> Refused:
    return Refused(status, {"error": {"code": code, "message": message}})


def _missing(entities: str, id: str) -> Refused:
    return _error(404, "0x80040217", f"{entities[:-1]} With Id = {id} Does Not Exist")


def _json(value: Any) -> Any:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value
