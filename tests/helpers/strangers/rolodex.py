"""Rolodex, a CRM: JSON:API, refresh tokens that rotate, versions in headers, and accounts that were merged."""

from __future__ import annotations

import json
from datetime import UTC
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from tests.helpers.stand_ins.base import Answer, Received, Refused, StandIn, bracketed, route, same
from tests.helpers.stand_ins.table import Row, Table

_TYPE = "application/vnd.api+json"


class Rolodex(StandIn):
    """Companies have fields of their own under ids the vendor made; ids of companies are uuids."""

    first_token = "refresh-0/+="

    def __init__(self) -> None:
        super().__init__()
        self.refresh, self.access, self.given = self.first_token, "", 0
        self.fields = {"f_17": "Rebate tier", "f_18": "Customer number"}
        self.companies = Table(self.stamp, name_id=lambda n: f"0f8fad5b-d9cb-469f-a165-{n:012x}")
        self.notes = Table(self.stamp)
        self.merged: dict[str, str] = {}

    def authenticate(self, asked: Received) -> None:
        if not same(asked.bearer(), self.access):
            raise _wrong(401, "the token is not known")

    @route("POST", "/oauth/token", open=True)
    def token(self, asked: Received) -> Any:
        form = asked.form()
        if form.get("grant_type") != "refresh_token" or not same(form.get("refresh_token", ""), self.refresh):
            return Answer(400, {"error": "invalid_grant", "error_description": "the refresh token was used"})
        self.given += 1
        self.refresh, self.access = f"refresh-{self.given}", f"access-{self.given}"
        return {"access_token": self.access, "refresh_token": self.refresh, "token_type": "Bearer", "expires_in": 900}

    @route("GET", "/v1/fields")
    def list_fields(self, asked: Received) -> Any:
        return _answer(
            [{"type": "fields", "id": key, "attributes": {"label": name}} for key, name in self.fields.items()]
        )

    @route("GET", "/v1/companies")
    def list_companies(self, asked: Received) -> Any:
        query = bracketed(asked.pairs)
        since = asked.header("If-Modified-Since")
        rows = list(self.companies)
        if since:
            moment = parsedate_to_datetime(since).astimezone(UTC)
            rows = [row for row in rows if row.changed.replace(microsecond=0) >= moment]
            if not rows:
                return Answer(304)
        size, number = int(query["page"]["size"]), int(query["page"].get("number", 1))
        part = rows[(number - 1) * size : number * size]
        next_page = f"{self.url}/v1/companies?page[size]={size}&page[number]={number + 1}"
        return _answer([_company(row) for row in part], next=next_page if number * size < len(rows) else None)

    @route("GET", "/v1/companies/{id}")
    def one_company(self, asked: Received, id: str) -> Any:
        row = self._company(id)
        return Answer(200, {"data": _company(row)}, {"ETag": _version(row)}, _TYPE)

    @route("PATCH", "/v1/companies/{id}")
    def change_company(self, asked: Received, id: str) -> Any:
        row = self._company(id)
        if not asked.header("If-Match"):
            raise _wrong(428, "say which version is changed")
        if asked.header("If-Match") != _version(row):
            raise _wrong(412, "it was changed meanwhile")
        given = asked.json()["data"]["attributes"]["fields"]
        if any(name not in self.fields for name in given):
            raise _wrong(422, "there is no such field")
        self.companies.change(row, {"fields": {**row.values["fields"], **given}})
        return Answer(200, {"data": _company(row)}, {"ETag": _version(row)}, _TYPE)

    @route("POST", "/v1/notes")
    def make_note(self, asked: Received) -> Any:
        row = self.notes.add({"text": asked.json()["data"]["attributes"]["text"], "company": None})
        return Answer(201, {"data": _note(row)}, content_type=_TYPE)

    @route("POST", "/v1/notes/{id}/relationships/company")
    def tie(self, asked: Received, id: str) -> Any:
        row, company = self.notes.get(id), self._company(asked.json()["data"]["id"])
        if row is None:
            raise _wrong(404, "no such note")
        self.notes.change(row, {"company": company.id})

    @route("DELETE", "/v1/notes/{id}")
    def delete_note(self, asked: Received, id: str) -> Any:
        row = self.notes.get(id)
        if row is not None:
            self.notes.delete(row)

    @route("GET", "/v1/notes")
    def list_notes(self, asked: Received) -> Any:
        text = bracketed(asked.pairs)["filter"]["text"]
        return _answer([_note(row) for row in self.notes if text in row.values["text"]], next=None)

    @route("GET", "/v1/notes/{id}")
    def one_note(self, asked: Received, id: str) -> Any:
        row = self.notes.get(id)
        if row is None:
            raise _wrong(404, "no such note")
        return Answer(200, {"data": _note(row)}, content_type=_TYPE)

    def add(self, name: str, number: str) -> Row:
        """A company of ours under that customer number."""
        return self.companies.add({"name": name, "fields": {"f_18": number}})

    def merge(self, lost: Row, kept: Row) -> None:
        """The lost one is answered with where the other is."""
        self.merged[lost.id] = kept.id
        self.companies.delete(lost)

    def _company(self, id: str) -> Row:
        row = self.companies.get(id)
        if id in self.merged:
            raise Refused(301, headers={"Location": f"{self.url}/v1/companies/{self.merged[id]}"})
        if row is None:
            raise _wrong(410, "it is no more")
        return row


def _wrong(status: int, detail: str) -> Refused:
    return Refused(status, {"errors": [{"status": str(status), "detail": detail}]})


def _answer(data: Any, **links: Any) -> Answer:
    return Answer(200, {"data": data, "links": links, "jsonapi": {"version": "1.1"}}, content_type=_TYPE)


def _version(row: Row) -> str:
    return f'W/"{row.changed.isoformat()}"'


def _company(row: Row) -> dict[str, Any]:
    changed = format_datetime(row.changed.replace(microsecond=0), usegmt=True)
    return {"type": "companies", "id": row.id, "attributes": {**json.loads(json.dumps(row.values)), "changed": changed}}


def _note(row: Row) -> dict[str, Any]:
    company = row.values["company"]
    data = None if company is None else {"type": "companies", "id": company}
    return {
        "type": "notes",
        "id": row.id,
        "attributes": {"text": row.values["text"]},
        "relationships": {"company": {"data": data}},
    }
