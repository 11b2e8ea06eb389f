"""From what was approved to what an adapter is asked to write, and back from its stored form."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Literal

from connectors.spi import (
    DocumentLine,
    DocumentRequest,
    JournalRequest,
    JournalRow,
    NoteRequest,
    Party,
    TaxPart,
    TierRequest,
    WriteRequest,
)
from core.errors import FatalError
from core.ledger.masters import Profile
from core.ledger.proposals import Stored
from scheduler.config import Config
from scheduler.steps.wording import line_text, note_text


def seller(config: Config, entity: str) -> Party:
    """The legal entity that issues. Raises FatalError where the configuration does not name it."""
    found = config.entities.get(entity)
    if found is None:
        raise FatalError(
            f"no entity is called {entity!r}",
            hint=f"add [entities.{entity}] with its name and address to {config.path}",
        )
    return Party(entity, found.name, found.vat_number, found.street, found.city, found.postcode, found.country)


def buyer(profile: Profile) -> Party:
    """The account as a party on a document, as far as it is known."""
    personal = profile.personal
    return Party(
        profile.external_id,
        profile.name,
        personal.get("vat_number", ""),
        personal.get("street", ""),
        personal.get("city", ""),
        personal.get("postcode", ""),
        profile.content.get("country", ""),
    )


def document(config: Config, item: Stored, profile: Profile, issued: date, target: str) -> DocumentRequest:
    """The credit note or debit invoice of an approved proposal, for a target.

    The invoice it corrects is named where it is there. The amounts of a debit invoice are against the account.
    """
    content = item.content
    kind: Literal["credit_note", "debit_invoice"] = (
        "debit_invoice" if content.get("kind") == "debit_invoice" else "credit_note"
    )
    sign = -1 if kind == "debit_invoice" else 1
    language = profile.content.get("language", "en")
    start, last = date.fromisoformat(content["period_start"]), date.fromisoformat(content["period_last"])
    lines = tuple(
        DocumentLine(
            line_text(content, line["rate"], language),
            line["category"],
            line["rate"],
            sign * line["net"],
            sign * line["tax"],
        )
        for line in content["lines"]
    )
    taxes: dict[tuple[str, int], list[int]] = {}
    for line in lines:
        sums = taxes.setdefault((line.category, line.rate), [0, 0])
        sums[0] += line.net
        sums[1] += line.tax
    return DocumentRequest(
        kind=kind,
        key=item.key,
        content_hash=item.content_hash,
        issued=issued,
        seller=seller(config, item.entity),
        buyer=buyer(profile),
        entity=item.entity,
        account=profile.external_id,
        program=item.program,
        period=item.period_label,
        period_start=start,
        period_end=last,
        currency=item.currency,
        lines=lines,
        taxes=tuple(TaxPart(category, rate, net, tax) for (category, rate), (net, tax) in sorted(taxes.items())),
        net=sign * item.net,
        tax=sign * item.tax,
        note=note_text(content, start, last, item.key, language),
        language=language,
        original=content.get("original", "") if profile.source == target and kind == "credit_note" else "",
    )


_TYPES: dict[str, type[Any]] = {
    "credit_note": DocumentRequest,
    "debit_invoice": DocumentRequest,
    "account_note": NoteRequest,
    "tier": TierRequest,
    "journal": JournalRequest,
}
_DATES = ("issued", "period_start", "period_end", "since", "valid_until", "as_of", "posted_on")


def stored(request: WriteRequest) -> dict[str, Any]:
    """A request as plain data for the outbox."""
    values = asdict(request)
    for name, value in values.items():
        if isinstance(value, date):
            values[name] = value.isoformat()
    return values


def restored(values: dict[str, Any]) -> WriteRequest:
    """The request a row of the outbox holds."""
    values = dict(values)
    for name in _DATES:
        if values.get(name):
            values[name] = date.fromisoformat(values[name])
    if "at" in values:
        values["at"] = datetime.fromisoformat(values["at"])
    for name in ("seller", "buyer"):
        if name in values:
            values[name] = Party(*values[name])
    for name, row in (("lines", DocumentLine), ("taxes", TaxPart), ("rows", JournalRow)):
        if name in values:
            values[name] = tuple(row(*cells) for cells in values[name])
    request: WriteRequest = _TYPES[values["kind"]](**values)
    return request
