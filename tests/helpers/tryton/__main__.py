"""The server as a process of its own: prints its URL once it listens, and ends on SIGTERM.

`python -m tests.helpers.tryton PORT`, with the environment of `place.environment`; port 0 takes a free one.
"""

from __future__ import annotations

import signal
import sys
import threading

from tests.helpers.tryton.place import DATABASE


def main() -> None:
    from trytond.pool import Pool
    from trytond.transaction import Transaction
    from trytond.wsgi import app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Handler(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"  # connections are kept, as by the servers Tryton is run behind

        def log(self, *_: object) -> None:
            """Nothing."""

    with Transaction().start(DATABASE, 0, readonly=True):
        Pool(DATABASE).init()
    server = make_server("127.0.0.1", int(sys.argv[1]), app, threaded=True, request_handler=Handler)
    server.daemon_threads = True
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"http://127.0.0.1:{server.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
