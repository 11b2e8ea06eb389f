"""The accrual journal of a month as one entry in Odoo's general journal, under a key of its own."""

from __future__ import annotations

from connectors.odoo.client import OdooClient
from connectors.odoo.company import Companies
from connectors.odoo.identity import external_id
from connectors.odoo.masters import Masters
from connectors.odoo.moves import Moves
from connectors.spi import JournalRequest, Remote, UnknownOutcome, WriteRefused
from core.errors import RetryableError
from core.money import text


class Entries:
    """Writes accrual entries through the same import as documents."""

    def __init__(self, client: OdooClient, companies: Companies, masters: Masters, moves: Moves) -> None:
        self.client, self.companies, self.masters, self.moves = client, companies, masters, moves

    def create(self, request: JournalRequest) -> Remote:
        """Import and post the entry of a month. Its accounts are those named in `[accounting]`, by their codes."""
        company = self.companies.current()
        foreign = sorted({row.currency for row in request.rows} - {company.currency})
        if foreign:
            raise WriteRefused(
                f"the journal of {request.month} holds {', '.join(foreign)}, the company keeps its books in "
                f"{company.currency}",
                hint="let another connection take this journal: what those amounts are in the books is not ours to say",
            )
        if len(request.rows) < 2 or sum(row.debit - row.credit for row in request.rows) != 0:
            raise WriteRefused(f"the journal of {request.month} does not balance")
        fields, rows = self._rows(request)
        move_id = self.moves.load("journal", request.key, fields, rows)
        try:
            return self.moves.post_fresh("journal", move_id)
        except RetryableError as error:
            raise UnknownOutcome(error.message, after=error.after) from None

    def _rows(self, request: JournalRequest) -> tuple[list[str], list[list[str]]]:
        first_open = self.companies.current().entries_open
        posted_on = request.posted_on if first_open is None else max(request.posted_on, first_open)
        header = {
            "id": external_id(request.key),
            "move_type": "entry",
            "journal_id/.id": str(self.masters.journal("general")),
            "date": posted_on.isoformat(),
            "ref": f"{request.entity} {request.month} {request.key}",
        }
        blank = [""] * len(header)
        rows = []
        for number, row in enumerate(request.rows, 1):
            line = [
                external_id(request.key, number),
                str(self.masters.account(row.account)),
                f"{row.program} {row.period}",
                text(row.debit, row.currency),
                text(row.credit, row.currency),
                row.payee if row.payee.isdecimal() else "",
                "",  # said to be none: unsaid, some versions take the default taxes of the account
            ]
            rows.append([*(header.values() if number == 1 else blank), *line])
        names = ("id", "account_id/.id", "name", "debit", "credit", "partner_id/.id", "tax_ids/.id")
        return [*header, *(f"line_ids/{name}" for name in names)], rows
