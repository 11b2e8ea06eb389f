"""Notices: what sales are told about an account, and the tier fields they see. Each once, and only what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, time
from functools import cached_property
from typing import Any, NamedTuple

import sqlalchemy as sa

from connectors.spi import NoteRequest
from core.ledger import acts, moves, outbox, proposals, registry, standings
from core.ledger.accounts import aliases
from core.ledger.book import Batch
from core.ledger.masters import Profile, profiles
from core.ledger.proposals import Stored
from core.ledger.registry import Registered
from core.ledger.tables import outbox as outbox_table
from core.ledger.tables import receipt
from core.money import shown
from core.programs import Program
from core.tiers import figures
from scheduler.config_sections import route
from scheduler.context import Context
from scheduler.steps import events, requests, tier_fields
from scheduler.steps.addressing import Addresses, follow_matches
from scheduler.steps.events import Event, Stand
from scheduler.steps.notebook import Notebook, months_after
from scheduler.steps.sentences import sentence
from scheduler.steps.starts import Start, Starts
from scheduler.steps.wording import program_text, service_text
from scheduler.steps.written import Written

Row = sa.Row[Any]
_ISSUED = ("credit_note", "debit_invoice")
_LEARNED = ("created", "looked_up", "returned")


class Note(NamedTuple):
    """A note to queue."""

    target: str
    key: str
    account_id: int
    address: str
    event: str
    text: str
    language: str


def prepare(context: Context, result: Written) -> None:
    """Put tier fields, and notes about what is worth telling, into the outbox; `result` tells who has no match."""
    routes = context.config.write_back
    if not routes.account_notes and not routes.tiers:
        return
    follow_matches(context)
    with context.book.read() as reading:
        desk = _Desk(context, reading)
        notes = [*desk.services(), *desk.documents(), *desk.tiers()] if routes.account_notes else []
        updates = desk.updates() if routes.tiers else []
    for target, count in sorted(Counter(target for target, _ in desk.unmatched).items()):
        result.messages.append(
            f"{target}: accounts without a match there, of which there is something to tell: {count}. It waits; see "
            f"`rebated account matches --target {target}`"
        )
    if not notes and not updates:
        return
    with context.book.batch("outbox", actor=context.actor, claim=context.fence, run=context.run_id) as batch:
        for update in updates:
            tier_fields.queue(context, batch, update)
        for note in notes:
            _queue(context, batch, note)


def _queue(context: Context, batch: Batch, note: Note) -> None:
    at = datetime.combine(context.as_of, time(12), context.config.business.zone)
    request = NoteRequest(note.key, note.address, note.event, note.text, at, note.language)
    outbox.enqueue(
        batch,
        key=note.key,
        target=note.target,
        kind="account_note",
        request=requests.stored(request),
        account_id=note.account_id,
    )


class _Desk:
    """Where notes are written: what is known of accounts and programs, and what was told already."""

    def __init__(self, context: Context, reading: sa.Connection) -> None:
        self.context, self.reading = context, reading
        self.notebook, self.starts = Notebook(reading), Starts(reading)
        self.addresses = Addresses(context, reading)
        self.unmatched: set[tuple[str, int]] = set()
        self._known_at: dict[tuple[str, int], dict[int, Row]] = {}
        live = {program for program, mode in acts.modes(reading).items() if mode.mode == "live"}
        self.registered: Mapping[str, Registered] = registry.current(reading)
        quiet = {*moves.undecided(reading), *(alias.old for alias in aliases(reading) if alias.covers(context.as_of))}
        self.rows = [
            row
            for row in standings.latest(reading, "live").values()
            if row.program in live and row.program in self.registered and row.account_id not in quiet
        ]

    @cached_property
    def names(self) -> dict[int, Profile]:
        """What is known of the accounts."""
        return profiles(self.reading)

    # ------------------------------------------------------------ tiers

    def updates(self) -> list[tier_fields.Update]:
        """Tier fields that say something else than they do."""
        if not self.rows:
            return []
        return tier_fields.new_updates(
            self.context, self.reading, self.rows, self.names, self.registered, self.addresses, self.unmatched
        )

    def tiers(self) -> Iterator[Note]:
        """What has changed about tiers, and what is about to."""
        changes = standings.changes(self.reading, "live", self.starts.first)
        for row in self.rows:
            profile, program = self.names[row.account_id], self.registered[row.program].program
            target = route(self.context.config.write_back.account_notes, profile.source)
            if target is None:
                continue
            for event in self._events(target, profile, program, row, changes.get((row.program, row.account_id))):
                values = _tier_values(program, event, _language(profile))
                said = [sentence(event.kind, values, _language(profile))]
                if event.kind == "tier_reached" and event.stand.valid_until is not None:
                    said.append(sentence("valid_until", values, _language(profile)))
                yield from self._note(target, profile, event.kind, event.id, " ".join(said), event.months)

    def _events(self, target: str, profile: Profile, program: Program, row: Row, change: Row | None) -> Iterator[Event]:
        notices, today = self.context.config.notices, self.context.as_of
        now = _stand(row)
        if change is not None:
            event = events.changed(program, _stand(change), change.before, change.kept_until)
            start = self.starts.of(profile.source, target, event.kind, program.id)
            if start is not None and change.batch > start.batch and event.before != event.stand.tier:
                yield event
        risk = events.at_risk(program, now, today, notices.at_risk_days)
        if risk is not None:
            start = self.starts.of(profile.source, target, risk.kind, program.id)
            then = self._at(start, row)
            if start is not None and risk.id != _id(
                then and events.at_risk(program, then, max(then.as_of, start.day), notices.at_risk_days)
            ):
                yield risk
        close = events.near(program, now, notices.near_percent)
        if close is not None:
            start = self.starts.of(profile.source, target, close.kind, program.id)
            then = self._at(start, row)
            was_so = close.id == _id(then and events.near(program, then, notices.near_percent))
            if close.months and then is not None and today >= months_after(then.as_of, close.months):
                was_so = False
            if start is not None and not was_so:
                yield close

    def _at(self, start: Start | None, row: Row) -> Stand | None:
        """Where an account stood when telling began; None where it had no standing then."""
        if start is None:
            return None
        at = row.program, start.batch
        if at not in self._known_at:
            self._known_at[at] = standings.known_at(self.reading, "live", *at)
        found = self._known_at[at].get(row.account_id)
        return None if found is None else _stand(found)

    # ------------------------------------------------------------ documents

    def documents(self) -> Iterator[Note]:
        """Credit notes and debit invoices that were issued."""
        table, row = receipt.c, outbox_table.c
        query = (
            sa.select(table.number, table.kind, table.batch, row.proposal_id, row.account_id, row.key)
            .join(outbox_table, row.key == table.key)
            .where(table.kind.in_(_ISSUED), table.learned.in_(_LEARNED), table.batch > self.starts.first)
            .order_by(table.id)
        )
        found = []
        for issued in self.reading.execute(query):
            profile, event = self.names[issued.account_id], f"{issued.kind}_issued"
            target = route(self.context.config.write_back.account_notes, profile.source)
            start = None if target is None else self.starts.of(profile.source, target, event)
            if target is None or start is None or issued.batch <= start.batch:
                continue
            if self._key(target, profile, event, issued.key) is not None:
                found.append((issued, target, profile, event))
        items = {item.id: item for item in proposals.by_ids(self.reading, (each[0].proposal_id for each in found))}
        for issued, target, profile, event in found:
            item = items[issued.proposal_id]
            if item.state == "settled":
                text = _issued_text(event, item, issued.number or item.key, _language(profile))
                yield from self._note(target, profile, event, item.key, text)

    def services(self) -> Iterator[Note]:
        """Ask every account for its invoice over a service that was approved."""
        for item in proposals.in_states(self.reading, ("approved",), "live"):
            profile = self.names[item.payee]
            target = route(self.context.config.write_back.account_notes, profile.source)
            if item.content.get("kind") == "service" and target is not None:
                text = service_text(item.content, shown(item.net, item.currency), item.key, _language(profile))
                yield from self._note(target, profile, "service_approved", item.key, text)

    # ------------------------------------------------------------ both

    def _note(
        self, target: str, profile: Profile, event: str, event_id: str, text: str, months: int = 0
    ) -> Iterator[Note]:
        key = self._key(target, profile, event, event_id, months)
        address = self.addresses.of(target, profile)
        if key is not None and address is not None:
            yield Note(target, key, profile.account_id, address, event, text, _language(profile))

    def _key(self, target: str, profile: Profile, event: str, event_id: str, months: int = 0) -> str | None:
        """The key to tell it under; None where it is told, or where there is nobody to tell."""
        key = self.notebook.key_to_tell(target, profile, event, event_id, self.context.as_of, months)
        if key is not None and self.addresses.of(target, profile) is None:
            self.unmatched.add((target, profile.account_id))
            return None
        return key


def _stand(row: Row) -> Stand:
    return Stand(*(getattr(row, name) for name in Stand._fields))


def _id(event: Event | None) -> str | None:
    return None if event is None else event.id


def _language(profile: Profile) -> str:
    return str(profile.content.get("language", "en"))


def _tier_values(program: Program, event: Event, code: str) -> dict[str, object]:
    """What the sentences about a tier tell; amounts as people read them."""
    settlement, stand, measured = program.settlement, event.stand, figures(program)
    name = {"text": settlement.text or program.program.name, "texts": settlement.texts}
    missing = stand.to_keep if event.kind == "tier_at_risk" else stand.to_next
    return {
        "program": program_text(name, code),
        "tier": stand.tier,
        "before": event.before,
        "since": stand.since,
        "until": stand.valid_until,
        "next": stand.next_tier,
        "missing": measured.shown(missing or 0),
        "reached": measured.shown(stand.measure),
    }


def _issued_text(event: str, item: Stored, number: str, code: str) -> str:
    values = {
        "number": number,
        "net": shown(abs(item.net), item.currency),
        "gross": shown(abs(item.net + item.tax), item.currency),
        "text": program_text(item.content, code),
        "period": item.period_label,
    }
    return sentence("credit_note_issued" if event == "credit_note_issued" else "debit_invoice_issued", values, code)
