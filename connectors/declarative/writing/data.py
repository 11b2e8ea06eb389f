"""What templates of a write see: requests as plain tables, amounts as exact decimals in major units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from connectors.spi import (
    DocumentLine,
    DocumentRequest,
    JournalRequest,
    JournalRow,
    NoteRequest,
    TaxPart,
    TierRequest,
    WriteRequest,
)
from core.money import major, percent_text

_NAMES: dict[type[Any], tuple[str, ...]] = {
    kind: tuple(item.name for item in fields(kind))
    for kind in (DocumentRequest, NoteRequest, TierRequest, JournalRequest)
}


def roots_of(request: WriteRequest) -> dict[str, Any]:
    """The root of a request by its name (document, note, tier or journal), by which templates know it."""
    if isinstance(request, DocumentRequest):
        return {"document": _document(request)}
    if isinstance(request, NoteRequest):
        return {"note": _plain(request, "kind")}
    if isinstance(request, TierRequest):
        return {"tier": _tier(request)}
    return {"journal": _journal(request)}


def _plain(request: WriteRequest, *but: str) -> dict[str, Any]:
    return {name: getattr(request, name) for name in _NAMES[type(request)] if name not in but}


def _document(request: DocumentRequest) -> dict[str, Any]:
    currency = request.currency
    return _plain(request) | {
        "seller": request.seller._asdict(),
        "buyer": request.buyer._asdict(),
        "lines": [
            {"number": number, "description": line.description, **_amounts(line, currency)}
            for number, line in enumerate(request.lines, 1)
        ],
        "taxes": [{"number": number, **_amounts(part, currency)} for number, part in enumerate(request.taxes, 1)],
        "net": major(request.net, currency),
        "tax": major(request.tax, currency),
        "gross": major(request.net + request.tax, currency),
        "original": request.original or None,
    }


def _amounts(part: DocumentLine | TaxPart, currency: str) -> dict[str, Any]:
    rate = percent_text(part.rate)
    return {
        "category": part.category,
        "rate": Decimal(rate),
        "code": f"{part.category} {rate}",
        "net": major(part.net, currency),
        "tax": major(part.tax, currency),
        "gross": major(part.net + part.tax, currency),
    }


def _tier(request: TierRequest) -> dict[str, Any]:
    measures = {name: _measure(request, getattr(request, name)) for name in ("measure", "to_next", "to_keep")}
    sums = {name: major(getattr(request, name), request.currency) for name in ("accrued", "paid")}
    return _plain(request, "kind", "digits") | measures | sums | {"progress": request.progress}


def _measure(request: TierRequest, value: int | None) -> Decimal | None:
    if value is None:
        return None
    return Decimal(request.text(value)) if request.unit else major(value, request.currency)


def _journal(request: JournalRequest) -> dict[str, Any]:
    return _plain(request, "kind") | {"rows": [_row(row) for row in request.rows]}


def _row(row: JournalRow) -> Mapping[str, Any]:
    return row._asdict() | {"debit": major(row.debit, row.currency), "credit": major(row.credit, row.currency)}
