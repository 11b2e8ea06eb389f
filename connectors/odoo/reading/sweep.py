"""The sweep: all ids of a stream, now and then, for what no stamp tells: deletions, merged partners, late commits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connectors.http.ahead import ahead
from connectors.odoo.reading.buckets import SIZE, Buckets
from connectors.odoo.reading.place import Place
from connectors.odoo.reading.rows import Row
from connectors.odoo.reading.stream import Mapped, Stream
from connectors.odoo.reading.window import page_of
from connectors.spi import Page
from core.documents import Coverage

_LARGEST = 10_000
_LIGHTER = 10
"""How many light rows weigh as much as a full one."""


def sweep(stream: Stream, place: Place, until: str, read: Mapping[int, str]) -> Iterator[Page]:
    """Read all ids, read again in full the buckets that are not as they were, and tell what there is.

    `read`: marks of the rows this pull has delivered already, by id. A sweep that was cut short starts anew with the
    buckets it has not read again.
    """
    seen: dict[str, set[str]] = {kind: set() for kind in stream.kinds}
    members: dict[int, list[int]] = {}
    buckets = Buckets()
    for rows in ahead(_light(stream)):
        for row in rows:
            kind, external_id = stream.identity(row)
            seen[kind].add(external_id)
            members.setdefault(row["id"] // SIZE, []).append(row["id"])
            buckets.add(row["id"], stream.mark(row))
    buckets.close()
    place.buckets = {
        bucket: digest for bucket, digest in buckets.digests.items() if place.buckets.get(bucket) == digest
    }
    for group in _groups({bucket: ids for bucket, ids in members.items() if bucket not in place.buckets}, stream):
        yield from _again(stream, place, group, read)
    place.swept = until
    if not stream.deletes:
        yield page_of([], place)
        return
    for kind in stream.kinds:
        coverage = Coverage("snapshot", kind, "", stream.start, None, complete=True)
        last = kind == stream.kinds[-1]
        yield Page(cursor=place.cursor() if last else None, coverage=coverage, seen=frozenset(seen[kind]))


def _light(stream: Stream) -> Iterator[list[Row]]:
    domain, after = stream.base(), 0
    limit = min(_LARGEST, stream.settings.read.batch * _LIGHTER)
    while True:
        rows = stream.rows.search(stream.model, [*domain, ("id", ">", after)], stream.light, limit)
        yield rows
        if len(rows) < limit:
            return
        after = rows[-1]["id"]


def _groups(members: Mapping[int, list[int]], stream: Stream) -> Iterator[list[int]]:
    """The ids of whole buckets, about as many together as one request brings."""
    group: list[int] = []
    for ids in members.values():
        group += ids
        if len(group) >= stream.settings.read.batch:
            yield group
            group = []
    if group:
        yield group


def _again(stream: Stream, place: Place, ids: list[int], read: Mapping[int, str]) -> Iterator[Page]:
    """These rows in full, but for those read in this pull as they are; their buckets are known with the last page."""
    batch = stream.settings.read.batch
    buckets = Buckets()
    parts = [ids[start : start + batch] for start in range(0, len(ids), batch)]
    for number, part in enumerate(parts, 1):
        rows = stream.rows.search(stream.model, [*stream.base(), ("id", "in", part)], stream.specification)
        marks = {row["id"]: stream.mark(row) for row in rows}
        for id_, mark in marks.items():
            buckets.add(id_, mark)
        changed = [row for row in rows if read.get(row["id"]) != marks[row["id"]]]
        found: list[Mapped] = stream.mapped(changed) if changed else []
        if number == len(parts):
            buckets.close()
            place.buckets |= buckets.digests
        yield page_of(found, place)
