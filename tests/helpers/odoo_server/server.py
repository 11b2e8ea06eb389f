"""The server: where it listens, what it has seen, and its switches."""

from __future__ import annotations

import tempfile
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from tests.helpers.odoo_server.acts import Acts
from tests.helpers.odoo_server.calls import Calls
from tests.helpers.odoo_server.control import Control
from tests.helpers.odoo_server.fields import Registry, Version
from tests.helpers.odoo_server.mishaps import Kind, Mishap, Mishaps
from tests.helpers.odoo_server.options import GROUPS, Options
from tests.helpers.odoo_server.rpc import Rpc
from tests.helpers.odoo_server.seed import fill
from tests.helpers.odoo_server.session import ADMINISTRATOR
from tests.helpers.odoo_server.store import Store
from tests.helpers.odoo_server.wire import Listener

FILE = "odoo.sqlite"


class Seen(NamedTuple):
    """A request answered. `status` is 0 where the connection was dropped, `fault` the XML-RPC code, 0 for none."""

    model: str
    method: str
    status: int
    fault: int | str


class OdooServer(Acts):
    """A stand-in for Odoo of one version.

    `folder` keeps its SQLite file, and with it what the server knows, over restarts; without one it is as new every
    time. `port` 0 takes a free one. Use it as a context, or call `start` and `stop`.
    """

    def __init__(
        self, version: Version = (19, 0), *, folder: Path | None = None, port: int = 0, **options: Any
    ) -> None:
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="odoo-")
        self.folder = folder or Path(self._temporary.name)  # type: ignore[union-attr]
        self.folder.mkdir(parents=True, exist_ok=True)
        self.options = Options(**options)
        self.version = version
        registry = Registry(version)
        self._store = Store(self.folder / FILE, registry.inverses())
        self.calls = Calls(self._store, registry, self.options)
        if not self._store.table("res.company"):
            fill(self.calls.session(ADMINISTRATOR), self.options)
            self._store.commit()
        self.rpc, self.control, self.mishaps = Rpc(self.calls), Control(self), Mishaps()
        self._seen: list[Seen] = []
        self._seen_lock = threading.Lock()
        self._cold = 0.0
        self._port = port
        self._listener: Listener | None = None
        self._thread: threading.Thread | None = None

    # ---------------------------------------------------------------- life

    def start(self) -> Self:
        self._listener = Listener(self, self._port)
        self._port = self._listener.server_address[1]
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def go_down(self) -> None:
        """Stop listening and cut every connection; the state stays, `come_up` listens on the same port again."""
        self.mishaps.clear()
        if self._listener is not None and self._thread is not None:
            self._listener.shutdown()
            self._listener.disconnect()
            self._listener.server_close()
            self._thread.join()
            self._listener = self._thread = None

    def come_up(self) -> None:
        self.start()

    def stop(self) -> None:
        self.go_down()
        self._store.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    # ---------------------------------------------------------------- what a client needs

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        return self._port

    @property
    def database(self) -> str:
        return self.options.database

    @property
    def key(self) -> str:
        return self.options.key

    @property
    def login(self) -> str:
        return self.options.login

    # ---------------------------------------------------------------- what was seen

    @property
    def requests(self) -> list[tuple[str, str, int]]:
        """(model, method, status) of every request answered, in order; model "" where no method was called."""
        with self._seen_lock:
            return [one[:3] for one in self._seen]

    @property
    def seen(self) -> list[Seen]:
        with self._seen_lock:
            return list(self._seen)

    def count(self, model: str = "", method: str = "") -> int:
        """How many requests there were of this model and method, any where empty."""
        return sum(model in ("", one.model) and method in ("", one.method) for one in self.seen)

    @property
    def waiting(self) -> int:
        """How many calls wait for a row that a late transaction holds."""
        return self.calls.waiting

    def forget(self) -> None:
        """Start the list of requests anew."""
        with self._seen_lock:
            self._seen.clear()

    def saw(self, model: str, method: str, status: int, fault: int | str) -> None:
        with self._seen_lock:
            self._seen.append(Seen(model, method, status, fault))

    # ---------------------------------------------------------------- the clock

    def now(self) -> datetime:
        """UTC, without a zone."""
        return self.calls.now()

    def set_clock(self, at: datetime | str | None) -> None:
        """Let the clock stand at `at` (UTC); None: go with the machine's again."""
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
        self.calls.frozen = moment.replace(tzinfo=None) if moment else None

    def advance(self, seconds: float) -> None:
        """Put the clock forward (or back): a standing one too."""
        if self.calls.frozen is not None:
            self.calls.frozen += timedelta(seconds=seconds)
        else:
            self.calls.offset += timedelta(seconds=seconds)

    # ---------------------------------------------------------------- switches

    def mishap(self, kind: Kind, model: str = "", method: str = "", **how: Any) -> Mishap:
        """Let something go wrong: see `mishaps.Kind` and `mishaps.Mishap` for what and for which calls."""
        return self.mishaps.add(kind, model=model, method=method, **how)

    def release(self, only: int | None = None) -> None:
        """Let late transactions commit: all of them, or that of one mishap."""
        self.mishaps.release(only)

    def calm(self) -> None:
        """No mishaps from now on."""
        self.mishaps.clear()

    def late_commit(self, model: str = "", method: str = "", seconds: float | None = None, **how: Any) -> Mishap:
        return self.mishap("late", model, method, seconds=seconds, **how)

    def fault_after_commit(self, model: str = "", method: str = "", nth: int = 1, **how: Any) -> Mishap:
        """The nth write is committed and answered with a fault."""
        return self.mishap("fault_after", model, method, writes=True, skip=nth - 1, **how)

    def fail(self, model: str, method: str, error: str = "program", **how: Any) -> Mishap:
        return self.mishap("fail", model, method, error=error, **how)

    def cold_start(self, seconds: float) -> None:
        """The next request, and all that come meanwhile, wait so long."""
        self._cold = time.monotonic() + seconds

    def warm_up(self) -> None:
        if (left := self._cold - time.monotonic()) > 0:
            time.sleep(left)

    def refuse_key(self, refused: bool = True) -> None:
        """Answer 401 from now on."""
        self.options.unauthorised = refused

    def take_group(self, group: str) -> None:
        """Take a group from the minimal user, such as account.group_account_invoice."""
        self.options.groups.discard(group)

    def give_groups(self) -> None:
        """All the minimal user's groups again."""
        self.options.groups = set(GROUPS)

    def tax_categories(self, installed: bool) -> None:
        """Whether taxes state EN 16931 categories (from 18 on)."""
        name = "ubl_cii_tax_category_code"
        if installed:
            if (field := Registry(self.version)["account.tax"].fields.get(name)) is not None:
                self.calls.registry.add("account.tax", field)
        else:
            self.calls.registry.remove("account.tax", name)

    def audit_trail(self, restricted: bool = True) -> None:
        """Whether what was posted once can be deleted no more."""
        self.options.audit_trail = restricted
