"""Which documents that come from a source are ours: by our receipt, else by our key in what they say.

Ours count in no measure. (design.md section 7, ours coming back)
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from core.documents import DOCUMENT_KINDS, Record
from core.keys import find_keys
from core.ledger.book import Batch
from core.ledger.tables import receipt

CHUNK = 500
_WRITTEN = {"credit_note": "credit_note", "debit_invoice": "invoice"}
"""What documents of ours come back as."""


def received_keys(batch: Batch, source: str, items: Sequence[Record]) -> dict[tuple[str, str], str]:
    """The keys of documents that we have a receipt for from this source, by kind and id."""
    ids = list(dict.fromkeys(item.external_id for item in items if item.kind in DOCUMENT_KINDS))
    found: dict[tuple[str, str], str] = {}
    table = receipt.c
    for start in range(0, len(ids), CHUNK):
        rows = batch.connection.execute(
            sa.select(table.kind, table.remote_id, table.key).where(
                table.target == source,
                table.kind.in_(_WRITTEN),
                table.remote_id.in_(ids[start : start + CHUNK]),
            )
        )
        found |= {(_WRITTEN[kind], remote_id): key for kind, remote_id, key in rows}
    return found


def own_keys(item: Record, received: str | None) -> list[str]:
    """Keys of ours that a document has: that of the receipt for it, whatever people have written over; else those in
    number or reference of a credit note. An invoice that merely mentions one (paid by credit note RB-…) is not ours,
    unless the key is all its number or reference says."""
    if item.kind not in DOCUMENT_KINDS:
        return []
    if received is not None:
        return [received]
    texts = [str(item.content.get(name, "")).strip() for name in ("number", "reference")]
    found = find_keys(*texts)
    return found if item.kind == "credit_note" else [key for key in found if key in texts]
