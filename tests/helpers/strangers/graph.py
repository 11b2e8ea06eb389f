"""Graph, a system with one address: queries and mutations as text, errors that say 200, cursors."""

from __future__ import annotations

import base64
from typing import Any

from tests.helpers.stand_ins.base import Received, Refused, StandIn, route, same
from tests.helpers.stand_ins.table import Row, Table


class Graph(StandIn):
    """It knows the operations of an ERP; what an operation may be given is checked by name."""

    token = "gr4ph-token"

    def __init__(self) -> None:
        super().__init__()
        self.documents = Table(self.stamp, name_id=lambda n: base64.b64encode(f"Document:{n}".encode()).decode())
        self.lag = False

    @route("POST", "/graphql")
    def ask(self, asked: Received) -> Any:
        if not same(asked.bearer("Token"), self.token):
            raise Refused(200, _error("UNAUTHENTICATED", "who are you?"))
        given = asked.json()
        variables = given.get("variables", {})
        for name in ("documents", "document", "createDraft", "postDraft", "deleteDraft"):
            if f"{name}(" in given["query"]:
                if given["query"].count("{") != given["query"].count("}"):
                    raise Refused(200, _error("GRAPHQL_PARSE_FAILED", "Syntax Error: Expected }"))
                return {"data": {name: getattr(self, f"do_{name}")(**variables)}}
        raise Refused(200, _error("GRAPHQL_VALIDATION_FAILED", "Cannot query that field"))

    def do_documents(
        self, since: str = "", until: str = "9", first: int = 100, after: str | None = None, ref: str | None = None
    ) -> Any:
        rows = [r for r in self.documents if since <= r.changed.isoformat() < until and ref in (None, r.values["ref"])]
        rows.sort(key=lambda row: row.changed)
        start = int(base64.b64decode(after)) if after else 0
        part = rows[start : start + first]
        info = {"hasNextPage": start + first < len(rows), "endCursor": base64.b64encode(b"%d" % (start + len(part)))}
        info["endCursor"] = info["endCursor"].decode()  # type: ignore[union-attr]
        return {"edges": [{"node": _node(row)} for row in part], "pageInfo": info}

    def do_document(self, id: str) -> Any:
        row = self.documents.get(id)
        return None if row is None else _node(row)

    def do_createDraft(self, input: dict[str, Any]) -> Any:
        if "'" in input["customer"] and not input["customer"].startswith("K/"):
            raise Refused(200, _error("BAD_USER_INPUT", "no such customer"))
        return _node(self.add(input))

    def do_postDraft(self, id: str) -> Any:
        self.documents.change(self._row(id), {"state": "POSTED"})
        return {"id": id}

    def do_deleteDraft(self, id: str) -> Any:
        self.documents.delete(self._row(id))
        return {"id": id}

    def add(self, values: dict[str, Any], state: str = "DRAFT") -> Row:
        return self.documents.add({"ref": "", "kind": "CREDIT", **values, "state": state})

    def _row(self, id: str) -> Row:
        row = self.documents.get(id)
        if row is None:
            raise Refused(200, _error("NOT_FOUND", "no such document"))
        return row


def _error(code: str, message: str) -> dict[str, Any]:
    return {"data": None, "errors": [{"message": message, "extensions": {"code": code}}]}


def _node(row: Row) -> dict[str, Any]:
    return {"id": row.id, "updatedAt": row.changed.isoformat(), **row.values}
