"""What `rebated check` finds in a WSDL before it asks the service anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from connectors.spi import Finding
from tests.unit.soap_erp.reading import INVOICES, connected, soap

WRITE: dict[str, Any] = {"idempotency": "repeat", "create": {"request": {"operation": "SetTier"}}}
ONE = {"record": "Invoice[0]", "request": {"operation": "GetInvoice", "arguments": {"No": "${id}"}}}


def wrong(folder: Path, **settings: Any) -> list[Finding]:
    with connected(folder, soap(""), **{"read": {"invoices": INVOICES}, **settings}) as (_, adapter):
        return [found for found in adapter.check() if found.what.endswith(".operation")]


def test_operations_that_are_asked_for_later_alone_are_looked_for_in_the_wsdl(tmp_path: Path) -> None:
    found = wrong(tmp_path, read={"invoices": {**INVOICES, "one": ONE}}, write={"tier": WRITE})
    told = [(each.level, each.what) for each in found]
    assert told == [
        ("error", "read.invoices.one.request.operation"),
        ("warning", "write.tier.create.0.request.operation"),
    ]
    assert (
        found[0].message
        == "port 'ReadingPort': there is no operation 'GetInvoice'; close to it: GetInvoices, GetOrders"
    )
    assert "off = true in [write.tier]" in found[1].hint


def test_what_is_switched_off_or_there_is_not_told_of(tmp_path: Path) -> None:
    there = {**WRITE, "create": {"request": {"operation": "Tell"}}}
    assert wrong(tmp_path, write={"tier": {**WRITE, "off": True}}) == wrong(tmp_path, write={"tier": there}) == []


def test_a_wsdl_that_cannot_be_used_ends_the_check(tmp_path: Path) -> None:
    with connected(tmp_path, soap(""), wsdl={"only": {"port": "Reading"}}, read={"invoices": INVOICES}) as (_, adapter):
        (found,) = adapter.check()
    assert (found.level, found.what) == ("error", "wsdl.only") and "ReadingPort" in found.message


def test_the_port_and_its_host_are_told(tmp_path: Path) -> None:
    with connected(tmp_path, soap(""), read={"invoices": INVOICES}) as (server, adapter):
        first = next(iter(adapter.check()))
        assert server.asked == [], "nothing was asked yet"
    assert (first.level, first.message) == ("ok", f"Reading, ReadingPort (SOAP 1.1) at 127.0.0.1:{server.port}")
