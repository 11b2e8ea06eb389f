"""The server as a process of its own: prints its URL once it listens, and ends on SIGTERM.

`python -m tests.helpers.spyne_erp FILE PORT USER PASSWORD`; port 0 takes a free one.
"""

from __future__ import annotations

import signal
import sys
import threading
import warnings
from pathlib import Path

from tests.helpers.spyne_erp.later_python import lend
from tests.helpers.spyne_erp.ledger import Ledger
from tests.helpers.spyne_erp.store import Store

PATIENCE = 2
"""Seconds a writer waits for another before it is told that the books are locked."""


def main() -> None:
    warnings.simplefilter("ignore")
    lend()
    from werkzeug.serving import WSGIRequestHandler, make_server

    from tests.helpers.spyne_erp.service import application

    class Handler(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"  # connections are kept, as by the servers such applications are run behind

        def log(self, *_: object) -> None:
            """Nothing."""

    file, port, user, password = sys.argv[1:]
    store = Store(Path(file), PATIENCE)
    store.prepare()
    app = application(Ledger(store), user, password)
    server = make_server("127.0.0.1", int(port), app, threaded=True, request_handler=Handler)
    server.daemon_threads = True
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"http://127.0.0.1:{server.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
