"""Depot, an ERP: a cookie for a session, cents, commas, local stamps, and errors that say 200."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.helpers.stand_ins.base import Answer, Received, Refused, StandIn, route, same
from tests.helpers.stand_ins.table import Row, Table

ZONE = ZoneInfo("Europe/Berlin")
_STATES = {"D": "P", "P": "X"}


class Depot(StandIn):
    """Invoices and credits have ids of their own, which may be the same; positions are asked for by documents."""

    password = "d3pot/Pass wörd"

    def __init__(self) -> None:
        super().__init__()
        self.session, self.logins = "", 0
        self.tables = {name: Table(self.stamp) for name in ("invoices", "credits", "notes")}
        self.customers = Table(self.stamp)

    def authenticate(self, asked: Received) -> None:
        if not same(asked.header("Cookie"), f"DSESS={self.session}" if self.session else ""):
            raise _wrong("E_SESSION", "please log in")

    def malformed(self, asked: Received, why: str) -> Answer:
        return Answer(400, {"ok": False, "code": "E_JSON", "text": why})

    @route("POST", "/d/login", open=True)
    def log_in(self, asked: Received) -> Any:
        given = asked.json()
        if given.get("user") != "rebated" or not same(str(given.get("pass", "")), self.password):
            raise _wrong("E_LOGIN", "user or password is wrong")
        self.logins += 1
        self.session = f"sess+{self.logins:04}/aBc=="
        return Answer(200, {"ok": True}, {"Set-Cookie": f"DSESS={self.session}; Path=/; HttpOnly; SameSite=Lax"})

    # ------------------------------------------------------------ documents

    @route("GET", "/d/{table}")
    def listed(self, asked: Received, table: str) -> Any:
        """By reference or customer, or those changed in a span of local time; the newest last."""
        if table not in self.tables:
            raise _wrong("E_PATH", f"there is no {table}")
        query, rows = asked.query, list(self.tables[table])
        if "ref" in query:
            rows = [row for row in rows if row.values["ref"] == query["ref"]]
        if "cust" in query:
            rows = [row for row in rows if row.values["cust"] == query["cust"]]
        if "from" in query:
            rows = [row for row in rows if query["from"] <= _local(row.changed) < query["to"]]
        page, per = int(query["page"]), int(query["per"])
        last = max(1, -(-len(rows) // per))
        return {
            "ok": True,
            "page": page,
            "last": last,
            "rows": [_shown(r) for r in rows[(page - 1) * per : page * per]],
        }

    @route("GET", "/d/{table}/{id}")
    def one(self, asked: Received, table: str, id: str) -> Any:
        return {"ok": True, "row": _shown(self._row(table, id))}

    @route("GET", "/d/positions")
    def positions(self, asked: Received) -> Any:
        """Of the documents `invoices:1,2` or `credits:3`."""
        table, _, ids = asked.query["of"].partition(":")
        rows = [self.tables[table].get(id) for id in ids.split(",")]
        return {
            "ok": True,
            "rows": [{"doc": int(r.id), **line} for r in rows if r is not None for line in r.values["lines"]],
        }

    @route("POST", "/d/credits")
    def make(self, asked: Received) -> Any:
        values = asked.json()
        if self.customers.get(values["cust"]) is None:
            raise _wrong("E_CUST", f"customer {values['cust']} is unknown")
        if any(not isinstance(line["net_ct"], int) for line in values["lines"]):
            raise _wrong("E_AMOUNT", "amounts are whole cents")
        if self.tables["credits"].where(ref=values["ref"]):
            raise Refused(400, {"ok": False, "code": "E_INPUT", "text": f"Reference {values['ref']} is already used"})
        return {"ok": True, "id": int(self.add("credits", values).id)}

    @route("PUT", "/d/credits/{id}/state")
    def turn(self, asked: Received, id: str) -> Any:
        row, state = self._row("credits", id), asked.json()["state"]
        if _STATES.get(row.values["state"]) != state:
            raise _wrong("E_STATE", f"no way from {row.values['state']} to {state}")
        self.tables["credits"].change(row, {"state": state, "no": f"G{int(row.id):06}"})
        return {"ok": True}

    @route("DELETE", "/d/credits/{id}")
    def delete(self, asked: Received, id: str) -> Any:
        self.tables["credits"].delete(self._row("credits", id))
        return {"ok": True}

    @route("POST", "/d/notes")
    def note(self, asked: Received) -> Any:
        values = asked.json()
        if self.customers.get(values["cust"]) is None:
            raise _wrong("E_CUST", f"customer {values['cust']} is unknown")
        return {"ok": True, "id": int(self.tables["notes"].add(values).id)}

    @route("PUT", "/d/customers/{number}")
    def change(self, asked: Received, number: str) -> Any:
        row = self.customers.get(number)
        if row is None:
            raise _wrong("E_CUST", f"customer {number} is unknown")
        self.customers.change(row, asked.json())
        return {"ok": True}

    def add(self, table: str, values: Mapping[str, Any], state: str = "D") -> Row:
        """A document; `lines` have text, qty, net_ct and vat in tenths of a percent."""
        row = self.tables[table].add({"no": "", "ref": "", "cur": "EUR", "state": state, **values})
        if state == "P":
            row.values["no"] = f"{table[0].upper()}{int(row.id):06}"
        return row

    def _row(self, table: str, id: str) -> Row:
        row = self.tables[table].get(id) if table in self.tables else None
        if row is None:
            raise _wrong("E_NONE", "nothing under this id")
        return row


def _wrong(code: str, text: str) -> Refused:
    return Refused(200, {"ok": False, "code": code, "text": text})


def _local(moment: datetime) -> str:
    return moment.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")


def _shown(row: Row) -> dict[str, Any]:
    """As a list shows it: sums in cents, no positions."""
    head = {"id": int(row.id), **{name: item for name, item in row.values.items() if name != "lines"}}
    if "lines" in row.values:
        lines = row.values["lines"]
        taxes = [(Decimal(line["net_ct"]) * line["vat"] / 1000).quantize(Decimal(1), ROUND_HALF_UP) for line in lines]
        head |= {"net_ct": sum(line["net_ct"] for line in lines), "vat_ct": sum(map(int, taxes))}
    return {**head, "changed": _local(row.changed)}
