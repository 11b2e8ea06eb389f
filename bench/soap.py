"""The adapter for SOAP beside a bare zeep loop that makes the very same calls, against the spyne server of the tests.

The floor sends the requests that were recorded, and lets zeep read the replies, in any order and with elements it does
not know: the settings under which it loses nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import requests
from lxml import etree
from zeep import Client, Settings
from zeep.helpers import serialize_object

from bench import soap_parsing
from bench.replay import measure, pull, pulled, rows_of, tell
from bench.rows import Row
from connectors.soap_erp.adapter import SoapAdapter
from connectors.soap_erp.settings import SoapSettings
from tests.helpers.spyne_erp.server import Faktura
from tests.helpers.spyne_erp.settings import WSDL, put_beside, settings_of

INVOICES, LINES = 2_000, 5
_FAST = {"per_second": 10_000, "burst": 10_000}


def run() -> list[Row]:
    """Measure reading a reply, and pulling invoices."""
    return [*soap_parsing.run(), *rows_of("bench.soap", "pull")]


def rows(folder: Path) -> Iterator[Row]:
    with Faktura(folder / "faktura") as server:
        customers = [
            server.ledger.add_customer(f"C-{number}", f"Customer {number}") or f"C-{number}" for number in range(50)
        ]
        for number in range(INVOICES):
            lines = [
                (f"Tool {line}", f"{(number * 37 + line * 101) % 5_000 + 1}.{line}9", "V19") for line in range(LINES)
            ]
            server.ledger.invoice(f"C-{number % len(customers)}", lines, f"2026-01-{number % 28 + 1:02}")
        put_beside(folder, server.wsdl())
        service = Client(str(folder / WSDL), settings=Settings(strict=False, xsd_ignore_sequence_order=True)).service

        def parse(reply: requests.Response) -> object:
            name = (reply.request.headers.get("SOAPAction") or "").strip('"').rpartition("/")[2]
            operation = service._binding.get(name)
            return serialize_object(operation.process_reply(etree.fromstring(reply.content)))

        found = measure(partial(_pull, folder), lambda: nullcontext(server.url), parse=parse)
        yield pulled(found, INVOICES, f"invoices of {LINES} lines over SOAP, beside a bare zeep loop")


def _pull(folder: Path, url: str) -> Callable[[], object]:
    settings = SoapSettings.model_validate(settings_of(url, throttle={"rate": _FAST}))
    return partial(pull, SoapAdapter.build("bench", settings, base=folder), "documents", INVOICES)


def main(part: str) -> None:
    assert part == "pull"
    with TemporaryDirectory(prefix="rebated-bench-") as folder:
        tell(rows(Path(folder)))


if __name__ == "__main__":
    main(*sys.argv[1:])
