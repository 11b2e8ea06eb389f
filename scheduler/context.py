"""What every step works with: the configuration, the book, the cache, the adapters, and who is at work."""

from __future__ import annotations

import getpass
import os
import pwd
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from connectors.spi import Adapter, let_go
from core.engine.duck import DuckEngine
from core.errors import Busy, FatalError, RefusedError
from core.ledger.book import Book, NoBook
from core.ledger.claims import Claim, held, take
from core.ledger.columns import utc_now
from scheduler.config import Config

log = structlog.get_logger("rebated")
Progress = Callable[[str, int, int], None]


def operating_system_account() -> str:
    """Who runs this process, by the operating system and not by an environment variable."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except (KeyError, AttributeError):
        return getpass.getuser()


def silent(_: str, __: int, ___: int) -> None:
    """Progress nobody watches."""


@dataclass(slots=True)
class Context:
    """One unit of work. `claim` is the fence every commit to the book checks."""

    config: Config
    book: Book
    actor: str
    as_of: date
    run_id: str | None = None
    progress: Progress = silent
    claim: Claim | None = None
    rehearsing: bool = False
    _engine: DuckEngine | None = None
    _adapters: dict[str, Adapter] = field(default_factory=dict)

    @property
    def fence(self) -> tuple[str, int]:
        if self.claim is None:
            raise RefusedError("this step writes to the book and needs its claim")
        return self.claim.fence

    @property
    def engine(self) -> DuckEngine:
        """The counting cache, opened when first needed."""
        if self._engine is None:
            cache = self.config.cache
            if self.rehearsing:
                self._engine = DuckEngine(memory_limit=cache.memory_limit, threads=cache.threads)
                return self._engine
            path = self.config.place(cache.path)
            self._engine = open_cache(path, cache.memory_limit, cache.threads)
        return self._engine

    def adapter(self, name: str) -> Adapter:
        if name not in self._adapters:
            self._adapters[name] = self.config.adapter(name)
        return self._adapters[name]

    def close(self) -> None:
        for adapter in self._adapters.values():
            let_go(adapter)
        if self._engine is not None:
            self._engine.close()
            self._engine = None
        self.book.close()


def open_cache(path: Path, memory_limit: str, threads: int) -> DuckEngine:
    """The cache at a path; one that cannot be read is set aside, since it can always be filled again from the book."""
    import duckdb

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return DuckEngine(path, memory_limit=memory_limit, threads=threads)
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from None
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise Busy(
                f"the cache {path} is in use by another process", hint="wait for it, or stop that process"
            ) from None
        log.warning("the cache cannot be read and is rebuilt", path=str(path), error=str(error).splitlines()[0])
    except duckdb.Error as error:
        log.warning("the cache cannot be read and is rebuilt", path=str(path), error=str(error).splitlines()[0])
    try:
        path.replace(path.with_suffix(".broken"))
        path.with_name(path.name + ".wal").unlink(missing_ok=True)
        return DuckEngine(path, memory_limit=memory_limit, threads=threads)
    except (OSError, duckdb.Error) as error:
        raise _unusable(path, str(error).splitlines()[0]) from None


def _unusable(path: Path, why: str) -> FatalError:
    return FatalError(f"the cache {path} cannot be used: {why}", hint="check cache.path and the rights to its folder")


@contextmanager
def opened(
    config: Config, *, as_of: date | None = None, create: bool = True, progress: Progress = silent
) -> Iterator[Context]:
    """A context on the book of the configuration, closed at the end."""
    with _closed(config, Book.open(config.book_url().reveal(), create=create), as_of, progress) as context:
        yield context


@contextmanager
def opened_to_rehearse(config: Config, *, as_of: date | None = None, progress: Progress = silent) -> Iterator[Context]:
    """A context for a dry run: on the book, or on an empty one that is thrown away where there is none yet."""
    with TemporaryDirectory(prefix="rebated-") as folder:
        try:
            book = Book.open(config.book_url().reveal(), create=False)
        except NoBook:
            book = Book.open(f"sqlite:///{folder}/book.db")
        with _closed(config, book, as_of, progress) as context:
            yield context


@contextmanager
def _closed(config: Config, book: Book, as_of: date | None, progress: Progress) -> Iterator[Context]:
    today = datetime.now(config.business.zone).date()
    context = Context(config, book, operating_system_account(), as_of or today, progress=progress)
    try:
        yield context
    finally:
        context.close()


@contextmanager
def claimed(context: Context, *, wait: float = 10, stopping: threading.Event | None = None) -> Iterator[Context]:
    """Hold the claim on the book while the block runs. Nobody waits for it any more once `stopping` is set."""
    with held(context.book, wait=wait, seconds=context.config.sending.lease_seconds, stopping=stopping) as claim:
        context.claim = claim
        try:
            yield context
        finally:
            context.claim = None


@contextmanager
def rehearsed(context: Context) -> Iterator[Context]:
    """A dry run: the block sees its own changes to the book, and all of them are undone at its end.

    Counting uses a cache in memory. Nothing keeps a step from calling an adapter: steps look at `rehearsing`.
    """
    with context.book.rehearsal():
        context.claim = take(context.book)
        context.rehearsing = True
        try:
            yield context
        finally:
            context.claim = None
            context.rehearsing = False


def new_run_id() -> str:
    return f"{utc_now():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
