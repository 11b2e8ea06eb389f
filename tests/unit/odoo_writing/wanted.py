"""What is asked to be written: requests with sums that add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, cast

from connectors.conformance import sample_request
from connectors.spi import (
    DocumentLine,
    DocumentRequest,
    JournalRequest,
    JournalRow,
    NoteRequest,
    TaxPart,
    TierRequest,
)
from tests.unit.odoo_writing.installation import BUYER

STANDARD, REDUCED = 190_000, 70_000


def line(net: int, rate: int = STANDARD, category: str = "S", text: str = "Rebate") -> DocumentLine:
    """A line with its tax, rounded half up."""
    tax = (Decimal(net) * rate / 1_000_000).quantize(Decimal(1), ROUND_HALF_UP)
    return DocumentLine(text, category, rate, net, int(tax))


def credit_note(number: int = 1, *lines: DocumentLine, account: int | str = BUYER, **changes: Any) -> DocumentRequest:
    """A credit note of 10.00 at 19 % and 5.05 at 7 %, or of the lines given."""
    chosen = lines or (line(1000, text="Rebate 19 %"), line(505, REDUCED, text="Rebate 7 %"))
    parts: dict[tuple[str, int], list[int]] = {}
    for one in chosen:
        sums = parts.setdefault((one.category, one.rate), [0, 0])
        sums[0], sums[1] = sums[0] + one.net, sums[1] + one.tax
    request = cast(DocumentRequest, sample_request("credit_note", number, str(account)))
    return replace(
        request,
        lines=chosen,
        taxes=tuple(TaxPart(*code, net, tax) for code, (net, tax) in sorted(parts.items())),
        net=sum(one.net for one in chosen),
        tax=sum(one.tax for one in chosen),
        **changes,
    )


def debit_invoice(number: int = 1, *lines: DocumentLine, **changes: Any) -> DocumentRequest:
    return credit_note(number, *lines, kind="debit_invoice", **changes)


def note(number: int = 1, text: str = "You are Gold now", account: int | str = BUYER) -> NoteRequest:
    return replace(cast(NoteRequest, sample_request("account_note", number, str(account))), text=text)


def tier(number: int = 1, account: int | str = BUYER, **changes: Any) -> TierRequest:
    """1,000.00 reached, 500.00 missing to the next tier. Gold by odd numbers, silver by even ones."""
    return replace(cast(TierRequest, sample_request("tier", number, str(account))), **changes)


def journal(
    number: int = 1, accounts: Sequence[str] = ("8730", "1700"), payee: int | str = BUYER, **changes: Any
) -> JournalRequest:
    """15.05 debited to the first account and credited to the second."""
    request = cast(JournalRequest, sample_request("journal", number, str(payee)))
    rows = tuple(row._replace(account=account) for row, account in zip(request.rows, accounts, strict=True))
    return replace(request, **{"rows": rows, **changes})


def row(account: str, debit: int = 0, credit: int = 0, payee: int | str = BUYER, currency: str = "EUR") -> JournalRow:
    return JournalRow("DE01", account, "bonus", str(payee), "2026-01", currency, debit, credit)
