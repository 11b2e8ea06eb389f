"""An ERPNext 15 as its REST interface shows it: customers, items, sales invoices, comments.

As measured: twenty records where no number is asked for; lists hold no lines; stamps are the site's local time; a
second document under a unique custom field is a 417; what is inserted as submitted is answered as a draft; an unknown
customer is an error of the program, an unknown item a 404, an unknown field of a list a 417.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.helpers.stand_ins.base import Answer, Malformed, Received, route, same
from tests.helpers.stand_ins.erpnext_books import ErpNextBooks
from tests.helpers.stand_ins.erpnext_doctypes import DOCTYPES, SYSTEM
from tests.helpers.stand_ins.erpnext_query import Values, check_fields, error, filtered, holds, ordered, parsed, shown
from tests.helpers.stand_ins.table import Row


class ErpNext(ErpNextBooks):
    """The server. `rights` are those of the user of the key: doctype and one of read, create, write, submit, delete.

    No role of ERPNext's gives those to comments but System Manager: a role of the customer's own does here.
    """

    api_key = "6f1c0f0b7d"
    api_secret = "erpnext-secret-91c5"

    def __init__(self, zone: str = "Asia/Kolkata") -> None:
        super().__init__(zone)
        readable = {(doctype, "read") for doctype in DOCTYPES}
        invoices = {("Sales Invoice", right) for right in ("create", "write", "submit", "delete")}
        self.rights = readable | invoices | {("Customer", "write"), ("Comment", "create")}

    def authenticate(self, asked: Received) -> None:
        given = asked.bearer("token")
        if not given:
            raise error(403, "PermissionError", "Login to access")
        if not same(given, f"{self.api_key}:{self.api_secret}"):
            raise error(401, "AuthenticationError", "Invalid credentials")

    def malformed(self, asked: Received, why: str) -> Answer:
        return error(500, "JSONDecodeError", why).answer

    # ------------------------------------------------------------ methods

    @route("GET", "/api/method/frappe.auth.get_logged_user")
    def logged_user(self, asked: Received) -> Any:
        return {"message": "rebated@example.com"}

    @route("GET", "/api/method/frappe.client.get_time_zone", open=True)
    def time_zone(self, asked: Received) -> Any:
        return {"message": {"time_zone": self.zone.key}}

    # ------------------------------------------------------------ resources

    @route("GET", "/api/resource/{doctype}")
    def list(self, asked: Received, doctype: str) -> Any:
        query = asked.query
        kind = DOCTYPES.get(doctype)
        if kind is None:
            raise error(404, "DoesNotExistError", f"DocType {doctype} not found")
        if kind.child:
            parent = query.get("parent", "")
            field = (
                next((name for name, each in DOCTYPES[parent].tables.items() if each == doctype), "")
                if parent in DOCTYPES
                else ""
            )
            if not field:
                raise error(403, "PermissionError", f"no parent for {doctype}")
            self._need(parent, "read")
            rows: list[Values] = self.children_of(parent, field)
        else:
            self._need(doctype, "read")
            rows = [self.values_of(row) for row in self.tables[doctype]]
        filters = parsed(query, "filters", [])
        fields = parsed(query, "fields", ["name"])
        known = {*SYSTEM, *kind.fields, *self.custom.get(doctype, ()), "*"}
        check_fields([*_fields(fields), *filtered(filters)], known)
        found = [row for row in rows if holds(filters, row, doctype)]
        found = ordered(found, query.get("order_by", "creation desc" if not kind.child else "idx asc"), lambda row: row)
        start, length = (
            _whole(query, name, default) for name, default in (("limit_start", 0), ("limit_page_length", 20))
        )
        found = found[start : start + length] if length else found[start:]
        return {"data": [_chosen(row, fields, kind.tables) for row in found]}

    @route("GET", "/api/resource/{doctype}/{name}")
    def read(self, asked: Received, doctype: str, name: str) -> Any:
        self._need(doctype, "read")
        return {"data": self._whole(doctype, self._found(doctype, name))}

    @route("POST", "/api/resource/{doctype}")
    def create(self, asked: Received, doctype: str) -> Any:
        self._need(doctype, "create")
        sent = _table(asked)
        if sent.get("docstatus"):
            self._need(doctype, "submit")
        answer = self._whole(doctype, self.insert(doctype, sent))
        return {"data": answer | ({"status": "Draft"} if doctype == "Sales Invoice" else {})}

    @route("PUT", "/api/resource/{doctype}/{name}")
    def change(self, asked: Received, doctype: str, name: str) -> Any:
        sent = _table(asked)
        self._need(doctype, {1: "submit", 2: "cancel"}.get(sent.get("docstatus", 0), "write"))
        row = self._found(doctype, name)
        self.update(doctype, row, sent)
        return {"data": self._whole(doctype, row)}

    @route("DELETE", "/api/resource/{doctype}/{name}")
    def delete(self, asked: Received, doctype: str, name: str) -> Any:
        self._need(doctype, "delete")
        row = self._found(doctype, name)
        if row.values["docstatus"] == 1:
            raise error(417, "ValidationError", "a submitted document cannot be deleted")
        self.tables[doctype].delete(row)
        return Answer(202, {"data": "ok"})

    # ------------------------------------------------------------ what routes share

    def _need(self, doctype: str, right: str) -> None:
        if doctype not in DOCTYPES:
            raise error(404, "DoesNotExistError", f"DocType {doctype} not found")
        if (doctype, right) not in self.rights:
            raise error(403, "PermissionError", f"No permission for {doctype}")

    def _found(self, doctype: str, name: str) -> Row:
        row = self.tables[doctype].get(name)
        if row is None:
            raise error(404, "DoesNotExistError", f"{doctype} {name} not found")
        return row

    def _whole(self, doctype: str, row: Row) -> dict[str, Any]:
        tables = DOCTYPES[doctype].tables
        told = {name: shown(value) for name, value in self.values_of(row).items() if name not in tables}
        for field, child in tables.items():
            rows = [each for each in self.children_of(doctype, field) if each["parent"] == row.id]
            told[field] = [{name: shown(value) for name, value in each.items()} | {"doctype": child} for each in rows]
        return told | {"doctype": doctype}


def _fields(given: Any) -> list[str]:
    if not isinstance(given, list):
        raise error(417, "ValidationError", "fields is a list")
    if any("." in str(field) for field in given):
        raise error(417, "ValidationError", "the stand-in joins no tables")
    return given


def _chosen(row: Values, fields: list[str], tables: Mapping[str, str]) -> dict[str, Any]:
    names = [name for name in row if name not in tables] if "*" in fields else fields
    return {name: shown(row[name]) for name in names if name in row and name not in tables}


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    given = query.get(name, str(default))
    return int(given) if given.isdecimal() else 0


def _table(asked: Received) -> Mapping[str, Any]:
    sent = asked.json()
    if not isinstance(sent, Mapping):
        raise Malformed("the body is no object")
    return sent
