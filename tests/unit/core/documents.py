"""Raw documents as a source would tell them."""

from __future__ import annotations

from typing import Any

import pytest

from core.documents import RawRecord, Record
from core.errors import DataError
from core.normalise import normalise
from core.source import SourceRules

HEAD = {"account": "C-1", "issued": "2025-02-03", "currency": "EUR", "entity": "DE01"}
STATED = SourceRules()
NO_TOTALS = SourceRules(totals="none")


def line(net: str | None = "100.00", percent: str | None = "20", **more: Any) -> dict[str, Any]:
    return {"product": "A-1", "net": net, "tax_percent": percent} | more


def invoice(*lines: dict[str, Any], kind: Any = "invoice", **fields: Any) -> RawRecord:
    return RawRecord(kind, "I-1", HEAD | fields, lines or (line(),), order=1)


def landed(*lines: dict[str, Any], rules: SourceRules = NO_TOTALS, kind: Any = "invoice", **fields: Any) -> Record:
    return normalise(invoice(*lines, kind=kind, **fields), rules)


def refusal(raw: RawRecord, rules: SourceRules = NO_TOTALS) -> tuple[str, str]:
    """Reason and path of the refusal of a record; its message names the path first."""
    with pytest.raises(DataError) as caught:
        normalise(raw, rules)
    error = caught.value
    assert error.message.startswith(f"{error.path}: ") and len(error.message) > len(error.path) + 5
    return error.reason, error.path
