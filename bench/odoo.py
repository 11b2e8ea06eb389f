"""The adapter for Odoo beside a bare loop that makes the very same calls, against the stand-in of the tests.

Each protocol has a process of its own. Before each writing the server is as it was when the requests were recorded: it
gives the same ids, and in the end it must hold the same documents.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import xmlrpc.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from bench.replay import ROOT, measure, process, pull, pulled, rows_of, tell, written
from bench.rows import Row
from connectors.conformance import sample_request
from connectors.odoo.adapter import OdooAdapter
from connectors.odoo.settings import OdooSettings
from connectors.spi import DocumentRequest
from tests.helpers.odoo_harness import Setting
from tests.helpers.odoo_server import OdooServer, outside
from tests.helpers.odoo_server.seed import TAX_7, TAX_19

DOCUMENTS, LINES, CUSTOMERS, PRODUCTS = 5_000, 3, 200, 300
CREDIT_NOTES = 60
PROTOCOLS = {"JSON-2": (19, 0), "XML-RPC": (18, 0)}


def run() -> list[Row]:
    """Measure reading and writing over both protocols."""
    return [row for spoken in PROTOCOLS for row in rows_of("bench.odoo", spoken)]


class Sides:
    """The two sides of a measurement over one protocol, and the folder where its servers are kept."""

    def __init__(self, folder: Path, spoken: str) -> None:
        self.folder, self.spoken = folder, spoken
        self.version = ".".join(map(str, PROTOCOLS[spoken]))
        self.buyer = ""

    def rows(self) -> Iterator[Row]:
        self.fill("history", DOCUMENTS)
        self.fill("customers", 0)
        with self.served("history") as url:
            found = measure(self.pull, lambda: nullcontext(url), parse=self.parse)
        yield pulled(found, DOCUMENTS, f"invoices of {LINES} lines from Odoo over {self.spoken}")
        found = measure(self.write, lambda: self.served("customers"), check=self.check, parse=self.parse)
        yield written(found, CREDIT_NOTES, f"credit notes to Odoo over {self.spoken}")

    def pull(self, url: str) -> Callable[[], object]:
        return lambda: pull(self.adapter(url), "documents", DOCUMENTS)

    def write(self, url: str) -> Callable[[], object]:
        def act() -> None:
            adapter = self.adapter(url)
            sample = sample_request("credit_note", 1, self.buyer)
            assert isinstance(sample, DocumentRequest)
            for number in range(CREDIT_NOTES):
                adapter.create(replace(sample, key=_key(number)))

        return act

    def check(self, url: str) -> None:
        """Every credit note is there, and posted."""
        moves = outside.documents_with(self.folder / "served", "RB-")
        assert sum(move["state"] == "posted" for move in moves) == CREDIT_NOTES

    @staticmethod
    def parse(reply: requests.Response) -> object:
        """What a bare loop makes of a reply."""
        return xmlrpc.client.loads(reply.content) if "xml" in reply.headers["Content-Type"] else reply.json()

    def adapter(self, url: str) -> OdooAdapter:
        settings = {"url": url, "database": "erp", "login": "rebated", "api_key": {"file": "key"}}
        return OdooAdapter.build("bench", OdooSettings.model_validate(settings), base=self.folder)

    def fill(self, what: str, documents: int) -> None:
        """Prepare what a server holds, in a process of its own, so that its memory is not in ours."""
        act = f"from bench.odoo import fill; fill({str(self.folder)!r}, {what!r}, {self.version!r}, {documents})"
        done = subprocess.run([sys.executable, "-c", act], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
        self.buyer = done.stdout.strip()

    @contextmanager
    def served(self, what: str) -> Iterator[str]:
        """The URL of a server that holds what was prepared, and nothing else."""
        place = self.folder / "served"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.folder / what, place)
        with process("tests.helpers.odoo_server", "--folder", str(place), "--version", self.version) as url:
            yield url


def fill(folder: str, what: str, version: str, documents: int) -> None:
    """Make what a server holds: invoices of five years, all changed long ago. Prints the id of a buyer."""
    major, _, minor = version.partition(".")
    with OdooServer((int(major), int(minor)), folder=Path(folder, what)) as server:
        Path(folder, "key").write_text(server.key)
        server.set_clock("2026-01-02 03:04:05.678901")
        setting = Setting.of(server)
        with server.batch():
            customers = [server.add_partner(f"Customer {number}", country_id=57) for number in range(CUSTOMERS)]
            products = [server.add_product(f"SKU-{number}", f"Tool {number}") for number in range(PRODUCTS)]
            for number in range(documents):
                lines = [
                    {
                        "product_id": products[(number * 7 + line * 31) % PRODUCTS],
                        "quantity": 1 + (number + line) % 9,
                        "price_unit": 9.99 + (number * 37 + line * 101) % 5_000,
                        "tax_ids": [TAX_19 if line else TAX_7],
                    }
                    for line in range(LINES)
                ]
                day = date(2021, 1, 1) + timedelta(days=number * 1825 // documents)
                server.add_invoice(customers[number % CUSTOMERS], lines, day, ref=f"Order {number}")
        print(setting.buyer)


def _key(number: int) -> str:
    return "RB-" + "".join("ABCDEFGHIJKLMNOP"[int(digit, 16)] for digit in f"{number:012x}")


def main(spoken: str) -> None:
    with TemporaryDirectory(prefix="rebated-bench-") as folder:
        tell(Sides(Path(folder), spoken).rows())


if __name__ == "__main__":
    main(*sys.argv[1:])
