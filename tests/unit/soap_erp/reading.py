"""The service of tests/helpers/wsdl/reading.wsdl over real HTTP, answering as a test says, and connections to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.declarative.preset import laid_over
from connectors.soap_erp.adapter import SoapAdapter
from connectors.spi import Window
from core.documents import BadRecord, RawRecord
from tests.helpers.soap_replies import WSDL, envelope
from tests.unit.crm_rest_client.clock import TestClock
from tests.unit.http.server import Answer, Server

READING = WSDL / "reading.wsdl"
INVOICES: dict[str, Any] = {
    "kind": "invoice",
    "request": {"operation": "GetInvoices"},
    "records": "Invoice",
    "fields": {"id": "No"},
}
XML = {"Content-Type": "text/xml; charset=utf-8"}


def soap(inside: str, status: int = 200, *, of: str = "GetInvoicesResponse") -> Answer:
    """A reply with something in its wrapper."""
    return Answer(status, envelope(f"<{of}>{inside}</{of}>"), XML)


def faulty(code: str, text: str = "the reason", status: int = 500, *, detail: str = "") -> Answer:
    """A fault of SOAP 1.1."""
    told = f"<faultcode>{code}</faultcode><faultstring>{text}</faultstring><detail>{detail}</detail>"
    return Answer(status, envelope(f"<s:Fault>{told}</s:Fault>"), XML)


def invoice(number: int, inside: str = "") -> str:
    return f"<Invoice><No>{number}</No><Total>1.00</Total>{inside}</Invoice>"


@contextmanager
def connected(folder: Path, *answers: Answer, **settings: Any) -> Iterator[tuple[Server, SoapAdapter]]:
    """A connection, and the server that gives these answers in turn, the last of them for ever."""
    left = list(answers)
    server = Server(lambda asked: left.pop(0) if len(left) > 1 else left[0])
    described = {"wsdl": {"only": {"source": str(READING), "address": server.url}}}
    found = SoapAdapter.Settings.model_validate(laid_over(described, settings))
    adapter = SoapAdapter("erp", found, folder, clock=TestClock())  # type: ignore[arg-type]
    try:
        yield server, adapter
    finally:
        adapter.client.close()
        server.close()


def pulled(folder: Path, *answers: Answer, **stream: Any) -> list[RawRecord | BadRecord]:
    """What the stream of invoices, with these settings more, makes of these answers."""
    return told(folder, *answers, read={"invoices": laid_over(INVOICES, stream)})


def told(folder: Path, *answers: Answer, **settings: Any) -> list[RawRecord | BadRecord]:
    """What the stream `invoices` of a connection makes of these answers."""
    with connected(folder, *answers, **settings) as (_, adapter):
        pages = list(adapter.pull("invoices", Window(datetime(2026, 3, 1, tzinfo=UTC)), {}))
    return [each for page in pages for each in (*page.records, *page.bad)]


def fields_of(records: list[RawRecord | BadRecord]) -> list[Mapping[str, Any]]:
    """The fields of records, none of which may be bad."""
    assert all(isinstance(record, RawRecord) for record in records), records
    return [record.fields for record in records if isinstance(record, RawRecord)]
