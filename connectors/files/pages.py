"""One delivery as the pages of a pull."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connectors.files.delivery import Delivery
from connectors.files.mapping import Mapped
from connectors.files.pattern import Pattern
from connectors.spi import Page
from core.documents import BadRecord, Coverage, RawRecord

_RECORDS = 2_000
_LINES = 20_000


def pages_of(
    mapped: Mapped, delivery: Delivery, pattern: Pattern, cursor: Mapping[str, object], *, superseded: bool
) -> Iterator[Page]:
    """The pages of a delivery; the last one carries the cursor.

    `superseded`: a later snapshot of the same range has been read already, so this one deletes nothing.
    """
    notes = []
    if mapped.skipped:
        notes.append(f"{mapped.skipped} rows left out by skip_rules")
    if superseded:
        notes.append("a later file of the same range was read before: nothing counts as missing from this one")
    note = f"{delivery.files[0].name}: {'; '.join(notes)}" if notes else ""
    coverages = _coverages(mapped, delivery, pattern, superseded=superseded)
    present = any(coverage.complete for coverage, _ in coverages)
    *before, last = list(_chunks(mapped.records, mapped.bad))
    for records, bad in before:
        yield Page(records, bad, present=present)
    for number, (coverage, seen) in enumerate(coverages):
        ends = number == len(coverages) - 1
        yield Page(
            last[0] if number == 0 else (),
            last[1] if number == 0 else (),
            cursor if ends else None,
            coverage,
            seen,
            note if ends else "",
            present,
        )


def _coverages(
    mapped: Mapped, delivery: Delivery, pattern: Pattern, *, superseded: bool
) -> list[tuple[Coverage, frozenset[str]]]:
    if pattern.mode == "delta":
        company = pattern.company if isinstance(pattern.company, str) else ""
        return [(Coverage("changes", pattern.kind, company), frozenset())]
    covers = delivery.covers
    complete = covers is not None and not superseded and not mapped.bad and mapped.rows > 0
    start, end = covers or (None, None)
    if isinstance(pattern.company, str):
        keys = [(kind, pattern.company) for kind in pattern.kinds]
    else:
        companies = sorted({company for _, company in mapped.seen}) or [""]
        keys = [(kind, company) for company in companies for kind in pattern.kinds]
    return [(Coverage("snapshot", *key, start, end, complete), frozenset(mapped.seen.get(key, ()))) for key in keys]


def _chunks(
    records: Sequence[RawRecord], bad: Sequence[BadRecord]
) -> Iterator[tuple[tuple[RawRecord, ...], tuple[BadRecord, ...]]]:
    """About 2,000 records or 20,000 lines at a time, at least one chunk, bad records last."""
    start = lines = 0
    for i, record in enumerate(records):
        lines += len(record.lines)
        if i + 1 - start >= _RECORDS or lines >= _LINES:
            rest = i + 1 == len(records)
            yield tuple(records[start : i + 1]), tuple(bad[:_RECORDS]) if rest else ()
            start, lines = i + 1, 0
            if rest:
                bad = bad[_RECORDS:]
                if not bad:
                    return
    remaining = tuple(records[start:])
    for i in range(0, max(len(bad), 1), _RECORDS):
        yield remaining if i == 0 else (), tuple(bad[i : i + _RECORDS])
