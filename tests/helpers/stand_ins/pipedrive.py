"""A stand-in for Pipedrive: organizations and their fields by version 2 of the interface, notes by version 1.

Words and shapes are our own, kept within the vendor's OpenAPI files (tests/contract/test_pipedrive_files.py). What was
taken from the vendor's documentation and not seen on a running system stands in docs/connectors/pipedrive.md.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.helpers.stand_ins.base import Answer, Received, Refused, StandIn, route, same
from tests.helpers.stand_ins.pipedrive_shapes import (
    as_cursor,
    custom_of,
    failure,
    field_told,
    fits,
    note_told,
    rfc,
    tokens_of,
)
from tests.helpers.stand_ins.table import Row, Table

TOKEN = "5d3b0a9c77e1f2446d0c8e9b1a2f3c4d5e6f7a8b"
MOST_ON_A_PAGE = 500
MOST_FIELDS = 15
STANDARD = {"id": "int", "name": "varchar", "owner_id": "user", "address": "address", "visible_to": "visible_to"}
LONGEST_NOTE = 100_000


class Pipedrive(StandIn):
    """One company. `budget` is what is left of today's tokens, without bound where it is None.

    `nulls`: whether an empty list of version 1 is told as null, as the running service does and its OpenAPI file does
    not allow.
    """

    precision = timedelta(seconds=1)

    def __init__(self, *, nulls: bool = True) -> None:
        super().__init__()
        self.token, self.nulls = TOKEN, nulls
        self.budget: int | None = None
        self.spent = 0
        self.fields: dict[str, tuple[str, str]] = {}
        self.organizations = Table(self.stamp, first=101)
        self.notes = Table(self.stamp, first=7001)

    # ------------------------------------------------------------ for tests

    def add_field(self, name: str, type: str = "varchar") -> str:
        """A custom field of organizations, as an administrator adds it: its code, another one in every company."""
        code = hashlib.sha1(f"{id(self)}/{name}/{type}/{len(self.fields)}".encode()).hexdigest()  # noqa: S324 - no secret
        self.fields[code] = (name, type)
        return code

    def add_organization(self, name: str, **custom: Any) -> Row:
        """An organization made by hand; custom fields by their names."""
        codes = {label: code for code, (label, _) in self.fields.items()}
        with self.lock:
            values = {"name": name, "custom_fields": {codes[label]: value for label, value in custom.items()}}
            return self.organizations.add(values)

    def merge(self, gone: Row, into: Row) -> None:
        """Merge one organization into another: its notes go along, its id leads nowhere."""
        with self.lock:
            for note in self.notes.where(org_id=int(gone.id)):
                note.values["org_id"] = int(into.id)
            missing = {
                code: value for code, value in gone.values["custom_fields"].items() if code not in custom_of(into)
            }
            self.organizations.change(into, {"custom_fields": {**missing, **custom_of(into)}})
            self.organizations.delete(gone)

    # ------------------------------------------------------------ who may, and how much

    def authenticate(self, asked: Received) -> None:
        if not same(asked.header("x-api-token"), self.token):
            raise self._refusal(401, "unauthorized access")
        cost = tokens_of(asked)
        if self.budget is not None and self.budget < cost:
            raise Refused(429, failure("the tokens of the day are spent"), {"x-ratelimit-remaining": "0"})
        self.spent += cost
        if self.budget is not None:
            self.budget -= cost

    def unknown(self, asked: Received) -> Answer:
        return self._refusal(404, "there is nothing under this path").answer

    def malformed(self, asked: Received, why: str) -> Answer:
        return self._refusal(400, f"the body cannot be read: {why}").answer

    @staticmethod
    def _refusal(status: int, error: str) -> Refused:
        return Refused(status, failure(error))

    # ------------------------------------------------------------ organizations

    @route("GET", "/api/v2/organizations")
    def list_organizations(self, asked: Received) -> Any:
        """Those changed since, in the order of their ids or stamps, page by page."""
        query = self._only(
            asked,
            "updated_since",
            "updated_until",
            "sort_by",
            "sort_direction",
            "custom_fields",
            "limit",
            "cursor",
            "ids",
        )
        rows = list(self.organizations)
        if "ids" in query:
            rows = [row for row in rows if row.id in query["ids"].split(",")]
        if "updated_since" in query:
            since = self._instant(query["updated_since"])
            rows = [row for row in rows if row.changed >= since]
        if "updated_until" in query:
            until = self._instant(query["updated_until"])
            rows = [row for row in rows if row.changed < until]
        by, descending = query.get("sort_by", "id"), query.get("sort_direction", "asc") == "desc"
        if by not in ("id", "update_time", "add_time") or query.get("sort_direction", "asc") not in ("asc", "desc"):
            raise self._refusal(400, "sort_by or sort_direction is none of those there are")

        def place(row: Row) -> tuple[int, int]:
            moment = {"id": row.created, "update_time": row.changed, "add_time": row.created}[by]
            return (0 if by == "id" else int(moment.timestamp()), int(row.id))

        rows.sort(key=place, reverse=descending)
        limit = self._limit(query)
        if "cursor" in query:
            first = self._place(query["cursor"])
            rows = [row for row in rows if (place(row) <= first if descending else place(row) >= first)]
        told = [self._told(row, self._wanted(query)) for row in rows[:limit]]
        cursor = as_cursor(place(rows[limit])) if len(rows) > limit else None
        more = {"next_cursor": cursor} if cursor is not None or self.nulls else {}
        return {"success": True, "data": told, "additional_data": more}

    @route("GET", "/api/v2/organizations/{id}")
    def organization(self, asked: Received, id: str) -> Any:
        """One."""
        query = self._only(asked, "custom_fields")
        return {"success": True, "data": self._told(self._organization(id), self._wanted(query))}

    @route("PATCH", "/api/v2/organizations/{id}")
    def update(self, asked: Received, id: str) -> Any:
        """Change one: only known fields, each of its own type."""
        self._only(asked)
        row, given = self._organization(id), asked.json()
        if not isinstance(given, dict) or set(given) - {"name", "custom_fields"}:
            raise self._refusal(400, "only name and custom_fields can be changed here")
        custom = given.get("custom_fields", {})
        if not isinstance(custom, dict) or not isinstance(given.get("name", ""), str):
            raise self._refusal(400, "name is text, custom_fields is an object")
        for code, value in custom.items():
            if code not in self.fields:
                raise self._refusal(400, f"there is no field {code}")
            if value is not None and not fits(self.fields[code][1], value):
                raise self._refusal(400, f"the value of {code} is no {self.fields[code][1]}")
        name = {"name": given["name"]} if "name" in given else {}
        kept = {code: value for code, value in {**custom_of(row), **custom}.items() if value is not None}
        self.organizations.change(row, {**name, "custom_fields": kept})
        return {"success": True, "data": self._told(row, None)}

    @route("GET", "/api/v2/organizationFields")
    def organization_fields(self, asked: Received) -> Any:
        """What fields organizations have."""
        query = self._only(asked, "limit", "cursor")
        known = [(name, name.capitalize(), type, False) for name, type in STANDARD.items()]
        known += [(code, name, type, True) for code, (name, type) in self.fields.items()]
        limit, start = self._limit(query), self._place(query["cursor"])[1] if "cursor" in query else 0
        told = [
            field_told(code, name, type, custom=custom) for code, name, type, custom in known[start : start + limit]
        ]
        more = start + limit < len(known)
        cursor = {"next_cursor": as_cursor((0, start + limit)) if more else None}
        return {"success": True, "data": told, "additional_data": cursor}

    @route("GET", "/api/v2/organizationFields/{code}")
    def organization_field(self, asked: Received, code: str) -> Any:
        """One field."""
        if code not in self.fields:
            raise self._refusal(404, "there is no such field")
        return {"success": True, "data": field_told(code, *self.fields[code], custom=True)}

    # ------------------------------------------------------------ notes

    @route("GET", "/v1/notes")
    def list_notes(self, asked: Received) -> Any:
        """Notes, of one organization or of all."""
        query = self._only(asked, "org_id", "user_id", "start", "limit", "sort", "updated_since")
        if query.get("sort", "id ASC") not in ("id ASC", "id DESC"):
            raise self._refusal(400, "this stand-in sorts by id")
        rows = list(self.notes)
        if "org_id" in query:
            rows = [row for row in rows if row.values["org_id"] == self._number(query["org_id"])]
        if "user_id" in query:
            rows = [row for row in rows if row.values["user_id"] == self._number(query["user_id"])]
        if "updated_since" in query:
            since = self._instant(query["updated_since"])
            rows = [row for row in rows if row.changed >= since]
        if query.get("sort") == "id DESC":
            rows.reverse()
        start, limit = self._number(query.get("start", "0")), self._limit(query)
        told = [note_told(row) for row in rows[start : start + limit]]
        more = start + limit < len(rows)
        pages = {"start": start, "limit": limit, "more_items_in_collection": more}
        pages |= {"next_start": start + limit} if more else {}
        data = None if self.nulls and not told else told
        return {"success": True, "data": data, "additional_data": {"pagination": pages}}

    @route("GET", "/v1/notes/{id}")
    def one_note(self, asked: Received, id: str) -> Any:
        """One note."""
        self._only(asked)
        row = self.notes.get(id)
        if row is None:
            raise self._refusal(404, "there is no such note")
        return {"success": True, "data": note_told(row)}

    @route("POST", "/v1/notes")
    def add_note(self, asked: Received) -> Any:
        """A note on an organization; nothing keeps a second one out."""
        self._only(asked)
        given = asked.json()
        if not isinstance(given, dict) or set(given) - {"content", "org_id", "add_time"}:
            raise self._refusal(400, "a note has content, org_id and add_time here")
        content, organization = given.get("content"), given.get("org_id")
        if not isinstance(content, str) or not content or len(content) > LONGEST_NOTE:
            raise self._refusal(400, "content is needed")
        if type(organization) is not int or self.organizations.get(str(organization)) is None:
            raise self._refusal(400, "org_id is no organization")
        if "add_time" in given:
            try:
                datetime.strptime(given["add_time"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
            except (TypeError, ValueError):
                raise self._refusal(400, "add_time is no time") from None
        content = re.sub(r"<script.*?</script>", "", content, flags=re.DOTALL)
        row = self.notes.add({"content": content, "org_id": organization, "user_id": 11})
        return Answer(200, {"success": True, "data": note_told(row)})

    @route("GET", "/v1/users/me")
    def me(self, asked: Received) -> Any:
        """Whose token it is."""
        return {"success": True, "data": {"id": 11, "name": "Integration", "is_you": True, "company_id": 3}}

    # ------------------------------------------------------------ inside

    def _only(self, asked: Received, *names: str) -> dict[str, str]:
        unknown = sorted(set(asked.query) - set(names))
        if unknown:
            raise self._refusal(400, f"unknown parameters: {', '.join(unknown)}")
        return asked.query

    def _number(self, text: str) -> int:
        if not text.isdecimal():
            raise self._refusal(400, "not a number")
        return int(text)

    def _limit(self, query: Mapping[str, str]) -> int:
        limit = self._number(query.get("limit", "100"))
        if not 1 <= limit <= MOST_ON_A_PAGE:
            raise self._refusal(400, f"limit is from 1 to {MOST_ON_A_PAGE}")
        return limit

    def _instant(self, text: str) -> datetime:
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", text, re.ASCII):
            raise self._refusal(400, "an instant is written as RFC 3339 has it")
        return datetime.fromisoformat(text)

    def _place(self, cursor: str) -> tuple[int, int]:
        try:
            first, second = base64.urlsafe_b64decode(cursor).decode().split("/")
            return int(first), int(second)
        except (ValueError, binascii.Error):
            raise self._refusal(400, "the cursor is none of ours") from None

    def _wanted(self, query: Mapping[str, str]) -> list[str] | None:
        if "custom_fields" not in query:
            return None
        wanted = query["custom_fields"].split(",")
        if len(wanted) > MOST_FIELDS:
            raise self._refusal(400, f"at most {MOST_FIELDS} custom fields")
        return wanted

    def _organization(self, id: str) -> Row:
        row = self.organizations.get(id)
        if row is None:
            raise self._refusal(404, "there is no such organization")
        return row

    def _told(self, row: Row, wanted: list[str] | None) -> dict[str, Any]:
        codes = [code for code in self.fields if wanted is None or code in wanted]
        return {
            "id": int(row.id),
            "name": row.values["name"],
            "owner_id": 11,
            "add_time": rfc(row.created),
            "update_time": rfc(row.changed),
            "is_deleted": False,
            "visible_to": 3,
            "label_ids": [],
            "custom_fields": {code: custom_of(row).get(code) for code in codes},
        }
