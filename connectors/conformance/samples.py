"""Requests to try an adapter with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from connectors.spi import (
    DocumentLine,
    DocumentRequest,
    JournalRequest,
    JournalRow,
    NoteRequest,
    Party,
    TaxPart,
    TierRequest,
    WriteKind,
    WriteRequest,
)
from core.keys import SettlementKey, settlement_key

_LAST = 499


def sample_key(number: int = 1) -> str:
    """A key of our form, another one for each number."""
    return settlement_key(SettlementKey("conformance", "C-1001", "DE01", "2026-01", "EUR", number))


def sample_request(kind: WriteKind, number: int = 1, account: str = "C-1001") -> WriteRequest:
    """A plain request of a kind: two lines under two tax codes on documents, balanced rows in a journal.

    Tiers are gold by odd numbers and silver by even ones, so that each says something else than the one before.
    """
    key = sample_key(number)
    if kind in ("credit_note", "debit_invoice"):
        lines = (
            DocumentLine("Rebate 20 %", "S", 200_000, 1000, 200),
            DocumentLine("Rebate 10 %", "S", 100_000, 505, 51),
        )
        return DocumentRequest(
            kind="credit_note" if kind == "credit_note" else "debit_invoice",
            key=key,
            content_hash="0" * 64,
            issued=date(2026, 2, 3),
            seller=Party("DE01", "Seller GmbH", "DE123456789", "Weg 1", "Berlin", "10115", "DE"),
            buyer=Party(account, "Buyer & Söhne", "DE987654321", "Straße 2", "Köln", "50667", "DE"),
            entity="DE01",
            account=account,
            program="conformance",
            period="2026-01",
            period_start=date(2026, 1, 1),
            period_end=date(2026, 1, 31),
            currency="EUR",
            lines=lines,
            taxes=(TaxPart("S", 200_000, 1000, 200), TaxPart("S", 100_000, 505, 51)),
            net=1505,
            tax=251,
            note=f"Rebate for January, {key}",
        )
    if kind == "account_note":
        return NoteRequest(key, account, "tier_reached", "You are Gold now", datetime(2026, 2, 3, 9, tzinfo=UTC))
    if kind == "tier":
        since, until = date(2026, 1, 1), date(2026, 12, 31)
        tier = "gold" if number % 2 else "silver"
        return TierRequest(
            key, account, "conformance", tier, since, until, 100_000, 50_000, "platinum", 20_000, "EUR", since
        )
    debit = JournalRow("DE01", "6100", "conformance", account, "2026-01", "EUR", 1505, 0)
    return JournalRequest(
        key, "DE01", "2026-01", date(2026, 1, 31), (debit, debit._replace(account="3100", debit=0, credit=1505))
    )


def sample_by_key(kind: WriteKind, key: str, account: str = "C-1001") -> WriteRequest:
    """The sample with this key. Raises LookupError where there is none."""
    for number in range(1, _LAST + 1):
        if sample_key(number) == key:
            return sample_request(kind, number, account)
    raise LookupError(f"{key} is none of the sample keys")


def unbalanced(request: WriteRequest) -> WriteRequest:
    """The request with sums that do not add up: one that a careful remote refuses."""
    if isinstance(request, DocumentRequest):
        return replace(request, net=request.net + 1)
    if isinstance(request, JournalRequest):
        return replace(request, rows=request.rows[:1])
    pytest.skip(f"a {request.kind} has no sums")
