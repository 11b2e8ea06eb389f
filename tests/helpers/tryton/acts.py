"""What people do in a Tryton, done by a test with the administrator's key, and what only its database can do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

Line = tuple[str, int, str]
"""Code of the product, quantity, unit price."""

TAX_OF = {"TOOL-1": "19", "TOOL-2": "19", "FOOD-1": "7"}
LINE_TAXES = '"account_invoice_line-account_tax"'
INVOICE_TABLES = ("account_invoice_line", "account_invoice_tax")


@dataclass(frozen=True, slots=True)
class Acts:
    """`ground`: ids of what was seeded."""

    url: str
    key: str
    ground: Mapping[str, Any]
    file: Path

    # ------------------------------------------------------------ over REST

    def call(self, path: str, body: object = None, *, method: str = "POST") -> Any:
        """What the server answers below `rest/model/`. It must not be an error."""
        reply = requests.request(
            method,
            f"{self.url}/{self.ground['database']}/rest/model/{path}",
            json={} if body is None else body,
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=60,
        )
        assert reply.status_code in (200, 204), f"{path}: {reply.status_code} {reply.text[:1000]}"
        return reply.json() if reply.content else None

    def party(self, code: str, name: str = "", *, language: str = "en", vat: str = "") -> int:
        """A customer with an address in Germany."""
        (lang,) = self.call("ir.lang/search", {"domain": [["code", "=", language]]})
        (country,) = self.call("country.country/search", {"domain": [["code", "=", "DE"]]})
        address = {"street": "Weg 5", "postal_code": "10115", "city": "Berlin", "country": country}
        given: dict[str, Any] = {"name": name or code, "code": code, "lang": lang, "addresses": [["create", [address]]]}
        if vat:
            given["identifiers"] = [["create", [{"type": "eu_vat", "code": vat}]]]
        party: int = self.call("party.party", given)["id"]
        return party

    def invoice(
        self, party: int | str, lines: Sequence[Line], day: str, *, reference: str = "", post: bool = True
    ) -> int:
        """A customer invoice, or a credit note where quantities are negative; posted. `party`: its id or code."""
        ground, company = self.ground, self.ground["company"]
        if isinstance(party, str):
            party = ground["parties"][party]
        (address,) = self.call("party.address/search", {"domain": [["party", "=", party]], "limit": 1})
        common = {"company": company, "currency": ground["currencies"]["EUR"]}
        made = [
            {
                **common, "type": "line", "account": ground["accounts"]["revenue"], "quantity": quantity,
                "unit_price": price, "product": ground["products"][product], "unit": ground["unit"],
                "taxes": [["add", [ground["taxes"][TAX_OF[product]]]]],
            }
            for product, quantity, price in lines
        ]  # fmt: skip
        invoice: int = self.call(
            "account.invoice",
            {
                **common, "type": "out", "party": party, "invoice_address": address, "invoice_date": day,
                "account": ground["accounts"]["receivable"], "journal": ground["journal"],
                "reference": reference or None, "lines": [["create", made]],
            },
        )["id"]  # fmt: skip
        if post:
            self.post(invoice)
        return invoice

    def post(self, invoice: int) -> None:
        self.call(f"account.invoice/{invoice}/post")

    def refer(self, invoice: int, reference: str) -> None:
        """Write another reference on a document, as people can in any state."""
        self.call(f"account.invoice/{invoice}?f=reference", {"reference": reference}, method="PUT")

    # ------------------------------------------------------------ in the database

    def sql(self, statement: str, *values: object) -> None:
        """Change the database behind the server's back."""
        with self._database() as connection:
            connection.execute(statement, values)

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.file, timeout=30)) as connection, connection:
            connection.execute("pragma synchronous = off")
            yield connection

    def delete(self, *invoices: int) -> None:
        """Take documents away in any state: nothing tells that they ever were."""
        with self._database() as connection:
            for invoice in invoices:
                for table in INVOICE_TABLES:
                    connection.execute(f"delete from {table} where invoice = ?", (invoice,))
                connection.execute("delete from account_invoice where id = ?", (invoice,))

    def stamp(self, at: datetime, *invoices: int) -> None:
        """Let documents be created and last changed at an instant."""
        for invoice in invoices:
            self.sql(
                "update account_invoice set create_date = ?, write_date = ? where id = ?", _told(at), _told(at), invoice
            )

    def invoices(self) -> list[int]:
        """Every customer document."""
        found: list[int] = self.call("account.invoice/search", {"domain": [["type", "=", "out"]]})
        return found

    def copy(self, reference: str, at: datetime) -> int:
        """Another posted customer document like the one on the supplier's side, row by row, stamped with an instant."""
        with self._database() as connection:
            ((invoice,),) = connection.execute("select id from account_invoice where type = 'in'")
            as_of = {"type": "out", "reference": reference, "create_date": _told(at), "write_date": _told(at)}
            made = _copied(connection, "account_invoice", invoice, **as_of)
            for (line,) in _rows(connection, "account_invoice_line", invoice):
                own = _copied(connection, "account_invoice_line", line, invoice=made)
                connection.execute(
                    f"insert into {LINE_TAXES} (line, tax) select ?, tax from {LINE_TAXES} where line = ?",
                    (own, line),
                )
            for (tax,) in _rows(connection, "account_invoice_tax", invoice):
                _copied(connection, "account_invoice_tax", tax, invoice=made)
        return made

    def fix_tax(self, invoice: int) -> None:
        """Put a tax that is no percentage on every line of a document."""
        tax = self.call(
            "account.tax",
            {
                "name": "Eco fee", "description": "Eco fee", "type": "fixed", "amount": "2",
                "company": self.ground["company"], "invoice_account": self.ground["accounts"]["tax"],
                "credit_note_account": self.ground["accounts"]["tax"],
            },
        )["id"]  # fmt: skip
        self.sql(
            f"update {LINE_TAXES} set tax = ? where line in (select id from account_invoice_line where invoice = ?)",
            tax,
            invoice,
        )


def _told(at: datetime) -> str:
    """As Tryton keeps it: UTC, without saying so."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _rows(connection: sqlite3.Connection, table: str, invoice: int) -> list[tuple[int]]:
    return connection.execute(f"select id from {table} where invoice = ? order by id", (invoice,)).fetchall()


def _copied(connection: sqlite3.Connection, table: str, row: int, **other: object) -> int:
    """A copy of a row with other values in some columns. Returns its id."""
    columns = [name for _, name, *_ in connection.execute(f"pragma table_info({table})") if name != "id"]
    values = ", ".join(f":{name}" if name in other else f'"{name}"' for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    done = connection.execute(
        f"insert into {table} ({names}) select {values} from {table} where id = :id", {**other, "id": row}
    )
    assert done.lastrowid is not None
    return done.lastrowid
