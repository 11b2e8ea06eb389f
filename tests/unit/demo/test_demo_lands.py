"""The demo read as the daemon reads it: by its own configuration, through the files adapter."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from connectors.spi import Window
from core.documents import DOCUMENT_KINDS, Record
from core.errors import DataError
from core.normalise import normalise
from scheduler.config import load_config
from scheduler.config_check import check_config
from scheduler.demo import generate


def test_what_lands_is_what_the_summary_says(tmp_path: Path) -> None:
    demo = generate(tmp_path / "demo")
    config = load_config(demo.config)
    assert [one for one in check_config(config) if one.level != "ok"] == []
    adapter, rules = config.adapter("erp"), config.connections["erp"].source
    records: list[Record] = []
    refused = []
    for stream in adapter.streams():
        for page in adapter.pull(stream, Window(until=datetime.now(UTC)), {}):
            assert page.bad == ()
            for raw in page.records:
                try:
                    records.append(normalise(raw, rules))
                except DataError as error:
                    refused.append((raw.external_id, error.reason))
    current: dict[tuple[str, str], Record] = {}
    for record in sorted(records, key=lambda record: record.order):
        current[record.kind, record.external_id] = record
    kinds = [record.kind for record in current.values()]
    assert kinds.count("account") == demo.accounts
    assert kinds.count("product") == demo.products
    assert sum(record.kind in DOCUMENT_KINDS for record in records) == demo.versions
    documents = [one for one in current.values() if one.kind in DOCUMENT_KINDS and not one.cancelled]
    assert len(documents) == demo.documents
    assert sum(len(document.lines) for document in documents) == demo.lines
    assert sum(document.net for document in documents) == demo.net
    assert {line.kind for document in documents for line in document.lines} == {"", "freight"}
    assert sorted(refused) == sorted((one.number, one.reason) for one in demo.bad)
