"""One Odoo to write to, and our way into it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.odoo.adapter import OdooAdapter
from connectors.odoo.settings import OdooSettings
from tests.helpers.odoo_server import OdooServer
from tests.helpers.odoo_server.store import Record

BUYER, SALES, ENTRIES, GOODS = 8, 7, 9, 1
EUR, USD, KWD = 126, 1, 96
TAX_19, TAX_7, TAX_0, TAX_EU, TAX_EXPORT = 18, 19, 17, 10, 11
REVENUE, ALLOWANCES, DISCOUNTS = 1202, 1243, 1255
ACCOUNT = {"lines": {"account": "8730"}}
READING = (
    "search",
    "search_read",
    "web_search_read",
    "read",
    "fields_get",
    "context_get",
    "has_access",
    "check_access_rights",
)
"""Methods that change nothing."""


@dataclass(slots=True)
class Installation:
    """The stand-in, spoken to over one protocol. What is asked of it here does not pass through the adapter."""

    server: OdooServer
    folder: Path
    protocol: str

    def __post_init__(self) -> None:
        (self.folder / "key").write_text(self.server.key)

    def settings(self, write: dict[str, Any] | None = None, **more: Any) -> OdooSettings:
        given: dict[str, Any] = {
            "url": self.server.url,
            "database": self.server.database,
            "login": self.server.login,
            "api_key": {"file": "key"},
            "protocol": self.protocol,
            "write": {**ACCOUNT, **(write or {})},
        }
        return OdooSettings.model_validate(given | more)

    def adapter(self, write: dict[str, Any] | None = None, **more: Any) -> OdooAdapter:
        """A connection that knows nothing yet."""
        return OdooAdapter.build("erp", self.settings(write, **more), base=self.folder)

    def move(self, remote_id: str) -> Record:
        found = self.server.record("account.move", int(remote_id))
        assert found is not None
        return found

    def lines(self, remote_id: str) -> list[Record]:
        """The lines of a document but those Odoo adds for taxes and the receivable, in their order."""
        rows = [self.server.record("account.move.line", line) for line in self.move(remote_id)["line_ids"]]
        added = ("tax", "payment_term")
        return [row for row in rows if row is not None and self._kind(row["id"]) not in added]

    def _kind(self, line: int) -> str:
        with self.server.batch() as session:
            return str(session.one("account.move.line", line)["kind"])

    def documents(self, key: str) -> list[str]:
        """The state of each document with the key in its reference."""
        return [self.move(str(move))["state"] for move in self.server.documents_with(key)]

    def named(self, key: str) -> list[tuple[str, int]]:
        """Model and id of what the external ids of a key lead to, in the order of their names."""
        with self.server.batch() as session:
            rows = session.store.table("ir.model.data").values()
            found = sorted((row["name"], row["model"], row["res_id"]) for row in rows if row["name"].startswith(key))
            return [(model, record) for _, model, record in found]

    def tags(self, partner: int = BUYER) -> list[str]:
        """Full names of the partner's tags."""
        record = self.server.record("res.partner", partner)
        assert record is not None
        with self.server.batch() as session:
            session.names.clear()
        found = [self.server.record("res.partner.category", tag) for tag in record["category_id"] or ()]
        return sorted(tag["display_name"] for tag in found if tag is not None)

    def writes(self) -> list[str]:
        """Requests since the last `forget` that may have changed something: model and method. Imports that only ask
        whether a key is there are among them."""
        return [f"{model}.{method}" for model, method, _ in self.server.requests if model and method not in READING]
