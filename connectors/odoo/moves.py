"""Credit notes and debit invoices in Odoo: imported as a draft under our key, compared, posted, read back.

The import is one transaction, so a draft is whole or not there; posting is another. A crash between them leaves a
draft, which is found by the key in its reference and posted later. The external id keeps a second document out even
where somebody edited the reference.
"""

from __future__ import annotations

from html import escape
from typing import Literal, NoReturn

from connectors.odoo.client import OdooClient
from connectors.odoo.company import Companies
from connectors.odoo.documents import TYPES, Documents
from connectors.odoo.faults import Missing
from connectors.odoo.identity import REFUSES_SECOND, NotLoaded, exists, external_id, load
from connectors.odoo.masters import Masters
from connectors.odoo.originals import Originals
from connectors.odoo.settings import OdooSettings
from connectors.spi import (
    AlreadyExists,
    DocumentRequest,
    NeedsPerson,
    Remote,
    UnknownOutcome,
    WriteRefused,
)
from core.errors import FatalError, RetryableError
from core.money import shown, text

MoveKind = Literal["credit_note", "debit_invoice"]
_WHOLE_UNIT = "1"


class Moves:
    """Writes documents of one company."""

    def __init__(
        self,
        client: OdooClient,
        settings: OdooSettings,
        companies: Companies,
        masters: Masters,
        documents: Documents,
    ) -> None:
        self.client, self.settings = client, settings
        self.companies, self.masters, self.documents = companies, masters, documents
        self.originals = Originals(client, settings, companies)

    def create(self, request: DocumentRequest) -> Remote:
        """Import, compare, post, read back. Raises what `Adapter.create` raises."""
        if self._takes_imports_silently() and self.documents.look_up(request.kind, request.key):
            raise AlreadyExists(f"{request.key} is there already")
        fields, rows = self._rows(request)
        move_id = self.load(request.kind, request.key, fields, rows)
        try:
            self._compare(request, move_id)
            remote = self.post_fresh(request.kind, move_id)
        except RetryableError as error:  # the draft is there: only the next look-up tells how far it got
            raise UnknownOutcome(error.message, after=error.after) from None
        self.originals.tie(request, move_id)
        return remote

    def _takes_imports_silently(self) -> bool:
        """Whether a second import under one key changes what is there, and does not say so: drafts always, before 18
        posted documents as well."""
        return not self.settings.write.post or self.client.version < REFUSES_SECOND

    def load(self, kind: str, key: str, fields: list[str], rows: list[list[str]]) -> int:
        """Import a document under its key; the id of its draft."""
        context = self.companies.context()
        try:
            return load(self.client, context, "account.move", fields, rows)[0]
        except NotLoaded as error:
            if not exists(self.client, context, "account.move", key):
                raise WriteRefused(error.messages) from None
            found = self.documents.look_up(kind, key)
            if not found:
                raise NeedsPerson(
                    f"Odoo holds a document under {external_id(key)}, and none whose reference contains {key}",
                    hint="find it in Odoo and put the key back into its reference",
                ) from None
            if all(remote.state == "draft" for remote in found) and self.settings.write.post:
                raise WriteRefused(error.messages, remote_id=found[0].remote_id) from None
            raise AlreadyExists(f"{key} is there already") from None

    def post(self, kind: str, remote_id: str) -> Remote:
        """Post a draft of ours; one that is none any more is returned as it is."""
        try:
            remote = self.documents.read_back(kind, remote_id)
            if remote is not None and remote.state != "draft":  # before 17 Odoo would post what somebody cancelled
                return remote
            return self._post(kind, int(remote_id), fresh=False)
        except RetryableError as error:
            raise UnknownOutcome(error.message, after=error.after) from None

    def post_fresh(self, kind: str, move_id: int) -> Remote:
        """Post a draft this request has just imported. Raises AlreadyExists where another request was faster."""
        return self._post(kind, move_id, fresh=True)

    def discard(self, kind: str, remote_id: str) -> None:
        """Remove a draft of ours. One that is gone already is no error."""
        try:
            self.client.call(
                "account.move", "unlink", ids=[int(remote_id)], context=self.companies.context(), writes=True
            )
        except Missing:
            return

    def _post(self, kind: str, move_id: int, *, fresh: bool) -> Remote:
        context = self.companies.context()
        if self.settings.write.post or kind == "journal":
            try:
                self.client.call("account.move", "action_post", ids=[move_id], context=context, writes=True)
            except WriteRefused as error:
                self._not_posted(kind, move_id, error, fresh)
        remote = self.documents.read_back(kind, str(move_id))
        if remote is None:
            raise UnknownOutcome(f"the document {move_id} was written and cannot be read back")
        return remote

    def _not_posted(self, kind: str, move_id: int, error: WriteRefused, fresh: bool) -> None:
        """Odoo would not post it: as it is no draft any more, or for a reason of its own; then our draft goes."""
        remote = self.documents.read_back(kind, str(move_id))
        if remote is None:
            raise UnknownOutcome(f"the draft {move_id} vanished while it was being posted") from None
        if remote.state == "draft":
            self._refuse(kind, move_id, error.message)
        if fresh:
            raise AlreadyExists(f"{remote.key} is there already, and {remote.state}") from None

    def _refuse(self, kind: str, move_id: int, message: str) -> NoReturn:
        """Remove the draft, and say why there is no document."""
        try:
            self.discard(kind, str(move_id))
        except (WriteRefused, FatalError):
            raise WriteRefused(message, remote_id=str(move_id)) from None
        raise WriteRefused(message)

    def _compare(self, request: DocumentRequest, move_id: int) -> None:
        """A draft whose net amount is not what was approved is never posted."""
        remote = self.documents.read_back(request.kind, str(move_id))
        if remote is not None and remote.detail["state"] == "draft" and remote.net != request.net:
            mine, theirs = shown(request.net, request.currency), shown(remote.net, request.currency)
            self._refuse(
                request.kind,
                move_id,
                f"Odoo makes the net amount {theirs} of {mine}: see its decimal accuracy of prices, and whether the "
                "tax is included in prices",
            )

    def _rows(self, request: DocumentRequest) -> tuple[list[str], list[list[str]]]:
        """The document as an import: names of columns, then a row a line. Every value is text."""
        write, company = self.settings.write, self.companies.current()
        issued = request.issued if write.date == "today" else request.period_end
        header = {
            "id": external_id(request.key),
            "move_type": TYPES[request.kind],
            "partner_id/.id": request.account,
            "journal_id/.id": str(self.masters.journal("sale")),
            "currency_id/.id": str(self.masters.currency(request.currency)),
            "invoice_date": issued.isoformat(),
            "ref": f"{request.program} {request.period} {request.key}",
            "narration": self._note(request.note),
        }
        if company.first_open is not None and issued < company.first_open:
            header["date"] = company.first_open.isoformat()
        if original := self.originals.named(request):
            header["reversed_entry_id/.id"] = original
        lines = [self._line(request, number) for number in range(1, len(request.lines) + 1)]
        fields = [*header, *lines[0]]
        blank = [""] * len(header)
        return fields, [
            [*(header.values() if number == 0 else blank), *line.values()] for number, line in enumerate(lines)
        ]

    def _note(self, note: str) -> str:
        """The text below the lines: HTML from 15 on, plain before."""
        if self.client.version < (15, 0):
            return note
        return "<p>" + escape(note).replace("\n", "<br/>") + "</p>"

    def _line(self, request: DocumentRequest, number: int) -> dict[str, str]:
        line, booked = request.lines[number - 1], self.masters.lines_of(request.program)
        values = {
            "id": external_id(request.key, number),
            "name": line.description,
            "quantity": _WHOLE_UNIT,
            "price_unit": text(line.net, request.currency),
        }
        if booked.product:
            values["product_id/.id"] = str(self.masters.product(booked.product))
        if booked.account:
            values["account_id/.id"] = str(self.masters.account(booked.account))
        if not self.masters.own_tax():
            values["tax_ids/.id"] = str(self.masters.tax(line.category, line.rate))
        values |= self.masters.analytic(booked.analytic)
        return {f"invoice_line_ids/{name}": value for name, value in values.items()}
