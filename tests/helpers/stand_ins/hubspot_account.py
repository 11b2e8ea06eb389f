"""What a stand-in for HubSpot knows: objects, properties, associations, merges, and who may see them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.helpers.stand_ins.base import Answer, Received, Refused, StandIn, same
from tests.helpers.stand_ins.hubspot_properties import COMPANY, NOTE, Property, problem, shown
from tests.helpers.stand_ins.table import Row, Table

READS = {"companies": "crm.objects.companies.read", "notes": "crm.objects.contacts.read"}
WRITES = {"companies": "crm.objects.companies.write", "notes": "crm.objects.contacts.write"}
NOTE_TO_COMPANY = 190
MOST_IN_A_BATCH = 100
TOKEN = "pat-eu1-5f0c1a7e-8d21"


class Account(StandIn):
    """One account. `scopes` are those of the token; `lag` is how long search does not see what was written.

    `nulls`: whether properties asked for and empty are told as null, as the running service does and its OpenAPI
    files do not allow. `most_found`: how far a search can be paged.
    """

    precision = timedelta(milliseconds=1)

    def __init__(self, *, nulls: bool = True) -> None:
        super().__init__()
        self.token, self.nulls = TOKEN, nulls
        self.scopes = {*READS.values(), *WRITES.values()}
        self.lag = {"companies": timedelta(), "notes": timedelta(seconds=30)}
        self.most_found = 10_000
        self.properties: dict[str, dict[str, Property]] = {"companies": dict(COMPANY), "notes": dict(NOTE)}
        self.tables = {kind: Table(self.stamp, first=first) for kind, first in (("companies", 901), ("notes", 5001))}
        self.notes_of: dict[str, set[str]] = {}
        self.merged: dict[str, str] = {}

    # ------------------------------------------------------------ for tests

    def add_property(self, kind: str, name: str, type: str = "string", *, unique: bool = False) -> None:
        """What an administrator does in the settings."""
        self.properties[kind][name] = Property(name, type, unique)

    def add_company(self, **values: str) -> Row:
        """A company, made by hand."""
        with self.lock:
            return self.make("companies", values)

    def change(self, kind: str, row: Row, **values: str) -> None:
        """An object changed by hand."""
        with self.lock:
            self.write(kind, row, values)

    def merge_companies(self, primary: Row, other: Row) -> None:
        """Merge the other into the primary one: its notes go along, its id leads to the primary one."""
        with self.lock:
            table = self.tables["companies"]
            former = [
                primary.values.get("hs_merged_object_ids", ""),
                other.id,
                other.values.get("hs_merged_object_ids"),
            ]
            table.delete(other)
            self.merged[other.id] = primary.id
            for companies in self.notes_of.values():
                if other.id in companies:
                    companies.discard(other.id)
                    companies.add(primary.id)
            missing = {name: value for name, value in other.values.items() if not primary.values.get(name)}
            joined = ";".join(part for part in former if part)
            self.write("companies", primary, {**missing, "hs_merged_object_ids": joined})

    # ------------------------------------------------------------ who may

    def authenticate(self, asked: Received) -> None:
        if not same(asked.bearer(), self.token):
            raise self.refusal(401, "INVALID_AUTHENTICATION", "The token is missing, expired or not ours")

    def unknown(self, asked: Received) -> Answer:
        return self.refusal(404, "OBJECT_NOT_FOUND", "There is nothing under this path").answer

    def malformed(self, asked: Received, why: str) -> Answer:
        status = 400 if "json" in asked.content_type else 415
        return self.refusal(status, "VALIDATION_ERROR", f"The body cannot be read: {why}").answer

    def may(self, kind: str, scopes: Mapping[str, str]) -> None:
        """Raise Refused where the token lacks the scope for this type of object."""
        if kind not in self.tables:
            raise self.refusal(400, "VALIDATION_ERROR", f"There is no type of object {kind}")
        if scopes[kind] not in self.scopes:
            detail = {"message": "Scopes are missing", "context": {"requiredGranularScopes": [scopes[kind]]}}
            raise self.refusal(403, "MISSING_SCOPES", "The app lacks a scope", errors=[detail])

    @staticmethod
    def refusal(status: int, category: str, message: str, **more: Any) -> Refused:
        """An error as HubSpot writes it."""
        body = {"status": "error", "message": message, "correlationId": str(uuid.uuid4()), "category": category, **more}
        return Refused(status, body)

    # ------------------------------------------------------------ inside

    def only(self, asked: Received, *names: str) -> None:
        """Raise Refused where the query names something else."""
        if set(asked.query) - set(names):
            raise self.refusal(400, "VALIDATION_ERROR", f"unknown parameters: {sorted(set(asked.query) - set(names))}")

    def wanted(self, asked: Received) -> list[str]:
        """The properties asked for in the query."""
        return [name for key, value in asked.pairs if key == "properties" for name in value.split(",")]

    def shaped(self, given: Any, needed: set[str], more: Iterable[str] = ()) -> Any:
        """The object, where it has these keys and no others than `more`."""
        if not isinstance(given, dict) or needed - set(given) or set(given) - needed - set(more):
            raise self.refusal(400, "VALIDATION_ERROR", f"The body needs {', '.join(sorted(needed))}, and no more")
        if not isinstance(given.get("properties", {}), (dict, list)):
            raise self.refusal(400, "VALIDATION_ERROR", "properties is none")
        return given

    def inputs(self, given: Any, needed: set[str], more: Iterable[str] = ()) -> list[Any]:
        """The inputs of a batch, each with these keys."""
        if not isinstance(given, dict) or not isinstance(given.get("inputs"), list):
            raise self.refusal(400, "VALIDATION_ERROR", "The body needs inputs")
        if not 1 <= len(given["inputs"]) <= MOST_IN_A_BATCH:
            raise self.refusal(400, "VALIDATION_ERROR", f"A batch has 1 to {MOST_IN_A_BATCH} inputs")
        inputs = [self.shaped(each, needed, more) for each in given["inputs"]]
        if any(not isinstance(each.get("id", ""), str) for each in inputs):
            raise self.refusal(400, "VALIDATION_ERROR", "An id is text")
        return inputs

    def found(self, kind: str, id: str, by: str) -> Row | None:
        """An object by id, also one of a company that was merged, or by a unique property."""
        if not by:
            return self.tables[kind].get(self.merged.get(id, id))
        if by not in self.properties[kind] or not (self.properties[kind][by].unique or by == "hs_object_id"):
            raise self.refusal(400, "VALIDATION_ERROR", f"{by} is no unique property")
        return next(iter(self.tables[kind].where(**{by: id})), None)

    def problems(self, kind: str, values: Mapping[str, Any], row: Row | None) -> list[dict[str, Any]]:
        """What is wrong with values for an object; `row` is the one that is changed, None for a new one."""
        found = [(name, problem(self.properties[kind], name, value)) for name, value in values.items()]
        problems = [(name, why) for name, why in found if why is not None]
        if kind == "notes" and row is None and not values.get("hs_timestamp"):
            problems.append(("hs_timestamp", ("REQUIRED_FIELD", "a note needs hs_timestamp")))
        for name, rule in self.properties[kind].items():
            taken = self.tables[kind].where(**{name: values[name]}) if rule.unique and values.get(name) else []
            if any(each is not row for each in taken):
                problems.append((name, ("CONFLICTING_UNIQUE_VALUE", f'another has this value of "{name}"')))
        return [
            {"message": message, "code": code, "context": {"propertyName": [name]}}
            for name, (code, message) in problems
        ]

    def companies(self, kind: str, associations: Any) -> tuple[set[str], list[dict[str, Any]]]:
        """The companies a new note hangs on, and what is wrong with those named."""
        companies, wrong = set(), []
        for each in associations if isinstance(associations, list) else [None]:
            try:
                types = [(spec["associationCategory"], spec["associationTypeId"]) for spec in each["types"]]
                row = self.found("companies", each["to"]["id"], "")
            except (TypeError, KeyError):
                types, row = [], None
            if row is None or kind != "notes" or types != [("HUBSPOT_DEFINED", NOTE_TO_COMPANY)]:
                wrong.append({"message": "An association is not valid", "code": "INVALID_ASSOCIATION"})
            else:
                companies.add(row.id)
        return companies, wrong

    def make(self, kind: str, values: Mapping[str, str]) -> Row:
        """A new object."""
        row = self.tables[kind].add(values)
        made = shown(row.created)
        row.values |= {"hs_object_id": row.id, "createdate" if kind == "companies" else "hs_createdate": made}
        self._index(row)
        return row

    def write(self, kind: str, row: Row, values: Mapping[str, str]) -> None:
        """Change an object; the index learns of it."""
        self.tables[kind].change(row, values)
        self._index(row)

    @staticmethod
    def _index(row: Row) -> None:
        row.values["hs_lastmodifieddate"] = shown(row.changed)
        row.extra.setdefault("versions", []).append((row.changed, dict(row.values)))

    def touch(self, kind: str, row: Row, at: datetime) -> None:
        """Say that it was made and changed then."""
        with self.lock:
            self.tables[kind].touch(row, at)
            row.values["createdate" if kind == "companies" else "hs_createdate"] = shown(at)
            row.extra["versions"] = []
            self._index(row)

    def told(self, kind: str, row: Row, wanted: Iterable[str]) -> dict[str, Any]:
        """An object as HubSpot tells it, with the properties asked for."""
        always = ("hs_object_id", "hs_lastmodifieddate", "createdate" if kind == "companies" else "hs_createdate")
        values = {name: row.values.get(name) or None for name in (*always, *wanted) if name in self.properties[kind]}
        return {
            "id": row.id,
            "properties": values if self.nulls else {name: value for name, value in values.items() if value},
            "createdAt": shown(row.created),
            "updatedAt": shown(row.changed),
            "archived": row.deleted,
        }

    def error(self, category: str, message: str, context: Any, details: Any = ()) -> dict[str, Any]:
        """One error of a batch."""
        what = {"category": category, "message": message, "context": context}
        return {"status": "error", **what, "errors": list(details), "links": {}}

    def batch(self, status: int, results: Iterable[Any], errors: list[Any]) -> Answer:
        """The answer to a batch: 207 where something went wrong in it."""
        now = shown(self.clock.now())
        body = {"status": "COMPLETE", "results": list(results), "startedAt": now, "completedAt": now}
        if not errors:
            return Answer(status, body)
        return Answer(207, body | {"numErrors": len(errors), "errors": errors})
