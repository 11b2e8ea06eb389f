"""What the author of an adapter supplies: a source under control, and the adapter connected to it."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

import pytest

from connectors.spi import Adapter, WriteKind, WriteRequest


@dataclass(frozen=True, slots=True)
class Seed:
    """A record for the source: its id and a text that a change alters. The harness fills in the rest."""

    id: str
    text: str = "first"


def cannot(reason: str) -> NoReturn:
    """Say that the harness cannot do something; the test is skipped with this reason."""
    pytest.skip(reason)


class Harness(ABC):
    """A source under the author's control, and the adapter connected to it."""

    page_size: int = 2
    """Records on a full page of the source; lower it where the adapter allows, so that paging is tested cheaply."""

    @abstractmethod
    def build(self) -> Adapter:
        """A fresh adapter on the same source: nothing is remembered from one built before."""

    @abstractmethod
    def seed(self, records: Sequence[Seed]) -> None:
        """Make the source hold exactly these records in the stream under test."""

    def stream(self) -> str:
        """The stream the records are seeded in; the first of the adapter where not overridden."""
        return self.build().streams()[0]

    def now(self) -> datetime:
        """An instant after everything done so far and before everything done from now on."""
        time.sleep(0.02)
        moment = datetime.now(UTC)
        time.sleep(0.02)
        return moment

    def wrong_settings(self) -> Mapping[str, Mapping[str, Any]]:
        """Settings that must be refused, by a part of the path the message must name."""
        cannot("the harness names no wrong settings")

    def add(self, record: Seed) -> None:
        """Add a record to the source."""
        cannot("the harness cannot add a record")

    def change(self, record: Seed) -> None:
        """Give a seeded record another text."""
        cannot("the harness cannot change a record")

    def delete(self, record_id: str) -> None:
        """Remove a seeded record from the source."""
        cannot("the harness cannot delete a record")

    def account(self) -> str:
        """An account documents can be written for."""
        return "C-1001"

    def stored(self, kind: WriteKind, key: str) -> int:
        """How many documents with this key the remote holds, counted without the adapter."""
        cannot("the harness cannot count documents without the adapter")

    def lost_reply(self) -> AbstractContextManager[None]:
        """While it is entered, the remote carries requests out but the reply is lost (or we die before it)."""
        cannot("the harness cannot lose a reply")

    def remote_down(self) -> AbstractContextManager[None]:
        """While it is entered, the remote cannot be reached."""
        cannot("the harness cannot take the remote down")

    def refused(self, kind: WriteKind) -> WriteRequest:
        """A request the remote refuses."""
        cannot("the harness knows no request the remote refuses")
