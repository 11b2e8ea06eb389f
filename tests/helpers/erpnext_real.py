"""A real ERPNext for the tests, where somebody names one. All invoices and comments it holds are removed: name one to
throw away.

    REBATED_ERPNEXT_URL=http://127.0.0.1:8000 REBATED_ERPNEXT_KEY=key:secret REBATED_ERPNEXT_ADMIN_KEY=key:secret \
    REBATED_ERPNEXT_DATABASE=mysql://login:password@127.0.0.1:3306/site pytest tests/contract/test_erpnext_real.py

REBATED_ERPNEXT_ZONE is the time zone of the site, where it is not Asia/Kolkata. The first key is that of a user set up
as docs/connectors/erpnext.md says, with all fields named there; the second that of Administrator. The company is
"Conformance Ltd" (abbreviation C) with the euro, the chart of accounts that ERPNext calls Standard, and a fiscal year
2026. Needs PyMySQL: stamps are set, and documents counted, in its database.
"""

from __future__ import annotations

import itertools
import os
import threading
import time as clock
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote, urlsplit
from zoneinfo import ZoneInfo

import pytest
import requests

from tests.helpers.stand_ins.exchange import written
from tests.helpers.stand_ins.table import Row

NAMES = ("URL", "KEY", "ADMIN_KEY", "DATABASE")
EMPTIED = ("Sales Invoice", "Sales Invoice Item", "Sales Taxes and Charges", "Comment", "Customer", "GL Entry")
EMPTIED_TOO = ("Payment Ledger Entry", "Payment Schedule", "Deleted Document", "Version", "Error Log")
CHILDREN = ("Sales Invoice Item", "Sales Taxes and Charges")


class Table:
    """What the tests ask of a table, asked of the database."""

    def __init__(self, erpnext: RealErpNext, name: str) -> None:
        self._erpnext, self._name = erpnext, name

    def row(self, id: str) -> Row:
        """A row by its id, its values as they are now."""
        found = self.get(id)
        assert found is not None, f"there is no {self._name} {id}"
        return found

    def get(self, id: str) -> Row | None:
        return next(iter(self.where(name=id)), None)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.where())

    def where(self, **values: Any) -> list[Row]:
        condition = " and ".join(["1 = 1", *(f"`{name}` = %s" for name in values)])
        rows = self._erpnext.sql(f"select * from `tab{self._name}` where {condition}", *values.values())
        return [
            Row(row["name"], row, row["creation"], row["modified"])
            for row in ({**row, "taxes": self._taxes(row["name"])} for row in rows)
        ]

    def _taxes(self, name: str) -> list[dict[str, Any]]:
        if self._name != "Sales Invoice":
            return []
        return self._erpnext.sql("select * from `tabSales Taxes and Charges` where parent = %s order by idx", name)

    def change(self, row: Row, values: Mapping[str, Any]) -> None:
        self._set(row, {**values, "modified": self._erpnext.local(datetime.now(UTC))})

    def touch(self, row: Row, at: datetime) -> None:
        self._set(row, dict.fromkeys(("creation", "modified"), self._erpnext.local(at)))

    def _set(self, row: Row, values: Mapping[str, Any]) -> None:
        given = ", ".join(f"`{name}` = %s" for name in values)
        self._erpnext.sql(f"update `tab{self._name}` set {given} where name = %s", *values.values(), row.id)

    def delete(self, row: Row) -> None:
        self._erpnext.sql(f"delete from `tab{self._name}` where name = %s", row.id)
        for child in CHILDREN:
            self._erpnext.sql(f"delete from `tab{child}` where parent = %s", row.id)
        row.deleted = True

    def clear(self) -> None:
        for row in self:
            self.delete(row)


class RealErpNext:
    """The server, under the names its stand-in has. Close it when the test is over."""

    company = "Conformance Ltd"

    def __init__(self, url: str, key: str, administrator: str, database: str, zone: str) -> None:
        self.url, self.zone = url, ZoneInfo(zone)
        self.api_key, _, self.api_secret = key.partition(":")
        self._administrator = administrator
        parts = urlsplit(database)
        self._database: dict[str, Any] = {
            "host": parts.hostname,
            "port": parts.port or 3306,
            "user": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "database": parts.path.strip("/"),
        }
        self.lock = threading.RLock()
        self.connection = self.connected()
        self.tables = {name: Table(self, name) for name in ("Sales Invoice", "Customer", "Comment")}
        self._copies = itertools.count(1)
        for name in EMPTIED + EMPTIED_TOO:
            self.sql(f"delete from `tab{name}`")

    @classmethod
    def named(cls) -> RealErpNext:
        """The one the environment names. Skips the test where it names none."""
        values = [os.environ.get(f"REBATED_ERPNEXT_{name}", "") for name in NAMES]
        if not all(values):
            pytest.skip("no real ERPNext is named by " + ", ".join(f"REBATED_ERPNEXT_{name}" for name in NAMES))
        url, key, administrator, database = values
        return cls(url, key, administrator, database, os.environ.get("REBATED_ERPNEXT_ZONE", "Asia/Kolkata"))

    def close(self) -> None:
        self.connection.close()

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 80

    # ------------------------------------------------------------ the database

    def connected(self) -> Any:
        library: Any = pytest.importorskip("pymysql")
        return library.connect(
            **self._database, charset="utf8mb4", autocommit=True, cursorclass=library.cursors.DictCursor
        )

    def sql(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """The rows a statement gives."""
        with self.lock, self.connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    def local(self, moment: datetime) -> datetime:
        """An instant as the site writes it."""
        return moment.astimezone(self.zone).replace(tzinfo=None)

    def boundary(self) -> datetime:
        """An instant after all stamps so far and before all from now on."""
        clock.sleep(0.02)
        moment = datetime.now(UTC)
        clock.sleep(0.02)
        return moment

    # ------------------------------------------------------------ acts

    def call(self, method: str, path: str, sent: Mapping[str, Any] | None = None, *, taken: Sequence[int] = ()) -> Any:
        """What Administrator's request is answered with; None where its status is one of `taken`."""
        headers = {"Authorization": f"token {self._administrator}", "Content-Type": "application/json"}
        body = None if sent is None else written(sent)
        reply = requests.request(method, f"{self.url}/api/resource/{path}", data=body, headers=headers, timeout=120)
        if reply.status_code in taken:
            return None
        assert reply.status_code in (200, 202), f"{method} {path}: {reply.status_code} {reply.text[-500:]}"
        return reply.json()["data"]

    def add_custom(self, doctype: str, name: str, kind: str = "text", *, unique: bool = False) -> None:
        """The fields are there already, as somebody made them who read docs/connectors/erpnext.md."""
        label = name.removeprefix("custom_").replace("_", " ").title()
        sent = {"dt": doctype, "label": label, "fieldtype": "Data"}
        self.call("POST", "Custom%20Field", sent, taken=(417,))

    def add_customer(self, name: str, **values: Any) -> Row:
        kept = {"customer_name": name, "customer_type": "Company", "customer_group": "Commercial", "language": "de"}
        sent = {**kept, "territory": "All Territories", **values}
        return self.tables["Customer"].row(self.call("POST", "Customer", sent)["name"])

    def add_item(self, code: str) -> None:
        sent = {"item_code": code, "item_group": "Services", "stock_uom": "Nos", "is_stock_item": 0}
        self.call("POST", "Item", sent, taken=(409,))

    def add_tax(self, percent: int) -> tuple[str, str]:
        title, company = f"VAT {percent}", self.company
        account = {"account_name": title, "company": company, "account_type": "Tax", "tax_rate": percent}
        above = {"parent_account": "Duties and Taxes - C"}
        self.call("POST", "Account", {**account, **above}, taken=(409,))
        template = {"title": f"{title} %", "company": company}
        self.call("POST", "Account", {**account, "account_name": f"Input {title}", **above}, taken=(409,))
        taxes = [{"tax_type": f"{name} - C", "tax_rate": percent} for name in (title, f"Input {title}")]
        self.call("POST", "Item%20Tax%20Template", {**template, "taxes": taxes}, taken=(409,))
        return f"{title} - C", f"{title} % - C"

    def add_invoice(
        self, customer: str, lines: Sequence[Mapping[str, Any]], day: date, *, submitted: bool = True, **values: Any
    ) -> Row:
        used = dict.fromkeys(line["item_tax_template"] for line in lines if line.get("item_tax_template"))
        taxes = [
            {"charge_type": "On Net Total", "account_head": name.replace(" %", ""), "description": name, "rate": 0}
            for name in used
        ]
        head = {"customer": customer, "company": self.company, "currency": "EUR", "posting_date": day.isoformat()}
        rows = [{**line, "rate": Decimal(line["rate"])} for line in lines]
        sent = {**head, "set_posting_time": 1, "due_date": day.isoformat(), "items": rows, "taxes": taxes}
        made = self.call("POST", "Sales%20Invoice", {**sent, "docstatus": int(submitted), **values})
        return self.tables["Sales Invoice"].row(made["name"])

    def update(self, doctype: str, row: Row, sent: Mapping[str, Any]) -> None:
        self.call("PUT", f"{quote(doctype)}/{quote(row.id, safe='')}", sent)

    def copied(self, row: Row, connection: Any = None, **values: Any) -> str:
        """A copy of a document under these values, made now. Its name."""
        name = f"COPY-{next(self._copies):05d}"
        now = self.local(datetime.now(UTC))
        with self.lock, (connection or self.connection).cursor() as cursor:

            def insert(table: str, source: Mapping[str, Any], **more: Any) -> None:
                kept = {**source, "creation": now, "modified": now, **more}
                columns = ", ".join(f"`{column}`" for column in kept)
                places = ", ".join(["%s"] * len(kept))
                cursor.execute(f"insert into `tab{table}` ({columns}) values ({places})", list(kept.values()))

            source = {column: value for column, value in row.values.items() if column != "taxes"}
            insert("Sales Invoice", source, name=name, **values)
            for child in CHILDREN:
                for line in self.sql(f"select * from `tab{child}` where parent = %s", row.id):
                    insert(child, line, name=f"{name}-{line['name']}", parent=name)
        return name

    @contextmanager
    def copied_late(self, row: Row, **values: Any) -> Iterator[str]:
        """A copy of a document, of a transaction that is committed on leaving. Its name."""
        late = self.connected()
        late.begin()
        try:
            yield self.copied(row, late, **values)
        finally:
            late.commit()
            late.close()
