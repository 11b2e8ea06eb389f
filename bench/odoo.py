"""The adapter for Odoo beside a bare loop that makes the very same calls, against the stand-in of the tests.

The stand-in is a process of its own, and so is what is measured, for each protocol. What the adapter asks is recorded
once through a proxy; the floor sends the same requests again over a bare requests session and parses the replies. Both
take turns for a while, and the best of each counts. Before each writing the server is as it was when the requests were
recorded: it gives the same ids, and in the end it must hold the same documents.
"""

from __future__ import annotations

import gc
import json
import re
import shutil
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import requests

from bench.rows import Row
from connectors.conformance import Proxy, Request, sample_request
from connectors.odoo.adapter import OdooAdapter
from connectors.odoo.settings import OdooSettings
from connectors.spi import Window
from tests.helpers.odoo_harness import Setting
from tests.helpers.odoo_server import OdooServer, outside
from tests.helpers.odoo_server.seed import TAX_7, TAX_19

DOCUMENTS, LINES, CUSTOMERS, PRODUCTS = 5_000, 3, 200, 300
CREDIT_NOTES = 60
SECONDS = 25
"""How long both sides of a measurement take turns."""
PROTOCOLS = {"JSON-2": (19, 0), "XML-RPC": (18, 0)}
GOAL = "at most 1.11 x the bare loop"
ROOT = Path(__file__).resolve().parent.parent

Act = Callable[[str], int]
"""Does it once with the server at a URL; the number of documents."""
Place = Callable[[], AbstractContextManager[str]]
"""Where to do it: the URL of a server."""


def run() -> list[Row]:
    """Measure reading and writing over both protocols."""
    rows = []
    for spoken in PROTOCOLS:
        command = [sys.executable, "-m", "bench.odoo", spoken]
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
        rows += [Row(*row) for row in json.loads(done.stdout)]
    return rows


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
            ours, floor, asked = self.measure(self.pull, lambda: nullcontext(url))
        per = 1000 * asked / DOCUMENTS
        name = f"pull {DOCUMENTS:,} invoices of {LINES} lines from Odoo over {self.spoken}"
        name += f" ({DOCUMENTS / ours:,.0f} documents/s, {per:.1f} requests per 1,000)"
        yield Row(name, ours, floor, round(ours / floor, 2), GOAL, _peak())
        ours, floor, asked = self.measure(self.write, lambda: self.served("customers"))
        name = f"write {CREDIT_NOTES} credit notes to Odoo over {self.spoken}"
        name += f" ({CREDIT_NOTES / ours:,.0f} documents/s, {asked / CREDIT_NOTES:.1f} requests each)"
        yield Row(name, ours, floor, round(ours / floor, 2), GOAL, _peak())

    def measure(self, act: Act, place: Place) -> tuple[float, float, int]:
        """Best seconds of ours and of the floor, and how many requests both make."""
        with place() as url, Proxy(urlsplit(url).hostname or "", urlsplit(url).port or 0) as proxy:
            documents = act(proxy.url)
            asked = [passed.request for passed in proxy.passed]
        ours, floor = [], []
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            with place() as url:
                ours.append(_seconds(act.__name__, lambda url=url: act(url)))
                assert act != self.write or self.written() == documents
            with place() as url:
                floor.append(_seconds("floor", lambda url=url: self.replay(url, asked)))
                assert act != self.write or self.written() == documents
        return min(ours), min(floor), len(asked)

    def pull(self, url: str) -> int:
        pages = self.adapter(url).pull("documents", Window(datetime.now(UTC)), {})
        found = sum(len(page.records) for page in pages)
        assert found == DOCUMENTS
        return found

    def write(self, url: str) -> int:
        adapter = self.adapter(url)
        sample = sample_request("credit_note", 1, self.buyer)
        for number in range(CREDIT_NOTES):
            adapter.create(replace(sample, key=_key(number)))  # type: ignore[call-arg]
        return CREDIT_NOTES

    def written(self) -> int:
        """How many credit notes of ours the server has posted."""
        moves = outside.documents_with(self.folder / "served", "RB-")
        return sum(move["state"] == "posted" for move in moves)

    @staticmethod
    def replay(url: str, asked: Sequence[Request]) -> None:
        """The floor: send the same requests again, one after the other, and parse the replies."""
        with requests.Session() as session:
            for request in asked:
                headers = {
                    name: value for name, value in request.headers if not re.match("host|content-length", name, re.I)
                }
                reply = session.request(
                    request.method, url + request.path, data=request.body, headers=headers, timeout=60
                )
                assert reply.status_code == 200, reply.text[:300]
                if request.path.startswith("/xmlrpc"):
                    xmlrpc.client.loads(reply.content)
                else:
                    reply.json()

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
        command = [sys.executable, "-m", "tests.helpers.odoo_server", "--folder", str(place), "--version", self.version]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                yield process.stdout.readline().strip()
            finally:
                process.terminate()


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


def _seconds(what: str, act: Callable[[], object]) -> float:
    gc.collect()
    cpu, began = time.process_time(), time.perf_counter()
    act()
    seconds = time.perf_counter() - began
    print(f"{what:12} {seconds:7.3f} s, {time.process_time() - cpu:7.3f} s of it our own work", file=sys.stderr)
    return seconds


def _key(number: int) -> str:
    return "RB-" + "".join("ABCDEFGHIJKLMNOP"[int(digit, 16)] for digit in f"{number:012x}")


def _peak() -> int:
    """Peak memory of this process in MB, without that of the process that started it."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) // 1024 if found else 0


def main(spoken: str) -> None:
    gc.freeze()  # what the bench itself has imported, such as pytest, is not to be searched for garbage on either side
    with TemporaryDirectory(prefix="rebated-bench-") as folder:
        print(json.dumps(list(Sides(Path(folder), spoken).rows())))


if __name__ == "__main__":
    main(*sys.argv[1:])
