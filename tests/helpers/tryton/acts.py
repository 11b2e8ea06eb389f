"""What people do in a Tryton, done by a test with the administrator's key, and what only its database can do."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

Line = tuple[str, int, str]
"""Code of the product, quantity, unit price."""

TAX_OF = {"TOOL-1": "19", "TOOL-2": "19", "FOOD-1": "7"}
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
        with closing(sqlite3.connect(self.file, timeout=30)) as connection, connection:
            connection.execute(statement, values)

    def delete(self, invoice: int) -> None:
        """Take a document away in any state: nothing tells that it ever was."""
        for table in INVOICE_TABLES:
            self.sql(f"delete from {table} where invoice = ?", invoice)
        self.sql("delete from account_invoice where id = ?", invoice)

    def stamp(self, at: str, *invoices: int) -> None:
        """Let documents be created and last changed at an instant: YYYY-MM-DD HH:MM:SS.ffffff, UTC."""
        for invoice in invoices:
            self.sql("update account_invoice set create_date = ?, write_date = ? where id = ?", at, at, invoice)
