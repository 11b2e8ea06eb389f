"""What becomes of the records of a connection when they land, without a book."""

from __future__ import annotations

from connectors.conformance import records_of
from connectors.spi import Window
from core.documents import Record
from core.normalise import normalise
from core.source import SourceRules
from tests.helpers.stand_ins.harness import PresetHarness


def landed(harness: PresetHarness, stream: str, *, time_zone: str = "UTC") -> dict[str, Record]:
    """Everything a stream holds, normalised, by external id. What would go to quarantine fails the test."""
    pages = list(harness.build().pull(stream, Window(harness.now()), {}))
    assert [bad.message for page in pages for bad in page.bad] == []
    rules = SourceRules(time_zone=time_zone)
    return {raw.external_id: normalise(raw, rules) for raw in records_of(pages)}
