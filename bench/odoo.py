"""The adapter for Odoo beside a bare loop that makes the very same calls, against the stand-in in a process of its own.

What the adapter asks is recorded once through a proxy; the floor sends the same requests again with a bare requests
session and parses the replies. Both are timed in turn, each on a fresh copy of the same server, and the best of three
counts.
"""

from __future__ import annotations

import json
import re
import resource
import shutil
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
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
from tests.helpers.odoo_server import OdooServer

DOCUMENTS, CREDIT_NOTES, TIMES = 4_000, 60, 3
ROOT = Path(__file__).resolve().parent.parent
Act = Callable[[OdooAdapter], int]


def run() -> list[Row]:
    """The measurements, over both protocols."""
    return [row for version in ((19, 0), (18, 0)) for row in _measured(version)]


def _measured(version: tuple[int, int]) -> Iterator[Row]:
    with TemporaryDirectory(prefix="rebated-bench-") as name:
        folder = Path(name)
        buyer = _template(folder, version)
        spoken = "JSON-2" if version >= (19, 0) else "XML-RPC"
        for what, act, of, goal in (
            (f"pull {DOCUMENTS:,} documents over {spoken}", _pull, DOCUMENTS, "at most 1.11 beside Odoo itself"),
            (
                f"write {CREDIT_NOTES} credit notes over {spoken}",
                lambda adapter: _write(adapter, buyer),
                CREDIT_NOTES,
                "at most 1.11",
            ),
        ):
            ours, floor, count = _timed(folder, version, act, of)
            per = f"{1000 * count / of:.0f} requests per 1,000" if of > 1000 else f"{count / of:.1f} requests each"
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            yield Row(f"{what} ({per})", ours, floor, round(ours / floor, 2), goal, peak)


def _template(folder: Path, version: tuple[int, int]) -> int:
    with OdooServer(version, folder=folder / "template") as server:
        setting = Setting.of(server)
        (folder / "key").write_text(server.key)
        with server.batch():
            for number in range(DOCUMENTS):
                lines = [{"product_id": 1, "quantity": 3, "price_unit": 10.0 + number % 7}, 20.5, 5.05]
                server.add_invoice(setting.buyer, lines, f"2026-01-{1 + number % 28:02d}")
        return setting.buyer


@contextmanager
def _served(folder: Path, version: tuple[int, int]) -> Iterator[str]:
    """The URL of a fresh copy of the server."""
    shutil.rmtree(folder / "served", ignore_errors=True)
    shutil.copytree(folder / "template", folder / "served")
    command = [sys.executable, "-m", "tests.helpers.odoo_server", "--folder", str(folder / "served")]
    command += ["--version", ".".join(map(str, version))]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


def _adapter(folder: Path, url: str) -> OdooAdapter:
    settings = OdooSettings.model_validate(
        {
            "url": url,
            "database": "erp",
            "login": "rebated",
            "api_key": {"file": "key"},
            "read": {"sweep_hours": 0},
        }
    )
    return OdooAdapter.build("bench", settings, base=folder)


def _pull(adapter: OdooAdapter) -> int:
    pages = adapter.pull("documents", Window(datetime.now(UTC)), {})
    return sum(len(page.records) for page in pages)


def _write(adapter: OdooAdapter, buyer: int) -> int:
    for number in range(CREDIT_NOTES):
        request = replace(sample_request("credit_note", 1, str(buyer)), key=_key(number))  # type: ignore[arg-type]
        adapter.create(request)
    return CREDIT_NOTES


def _key(number: int) -> str:
    return "RB-" + "".join("ABCDEFGHIJKLMNOP"[int(digit, 16)] for digit in f"{number:012x}")


def _timed(folder: Path, version: tuple[int, int], act: Act, of: int) -> tuple[float, float, int]:
    """Best seconds of ours and of the bare loop, and the number of requests both made."""
    with _served(folder, version) as url, Proxy(urlsplit(url).hostname or "", urlsplit(url).port or 0) as proxy:
        assert act(_adapter(folder, proxy.url)) == of
        asked = [passed.request for passed in proxy.passed]
    ours, floor = [], []
    for _ in range(TIMES):
        with _served(folder, version) as url:
            began = time.perf_counter()
            assert act(_adapter(folder, url)) == of
            ours.append(time.perf_counter() - began)
        with _served(folder, version) as url:
            began = time.perf_counter()
            _replayed(url, asked)
            floor.append(time.perf_counter() - began)
    return min(ours), min(floor), len(asked)


def _replayed(url: str, asked: Sequence[Request]) -> None:
    session = requests.Session()
    for request in asked:
        headers = {name: value for name, value in request.headers if not re.match("host|content-length", name, re.I)}
        reply = session.request(request.method, url + request.path, data=request.body, headers=headers, timeout=60)
        assert reply.status_code == 200, reply.text[:300]
        if request.path.startswith("/xmlrpc"):
            xmlrpc.client.loads(reply.content)
        else:
            json.loads(reply.content)
