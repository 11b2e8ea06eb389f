"""Receipts: a remote document is compared with what was approved before it settles anything."""

from __future__ import annotations

import sqlalchemy as sa

from connectors.spi import DocumentRequest, Remote, WriteRequest
from core.ledger import outbox, postings, proposals, review
from core.ledger.alarms import open_alarm
from core.ledger.book import Batch
from core.money import shown, text
from scheduler.context import Context


def keep_receipt(
    context: Context, batch: Batch, row: sa.Row[tuple[object, ...]], request: WriteRequest, remote: Remote, learned: str
) -> bool:
    """Accept a remote document as the receipt of a row and settle its proposal. False where it differs: an alarm."""
    difference = differs(request, remote)
    item = proposals.by_id(batch.connection, row.proposal_id) if row.proposal_id is not None else None
    if difference:
        outbox.mark(batch, row.key, "differs", difference, remote_id=remote.remote_id)
        if item is not None:
            proposals.move(batch, item, "differs", difference, proposals.DAEMON)
        open_alarm(batch, "differs", row.key, f"{row.target} holds {row.key} otherwise: {difference}", row.account_id)
        return False
    if outbox.receipt_of(batch.connection, row.key) is not None:
        outbox.mark(batch, row.key, "done", remote_id=remote.remote_id)
        return True
    outbox.add_receipt(
        batch,
        row,
        remote_id=remote.remote_id,
        number=remote.number,
        net=remote.net,
        tax=remote.tax,
        taxes=[list(part) for part in remote.taxes],
        learned=learned,
    )
    if item is not None:
        rows = proposals.parts(batch.connection, [item.id])[item.id]
        postings.post(batch, item.book, review.settling(rows, item.key, context.as_of))
        proposals.move(batch, item, "settled", remote.number or remote.remote_id, proposals.DAEMON)
    return True


def differs(request: WriteRequest, remote: Remote) -> str:
    """What tells the remote document from the request; empty text where they agree.

    Net agrees exactly; tax by one minor unit per tax code (design.md section 5, tax).
    """
    if remote.state == "cancelled":
        return "it is cancelled"
    if not isinstance(request, DocumentRequest):
        return ""
    currency = request.currency
    if remote.account and remote.account != request.account:
        return f"its account is {remote.account}, not {request.account}"
    if remote.currency and remote.currency != currency:
        return f"its currency is {remote.currency}, not {currency}"
    if remote.net != request.net:
        return f"its net amount is {shown(remote.net, currency)}, not {shown(request.net, currency)}"
    if remote.own_tax:
        return _other_count(request, remote)
    theirs = {(part.category, part.rate): part for part in remote.taxes}
    ours = {(part.category, part.rate): part for part in request.taxes}
    if remote.taxes and set(theirs) != set(ours):
        return "its tax codes are others"
    for code, part in ours.items():
        other = theirs.get(code)
        if other is not None and (other.net != part.net or abs(other.tax - part.tax) > 1):
            return (
                f"tax code {code[0]}: net {text(other.net, currency)} and tax {text(other.tax, currency)}, "
                f"not {text(part.net, currency)} and {text(part.tax, currency)}"
            )
    if not remote.taxes and abs(remote.tax - request.tax) > len(request.taxes):
        return f"its tax is {shown(remote.tax, currency)}, not {shown(request.tax, currency)}"
    return _other_count(request, remote)


def _other_count(request: DocumentRequest, remote: Remote) -> str:
    if remote.line_count and remote.line_count != len(request.lines):
        return f"it has {remote.line_count} lines, not {len(request.lines)}"
    return ""
