"""A stand-in of the tests with many records, as a process of its own: prints where it listens, and ends on SIGTERM.

Its records are of five years, all changed long ago.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.helpers.stand_ins.base import StandIn
from tests.helpers.stand_ins.dolibarr import Dolibarr
from tests.helpers.stand_ins.hubspot import HubSpot
from tests.helpers.stand_ins.hubspot_harness import prepared

LINES, CUSTOMERS, PRODUCTS = 3, 200, 30


def dolibarr(invoices: int) -> Dolibarr:
    """An ERP with so many invoices."""
    server = Dolibarr()
    customers = [int(server.add_customer(f"Customer {number}", country_code="DE").id) for number in range(CUSTOMERS)]
    products = [int(server.add_product(f"SKU-{number}", f"Tool {number}").id) for number in range(PRODUCTS)]
    for number in range(invoices):
        lines = [
            {
                "subprice": Decimal(999 + (number * 3701 + line * 10103) % 500_000) / 100,
                "qty": Decimal(1 + (number + line) % 9),
                "tva_tx": Decimal(20 if line else 10),
                "fk_product": products[(number * 7 + line * 31) % PRODUCTS],
            }
            for line in range(LINES)
        ]
        at = _instant(number, invoices)
        customer = customers[number % CUSTOMERS]
        row = server.add_document(customer, lines, at.date(), note_public=f"Order {number}")
        server.invoices.touch(row, at)
    return server


def hubspot(companies: int) -> HubSpot:
    """A CRM with so many companies."""
    server = prepared(HubSpot())
    for number in range(companies):
        row = server.add_company(
            name=f"Company {number}",
            domain=f"company-{number}.example.com",
            erp_customer_number=f"C-{number:05}",
            vat_number=f"DE{100_000_000 + number}",
        )
        server.touch("companies", row, _instant(number, companies))
    return server


def _instant(number: int, count: int) -> datetime:
    return datetime(2021, 1, 1, tzinfo=UTC) + timedelta(days=1825) * number / count


FILLED: dict[str, Callable[[int], StandIn]] = {"dolibarr": dolibarr, "hubspot": hubspot}


def main(name: str, records: str) -> None:
    """Serve one until it is told to end."""
    ended = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda number, frame: ended.set())
    with FILLED[name](int(records)) as server:
        print(server.url, flush=True)
        ended.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
