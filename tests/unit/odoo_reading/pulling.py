"""Pulling a stream of the simulated server, and what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.odoo.reading import OdooReading
from connectors.spi import Page, Window
from core.documents import BadRecord, RawRecord, Record
from core.normalise import normalise
from core.source import SourceRules
from tests.unit.odoo_reading.simulated import SimulatedOdoo, reading


def pages_of(
    odoo: SimulatedOdoo,
    stream: str,
    cursor: Mapping[str, Any] | None = None,
    reader: OdooReading | None = None,
    **read: Any,
) -> list[Page]:
    """The pages of one pull up to the server's present."""
    reader = reader or reading(odoo, **read)
    return list(reader.pull(stream, Window(odoo.clock), cursor or {}))


def records_of(pages: Sequence[Page]) -> list[RawRecord]:
    return [record for page in pages for record in page.records]


def bad_of(pages: Sequence[Page]) -> list[BadRecord]:
    return [bad for page in pages for bad in page.bad]


def cursor_of(pages: Sequence[Page]) -> Mapping[str, Any]:
    return [page.cursor for page in pages if page.cursor is not None][-1]


def pulled(odoo: SimulatedOdoo, stream: str, **read: Any) -> dict[str, RawRecord]:
    """The records of a first pull by external id; none of them bad, none twice."""
    pages = pages_of(odoo, stream, **read)
    assert bad_of(pages) == []
    records = records_of(pages)
    found = {record.external_id: record for record in records}
    assert len(found) == len(records)
    return found


def landed(record: RawRecord) -> Record:
    """The record as the book keeps it, under the rules a source has by default."""
    return normalise(record, SourceRules())
