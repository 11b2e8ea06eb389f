"""Review: what people decide about proposals, with who may decide what.

The *maker* of a proposal is whoever imported the definition it rests on, or last adjusted or released it. The approver
is not the maker above one limit; above a second, two approvers sign. An approval signs the content hash. Reject does
not waive: the same content is not proposed again until something changes. (design.md section 6)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from core.errors import RefusedError
from core.keys import SettlementKey
from core.ledger import outbox, postings, proposals, registry
from core.ledger.alarms import close_alarm
from core.ledger.book import Batch
from core.ledger.describing import lines_of
from core.ledger.facts import tax_codes
from core.ledger.postings import Transaction
from core.ledger.proposals import PartRow, Stored
from core.money import largest_remainder, shown
from core.posting import Key, LedgerAccount, entry


class Limits(Protocol):
    """Above which net amount (minor units) a second person, and two approvers, are needed."""

    def needs_second_person(self, net: int, currency: str) -> bool: ...

    def needs_two_approvers(self, net: int, currency: str) -> bool: ...


def _need(item: Stored, states: tuple[str, ...], act: str) -> None:
    if item.state not in states:
        raise RefusedError(
            f"{item.key} is {item.state}: only {' or '.join(states)} proposals can be {act}",
            hint=f"`rebated explain {item.key}` shows its life",
        )
    if item.book != "live":
        raise RefusedError(
            f"{item.key} belongs to program {item.program}, which runs in shadow: nothing of it can be {act}",
            hint=f"`rebated program live {item.program}` starts the live book",
        )


def approve(
    batch: Batch, item: Stored, signed_hash: str, limits: Limits, today: date, *, automatic: bool = False
) -> str:
    """Approve what `signed_hash` names. Returns the new state: `approved`, or `proposed` while a second signature
    is missing. Raises RefusedError."""
    _need(item, ("proposed",), "approved")
    if signed_hash != item.content_hash:
        raise RefusedError(f"{item.key} has changed since you read it", hint="read it again, then approve")
    second = limits.needs_second_person(item.net, item.currency)
    two = limits.needs_two_approvers(item.net, item.currency)
    if automatic and (second or two):
        raise RefusedError(f"{item.key} is above the limit for automatic approval")
    if second and batch.actor == item.maker:
        raise RefusedError(
            f"{item.key} of {shown(item.net, item.currency)} needs another approver than its maker {item.maker}",
            hint="review.second_person_above states from which amount",
        )
    events = proposals.events(batch.connection, item.id)
    signers = {row.actor for row in events if row.state == "signed" and row.content_hash == item.content_hash}
    if two and not signers - {batch.actor}:
        if batch.actor in signers:
            raise RefusedError(f"{item.key} has your signature; a second approver must sign too")
        proposals.add_event(batch, item, item.content_hash, "signed", "first of two signatures")
        proposals.move(batch, item, "proposed", f"signed by {batch.actor}; a second signature is needed")
        return "proposed"
    _post_adjustments(batch, item, today, 1)
    proposals.move(batch, item, "approved", "automatic" if automatic else "")
    return "approved"


def _post_adjustments(batch: Batch, item: Stored, today: date, sign: int) -> None:
    rows = [row for row in proposals.parts(batch.connection, [item.id])[item.id] if row.kind == "adjustment"]
    postings.post(
        batch,
        item.book,
        [
            Transaction(
                "adjust", today, item.program, entry("adjust", row.key, sign * row.amount), item.key, row.reason
            )
            for row in rows
        ],
    )


def reject(batch: Batch, item: Stored, reason: str, today: date | None = None) -> None:
    """End a proposal without a document; the same content is not proposed again.

    One that is approved can be rejected as long as it is not being sent; its adjustments are taken back. So do those
    of one that waits for more to be due end with it.
    """
    _need(item, (*proposals.UNDECIDED, "approved", "suspended"), "rejected")
    if item.state in ("approved", "suspended"):
        _post_adjustments(batch, item, today or batch.at.date(), -1)
        outbox.withdraw(batch, item.key)
        close_alarm(batch, "suspended", item.key, "rejected")
    proposals.move(batch, item, "rejected", reason)


def hold(batch: Batch, item: Stored, reason: str) -> None:
    """Hold a proposal before approval, or suspend one that is approved and not yet being sent."""
    _need(item, ("proposed", "approved"), "held")
    proposals.move(batch, item, "held" if item.state == "proposed" else "suspended", reason)


def release(batch: Batch, item: Stored, reason: str) -> None:
    """Release a held proposal by name. Whoever releases becomes its maker where it was held for being incomplete."""
    _need(item, ("held", "suspended"), "released")
    if item.state == "suspended":
        proposals.move(batch, item, "approved", reason)
        return
    if not item.content["incomplete"]:
        proposals.move(batch, item, "proposed", reason)
        return
    _replace(batch, item, item.content, proposals.parts(batch.connection, [item.id])[item.id], reason)


def adjust(batch: Batch, item: Stored, amount: int, reason: str) -> int:
    """Add an adjustment line of `amount` minor units (negative takes away), spread over the proposal's tax codes.

    Who adjusts becomes the maker; a proposal that is held stays held, for the same reason.
    Returns the id of the proposal that takes its place. Raises RefusedError where nothing positive would be left.
    """
    _need(item, proposals.OPEN, "adjusted")
    if not amount:
        raise RefusedError("an adjustment of nothing changes nothing")
    if (item.net + amount) * (-1 if item.content.get("kind") == "debit_invoice" else 1) <= 0:
        raise RefusedError(
            f"the adjustment would leave {shown(item.net + amount, item.currency)}",
            hint="reject the proposal, or waive it",
        )
    rows = proposals.parts(batch.connection, [item.id])[item.id]
    codes = [line["code"] for line in item.content["lines"]]
    weights = [abs(line["net"]) for line in item.content["lines"]]
    split = dict(zip(codes, largest_remainder(amount, weights), strict=True))
    earned = [row for row in rows if row.kind == "entitlement"]
    own = [row for row in earned if row.key.program == item.program] or earned
    sign = -1 if item.net < 0 else 1
    key = max(own, key=lambda row: sign * row.amount).key
    rows = [*rows, PartRow("adjustment", key, amount, split, None, reason)]
    taxes = tax_codes(batch.connection)
    definition = registry.by_hash(batch.connection, item.content["rests_on"]["definition"])
    content = {
        **item.content,
        **lines_of(rows, taxes, definition.program.rounding, item.content.get("kind", "credit_note")),
        "parts": [
            *item.content["parts"],
            {
                "kind": "adjustment",
                "beneficiary": item.content["payee"],
                "period": key.period,
                "amount": amount,
                "reason": reason,
            },
        ],
    }
    told = f"adjusted by {shown(amount, item.currency)}: {reason}"
    return _replace(batch, item, content, rows, told, held=item.state == "held")


def _replace(
    batch: Batch, item: Stored, content: dict[str, object], rows: list[PartRow], reason: str, *, held: bool = False
) -> int:
    proposals.move(batch, item, "superseded", reason)
    return proposals.insert(
        batch,
        book=item.book,
        identity=SettlementKey(
            item.program, str(item.content["payee"]), item.entity, item.period_label, item.currency, item.sequence
        ),
        generation=item.generation,
        payee=item.payee,
        period=(item.period, item.period_end),
        net=int(str(content["net"])),
        tax=int(str(content["tax"])),
        content=content,
        rows=rows,
        supersedes=item.id,
        maker=batch.actor,
        state="held" if held else "proposed",
        reason=item.state_reason if held else reason,
        actor=item.state_actor if held else batch.actor,
    )


def waive(batch: Batch, item: Stored, reason: str, today: date) -> None:
    """Give up what a proposal claims: posted, and never proposed again."""
    _need(item, proposals.OPEN, "waived")
    rows = [row for row in proposals.parts(batch.connection, [item.id])[item.id] if row.kind == "entitlement"]
    postings.post(
        batch,
        item.book,
        [
            Transaction("waive", today, row.key.program, entry("waive", row.key, row.amount), item.key, reason)
            for row in rows
        ],
    )
    proposals.move(batch, item, "waived", reason)


def back_to_review(batch: Batch, item: Stored, reason: str, today: date) -> None:
    """The remote refused the document: its adjustments are taken back and people look at it again."""
    _post_adjustments(batch, item, today, -1)
    proposals.move(batch, item, "held", reason)


def settle_service(batch: Batch, item: Stored, reference: str, today: date) -> None:
    """The customer's own invoice for a service is there: its number settles what was approved. Raises RefusedError."""
    if item.content.get("kind") != "service":
        raise RefusedError(
            f"{item.key} is settled by its {item.content.get('kind', 'credit_note').replace('_', ' ')}",
            hint="only what a customer has to invoice is settled by hand",
        )
    _need(item, ("approved",), "settled")
    outbox.record_receipt(
        batch, key=item.key, target="", kind="service", remote_id=reference, number=reference, net=item.net,
        tax=0, taxes=[], learned="recorded",
    )  # fmt: skip
    rows = proposals.parts(batch.connection, [item.id])[item.id]
    postings.post(batch, item.book, settling(rows, item.key, today, against="payable"))
    proposals.move(batch, item, "settled", reference)


def settling(
    rows: Sequence[PartRow], key: str, today: date, reason: str = "", *, against: LedgerAccount = "receivable"
) -> list[Transaction]:
    """The transactions that settle the parts of a proposal, adjustments included, each under its own program."""
    return [
        Transaction("settle", today, part.program, entry("settle", part, amount, against), key, reason)
        for part, amount in sorted(sums_by_key(rows).items())
    ]


def sums_by_key(rows: Sequence[PartRow]) -> dict[Key, int]:
    """What a proposal settles of each key, adjustments included."""
    sums: dict[Key, int] = {}
    for part in rows:
        sums[part.key] = sums.get(part.key, 0) + part.amount
    return sums


def fallen_short(
    item: Stored, rows: Sequence[PartRow], entitled: Mapping[Key, int], taken: Mapping[Key, int], tolerance: int
) -> str:
    """Why an approved proposal must not be sent any more: what was entitled has fallen below what is promised.

    `taken` = settled + reserved (this one included) + waived - adjusted. What waits because the target takes no lines
    of both signs was promised knowingly. A debit invoice must not claim back more than is owed back. Empty text where
    it may be sent.
    """
    left_out = _left_out(item, rows)
    debit = item.content.get("kind") == "debit_invoice"
    for key in sorted({row.key for row in rows}):
        short = taken.get(key, 0) - entitled.get(key, 0) + left_out.get(key, 0)
        if debit and -short > tolerance:
            return f"{shown(-short, item.currency)} less is owed back than was approved"
        if not debit and short > tolerance:
            return f"the entitlement has fallen {shown(short, item.currency)} below what is promised since approval"
    return ""


def _left_out(item: Stored, rows: Sequence[PartRow]) -> dict[Key, int]:
    found: dict[Key, int] = {}
    for row, part in zip(rows, item.content["parts"], strict=True):
        found[row.key] = found.get(row.key, 0) + part.get("left_out", 0)
    return found
