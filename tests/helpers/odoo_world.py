"""The stand-in for Odoo with customers and a quarter of invoices, and what it holds of ours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.keys import find_keys
from tests.helpers.odoo_server import OdooServer
from tests.helpers.odoo_workspace import OdooWorkspace

ALLOWANCES = "8730"


@dataclass(slots=True)
class StandInBooks:
    """What the stand-in holds, counted in its own tables."""

    server: OdooServer

    def documents(self, key: str) -> list[tuple[str, int]]:
        found = [self.server.record("account.move", move) for move in self.server.documents_with(key)]
        return [(move["state"], round(move["amount_untaxed"] * 100)) for move in found if move is not None]

    def notes(self, key: str) -> int:
        return len(self.server.notes_with(key))

    def tags(self, account: str) -> list[str]:
        partner = self.server.record("res.partner", int(account))
        assert partner is not None
        tags = [self.server.record("res.partner.category", tag) for tag in partner["category_id"] or ()]
        return sorted(tag["name"] for tag in tags if tag is not None and tag["parent_id"])

    def keys(self) -> set[str]:
        moves = [self.server.record("account.move", move) for move in self.server.search("account.move")]
        return {key for move in moves if move is not None for key in find_keys(move["ref"] or "")}


def customers(server: OdooServer, count: int) -> list[int]:
    """Customers with an invoice of 1,500.55 under two tax rates each in the first quarter of 2026."""
    with server.batch():
        partners = [
            server.add_partner(
                f"Customer {number}", country_id=57, customer_rank=1, lang="de_DE" if number % 2 else "en_US"
            )
            for number in range(count)
        ]
        for number, partner in enumerate(partners):
            lines = [
                {"product_id": 1, "quantity": 10, "price_unit": 100.0, "tax_ids": [18]},
                {"name": "Food", "quantity": 1, "price_unit": 500.55, "tax_ids": [19]},
            ]
            server.add_invoice(partner, lines, f"2026-02-{1 + number % 28:02d}")
    return partners


def beside(server: OdooServer, folder: Path, url: str = "", **how: Any) -> OdooWorkspace:
    """A workspace connected to the stand-in, or to it by way of `url`."""
    return OdooWorkspace.beside(folder, url or server.url, **connection(server), **how)


def connection(server: OdooServer) -> dict[str, Any]:
    """What a configuration says of the stand-in."""
    return {
        "database": server.database,
        "login": server.login,
        "key": server.key,
        "write": f"lines = {{ account = '{ALLOWANCES}' }}\ntax_ids = {{ 'S 19' = 18, 'S 7' = 19 }}",
    }
