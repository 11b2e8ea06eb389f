"""Kontor, an ERP with a small CRM that nobody heard of: what docs/connectors/rest.md connects by hand.

Vouchers are drafts, then booked. References are free text, or unique where `unique_references` says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.helpers.stand_ins.base import Answer, Received, Refused, StandIn, route, same
from tests.helpers.stand_ins.table import Row, Table

_CENT = Decimal("0.01")
_HEAD = {"type", "customer", "currency", "date", "reference", "note", "lines", "book"}
_LINE = {"text", "tax_class", "tax_percent", "net"}


class Kontor(StandIn):
    """Everything in memory; ids are whole numbers."""

    def __init__(self, key: str = "kontor-key-4711", *, unique_references: bool = False) -> None:
        super().__init__()
        self.key, self.unique_references = key, unique_references
        self.customers = Table(self.stamp, first=100)
        self.vouchers = Table(self.stamp)
        self.notes = Table(self.stamp)
        self.entries = Table(self.stamp)

    def authenticate(self, asked: Received) -> None:
        if not same(asked.header("X-Kontor-Key"), self.key):
            raise Refused(401, {"problem": "the key is wrong"})

    def malformed(self, asked: Received, why: str) -> Answer:
        return Answer(400, {"problem": why})

    # ------------------------------------------------------------ vouchers

    @route("GET", "/api/vouchers")
    def list_vouchers(self, asked: Received) -> Any:
        """By reference, or those of a window in the order of their ids."""
        query = asked.query
        if "reference" in query:
            rows = [row for row in self.vouchers if query["reference"] in row.values["reference"]]
            return {"vouchers": [_voucher(row) for row in rows]}
        since, until = (datetime.fromisoformat(query[name]) for name in ("changed_from", "changed_to"))
        after, limit = int(query["after"]), int(query["limit"])
        rows = [row for row in self.vouchers if since <= row.changed < until and int(row.id) > after]
        rows.sort(key=lambda row: int(row.id))
        return {"vouchers": [_voucher(row) for row in rows[:limit]]}

    @route("GET", "/api/vouchers/{id}")
    def one_voucher(self, asked: Received, id: str) -> Any:
        return _voucher(self._row(self.vouchers, id))

    @route("POST", "/api/vouchers")
    def make_voucher(self, asked: Received) -> Any:
        """A draft, or booked at once."""
        values = self._checked(asked.json())
        if self.unique_references and self.vouchers.where(reference=values["reference"]):
            raise Refused(409, {"problem": f"the reference {values['reference']} is taken", "code": "reference_taken"})
        return Answer(201, {"id": int(self._made(values).id)})

    @route("PUT", "/api/vouchers/by-reference/{reference}")
    def put_voucher(self, asked: Received, reference: str) -> Any:
        """Make it, or change what is under the reference."""
        values = self._checked({**asked.json(), "reference": reference})
        for row in self.vouchers.where(reference=reference):
            return {"id": int(row.id)}
        return Answer(201, {"id": int(self._made(values).id)})

    @route("POST", "/api/vouchers/{id}/book")
    def book(self, asked: Received, id: str) -> Any:
        row = self._row(self.vouchers, id)
        if row.values["state"] != "draft":
            raise Refused(409, {"problem": "only a draft can be booked"})
        self._book(row)
        return _voucher(row)

    @route("DELETE", "/api/vouchers/{id}")
    def delete_voucher(self, asked: Received, id: str) -> None:
        row = self._row(self.vouchers, id)
        if row.values["state"] != "draft":
            raise Refused(409, {"problem": "what is booked stays"})
        self.vouchers.delete(row)

    def add_invoice(self, customer: str, net: str, text: str = "", **more: Any) -> Row:
        """A booked invoice with one line."""
        line = {"text": text, "tax_class": "S", "tax_percent": Decimal(20), "net": Decimal(net)}
        head = {"type": "invoice", "customer": int(customer), "currency": "EUR", "date": "2026-01-15"}
        row = self._made({**head, "reference": "", "note": text, "book": True, "lines": [line], **more})
        return row

    def _checked(self, values: Any) -> dict[str, Any]:
        unknown = [name for name in values if name not in _HEAD]
        unknown += [name for line in values.get("lines", ()) for name in line if name not in _LINE]
        if unknown:
            raise Refused(400, {"problem": f"unknown: {', '.join(unknown)}"})
        if not isinstance(values.get("customer"), int) or self.customers.get(str(values["customer"])) is None:
            raise Refused(422, {"problem": f"there is no customer {values.get('customer')}"})
        if values.get("type") not in ("invoice", "credit") or not values.get("lines"):
            raise Refused(422, {"problem": "a voucher needs a type and lines"})
        for line in values["lines"]:
            if not isinstance(line.get("net"), (Decimal, int)) or line["tax_percent"] not in (0, 10, 20):
                raise Refused(422, {"problem": f"no tax of {line.get('tax_percent')} % is set up"})
        return dict(values)

    def _made(self, values: Mapping[str, Any]) -> Row:
        book = values.get("book", False)
        row = self.vouchers.add({name: item for name, item in values.items() if name != "book"} | {"state": "draft"})
        if book:
            self._book(row)
        return row

    def _book(self, row: Row) -> None:
        self.vouchers.change(row, {"state": "booked", "number": f"V-{int(row.id):05}"})

    # ------------------------------------------------------------ customers

    @route("GET", "/api/customers")
    def list_customers(self, asked: Received) -> Any:
        page, size = int(asked.query["page"]), int(asked.query["size"])
        rows = list(self.customers)[(page - 1) * size : page * size]
        return {"customers": [{"id": int(row.id), **row.values} for row in rows]}

    @route("PATCH", "/api/customers/{id}")
    def change_customer(self, asked: Received, id: str) -> Any:
        row = self._row(self.customers, id)
        self._change(row, asked.json())
        return {"id": int(row.id)}

    @route("POST", "/api/customers/changes")
    def change_customers(self, asked: Received) -> Any:
        """Several; what cannot be changed is told apart."""
        done, failed = [], []
        for change in asked.json()["changes"]:
            row = self.customers.get(str(change["customer"]))
            if row is None:
                failed.append({"customer": change["customer"], "why": "there is no such customer"})
            else:
                self._change(row, change["fields"])
                done.append({"customer": int(row.id)})
        return {"done": done, "failed": failed}

    def _change(self, row: Row, fields: Mapping[str, Any]) -> None:
        unknown = [name for name in fields if name not in ("tier", "tier_since", "tier_progress", "tier_to_next")]
        if unknown:
            raise Refused(400, {"problem": f"unknown: {', '.join(unknown)}"})
        self.customers.change(row, fields)

    # ------------------------------------------------------------ notes

    @route("POST", "/api/notes")
    def make_note(self, asked: Received) -> Any:
        values = asked.json()
        if self.customers.get(str(values["customer"])) is None:
            raise Refused(422, {"problem": f"there is no customer {values['customer']}"})
        return Answer(201, {"id": int(self.notes.add({"customer": values["customer"], "text": values["text"]}).id)})

    @route("GET", "/api/notes")
    def list_notes(self, asked: Received) -> Any:
        query = asked.query
        page, size = int(query["page"]), int(query["size"])
        wanted = query.get("customer")
        rows = [row for row in self.notes if wanted in (None, str(row.values["customer"]))]
        rows = rows[(page - 1) * size : page * size]
        return {"notes": [{"id": int(row.id), **row.values} for row in rows]}

    @route("GET", "/api/notes/{id}")
    def one_note(self, asked: Received, id: str) -> Any:
        row = self._row(self.notes, id)
        return {"id": int(row.id), **row.values}

    # ------------------------------------------------------------ entries

    @route("PUT", "/api/entries/{id}")
    def put_entry(self, asked: Received, id: str) -> Any:
        """Only where there is none yet."""
        if asked.header("If-None-Match") != "*":
            raise Refused(428, {"problem": "say that it is new"})
        if self.entries.get(id) is not None:
            raise Refused(412, {"problem": "it is there"})
        values = asked.json()
        if sum(row["debit"] for row in values["rows"]) != sum(row["credit"] for row in values["rows"]):
            raise Refused(422, {"problem": "the entry does not balance"})
        self.entries.add(values, id=id)
        return Answer(201, headers={"Location": f"{self.url}/api/entries/{id}"})

    @route("GET", "/api/entries/{id}")
    def one_entry(self, asked: Received, id: str) -> Any:
        return {"id": self._row(self.entries, id).id}

    @staticmethod
    def _row(table: Table, id: str) -> Row:
        row = table.get(id)
        if row is None:
            raise Refused(404, {"problem": "not found"})
        return row


def _voucher(row: Row) -> dict[str, Any]:
    """As it is shown: amounts are texts with two decimals, tax is worked out by line."""
    lines = []
    for line in row.values["lines"]:
        net = Decimal(line["net"])
        tax = (net * line["tax_percent"] / 100).quantize(_CENT, ROUND_HALF_UP)
        lines.append({**line, "net": f"{net:.2f}", "tax": f"{tax:.2f}"})
    sums = {name: sum((Decimal(line[name]) for line in lines), Decimal()) for name in ("net", "tax")}
    return {
        "id": int(row.id),
        "changed": row.changed.isoformat(),
        **row.values,
        "lines": lines,
        "net": f"{sums['net']:.2f}",
        "tax": f"{sums['tax']:.2f}",
        "gross": f"{sums['net'] + sums['tax']:.2f}",
    }
