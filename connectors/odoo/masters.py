"""Names in the settings, ids in Odoo: journals, accounts, products, analytic accounts, taxes, currencies.

Each is looked up when first needed and kept for some minutes, so that what is mended in Odoo is soon seen. What is
missing or ambiguous is refused with the setting to mend.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from connectors.odoo.client import OdooClient
from connectors.odoo.company import Companies
from connectors.odoo.faults import Forbidden
from connectors.odoo.settings import LineSettings, OdooSettings
from connectors.spi import WriteRefused
from core.documents import TAX_CATEGORIES
from core.errors import FatalError
from core.money import percent_text, scaled_number

Found = TypeVar("Found")
RATE_DIGITS = 4
"""Percentages become millionths: 19 % is 190000."""
_KEEP_SECONDS = 300
_TAXES_OF_IMPORTS = (16, 0)
"""The first version that gives lines their taxes whoever makes them."""


class Masters:
    """Looks up what documents are written with.

    What the settings name and Odoo does not have stops the connection (FatalError): no document is at fault. A tax code
    or a currency without a counterpart is a refusal of the document that needs it (WriteRefused).
    """

    def __init__(self, client: OdooClient, settings: OdooSettings, companies: Companies) -> None:
        self.client, self.settings, self.companies = client, settings, companies
        self._kept: dict[tuple[str, str], tuple[float, Any]] = {}
        self._lock = threading.RLock()

    def forget(self) -> None:
        """Look everything up anew when it is next needed."""
        with self._lock:
            self._kept.clear()

    def journal(self, kind: str) -> int:
        """The journal of sales documents (`sale`) or of entries (`general`)."""
        code = self.settings.write.journal if kind == "sale" else self.settings.write.entries_journal
        return self._once("journal", kind, lambda: self._journal(kind, code))

    def currency(self, code: str) -> int:
        return self._once("currency", code, lambda: self._currency(code))

    def account(self, code: str) -> int:
        return self._once("account", code, lambda: self._account(code))

    def product(self, reference: str) -> int:
        return self._once("product", reference, lambda: self._product(reference))

    def analytic(self, shares: Mapping[str, Decimal]) -> dict[str, str]:
        """The analytic accounts of a line as cells of an import; shares in percent by name.

        Raises FatalError where the version keeps one account a line and that is not what is asked for.
        """
        if not shares:
            return {}
        ids = {str(self._once("analytic", name, partial(self._analytic, name))): part for name, part in shares.items()}
        if self.client.has("account.move.line", "analytic_distribution"):
            return {"analytic_distribution": json.dumps(ids, default=float)}  # percentages, not money
        if set(ids.values()) != {Decimal(100)} or len(ids) > 1:
            names = ", ".join(f"{name} ({part} %)" for name, part in shares.items())
            raise FatalError(
                f"before Odoo 16 a line has one analytic account and no shares, the settings name {names}",
                hint="name one account with 100 under write.lines.analytic or write.programs.<id>.analytic",
            )
        return {"analytic_account_id/.id": next(iter(ids))}

    def own_tax(self) -> bool:
        """Whether Odoo decides the tax. Raises FatalError where it would leave it out."""
        if self.settings.write.taxes == "split":
            return False
        if self.client.version < _TAXES_OF_IMPORTS:
            raise FatalError(
                "before Odoo 16 the fiscal position chooses taxes in forms only: an imported document has none",
                hint='set write.taxes = "split"',
            )
        return True

    def lines_of(self, program: str) -> LineSettings:
        """What the lines of a program are booked on."""
        return self.settings.write.programs.get(program, self.settings.write.lines)

    def tax(self, category: str, rate: int) -> int:
        """The sales tax of a tax code; `rate` in millionths."""
        name = f"{category} {percent_text(rate)}"
        return self._once("tax", name, lambda: self._tax(category, rate, name))

    def tax_code(self, tax_id: int) -> tuple[str, int]:
        """The tax code of a sales tax: the one the settings give it, else what Odoo states of it."""
        for name, given in self.settings.write.tax_ids.items():
            if given == tax_id:
                category, _, percent = name.partition(" ")
                return category, scaled_number(percent, RATE_DIGITS)
        return self._once("tax code", str(tax_id), lambda: self._tax_code(tax_id))

    def taxes(self) -> list[dict[str, Any]]:
        """The active sales taxes of the company that are a plain percentage on top of the net amount."""
        return self._once("taxes", "", self._taxes)

    def _once(self, kind: str, name: str, find: Callable[[], Found]) -> Found:
        with self._lock:
            since, kept = self._kept.get((kind, name), (-_KEEP_SECONDS, None))
            found: Found = kept
            if time.monotonic() - since >= _KEEP_SECONDS:
                found = find()
                self._kept[kind, name] = time.monotonic(), found
            return found

    def _search(self, model: str, domain: list[Any], fields: list[str], order: str = "id") -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.client.call(
            model, "search_read", domain=domain, fields=fields, order=order, context=self.companies.context()
        )
        return rows

    def _one(self, model: str, domain: list[Any], what: str, hint: str) -> int:
        rows = self._search(model, domain, ["id"])
        if len(rows) != 1:
            count = "is not there" if not rows else f"is there {len(rows)} times"
            raise FatalError(f"{what} {count} in Odoo", hint=hint)
        return int(rows[0]["id"])

    def _journal(self, kind: str, code: str) -> int:
        domain: list[Any] = [("type", "=", kind), ("company_id", "=", self.companies.current().id)]
        if code:
            domain.append(("code", "=", code))
        rows = self._search("account.journal", domain, ["id"], "sequence, id")
        if not rows:
            name = f"the {'sales' if kind == 'sale' else 'general'} journal {code}".rstrip()
            setting = "journal" if kind == "sale" else "entries_journal"
            raise FatalError(f"{name} is not there in Odoo", hint=f"set write.{setting} to its code")
        return int(rows[0]["id"])

    def _currency(self, code: str) -> int:
        rows = self._search("res.currency", [("name", "=", code)], ["id"])
        if not rows:
            raise WriteRefused(f"the currency {code} is not active in Odoo", hint="activate it under Currencies")
        return int(rows[0]["id"])

    def _account(self, code: str) -> int:
        return self._one(
            "account.account", [("code", "=", code)], f"the account {code}", "mend the code in the settings"
        )

    def _product(self, reference: str) -> int:
        domain = [("default_code", "=", reference)]
        return self._one("product.product", domain, f"the product {reference}", "mend its reference in the settings")

    def _analytic(self, name: str) -> int:
        domain = [("name", "=", name)]
        return self._one("account.analytic.account", domain, f"the analytic account {name}", "mend it in the settings")

    def _taxes(self) -> list[dict[str, Any]]:
        fields = ["id", "name", "amount", "amount_type", "price_include"]
        for optional in ("ubl_cii_tax_category_code", "is_domestic"):
            if self.client.has("account.tax", optional):
                fields.append(optional)
        domain = [("type_tax_use", "=", "sale"), ("company_id", "=", self.companies.current().id)]
        rows = self._search("account.tax", domain, fields, "sequence, id")
        return [row for row in rows if row["amount_type"] == "percent" and not row["price_include"]]

    def _tax(self, category: str, rate: int, name: str) -> int:
        """The one given in the settings; else the only one of the category, or the only domestic one of several."""
        given = self.settings.write.tax_ids
        if name in given:
            return given[name]
        free = [row for row in self.taxes() if row["id"] not in given.values()]
        fitting = [row for row in free if scaled_number(Decimal(row["amount"]), RATE_DIGITS) == rate]
        stated = [row for row in fitting if self._category(row) == category]
        foreign = self._foreign() if len(stated) > 1 else set()
        domestic = [row for row in stated if row["id"] not in foreign]
        if len(domestic) == 1:
            return int(domestic[0]["id"])
        names = ", ".join(f"{row['name']} (id {row['id']})" for row in stated or fitting or free) or "there is none"
        raise WriteRefused(
            f"it cannot be told which sales tax of Odoo is {name} %: {names}",
            hint=f"set write.tax_ids = {{ '{name}' = <id> }}",
        )

    def _foreign(self) -> set[int]:
        """Taxes for partners elsewhere: in 19 Odoo says so, before it they stand in for others in a fiscal position."""
        if self.client.has("account.tax", "is_domestic"):
            return {row["id"] for row in self.taxes() if not row["is_domestic"]}
        if not self.client.has("account.fiscal.position.tax", "tax_dest_id"):
            return set()
        try:
            rows = self._search("account.fiscal.position.tax", [("tax_dest_id", "!=", False)], ["tax_dest_id"])
        except Forbidden:
            return set()
        return {row["tax_dest_id"][0] for row in rows}

    def _stated(self, row: dict[str, Any]) -> str:
        """The category the settings or Odoo state for a tax; empty where neither does."""
        table = self.settings.read.tax_categories
        found = table.get(str(row["id"])) or table.get(row["name"]) or row.get("ubl_cii_tax_category_code") or ""
        return found if found in TAX_CATEGORIES else ""

    def _category(self, row: dict[str, Any]) -> str:
        return self._stated(row) or ("S" if row["amount"] else "Z")

    def _tax_code(self, tax_id: int) -> tuple[str, int]:
        row = next((row for row in self.taxes() if row["id"] == tax_id), None)
        if row is None:
            rows = self.client.call(
                "account.tax", "read", ids=[tax_id], fields=["id", "name", "amount"], context=self.companies.context()
            )
            row = rows[0] if rows else {"id": tax_id, "name": "", "amount": Decimal(0)}
        return self._category(row), scaled_number(Decimal(row["amount"]), RATE_DIGITS)
