"""A stand-in for HubSpot: companies and notes under the date-versioned paths, properties, associations, search.

Words and shapes are our own, kept within the vendor's OpenAPI files (tests/contract/test_hubspot_files.py). What was
taken from the vendor's documentation and not seen on a running system stands in docs/connectors/hubspot.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.helpers.stand_ins.base import Answer, Received, route
from tests.helpers.stand_ins.hubspot_account import NOTE_TO_COMPANY, READS, WRITES, Account
from tests.helpers.stand_ins.hubspot_search import Invalid, indexed, search
from tests.helpers.stand_ins.table import Row

OBJECTS = "/crm/objects/2026-03/{kind}"


class HubSpot(Account):
    """The interface of one account."""

    # ------------------------------------------------------------ single objects

    @route("GET", OBJECTS)
    def listing(self, asked: Received, kind: str) -> Any:
        """All of them, by id."""
        self.may(kind, READS)
        self.only(asked, "limit", "after", "properties", "archived")
        limit, after = int(asked.query.get("limit", "10")), asked.query.get("after", "")
        if not 1 <= limit <= 100:
            raise self.refusal(400, "VALIDATION_ERROR", "limit is from 1 to 100")
        archived = asked.query.get("archived") == "true"
        rows = [row for row in self.tables[kind].every if row.deleted == archived and row.id not in self.merged]
        rows = [row for row in rows if not after or int(row.id) >= int(after)]
        page = {"results": [self.told(kind, row, self.wanted(asked)) for row in rows[:limit]]}
        return page | ({"paging": {"next": {"after": rows[limit].id}}} if len(rows) > limit else {})

    @route("GET", OBJECTS + "/{id}")
    def one(self, asked: Received, kind: str, id: str) -> Any:
        """One, by id or by a unique property."""
        self.may(kind, READS)
        self.only(asked, "properties", "archived", "idProperty", "associations")
        row = self.found(kind, id, asked.query.get("idProperty", ""))
        if row is None:
            raise self.refusal(404, "OBJECT_NOT_FOUND", f"There is no {kind} object {id}")
        told = self.told(kind, row, self.wanted(asked))
        if asked.query.get("associations") == "companies" and self.notes_of.get(row.id):
            linked = [{"id": each, "type": "note_to_company"} for each in sorted(self.notes_of[row.id])]
            told["associations"] = {"companies": {"results": linked}}
        return told

    @route("POST", OBJECTS)
    def create(self, asked: Received, kind: str) -> Any:
        """Make one, with its associations."""
        self.may(kind, WRITES)
        self.only(asked)
        given = self.shaped(asked.json(), {"properties", "associations"})
        problems = self.problems(kind, given["properties"], None)
        companies, wrong = self.companies(kind, given["associations"])
        if problems or wrong:
            raise self.refusal(400, "VALIDATION_ERROR", "The object is not valid", errors=[*problems, *wrong])
        row = self.make(kind, given["properties"])
        if kind == "notes":
            self.notes_of[row.id] = companies
        return Answer(201, self.told(kind, row, given["properties"]))

    @route("PATCH", OBJECTS + "/{id}")
    def update(self, asked: Received, kind: str, id: str) -> Any:
        """Change one."""
        self.may(kind, WRITES)
        self.only(asked, "idProperty")
        given = self.shaped(asked.json(), {"properties"})
        row = self.found(kind, id, asked.query.get("idProperty", ""))
        if row is None:
            raise self.refusal(404, "OBJECT_NOT_FOUND", f"There is no {kind} object {id}")
        problems = self.problems(kind, given["properties"], row)
        if problems:
            raise self.refusal(400, "VALIDATION_ERROR", "Values of properties are not valid", errors=problems)
        self.write(kind, row, given["properties"])
        return self.told(kind, row, given["properties"])

    @route("DELETE", OBJECTS + "/{id}")
    def archive(self, asked: Received, kind: str, id: str) -> None:
        """Put one into the archive; one that is not there is no error."""
        self.may(kind, WRITES)
        row = self.found(kind, id, "")
        if row is not None:
            self.tables[kind].delete(row)

    # ------------------------------------------------------------ many

    @route("POST", OBJECTS + "/search")
    def search(self, asked: Received, kind: str) -> Any:
        """What the index finds."""
        self.may(kind, READS)
        self.only(asked)
        now, given = self.clock.now(), asked.json()
        rows = [each for row in self.tables[kind] if (each := indexed(row, now, self.lag[kind])) is not None]
        try:
            page = search(given, rows, self.properties[kind], self.most_found)
        except Invalid as why:
            raise self.refusal(400, "VALIDATION_ERROR", f"The search is not valid: {why}") from None
        found = [self.told(kind, row, given["properties"]) for row in page.pop("rows")]
        return {"total": page.pop("total"), "results": found, **page}

    @route("POST", OBJECTS + "/batch/read")
    def batch_read(self, asked: Received, kind: str) -> Any:
        """Those with these ids, or these values of a unique property."""
        self.may(kind, READS)
        given = self.shaped(asked.json(), {"inputs", "properties", "propertiesWithHistory"}, {"idProperty"})
        found: dict[str, Any] = {}
        missing = []
        for each in self.inputs(given, {"id"}):
            row = self.found(kind, each["id"], given.get("idProperty", ""))
            if row is None:
                missing.append(each["id"])
            else:
                found[row.id] = self.told(kind, row, given["properties"])
        errors = [self.error("OBJECT_NOT_FOUND", "Some are not there", {"ids": missing})] if missing else []
        return self.batch(200, found.values(), errors)

    @route("POST", OBJECTS + "/batch/create")
    def batch_create(self, asked: Received, kind: str) -> Any:
        """Make several: all or none, or, where each has a trace id, those that are valid."""
        self.may(kind, WRITES)
        inputs = self.inputs(asked.json(), {"properties", "associations"}, {"objectWriteTraceId"})

        def make(each: Mapping[str, Any]) -> tuple[Row | None, Callable[[], Row]] | tuple[str, list[Any]]:
            companies, wrong = self.companies(kind, each["associations"])
            problems = [*self.problems(kind, each["properties"], None), *wrong]
            if problems:
                return "VALIDATION_ERROR", problems

            def carry_out() -> Row:
                row = self.make(kind, each["properties"])
                if kind == "notes":
                    self.notes_of[row.id] = companies
                return row

            return None, carry_out

        return self._several(201, kind, inputs, make)

    @route("POST", OBJECTS + "/batch/update")
    def batch_update(self, asked: Received, kind: str) -> Any:
        """Change several; those that are not there are told apart."""
        self.may(kind, WRITES)
        inputs = self.inputs(asked.json(), {"id", "properties"}, {"idProperty", "objectWriteTraceId"})
        ids = [each["id"] for each in inputs]
        if len(set(ids)) < len(ids):
            raise self.refusal(400, "VALIDATION_ERROR", "An id comes twice in the batch")

        def change(each: Mapping[str, Any]) -> tuple[Row | None, Callable[[], Row]] | tuple[str, list[Any]]:
            row = self.found(kind, each["id"], each.get("idProperty", ""))
            if row is None:
                return "OBJECT_NOT_FOUND", [{"message": "It is not there", "context": {"ids": [each["id"]]}}]
            problems = self.problems(kind, each["properties"], row)
            if problems:
                return "VALIDATION_ERROR", problems
            there = row

            def carry_out() -> Row:
                self.write(kind, there, each["properties"])
                return there

            return there, carry_out

        return self._several(200, kind, inputs, change)

    def _several(self, status: int, kind: str, inputs: list[Any], judge: Callable[[Any], Any]) -> Answer:
        """Carry out what is valid. What is not spoils all where it bears no trace id, unless it is only missing."""
        results, errors = [], []
        traced = all(each.get("objectWriteTraceId") for each in inputs)
        for carrying in (False, True):
            results, errors = [], []
            for each in inputs:
                verdict, what = judge(each)
                trace = each.get("objectWriteTraceId")
                if isinstance(verdict, str):
                    context = {"objectWriteTraceId": [trace]} if trace else {}
                    ids = {"ids": [each["id"]]} if verdict == "OBJECT_NOT_FOUND" else {}
                    errors.append(self.error(verdict, what[0]["message"], context | ids, what))
                    if not traced and verdict != "OBJECT_NOT_FOUND":
                        raise self.refusal(400, verdict, "An object of the batch is not valid", errors=what)
                elif carrying:
                    told = self.told(kind, what(), each["properties"])
                    results.append(told | ({"objectWriteTraceId": trace} if trace else {}))
        return self.batch(status, results, errors)

    # ------------------------------------------------------------ properties and associations

    @route("GET", "/crm/properties/2026-03/{kind}")
    def definitions(self, asked: Received, kind: str) -> Any:
        """All properties of a type of object."""
        self.may(kind, READS)
        return {"results": [each.as_told() for each in self.properties[kind].values()]}

    @route("GET", "/crm/properties/2026-03/{kind}/{name}")
    def definition(self, asked: Received, kind: str, name: str) -> Any:
        """One property."""
        self.may(kind, READS)
        if name not in self.properties[kind]:
            raise self.refusal(404, "OBJECT_NOT_FOUND", f"There is no property {name}")
        return self.properties[kind][name].as_told()

    @route("PUT", "/crm/objects/2026-03/notes/{note}/associations/default/companies/{company}")
    def associate(self, asked: Received, note: str, company: str) -> Any:
        """Hang a note on a company; once more changes nothing."""
        self.may("notes", WRITES)
        rows = self.found("notes", note, ""), self.found("companies", company, "")
        if rows[0] is None or rows[1] is None:
            raise self.refusal(404, "OBJECT_NOT_FOUND", "One of the two is not there")
        self.notes_of.setdefault(rows[0].id, set()).add(rows[1].id)
        spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": NOTE_TO_COMPANY}
        return self.batch(200, [{"from": {"id": note}, "to": {"id": company}, "associationSpec": spec}], []).body
