"""A stand-in for EspoCRM: accounts with custom fields, posts in their streams, metadata, the user's rights.

Behaviour was read in the sources of EspoCRM 9; what was not seen on a running system stands in
docs/connectors/espocrm.md.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.helpers.stand_ins.base import Answer, Received, Refused, StandIn, bracketed, route, same
from tests.helpers.stand_ins.espocrm_where import PARAMETERS, Invalid, holds, items, ordered
from tests.helpers.stand_ins.table import Row, Table

KEY = "c7f1e0a9b8d24f6f95e0aa17d3c2b1f0"
SECRET_KEY = "91be04f3a7c65d2880e1fcb39a4d7e06"
MOST_ON_A_PAGE = 200
ALWAYS = {"id": "varchar", "createdAt": "datetime", "modifiedAt": "datetime", "deleted": "bool"}
ACCOUNT = ALWAYS | {"name": "varchar", "website": "url", "emailAddress": "email", "billingAddressCountry": "varchar"}
NOTE = ALWAYS | {"type": "enum", "post": "text", "parentType": "varchar", "parentId": "varchar", "createdById": "link"}


class EspoCRM(StandIn):
    """One installation, and one user of type API. `level`: what the user may do with accounts.

    Attributes nobody knows are passed over when something is written, as the real one does.
    """

    precision = timedelta(seconds=1)

    def __init__(self) -> None:
        super().__init__()
        self.key, self.secret_key, self.user = KEY, SECRET_KEY, "66f000000000000aa"
        self.level = {"create": "yes", "read": "all", "edit": "all", "delete": "no", "stream": "all"}
        self.fields: dict[str, dict[str, str]] = {"Account": dict(ACCOUNT), "Note": dict(NOTE)}
        self.tables = {kind: Table(self.stamp, name_id=self._id) for kind in ("Account", "Note")}

    @staticmethod
    def _id(number: int) -> str:
        return hashlib.sha256(str(number).encode()).hexdigest()[:17]

    # ------------------------------------------------------------ for tests

    def add_field(self, name: str, type: str = "varchar") -> None:
        """A custom field of accounts, as an administrator adds it."""
        self.fields["Account"][name] = type

    def add_account(self, name: str, **values: Any) -> Row:
        """An account made by hand."""
        with self.lock:
            return self.tables["Account"].add({"name": name, **values})

    def allow(self, **level: str) -> None:
        """Change what the user may do with accounts."""
        self.level |= level

    def merge(self, gone: Row, into: Row) -> None:
        """Merge one account into another: its posts go along, its id leads nowhere."""
        with self.lock:
            for note in self.tables["Note"].where(parentId=gone.id):
                note.values["parentId"] = into.id
            self.tables["Account"].change(into, {**gone.values, **into.values})
            self.tables["Account"].delete(gone)

    # ------------------------------------------------------------ who may

    def authenticate(self, asked: Received) -> None:
        if same(asked.header("X-Api-Key"), self.key):
            return
        signed = f"{asked.method} {asked.path.removeprefix('/api/v1')}"
        wanted = hmac.new(self.secret_key.encode(), signed.encode(), hashlib.sha256).hexdigest()
        if same(_unwrapped(asked.header("X-Hmac-Authorization")), f"{self.key}:{wanted}"):
            return
        raise Refused(401)

    def unknown(self, asked: Received) -> Answer:
        return _refusal(404, "not a path of ours").answer

    def malformed(self, asked: Received, why: str) -> Answer:
        return _refusal(400, f"the body cannot be read: {why}").answer

    def _may(self, kind: str, action: str) -> None:
        if kind not in self.tables:
            raise _refusal(404, f"there is no entity type {kind}")
        if kind == "Account" and self.level.get(action, "no") == "no":
            raise _refusal(403, f"No {action} access.")

    # ------------------------------------------------------------ records

    @route("GET", "/api/v1/{kind}")
    def list_records(self, asked: Received, kind: str) -> Any:
        """Those found, on the page asked for. Of the notes a user lists the own ones."""
        self._may(kind, "read")
        try:
            query = bracketed(asked.pairs)
            if set(query) - PARAMETERS:
                raise Invalid(f"unknown parameters: {sorted(set(query) - PARAMETERS)}")
            known = self.fields[kind]
            rules = items(query.get("where", []))
            rows = [row for row in self.tables[kind] if holds(rules, self._told(kind, row), known)]
            if not rows:
                holds(rules, {}, known)  # what is wrong with a condition is told also where there is nothing
            ordered(rows, query, known, lambda row: self._told(kind, row))
        except Invalid as why:
            raise _refusal(400, str(why)) from None
        if kind == "Note":
            rows = [row for row in rows if row.values["createdById"] == self.user]
        size, offset = _number(query.get("maxSize", str(MOST_ON_A_PAGE))), _number(query.get("offset", "0"))
        if size > MOST_ON_A_PAGE:
            raise _refusal(403, f"a page has at most {MOST_ON_A_PAGE}")
        select = query.get("attributeSelect", query.get("select", ""))
        found = [self._told(kind, row, select) for row in rows[offset : offset + size]]
        if asked.header("X-No-Total").lower() == "true":
            total = -1 if offset + size < len(rows) else -2
        else:
            total = len(rows)
        return {"total": total, "list": found}

    @route("GET", "/api/v1/{kind}/{id}")
    def record(self, asked: Received, kind: str, id: str) -> Any:
        """One."""
        self._may(kind, "read")
        return self._told(kind, self._found(kind, id))

    @route("PUT", "/api/v1/Account/{id}")
    def update(self, asked: Received, id: str) -> Any:
        """Change an account. Attributes nobody knows are passed over."""
        self._may("Account", "edit")
        row, given = self._found("Account", id), self._given(asked)
        read_only = ("id", "createdAt", "modifiedAt", "deleted")
        values = {
            name: value for name, value in given.items() if name in self.fields["Account"] and name not in read_only
        }
        for name, value in values.items():
            if value is not None and not _fits(self.fields["Account"][name], value):
                raise Refused(400, {"messageTranslation": {"label": "validationFailure", "data": {"field": name}}})
        self.tables["Account"].change(row, values)  # the stamp moves also where nothing is another
        return self._told("Account", row)

    @route("POST", "/api/v1/Note")
    def post(self, asked: Received) -> Any:
        """Write a post into an account's stream; nothing keeps a second one out."""
        given = self._given(asked)
        if given.get("type", "Post") != "Post":
            raise _refusal(403, "only posts")
        if not isinstance(given.get("post"), str) or not given["post"].strip():
            raise _refusal(400, "post is needed")
        parent = given.get("parentId")
        row = self.tables["Account"].get(parent) if isinstance(parent, str) else None
        if given.get("parentType") != "Account" or row is None or self.level.get("stream") == "no":
            raise _refusal(403, "No create access.")
        kept = {name: given[name] for name in ("post", "parentType", "parentId")}
        note = self.tables["Note"].add({**kept, "type": "Post", "createdById": self.user})
        return self._told("Note", note)

    # ------------------------------------------------------------ what there is

    @route("GET", "/api/v1/Metadata")
    def metadata(self, asked: Received) -> Any:
        """One part of the metadata: the fields of an entity type, or one of them."""
        match = re.fullmatch(r"entityDefs\.(\w+)\.fields(?:\.(\w+))?", asked.query.get("key", ""))
        fields = {name: {"type": type} for name, type in self.fields.get(match[1] if match else "", {}).items()}
        found: Any = fields.get(match[2]) if match and match[2] else fields or None
        return Answer(200, b"null") if found is None else found

    @route("GET", "/api/v1/App/user")
    def user_and_rights(self, asked: Received) -> Any:
        """Who asks, and what one may."""
        user = {"id": self.user, "userName": "rebated", "type": "api"}
        return {"user": user, "acl": {"table": {"Account": dict(self.level)}}, "settings": {"timeZone": "UTC"}}

    # ------------------------------------------------------------ inside

    def _given(self, asked: Received) -> dict[str, Any]:
        given = asked.json()
        if not isinstance(given, dict):
            raise _refusal(400, "an object is needed")
        return given

    def _found(self, kind: str, id: str) -> Row:
        row = self.tables[kind].get(id)
        if row is None:
            raise _refusal(404, f"there is no {kind} {id}")
        return row

    def _told(self, kind: str, row: Row, select: str = "") -> dict[str, Any]:
        moments = {"createdAt": f"{row.created:%Y-%m-%d %H:%M:%S}", "modifiedAt": f"{row.changed:%Y-%m-%d %H:%M:%S}"}
        values = {"id": row.id, "deleted": False, **moments}
        values |= {name: row.values.get(name) for name in self.fields[kind] if name not in values}
        if not select:
            return values
        return {name: value for name, value in values.items() if name in ("id", *select.split(","))}


def _refusal(status: int, reason: str) -> Refused:
    """The body is empty: why stands in a header."""
    return Refused(status, None, {"X-Status-Reason": reason.encode("ascii", "replace").decode()})


def _unwrapped(header: str) -> str:
    try:
        return base64.b64decode(header, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _number(text: Any) -> int:
    if not isinstance(text, str) or not text.isdecimal():
        raise _refusal(400, "not a number")
    return int(text)


def _fits(type: str, value: Any) -> bool:
    if type in ("varchar", "url", "email"):
        return isinstance(value, str) and len(value) <= 255
    if type == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    if type == "float":
        return isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    if type == "date":
        try:
            return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
        except ValueError:
            return False
    return isinstance(value, str)
