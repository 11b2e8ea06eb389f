"""The server as a process of its own: prints its URL once it listens, and ends on SIGTERM."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from tests.helpers.odoo_server.server import OdooServer


def main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in for Odoo.")
    parser.add_argument("--folder", type=Path, required=True, help="where its SQLite file is kept")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--version", default="19.0", help="14.0 to 19.0")
    options = parser.parse_args()
    major, _, minor = options.version.partition(".")
    ended = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda number, frame: ended.set())
    with OdooServer((int(major), int(minor or 0)), folder=options.folder, port=options.port) as server:
        print(server.url, flush=True)
        ended.wait()


if __name__ == "__main__":
    main()
