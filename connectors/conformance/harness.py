"""What the author of an adapter supplies: a source under control, and the adapter connected to it."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import pytest

from connectors.conformance.messages import Request
from connectors.conformance.proxy import Proxy
from connectors.conformance.samples import sample_request
from connectors.spi import Adapter, Window, WriteKind, WriteRequest


@dataclass(frozen=True, slots=True)
class Seed:
    """A record for the source: its id and a text that a change alters. The harness fills in the rest."""

    id: str
    text: str = "first"


def cannot(reason: str) -> NoReturn:
    """Say that the harness cannot do something; the test is skipped with this reason."""
    pytest.skip(reason)


class Harness(ABC):
    """A source under the author's control, and the adapter connected to it.

    What is not abstract may be left out: the tests that need it are skipped. For an adapter that speaks HTTP,
    `NetworkHarness` does much of it.
    """

    page_size: int = 2
    """Records on a full page of the source; lower it where the adapter allows, so that paging is tested cheaply."""

    repeats: bool = False
    """Whether a pull reaches back before the one before it, and so brings again what it brought. What is brought
    again must be the same; the book takes no notice of it."""

    patience: float = 10
    """Seconds an adapter is to wait for a reply, if `build` can set it: low while a test keeps replies back, else high
    enough for a busy machine."""

    # ------------------------------------------------------------ the adapter

    @abstractmethod
    def build(self) -> Adapter:
        """A fresh adapter on the same source: nothing is remembered from one built before."""

    def stream(self) -> str:
        """The stream the records are seeded in; the first of the adapter where not overridden."""
        return self.build().streams()[0]

    def wrong_settings(self) -> Mapping[str, Mapping[str, Any]]:
        """Settings that must be refused, by a part of the path the message must name."""
        cannot("the harness names no wrong settings")

    def secrets(self) -> Sequence[str]:
        """The texts the adapter must show to nobody but its server: passwords, keys, tokens it was given."""
        cannot("the harness names no secrets")

    # ------------------------------------------------------------ time

    def now(self) -> datetime:
        """An instant after everything done so far and before everything done from now on.

        Override it where the source's stamps are coarser than some milliseconds.
        """
        time.sleep(0.02)
        moment = datetime.now(UTC)
        time.sleep(0.02)
        return moment

    def wait(self, seconds: float) -> None:
        """Let so many seconds pass for the remote. May return sooner where nothing is under way there any more."""
        time.sleep(seconds)

    def future_cursor(self) -> Mapping[str, Any]:
        """A cursor that lies in the future: here, what a pull leaves whose clock runs a year ahead."""
        window = Window(self.now() + timedelta(days=366))
        cursor: Mapping[str, Any] = {}
        for page in self.build().pull(self.stream(), window, {}):
            cursor = cursor if page.cursor is None else page.cursor
        return cursor

    # ------------------------------------------------------------ the source

    @abstractmethod
    def seed(self, records: Sequence[Seed]) -> None:
        """Make the source hold exactly these records in the stream under test."""

    def add(self, record: Seed) -> None:
        """Add a record to the source."""
        cannot("the harness cannot add a record")

    def change(self, record: Seed) -> None:
        """Give a seeded record another text."""
        cannot("the harness cannot change a record")

    def delete(self, record_id: str) -> None:
        """Remove a seeded record from the source."""
        cannot("the harness cannot delete a record")

    def equal_stamps(self, records: Sequence[Seed]) -> datetime:
        """Make the source hold exactly these records, all with one change stamp, in the past. Returns the stamp."""
        cannot("the harness cannot give records one change stamp")

    def add_earlier(self, record: Seed) -> None:
        """Add a record to those `equal_stamps` has just made, stamped an hour before them."""
        cannot("the harness cannot add a record that is older than others")

    def commits_late(self, record: Seed) -> AbstractContextManager[None]:
        """A record whose transaction has begun, and been stamped, on entering, and is committed on leaving."""
        cannot("the harness cannot commit a record late")

    def shift_page(self, changed: Seed, added: Seed) -> None:
        """Move records while pages are being read: give one another text, and add one. Called between two pages."""
        self.change(changed)
        self.add(added)

    def seed_with_bad(self, records: Sequence[Seed]) -> None:
        """Make the source hold these records and, somewhere among them, one that cannot be read."""
        cannot("the harness cannot make a record that cannot be read")

    # ------------------------------------------------------------ the target

    def account(self) -> str:
        """An account documents can be written for."""
        return "C-1001"

    def stored(self, kind: WriteKind, key: str) -> int:
        """How many documents with this key the remote holds, in any state, counted without the adapter.

        For a kind the adapter calls repeatable: 1 where things stand as the request with this key said
        (`sample_by_key` gives it again), else 0.
        """
        cannot("the harness cannot count documents without the adapter")

    def refused(self, kind: WriteKind) -> WriteRequest:
        """A request the remote refuses."""
        cannot("the harness knows no request the remote refuses")

    def batch(self, kind: WriteKind, count: int, first: int = 1) -> Sequence[WriteRequest]:
        """So many requests of a kind that the remote takes, under keys that differ for each `first` on.

        For a kind the adapter calls repeatable, each is for an account of its own, and `stored` must know them.
        """
        if kind in self.build().capabilities.repeatable:
            cannot(f"the harness names no several accounts to write a {kind} for")
        return [sample_request(kind, number, self.account()) for number in range(first, first + count)]

    def batch_with_bad_item(self, kind: WriteKind) -> tuple[Sequence[WriteRequest], WriteRequest]:
        """Requests the remote takes, at least two, and one it refuses that is sent between them."""
        good = [sample_request(kind, number, self.account()) for number in (2, 3)]
        return good, self.refused(kind)

    def taken_key(self, kind: WriteKind) -> WriteRequest:
        """A request whose key the remote holds as taken, while no document can be found by it."""
        cannot("the harness cannot take a key without a document")

    # ------------------------------------------------------------ mishaps

    def remote_down(self) -> AbstractContextManager[None]:
        """While it is entered, the remote cannot be reached."""
        cannot("the harness cannot take the remote down")

    def lost_reply(self) -> AbstractContextManager[None]:
        """While it is entered, the remote carries requests out but the reply is lost (or we die before it)."""
        cannot("the harness cannot lose a reply")

    def post_fails(self) -> AbstractContextManager[None]:
        """While it is entered, drafts are created and posting them fails: the server breaks, it does not refuse."""
        cannot("the harness cannot let posting fail")

    def proxied(self) -> AbstractContextManager[Proxy]:
        """The proxy that adapters built while it is entered reach their server through. No faults are left in it."""
        cannot("the harness has no proxy between the adapter and its server")

    def is_write(self, request: Request) -> bool:
        """Whether a request the proxy sees creates or posts something. Those that only read must not be named."""
        cannot("the harness cannot tell writes from reads")
