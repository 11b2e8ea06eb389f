"""The invoice a credit note corrects: named on it, and matched with it where that is wanted.

From 17 on Odoo matches the two as it posts a credit note that names its invoice. Where the credit note is to stay open
it is therefore named after posting. None of this is worth a document: what cannot be done is left.
"""

from __future__ import annotations

from connectors.odoo.client import OdooClient
from connectors.odoo.company import Companies
from connectors.odoo.settings import OdooSettings
from connectors.spi import DocumentRequest
from core.errors import RebatedError


class Originals:
    """Ties credit notes to their invoices."""

    def __init__(self, client: OdooClient, settings: OdooSettings, companies: Companies) -> None:
        self.client, self.settings, self.companies = client, settings, companies

    def named(self, request: DocumentRequest) -> str:
        """The id of the invoice the import names; empty where it is not to be matched, or not there to be."""
        if not self._corrects(request) or self.settings.write.apply != "original":
            return ""
        company = self.companies.current().id
        domain = [("id", "=", int(request.original)), ("state", "=", "posted"), ("company_id", "=", company)]
        found = self.client.call("account.move", "search", domain=domain, context=self.companies.context())
        return request.original if found else ""

    def tie(self, request: DocumentRequest, move_id: int) -> None:
        """Name the invoice on a posted credit note, or match what Odoo has not matched by itself."""
        if not self._corrects(request) or not self.settings.write.post:
            return
        try:
            if self.settings.write.apply == "original":
                self._match(request, move_id)
            else:
                self._name(request, move_id)
        except RebatedError:
            return

    @staticmethod
    def _corrects(request: DocumentRequest) -> bool:
        return request.kind == "credit_note" and request.original.isdecimal()

    def _name(self, request: DocumentRequest, move_id: int) -> None:
        self.client.call(
            "account.move",
            "write",
            ids=[move_id],
            vals={"reversed_entry_id": int(request.original)},
            context=self.companies.context(),
            writes=True,
        )

    def _match(self, request: DocumentRequest, move_id: int) -> None:
        context = self.companies.context()
        kinds = ("account_type", "asset_receivable")
        if not self.client.has("account.account", "account_type"):
            kinds = ("internal_type", "receivable")
        domain = [
            ("move_id", "=", move_id),
            ("move_id.reversed_entry_id", "=", int(request.original)),
            ("reconciled", "=", False),
            (f"account_id.{kinds[0]}", "=", kinds[1]),
        ]
        for line in self.client.call("account.move.line", "search", domain=domain, context=context):
            self.client.call(
                "account.move",
                "js_assign_outstanding_line",
                ids=[int(request.original)],
                line_id=line,
                context=context,
                writes=True,
            )
