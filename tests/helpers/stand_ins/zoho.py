"""A stand-in for Zoho CRM, version 8: tokens, accounts by queries and by id, notes, fields.

As Zoho's documentation says; what was not seen on a running account stands in docs/connectors/zoho.md. Fields nobody
knows are passed over when something is written, and what came of each record stands in the body.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.helpers.stand_ins.base import Answer, Received, Refused, StandIn, route, same
from tests.helpers.stand_ins.table import Row, Table
from tests.helpers.stand_ins.zoho_coql import Invalid, query

MOST_RECORDS = 100
MOST_ON_A_PAGE = 200
LONGEST_NOTE = 32_000
TYPES = {
    "Accounts": {"id": "bigint", "Account_Name": "text", "Website": "website", "Phone": "phone", "Fax": "text"}
    | {"Created_Time": "datetime", "Modified_Time": "datetime"},
}


class Zoho(StandIn):
    """One organization. `api_domain`: what token replies name as the address of the interface."""

    precision = timedelta(seconds=1)

    def __init__(self) -> None:
        super().__init__()
        self.client_id, self.client_secret, self.refresh_token = "1000.ZOHO", "zoho-secret-91", "1000.refresh.4c07"
        self.api_domain = ""
        self.tokens: dict[str, datetime] = {}
        self.scopes = {"modules", "coql", "fields"}
        self.types = {module: dict(fields) for module, fields in TYPES.items()}
        self.accounts = Table(self.stamp, first=554023000000001001)
        self.notes = Table(self.stamp, first=554023000000900001)
        self.all_wrong = 202
        """The status of a reply that says of every record that it was not taken."""

    # ------------------------------------------------------------ for tests

    def add_field(self, name: str, type: str) -> None:
        """A custom field of accounts."""
        self.types["Accounts"][name] = type

    def add_account(self, name: str, **values: Any) -> Row:
        """An account made by hand."""
        with self.lock:
            return self.accounts.add({"Account_Name": name, **values})

    def merge(self, gone: Row, into: Row) -> None:
        """Merge an account into another: its notes go along."""
        with self.lock:
            for note in self.notes.where(parent=gone.id):
                note.values["parent"] = into.id
            self.accounts.delete(gone)

    # ------------------------------------------------------------ who may

    @route("POST", "/oauth/v2/token", open=True)
    def token(self, asked: Received) -> Any:
        """A token for an hour. What is wrong is said with status 200."""
        form = asked.form()
        if form.get("grant_type") != "refresh_token":
            return {"error": "unsupported_grant_type"}
        if form.get("client_id") != self.client_id or not same(form.get("client_secret", ""), self.client_secret):
            return {"error": "invalid_client"}
        if not same(form.get("refresh_token", ""), self.refresh_token):
            return {"error": "invalid_code"}
        token = f"1000.{uuid.uuid4().hex}"
        self.tokens[token] = self.clock.now() + timedelta(hours=1)
        told = {"access_token": token, "token_type": "Bearer", "expires_in": 3600}
        return told | {"scope": "ZohoCRM.modules.ALL", "api_domain": self.api_domain or self.url}

    def authenticate(self, asked: Received) -> None:
        ends = self.tokens.get(asked.bearer("Zoho-oauthtoken"))
        if ends is None or ends < self.clock.now():
            raise _refusal(401, "INVALID_TOKEN", "invalid oauth token")

    def unknown(self, asked: Received) -> Answer:
        return _refusal(404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one").answer

    def malformed(self, asked: Received, why: str) -> Answer:
        return _refusal(400, "INVALID_REQUEST", why).answer

    def _needs(self, scope: str) -> None:
        if scope not in self.scopes:
            raise _refusal(401, "OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL")

    # ------------------------------------------------------------ reading

    @route("POST", "/crm/v8/coql")
    def coql(self, asked: Received) -> Any:
        """What a query finds, in the order of ids; nothing at all where there is nothing."""
        self._needs("coql")
        given = asked.json()
        if not isinstance(given, dict) or set(given) != {"select_query"} or not isinstance(given["select_query"], str):
            raise _refusal(400, "MANDATORY_NOT_FOUND", "select_query is needed")
        try:
            wanted = query(given["select_query"], self.types)
        except Invalid as error:
            raise _refusal(400, error.code, str(error)) from None
        rows = sorted((row for row in self.accounts if wanted.holds(_compared(row))), key=lambda row: int(row.id))
        if not rows:
            return None
        shown = rows[: wanted.limit]
        columns = {*wanted.columns, "id"}
        data = [{name: value for name, value in self._told(row).items() if name in columns} for row in shown]
        return {"data": data, "info": {"count": len(shown), "more_records": len(shown) < len(rows)}}

    @route("GET", "/crm/v8/Accounts/{id}")
    def account(self, asked: Received, id: str) -> Any:
        """One."""
        self._needs("modules")
        row = self.accounts.get(id)
        if row is None:
            raise _refusal(400, "INVALID_DATA", "the id given seems to be invalid")
        return {"data": [self._told(row)]}

    @route("GET", "/crm/v8/Accounts/{id}/Notes")
    def notes_of(self, asked: Received, id: str) -> Any:
        """The notes of an account, the youngest first."""
        self._needs("modules")
        if self.accounts.get(id) is None:
            raise _refusal(400, "INVALID_DATA", "the id given seems to be invalid")
        asking = asked.query
        if set(asking) - {"fields", "page", "per_page"} or "fields" not in asking:
            raise _refusal(400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing")
        page, size = _number(asking.get("page", "1")), _number(asking.get("per_page", "200"))
        if size > MOST_ON_A_PAGE:
            raise _refusal(400, "INVALID_DATA", f"per_page is at most {MOST_ON_A_PAGE}")
        rows = list(reversed(self.notes.where(parent=id)))
        shown = rows[(page - 1) * size : page * size]
        if not shown:
            return None
        names = {*asking["fields"].split(","), "id"}
        data = [{name: value for name, value in _note(row).items() if name in names} for row in shown]
        return {"data": data, "info": {"page": page, "per_page": size, "more_records": page * size < len(rows)}}

    @route("GET", "/crm/v8/Notes/{id}")
    def one_note(self, asked: Received, id: str) -> Any:
        """One note; nothing where there is none."""
        self._needs("modules")
        row = self.notes.get(id)
        return None if row is None else {"data": [_note(row)]}

    @route("GET", "/crm/v8/settings/fields")
    @route("GET", "/crm/v8/settings/fields/{id}")
    def fields(self, asked: Received, id: str = "") -> Any:
        """What fields accounts have."""
        self._needs("fields")
        if asked.query != {"module": "Accounts"}:
            raise _refusal(400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing")
        known = [
            {"id": str(554023000000000100 + number), "api_name": name, "data_type": type}
            for number, (name, type) in enumerate(self.types["Accounts"].items())
        ]
        found = [each for each in known if not id or each["id"] == id]
        return {"fields": found} if found else None

    # ------------------------------------------------------------ writing

    @route("PUT", "/crm/v8/Accounts")
    def update_accounts(self, asked: Received) -> Any:
        """Change accounts, each for itself."""
        return self._each(asked, self._updated, 200)

    @route("PUT", "/crm/v8/Accounts/{id}")
    def update_account(self, asked: Received, id: str) -> Any:
        """Change one account."""
        return self._each(asked, lambda given: self._updated({**given, "id": id}), 200, most=1)

    @route("POST", "/crm/v8/Notes")
    def add_notes(self, asked: Received) -> Any:
        """Write notes; nothing keeps a second one out."""
        return self._each(asked, self._noted, 201)

    def _each(self, asked: Received, take: Any, status: int, most: int = MOST_RECORDS) -> Answer:
        self._needs("modules")
        given = asked.json()
        data = given.get("data") if isinstance(given, dict) else None
        if not isinstance(data, list) or not data or set(given) - {"data", "trigger"}:
            raise _refusal(400, "INVALID_DATA", "invalid data: data is a list of records")
        if len(data) > most:
            raise _refusal(400, "LIMIT_EXCEEDED", f"at most {most} records")
        results = []
        for record in data:
            try:
                row = take(record if isinstance(record, dict) else {})
                details = {"id": row.id, "Modified_Time": _written(row.changed), "Created_Time": _written(row.created)}
                results.append({"code": "SUCCESS", "details": details, "message": "done", "status": "success"})
            except _Wrong as wrong:
                results.append(wrong.told)
        good = sum(result["status"] == "success" for result in results)
        return Answer(status if good == len(results) else 207 if good else self.all_wrong, {"data": results})

    def _updated(self, given: Mapping[str, Any]) -> Row:
        row = self.accounts.get(str(given.get("id")))
        if row is None:
            raise _Wrong("INVALID_DATA", "the id given seems to be invalid", {"api_name": "id"})
        fields = self.types["Accounts"]
        read_only = ("id", "Created_Time", "Modified_Time")
        values = {name: value for name, value in given.items() if name in fields and name not in read_only}
        for name, value in values.items():
            if value is not None and not _fits(fields[name], value):
                raise _Wrong("INVALID_DATA", "invalid data", {"api_name": name, "expected_data_type": fields[name]})
        self.accounts.change(row, values)
        return row

    def _noted(self, given: Mapping[str, Any]) -> Row:
        content, parent = given.get("Note_Content"), given.get("Parent_Id", {})
        if not isinstance(content, str) or not content:
            raise _Wrong("MANDATORY_NOT_FOUND", "required field not found", {"api_name": "Note_Content"})
        if len(content) > LONGEST_NOTE or not isinstance(given.get("Note_Title", ""), str):
            raise _Wrong("INVALID_DATA", "invalid data", {"api_name": "Note_Content"})
        module = parent.get("module") if isinstance(parent, dict) else {}
        if not isinstance(module, dict) or module.get("api_name") != "Accounts":
            raise _Wrong("MANDATORY_NOT_FOUND", "required field not found", {"api_name": "Parent_Id"})
        account = self.accounts.get(str(parent.get("id")))
        if account is None:
            raise _Wrong("INVALID_DATA", "the related id given seems to be invalid", {"api_name": "Parent_Id"})
        return self.notes.add({"title": given.get("Note_Title"), "content": content, "parent": account.id})

    # ------------------------------------------------------------ inside

    def _told(self, row: Row) -> dict[str, Any]:
        values = {name: row.values.get(name) for name in self.types["Accounts"]}
        moments = {"Created_Time": _written(row.created), "Modified_Time": _written(row.changed)}
        return values | moments | {"id": row.id}


class _Wrong(Exception):
    def __init__(self, code: str, message: str, details: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.told = {"code": code, "details": dict(details), "message": message, "status": "error"}


def _compared(row: Row) -> dict[str, Any]:
    return {**row.values, "id": int(row.id), "Created_Time": row.created, "Modified_Time": row.changed}


def _note(row: Row) -> dict[str, Any]:
    parent = {"id": row.values["parent"], "module": {"api_name": "Accounts"}}
    told = {"id": row.id, "Note_Title": row.values["title"], "Note_Content": row.values["content"]}
    return told | {"Parent_Id": parent, "Created_Time": _written(row.created), "Modified_Time": _written(row.changed)}


def _written(moment: datetime) -> str:
    """In the time zone of the organization, which is one hour east."""
    return f"{moment + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}+01:00"


def _fits(type: str, value: Any) -> bool:
    if type in ("currency", "double", "integer"):
        number = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
        return number and (type != "integer" or isinstance(value, int))
    if type == "date":
        try:
            return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
        except ValueError:
            return False
    return isinstance(value, str) and len(value) <= 255


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise _refusal(400, "INVALID_DATA", "not a number")
    return int(text)


def _refusal(status: int, code: str, message: str) -> Refused:
    return Refused(status, {"code": code, "details": {}, "message": message, "status": "error"})
