"""A stand-in for Salesforce: accounts and tasks over REST, with SOQL, upserts by external id, and collections.

As its documentation says; nothing here was seen on a running system. Errors are a list, what went well is a table.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from tests.helpers.stand_ins.base import Answer, Received, Refused, route
from tests.helpers.stand_ins.salesforce_soql import Invalid, found, parsed
from tests.helpers.stand_ins.salesforce_tokens import Tokens
from tests.helpers.stand_ins.table import Row, Table

DATA = "/services/data/v65.0"
MOST_IN_A_COLLECTION = 200
_ALWAYS = {"Id": "id", "IsDeleted": "boolean", "CreatedDate": "datetime", "SystemModstamp": "datetime"}
_ALWAYS |= {"CreatedById": "reference"}
_ACCOUNT = {"Name": "string", "Website": "url", "AccountNumber": "string", "MasterRecordId": "reference"}
_TASK = {"Subject": "string", "Description": "textarea", "Status": "picklist", "ActivityDate": "date"}
_LONGEST = {"string": 255, "url": 255, "picklist": 255, "textarea": 32_000}


def id_of(prefix: str, number: int) -> str:
    """An id of 18 characters: the last three tell which of the others are capital."""
    plain = f"{prefix}Jg{number:010d}"
    parts = (plain[start : start + 5] for start in (0, 5, 10))
    bits = (sum(sign.isupper() << place for place, sign in enumerate(part)) for part in parts)
    return plain + "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[each] for each in bits)


class Salesforce(Tokens):
    """One organisation. `types`: columns the user may see, by object; `fixed`: those it may not write.

    `unique`: the external id of tasks. `requests_left`: how many the day still has. `most_in_a_reply`: how many
    records a query gives at once. `locked`: ids of accounts somebody else changes at this moment.
    """

    precision: ClassVar[timedelta] = timedelta(seconds=1)
    most_in_a_reply = 2000

    def __init__(self) -> None:
        super().__init__()
        self.types = {"Account": _ALWAYS | _ACCOUNT, "Task": _ALWAYS | _TASK | {"WhatId": "reference"}}
        self.fixed = {"Account": {*_ALWAYS, "MasterRecordId"}, "Task": set(_ALWAYS)}
        self.unique: str | None = None
        self.requests_left = 100_000
        self.locked: set[str] = set()
        self.tables = {
            name: Table(self.stamp, first=first, name_id=lambda number, prefix=prefix: id_of(prefix, number))  # type: ignore[misc]
            for name, prefix, first in (("Account", "001", 901), ("Task", "00T", 5001))
        }

    # ------------------------------------------------------------ for tests

    def add_field(self, object: str, name: str, type: str = "string", *, external_id: bool = False) -> None:
        """A custom field, visible and editable."""
        self.types[object][name] = type
        if external_id:
            self.unique = name

    def add_account(self, name: str, **values: Any) -> Row:
        """An account made by hand."""
        with self.lock:
            return self.tables["Account"].add({"Name": name, **values})

    def merge(self, gone: Row, into: Row) -> None:
        """Merge an account into another: it lies in the recycle bin, and names its master."""
        with self.lock:
            for task in self.tables["Task"].where(WhatId=gone.id):
                task.values["WhatId"] = into.id
            gone.values["MasterRecordId"] = into.id
            self.tables["Account"].delete(gone)
            self.tables["Account"].change(into, {})

    # ------------------------------------------------------------ who may

    def authenticate(self, asked: Received) -> None:
        self.check_token(asked)
        self.requests_left -= 1
        if self.requests_left < 0:
            raise _refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")

    def unknown(self, asked: Received) -> Answer:
        return _refusal(404, "NOT_FOUND", "The requested resource does not exist").answer

    def wrong_method(self, asked: Received) -> Answer:
        return _refusal(405, "METHOD_NOT_ALLOWED", "HTTP Method not allowed").answer

    def malformed(self, asked: Received, why: str) -> Answer:
        status = 400 if "json" in asked.content_type else 415
        return _refusal(status, "JSON_PARSER_ERROR", why).answer

    # ------------------------------------------------------------ reading

    @route("GET", f"{DATA}/query")
    @route("GET", f"{DATA}/queryAll")
    def query(self, asked: Received) -> Any:
        """What a query finds; of deleted and archived records only `queryAll` tells."""
        try:
            query = parsed(asked.query.get("q", ""), self.types)
        except Invalid as error:
            raise _refusal(400, error.code, str(error)) from None
        table, everything = self.tables[query.object], asked.path.endswith("/queryAll")
        held = found(query, [self._columns(query.object, row) for row in (table.every if everything else table)])
        page = [self._told(query.object, query.columns, values) for values in held[: self.most_in_a_reply]]
        told: dict[str, Any] = {"totalSize": len(held), "done": len(page) == len(held), "records": page}
        if not told["done"]:
            told["nextRecordsUrl"] = f"{DATA}/query/01gJg0000000001AAA-{self.most_in_a_reply}"
        return told

    def _columns(self, object: str, row: Row) -> dict[str, Any]:
        own = {"Id": row.id, "IsDeleted": row.deleted, "CreatedDate": row.created, "SystemModstamp": row.changed}
        return {name: row.values.get(name) for name in self.types[object]} | own | {"CreatedById": id_of("005", 1)}

    def _told(self, object: str, columns: tuple[str, ...], values: Mapping[str, Any]) -> dict[str, Any]:
        told = {name: _json(values[name]) for name in columns}
        return {"attributes": {"type": object, "url": f"{DATA}/sobjects/{object}/{values['Id']}"}} | told

    @route("GET", f"{DATA}/sobjects/{{object}}/describe")
    def describe(self, asked: Received, object: str) -> Any:
        """The fields of an object the user may see."""
        if object not in self.types:
            raise _refusal(404, "NOT_FOUND", "The requested resource does not exist")
        fields = self.types[object].items()
        told = [{"name": name, "type": type, "externalId": name == self.unique} for name, type in fields]
        return {"name": object, "fields": told}

    # ------------------------------------------------------------ writing

    @route("PATCH", f"{DATA}/sobjects/{{object}}/{{id}}")
    def update(self, asked: Received, object: str, id: str) -> Answer | None:
        """Change one record."""
        given = self._fields(asked.json(), object)
        self._change(object, self._found(object, id), given)
        return None

    @route("PATCH", f"{DATA}/sobjects/{{object}}/{{name}}/{{value}}")
    def upsert(self, asked: Received, object: str, name: str, value: str) -> Answer:
        """Change the record with this external id, or make it."""
        given = self._fields(asked.json(), object)
        if object != "Task" or name != self.unique or name not in self.types[object]:
            raise _refusal(404, "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {name}")
        if name in given:
            raise _refusal(400, "INVALID_FIELD", f"The {name} field should not be specified in the sobject data.")
        rows = self.tables[object].where(**{name: value})
        if len(rows) > 1:
            return Answer(300, [f"{DATA}/sobjects/{object}/{row.id}" for row in rows])
        if rows:
            row = rows[0]
            self._change(object, row, given)
        else:
            self._judge(object, given | {name: value})
            row = self.tables[object].add(given | {name: value})
        told = {"id": row.id, "success": True, "errors": [], "created": not rows}
        return Answer(200 if rows else 201, told)

    @route("PATCH", f"{DATA}/composite/sobjects")
    def collection(self, asked: Received) -> Any:
        """Change several records, each for itself; a record that comes twice is refused."""
        given = asked.json()
        records = given.get("records") if isinstance(given, dict) else None
        if not isinstance(records, list) or set(given) != {"allOrNone", "records"} or given["allOrNone"] is not False:
            raise _refusal(400, "INVALID_INPUT", "allOrNone and records are needed")
        if not 1 <= len(records) <= MOST_IN_A_COLLECTION:
            raise _refusal(400, "INVALID_INPUT", "The number of records is limited")
        ids = [record.get("id") for record in records if isinstance(record, dict)]
        return [self._each(record, ids) for record in records]

    def _each(self, record: Any, ids: list[Any]) -> dict[str, Any]:
        try:
            if not isinstance(record, dict) or not isinstance(record.get("attributes"), dict):
                raise _refusal(400, "INVALID_INPUT", "attributes is missing")
            object, id = record["attributes"].get("type"), record.get("id")
            if not isinstance(id, str) or len(id) not in (15, 18):
                raise _refusal(400, "MALFORMED_ID", f"{object} ID: id value of incorrect type: {id}", ["Id"])
            if ids.count(id) > 1:
                raise _refusal(400, "DUPLICATE_VALUE", "the record comes twice")
            rest = {name: value for name, value in record.items() if name not in ("attributes", "id")}
            row = self._found(object, id)
            self._change(object, row, self._fields(rest, object))
        except Refused as refused:
            first = refused.answer.body[0]
            error = {"statusCode": first["errorCode"], "message": first["message"], "fields": first.get("fields", [])}
            return {"success": False, "errors": [error]}
        return {"id": row.id, "success": True, "errors": []}

    def _fields(self, given: Any, object: str) -> dict[str, Any]:
        if object not in self.types or not isinstance(given, dict):
            raise _refusal(404, "NOT_FOUND", "The requested resource does not exist")
        for name in given:
            if name not in self.types[object]:
                raise _refusal(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {object}")
            if name in self.fixed[object]:
                raise _refusal(
                    400, "INVALID_FIELD_FOR_INSERT_UPDATE", f"Unable to create/update fields: {name}", [name]
                )
        return given

    def _found(self, object: str, id: str) -> Row:
        row = next((row for row in self.tables[object].every if row.id[:15] == id[:15]), None)
        if row is None or len(id) not in (15, 18):
            raise _refusal(404, "NOT_FOUND", "The requested resource does not exist")
        if row.deleted:
            raise _refusal(404, "ENTITY_IS_DELETED", "entity is deleted")
        return row

    def _change(self, object: str, row: Row, given: Mapping[str, Any]) -> None:
        self._judge(object, given)
        if row.id in self.locked:
            raise _refusal(400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
        self.tables[object].change(row, given)

    def _judge(self, object: str, given: Mapping[str, Any]) -> None:
        for name, value in given.items():
            type = self.types[object][name]
            if value is not None and not _fits(type, value):
                raise _refusal(400, "JSON_PARSER_ERROR", f"Cannot deserialize instance of {type} from {value!r}")
            if isinstance(value, str) and len(value) > _LONGEST.get(type, 18):
                raise _refusal(400, "STRING_TOO_LONG", f"{name}: data value too large", [name])
        account = given.get("WhatId")
        if account is not None:
            if len(account) not in (15, 18):
                raise _refusal(400, "MALFORMED_ID", f"Related To ID: id value of incorrect type: {account}", ["WhatId"])
            if not any(row.id[:15] == account[:15] for row in self.tables["Account"]):
                raise _refusal(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")


def _fits(type: str, value: Any) -> bool:
    if type == "double":
        return isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    if type == "date":
        try:
            return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
        except ValueError:
            return False
    return isinstance(value, bool) if type == "boolean" else isinstance(value, str)


def _refusal(status: int, code: str, message: str, fields: list[str] | None = None) -> Refused:
    error: dict[str, Any] = {"message": message, "errorCode": code}
    return Refused(status, [error | ({"fields": fields} if fields else {})])


def _json(value: Any) -> Any:
    return value.strftime("%Y-%m-%dT%H:%M:%S.000+0000") if isinstance(value, datetime) else value
