"""An adapter beside a bare loop that makes the very same calls.

What the adapter asks is recorded once through a proxy; the floor sends the same again over a bare requests session: it
writes the bodies, as `json=` does, and parses the replies. Both take turns for a while, and the best of each counts.
The server is a process of its own, and so is what is measured.
"""

from __future__ import annotations

import gc
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests

from bench.rows import Row
from connectors.conformance import Proxy
from connectors.conformance.proxy import Passed
from connectors.spi import Adapter, Window

SECONDS = 25
"""How long both sides of a measurement take turns."""
GOAL = "at most 1.11 x the bare loop"
ROOT = Path(__file__).resolve().parent.parent
_OF_THE_CONNECTION = re.compile("host|content-length", re.IGNORECASE)

Ready = Callable[[str], Callable[[], object]]
"""Makes ready what is not measured, such as settings; what it returns does it once with the server at a URL."""
Place = Callable[[], AbstractContextManager[str]]
"""Where to do it: the URL of a server. What is written needs one each time that is as it was."""
Check = Callable[[str], None]
"""Sees that the server at a URL holds afterwards what it should."""
Parse = Callable[[requests.Response], object]


class Measured(NamedTuple):
    """Best seconds of ours and of the floor, and how many requests both make."""

    ours: float
    floor: float
    requests: int

    def row(self, name: str) -> Row:
        """As a row of the page, with the peak memory of this process."""
        return Row(name, self.ours, self.floor, round(self.ours / self.floor, 2), GOAL, _peak())


def measure(
    ready: Ready,
    place: Place,
    *,
    check: Check = lambda url: None,
    parse: Parse = requests.Response.json,
) -> Measured:
    """Record what is asked, then let both sides take turns. `parse` is what the floor does with a reply."""
    with place() as url, Proxy(urlsplit(url).hostname or "", urlsplit(url).port or 0) as proxy:
        ready(proxy.url)()
        check(url)
        calls = [_Call.of(passed) for passed in proxy.passed]
    ours, floor = [], []
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        with place() as url:
            ours.append(_seconds("ours", ready(url)))
            check(url)
        with place() as url:
            floor.append(_seconds("floor", partial(_replay, url, calls, parse)))
            check(url)
    return Measured(min(ours), min(floor), len(calls))


class _Call(NamedTuple):
    """A request as a bare loop makes it, and the status it was answered with."""

    method: str
    path: str
    given: dict[str, Any]
    status: int

    @classmethod
    def of(cls, passed: Passed) -> _Call:
        request = passed.request
        headers = {name: value for name, value in request.headers if not _OF_THE_CONNECTION.match(name)}
        given: dict[str, Any] = {"headers": headers, "timeout": 60}
        if request.body and request.header("Content-Type") == "application/json":
            given["json"] = json.loads(request.body, parse_float=Decimal)
        else:
            given["data"] = request.body
        return cls(request.method, request.path, given, passed.answered)


def _replay(url: str, calls: Sequence[_Call], parse: Parse) -> None:
    """Make the same calls again, one after the other."""
    with requests.Session() as session:
        for call in calls:
            reply = session.request(call.method, url + call.path, **call.given)
            assert reply.status_code == call.status, reply.text[:300]
            if reply.content:
                parse(reply)


def pull(adapter: Adapter, stream: str, count: int) -> None:
    """Read all of a stream, which has so many records."""
    pages = adapter.pull(stream, Window(datetime.now(UTC)), {})
    assert sum(len(page.records) for page in pages) == count


def pulled(found: Measured, count: int, what: str) -> Row:
    """The row of a pull."""
    per = 1000 * found.requests / count
    return found.row(f"pull {count:,} {what} ({count / found.ours:,.0f} documents/s, {per:.1f} requests per 1,000)")


def written(found: Measured, count: int, what: str) -> Row:
    """The row of a writing."""
    speed, each = count / found.ours, found.requests / count
    return found.row(f"write {count:,} {what} ({speed:,.0f} a second, {each:.2f} requests each)")


@contextmanager
def process(module: str, *arguments: str) -> Iterator[str]:
    """A server that runs as `python -m module`; the first line it prints."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def rows_of(module: str, part: str) -> list[Row]:
    """What a bench measures of one part, in a process of its own."""
    done = subprocess.run([sys.executable, "-m", module, part], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return [Row(*row) for row in json.loads(done.stdout)]


def tell(rows: Iterable[Row]) -> None:
    """Print what `rows_of` reads."""
    gc.freeze()  # what the bench itself has imported, such as pytest, is not to be searched for garbage on either side
    print(json.dumps(list(rows)))


def _seconds(what: str, act: Callable[[], object]) -> float:
    gc.collect()
    cpu, began = time.process_time(), time.perf_counter()
    act()
    seconds = time.perf_counter() - began
    print(f"{what:6} {seconds:7.3f} s, {time.process_time() - cpu:7.3f} s of it our own work", file=sys.stderr)
    return seconds


def _peak() -> int:
    """Peak memory of this process in MB, without that of the process that started it."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) // 1024 if found else 0
