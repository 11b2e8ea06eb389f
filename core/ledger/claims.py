"""Claims: one holder at a time, with a fencing token that every commit checks.

A claim is a row with a lease. Taking it over raises its token, so that a stalled holder that wakes up can commit
nothing. A holder on this machine whose process is gone is taken over at once, any other when its lease runs out.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from core.errors import Busy, LostClaim, RebatedError
from core.ledger.book import Book, check_token
from core.ledger.columns import utc_now
from core.ledger.tables import claim as claim_table

BOOK_CLAIM = "book"
LEASE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim we hold: its name, our fencing token, and who we said we are."""

    name: str
    token: int
    holder: str

    @property
    def fence(self) -> tuple[str, int]:
        return self.name, self.token


def holder_name() -> str:
    """This process: host, process id, the time the process started, and a mark of its own."""
    pid = os.getpid()
    return f"{socket.gethostname()}:{pid}:{_started(pid)}:{uuid.uuid4().hex[:8]}"


def _started(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return "?"


def _is_gone(holder: str) -> bool:
    """Whether a holder is a process of this machine that no longer runs."""
    host, _, rest = holder.partition(":")
    pid, _, rest = rest.partition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    started = rest.partition(":")[0]
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return started != "?" and _started(int(pid)) != started


def take(book: Book, name: str = BOOK_CLAIM, *, holder: str | None = None, seconds: int = LEASE_SECONDS) -> Claim:
    """Take a claim that is free, released or dead. Raises Busy naming the holder otherwise."""
    holder = holder or holder_name()
    now = utc_now()
    with book.write() as connection:
        row = connection.execute(
            sa.select(claim_table).where(claim_table.c.name == name).with_for_update()
        ).one_or_none()
        until = now + timedelta(seconds=seconds)
        if row is None:
            try:
                connection.execute(claim_table.insert().values(name=name, holder=holder, token=1, until=until))
            except sa.exc.IntegrityError:
                raise Busy(f"another process took {name} at the same moment", hint="try again") from None
            return Claim(name, 1, holder)
        if row.holder and row.until > now and not _is_gone(row.holder):
            raise Busy(
                f"{name} is in use by {row.holder.rsplit(':', 2)[0]} until {row.until:%H:%M:%S} UTC",
                hint="wait for it, or stop that process",
            )
        connection.execute(
            claim_table.update()
            .where(claim_table.c.name == name)
            .values(holder=holder, token=row.token + 1, until=until)
        )
        return Claim(name, row.token + 1, holder)


def extend(book: Book, claim: Claim, seconds: int = LEASE_SECONDS) -> None:
    """Move the end of the lease on. Raises LostClaim."""
    with book.write() as connection:
        check_token(connection, claim.name, claim.token)
        connection.execute(
            claim_table.update()
            .where(claim_table.c.name == claim.name)
            .values(until=utc_now() + timedelta(seconds=seconds))
        )


def release(book: Book, claim: Claim) -> None:
    """Give a claim back; nothing happens where it has passed on."""
    with book.write() as connection:
        connection.execute(
            claim_table.update()
            .where(claim_table.c.name == claim.name, claim_table.c.token == claim.token)
            .values(holder="", until=utc_now())
        )


@contextmanager
def held(
    book: Book,
    name: str = BOOK_CLAIM,
    *,
    wait: float = 0,
    seconds: int = LEASE_SECONDS,
    stopping: threading.Event | None = None,
) -> Iterator[Claim]:
    """Hold a claim while the block runs, with a heartbeat beside it.

    Waits up to `wait` seconds for it, but no longer than until `stopping` is set.
    """
    stopping = stopping or threading.Event()
    give_up = time.monotonic() + wait
    while True:
        try:
            claim = take(book, name, seconds=seconds)
            break
        except Busy:
            if time.monotonic() >= give_up or stopping.wait(0.2):
                raise
    stop = threading.Event()
    beat = threading.Thread(target=_heartbeat, args=(book, claim, seconds, stop), daemon=True)
    beat.start()
    try:
        yield claim
    finally:
        stop.set()
        beat.join()
        release(book, claim)


def _heartbeat(book: Book, claim: Claim, seconds: int, stop: threading.Event) -> None:
    while not stop.wait(seconds / 4):
        try:
            extend(book, claim, seconds)
        except LostClaim:
            return
        except RebatedError:
            continue  # a busy database: the next beat tries again, and every commit checks the token anyway
