"""A real Odoo for the tests, where somebody names one. What it holds is written to: name a database to throw away.

    REBATED_ODOO_URL=http://127.0.0.1:8069 REBATED_ODOO_DATABASE=test REBATED_ODOO_LOGIN=rebated \
    REBATED_ODOO_KEY=… REBATED_ODOO_ADMIN_KEY=… pytest tests/e2e/test_odoo_real.py

Version 19 or later, a German chart of accounts (sales taxes of 19 % and 7 %), a user with least rights as in
docs/connectors/odoo.md, and the API key of an administrator, with which the tests make invoices and count documents.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from core.keys import find_keys

NAMES = ("URL", "DATABASE", "LOGIN", "KEY", "ADMIN_KEY")
TAG = "rebated / "


@dataclass(frozen=True, slots=True)
class RealOdoo:
    """The server, and what it holds of ours since `floor`, counted as an administrator sees it."""

    url: str
    database: str
    login: str
    key: str
    administrator: str
    floor: int = 0

    @classmethod
    def named(cls) -> RealOdoo:
        """The one the environment names. Skips the test where it names none."""
        values = [os.environ.get(f"REBATED_ODOO_{name}", "") for name in NAMES]
        if not all(values):
            pytest.skip("no real Odoo is named by " + ", ".join(f"REBATED_ODOO_{name}" for name in NAMES))
        found = cls(*values)
        for move in found.call("account.move", "search", domain=[("ref", "like", "RB-")]):
            # What the book of an earlier test wrote is a document like any other to the book of this one.
            found.call("account.move", "write", ids=[move], vals={"ref": "of an earlier test"})
        last = found.call("account.move", "search", domain=[], order="id desc", limit=1)
        return cls(*values, floor=last[0] if last else 0)

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 80

    def call(self, model: str, method: str, **named: Any) -> Any:
        """What the administrator's call answers."""
        headers = {"Authorization": f"bearer {self.administrator}", "X-Odoo-Database": self.database}
        reply = requests.post(f"{self.url}/json/2/{model}/{method}", json=named, headers=headers, timeout=120)
        assert reply.status_code == 200, reply.text[:500]
        return reply.json()

    def connection(self) -> dict[str, Any]:
        """What a configuration says of it."""
        income = self.call("account.account", "search_read", domain=[("account_type", "=", "income")], fields=["code"])
        return {
            "database": self.database,
            "login": self.login,
            "key": self.key,
            "write": f"lines = {{ account = '{income[0]['code']}' }}",
        }

    def customers(self, count: int) -> None:
        """Customers with an invoice of 1,500.55 under two tax rates each in the first quarter of 2026."""
        taxes = [("type_tax_use", "=", "sale"), ("is_domestic", "=", True)]
        found = self.call("account.tax", "search_read", domain=taxes, fields=["amount"])
        by_rate = {int(tax["amount"]): tax["id"] for tax in found}
        values = [{"name": f"Campaign {number}", "is_company": True, "lang": "en_US"} for number in range(count)]
        partners = self.call("res.partner", "create", vals_list=values)
        moves = self.call(
            "account.move",
            "create",
            vals_list=[
                {
                    "move_type": "out_invoice",
                    "partner_id": partner,
                    "invoice_date": f"2026-02-{1 + number % 28:02d}",
                    "invoice_line_ids": [
                        [0, 0, {"name": name, "price_unit": price, "tax_ids": [[6, 0, [by_rate[rate]]]]}]
                        for name, price, rate in (("Tools", 1000, 19), ("Food", 500.55, 7))
                    ],
                }
                for number, partner in enumerate(partners)
            ],
        )
        self.call("account.move", "action_post", ids=moves)

    # ------------------------------------------------------------ what it holds

    def _moves(self, domain: list[Any]) -> Any:
        fields = ["state", "amount_untaxed", "ref"]
        return self.call("account.move", "search_read", domain=[("id", ">", self.floor), *domain], fields=fields)

    def documents(self, key: str) -> list[tuple[str, int]]:
        return [(move["state"], round(move["amount_untaxed"] * 100)) for move in self._moves([("ref", "like", key)])]

    def notes(self, key: str) -> int:
        found: int = self.call("mail.message", "search_count", domain=[("message_id", "=", f"<{key}@rebated>")])
        return found

    def tags(self, account: str) -> list[str]:
        specification = {"category_id": {"fields": {"display_name": {}}}}
        (partner,) = self.call("res.partner", "web_read", ids=[int(account)], specification=specification)
        names = [tag["display_name"] for tag in partner["category_id"]]
        return sorted(name.removeprefix(TAG) for name in names if name.startswith(TAG))

    def keys(self) -> set[str]:
        return {key for move in self._moves([("ref", "like", "RB-")]) for key in find_keys(move["ref"])}
