"""A server that answers as a test says, and a connection that speaks to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.crm_rest.adapter import RestAdapter
from connectors.crm_rest.settings import RestSettings
from connectors.declarative.client import Client
from connectors.declarative.listing import Listing
from connectors.declarative.lookups import Lookups
from connectors.declarative.writing import Writing
from tests.helpers.stand_ins.base import Answer, Received, Refused, StandIn

__all__ = ["Answer", "Conversation", "Received", "Refused", "StillClock", "adapter", "writing"]


class Conversation(StandIn):
    """`answer_to` decides by the request; an Answer, or what is sent as JSON."""

    def __init__(self, answer_to: Callable[[Received], Any]) -> None:
        super().__init__()
        self.answer_to = answer_to

    def _answer(self, asked: Received) -> Answer:
        try:
            found = self.answer_to(asked)
        except Refused as refused:
            return refused.answer
        return found if isinstance(found, Answer) else Answer(200, found)

    @property
    def said(self) -> list[str]:
        """Method and path of each request, in order."""
        return [f"{asked.method} {asked.target}" for asked in self.requests]


class StillClock:
    """A clock that goes only while one sleeps by it. `while_asleep` is called then."""

    def __init__(self, while_asleep: Callable[[float], None] = lambda seconds: None) -> None:
        self.seconds = 0.0
        self._while_asleep = while_asleep

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self._while_asleep(seconds)


def settings(conversation: StandIn, write: Mapping[str, Any], **more: Any) -> RestSettings:
    """Settings of a connection that writes so."""
    given = {
        "base_url": f"{conversation.url}/api",
        "error_message": "problem",
        "errors": [{"path": "code", "matches": "^taken$", "then": "duplicate"}],
        "throttle": {"rate": {"per_second": 10_000, "burst": 10_000}},
        "write": write,
        **more,
    }
    return RestSettings.model_validate(given)


def adapter(conversation: StandIn, write: Mapping[str, Any], **more: Any) -> RestAdapter:
    """The whole adapter."""
    return RestAdapter.build("system", settings(conversation, write, **more), base=Path())


def writing(conversation: StandIn, write: Mapping[str, Any], clock: StillClock, **more: Any) -> Writing:
    """What writes, by a clock of the test."""
    given = settings(conversation, write, **more)
    client = Client("system", given, base=Path(), clock=clock)
    listing = Listing(client)
    client.tables = Lookups(client, listing)
    return Writing(client, listing, client.tables, given)
