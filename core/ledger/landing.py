"""Landing: a page of raw records becomes versions, effects and quarantine, together with the cursor, or not at all.

The current version of a record is the one with the highest source order, not the last to land; an older one landing
late is kept as history and counts nothing. Equal order with other content: the later batch wins, except that a
version already superseded comes back only through a complete snapshot or a direct read. A changed order without
changed content makes no version. (design.md section 6)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from core.documents import DOCUMENT_KINDS, BadRecord, Line, RawRecord, Record
from core.errors import DataError
from core.keys import content_hash
from core.ledger import moves, quarantine
from core.ledger.accounts import CHUNK, resolve_accounts
from core.ledger.book import Batch
from core.ledger.ours import own_keys, received_keys
from core.ledger.tables import effect, line, personal_data, record, record_head, record_version, source_cursor
from core.normalise import normalise
from core.source import SourceRules

Identity = tuple[str, str, str]  # company, kind, external id


_LINE_COLUMNS = ("version_id", "number", *Line._fields)


class Head(NamedTuple):
    """The state of one record: which version counts, its order, and whether the record exists now."""

    record_id: int
    version_id: int
    hash: str
    order: int
    present: bool
    account_id: int | None
    day: date | None


@dataclass(slots=True)
class Landed:
    """What a page did. `moved`: changed documents that now name another account."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    older: int = 0
    quarantined: int = 0
    parked: int = 0
    moved: int = 0
    lines: int = 0
    own_keys: set[str] = field(default_factory=set)

    def add(self, other: Landed) -> None:
        for name in ("read", "new", "changed", "unchanged", "older", "quarantined", "parked", "moved", "lines"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.own_keys |= other.own_keys


def version_hash(item: Record) -> str:
    """The hash of a record's normalised content with its lines: what names a version."""
    return content_hash(
        [
            item.account,
            item.day,
            item.currency,
            item.entity,
            item.cancelled,
            item.content,
            item.personal,
            item.lines,
        ]
    )


def land(
    batch: Batch,
    source: str,
    rules: SourceRules,
    records: Sequence[RawRecord],
    bad: Sequence[BadRecord] = (),
    *,
    authoritative: bool = False,
) -> Landed:
    """Land raw records of one source. `authoritative`: they come from a complete snapshot or a direct read."""
    result = Landed(read=len(records) + len(bad))
    good: list[Record] = []
    refused: list[BadRecord] = list(bad)
    for raw in records:
        try:
            good.append(normalise(raw, rules))
        except DataError as error:
            refused.append(quarantine.refused(raw, error))
    _land_good(batch, source, good, authoritative, result)
    result.quarantined = quarantine.keep(batch, source, rules, refused)
    return result


def save_cursor(batch: Batch, source: str, stream: str, cursor: Mapping[str, Any], until: datetime) -> None:
    """The place the next pull of the stream goes on from; in the transaction of what it covers."""
    table = source_cursor.c
    values = {"cursor": cursor, "pulled_until": until}
    done = batch.connection.execute(
        source_cursor.update().where(table.source == source, table.stream == stream).values(values)
    )
    if not done.rowcount:
        batch.connection.execute(source_cursor.insert().values(source=source, stream=stream, **values))


def load_heads(batch: Batch, source: str, identities: Iterable[Identity]) -> dict[Identity, Head]:
    """The state of those records that are known."""
    groups: dict[tuple[str, str], list[str]] = {}
    for company, kind, external_id in identities:
        groups.setdefault((company, kind), []).append(external_id)
    heads: dict[Identity, Head] = {}
    for (company, kind), ids in groups.items():
        ids = list(dict.fromkeys(ids))
        for start in range(0, len(ids), CHUNK):
            rows = batch.connection.execute(
                sa.select(
                    record.c.external_id,
                    record_head.c.record_id,
                    record_head.c.version_id,
                    record_version.c.hash,
                    record_head.c.source_order,
                    record_head.c.present,
                    record_version.c.account_id,
                    record_version.c.day,
                )
                .join(record_head, record_head.c.record_id == record.c.id)
                .join(record_version, record_version.c.id == record_head.c.version_id)
                .where(
                    record.c.source == source,
                    record.c.company == company,
                    record.c.kind == kind,
                    record.c.external_id.in_(ids[start : start + CHUNK]),
                )
            )
            for external_id, *rest in rows:
                heads[company, kind, external_id] = Head(*rest)
    return heads


def _land_good(batch: Batch, source: str, items: list[Record], authoritative: bool, result: Landed) -> None:
    identities = [(item.company, item.kind, item.external_id) for item in items]
    heads = load_heads(batch, source, identities)
    accounts = _accounts(batch, source, items)
    hashes = [version_hash(item) for item in items]
    versions = _known_versions(batch, [head.record_id for head in heads.values()])
    received = received_keys(batch, source, items)
    writer = _Writer(batch, source)
    moved: list[moves.Change] = []
    for item, identity, digest in zip(items, identities, hashes, strict=True):
        head = heads.get(identity)
        account_id = accounts.get((item.company, item.account)) if item.account else None
        own = own_keys(item, received.get((item.kind, item.external_id)))
        result.own_keys.update(own)
        if head is None:
            record_id = writer.record(identity)
            version_id = writer.version(record_id, item, digest, account_id, own)
            writer.effect(record_id, version_id, 1, item.order, "new")
            result.new += 1
        else:
            record_id = head.record_id
            known = versions.get((record_id, digest))
            verdict = _verdict(head, item.order, digest, known is not None, authoritative)
            if verdict == "unchanged":
                result.unchanged += 1
                if item.order > head.order:
                    writer.effect(record_id, head.version_id, 0, item.order, "seen")
                    heads[identity] = head._replace(order=item.order)
                continue
            version_id = known or writer.version(record_id, item, digest, account_id, own)
            if verdict == "older":
                versions[record_id, digest] = version_id
                result.older += 1
                continue
            if head.present:
                writer.effect(record_id, head.version_id, -1, item.order, "replaced")
            writer.effect(record_id, version_id, 1, item.order, "changed" if head.present else "restored")
            result.changed += 1
            if item.kind in DOCUMENT_KINDS and head.account_id != account_id:
                moved.append((head.account_id, head.day, account_id, item.day))
        heads[identity] = Head(record_id, version_id, digest, item.order, True, account_id, item.day)
        versions[record_id, digest] = version_id
        if item.kind in DOCUMENT_KINDS and item.account is None:
            result.parked += 1
    result.lines = len(writer.lines)
    writer.write()
    result.moved = moves.note(batch, moved)
    quarantine.solve(batch, source, {identity: heads[identity].order for identity in identities})


def _verdict(head: Head, order: int, digest: str, known: bool, authoritative: bool) -> str:
    if order < head.order:
        return "older"
    if digest == head.hash and head.present:
        return "unchanged"
    if order == head.order and known and not authoritative:
        return "older"
    return "newer"


def _accounts(batch: Batch, source: str, items: list[Record]) -> dict[tuple[str, str], int]:
    companies: dict[str, list[str]] = {}
    for item in items:
        if item.account is not None:
            companies.setdefault(item.company, []).append(item.account)
    return {
        (company, external_id): account_id
        for company, ids in companies.items()
        for external_id, account_id in resolve_accounts(batch, source, company, ids).items()
    }


def _known_versions(batch: Batch, record_ids: list[int]) -> dict[tuple[int, str], int]:
    known: dict[tuple[int, str], int] = {}
    table = record_version.c
    for start in range(0, len(record_ids), CHUNK):
        rows = batch.connection.execute(
            sa.select(table.record_id, table.hash, table.id).where(
                table.record_id.in_(record_ids[start : start + CHUNK])
            )
        )
        known.update({(record_id, digest): version_id for record_id, digest, version_id in rows})
    return known


class _Writer:
    """Rows of one page, written table by table."""

    def __init__(self, batch: Batch, source: str) -> None:
        self.batch, self.source = batch, source
        self.records: list[dict[str, Any]] = []
        self.versions: list[dict[str, Any]] = []
        self.lines: list[dict[str, Any]] = []
        self.personal: list[dict[str, Any]] = []
        self.effects: list[dict[str, Any]] = []
        self.heads: dict[int, dict[str, Any]] = {}

    def record(self, identity: Identity) -> int:
        company, kind, external_id = identity
        record_id = self.batch.next_id("record")
        self.records.append(
            {"id": record_id, "source": self.source, "company": company, "kind": kind, "external_id": external_id}
        )
        return record_id

    def version(self, record_id: int, item: Record, digest: str, account_id: int | None, own: list[str]) -> int:
        version_id = self.batch.next_id("record_version")
        self.versions.append(
            {
                "id": version_id,
                "record_id": record_id,
                "hash": digest,
                "source_order": item.order,
                "account_id": account_id,
                "day": item.day,
                "currency": item.currency,
                "entity": item.entity,
                "cancelled": item.cancelled,
                "content": item.content,
                "net": item.net,
                "tax": item.tax,
                "line_count": len(item.lines),
                "own_key": own[0] if own else None,
                "origin": item.origin,
            }
        )
        if item.personal:
            self.personal.append({"version_id": version_id, "content": dict(item.personal), "erased_at": None})
        for number, row in enumerate(item.lines, 1):
            self.lines.append(dict(zip(_LINE_COLUMNS, (version_id, number, *row), strict=True)))
        return version_id

    def effect(self, record_id: int, version_id: int, sign: int, order: int, reason: str) -> None:
        self.effects.append(
            {
                "id": self.batch.next_id("effect"),
                "record_id": record_id,
                "version_id": version_id,
                "sign": sign,
                "source_order": order,
                "reason": reason,
            }
        )
        if sign >= 0:
            self.heads[record_id] = {
                "record_id": record_id,
                "version_id": version_id,
                "source_order": order,
                "present": True,
            }

    def write(self) -> None:
        batch = self.batch
        batch.add(record, self.records)
        batch.add(record_version, self.versions)
        batch.insert(line, self.lines)
        batch.insert(personal_data, self.personal)
        batch.add(effect, self.effects)
        write_heads(batch, list(self.heads.values()))


def write_heads(batch: Batch, heads: list[dict[str, Any]]) -> None:
    """Set the present state of records; the effects are its source, this is where it is looked up."""
    ids = [head["record_id"] for head in heads]
    for start in range(0, len(ids), CHUNK):
        batch.connection.execute(record_head.delete().where(record_head.c.record_id.in_(ids[start : start + CHUNK])))
    batch.insert(record_head, [{**head, "batch": batch.seq} for head in heads])
