"""What a protocol does for a connection: it makes its requests, reads its replies, and knows what they mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from connectors.declarative.auth import Authentication, Surroundings
from connectors.declarative.error_rules import During
from connectors.declarative.outgoing import Outgoing
from connectors.declarative.settings.errors import Meaning
from connectors.declarative.settings.request import AnyRequest
from connectors.declarative.template import Tables
from connectors.http.reply import Reply

MISSING = "_missing"
"""Under this name a table of a reply says what its schema requires and it does not hold."""


class Unreadable(ValueError):
    """A reply that is not what it should be; the message says why, without quoting it."""


class Wire(Protocol):
    """One protocol under the settings of one connection. Safe to use from threads."""

    tells_missing: bool
    """Whether a table of a reply names under MISSING what its schema requires and it does not hold."""

    def authentication(self, around: Surroundings) -> Authentication:
        """How requests prove who we are. Makes no request and reads no secret."""

    def home(self, render: Callable[[Any], Any], request: AnyRequest) -> str:
        """The address that credentials of a request may go to, with `render` to fill in templates."""

    def outgoing(
        self, request: AnyRequest, data: Mapping[str, Any], tables: Tables, *, address: str | None = None
    ) -> Outgoing:
        """The request filled in with data. `address`, the link to another page, stands in for its own.

        Raises DataError where a template cannot be filled in, FatalError where the address is on another host or the
        settings name what is not there.
        """

    def read(self, reply: Reply, request: AnyRequest) -> Any:
        """The body of a reply as expressions see it; None where it is empty. Raises Unreadable."""

    def doubts(self, request: AnyRequest, body: Any, found: Sequence[Any] | None) -> str:
        """Why a body cannot be taken to hold just the records that were found in it, or none; empty where nothing
        speaks against it. None: not even the place was found where a list of them should stand. What is read as "there
        is none" may be written anew, or taken for deleted."""

    def meaning(self, status: int, headers: Mapping[str, str], body: Any, during: During) -> Meaning:
        """What a reply means where no rule of the settings says it. `body` is what was read."""

    def refused(self, request: AnyRequest, body: Any) -> str | None:
        """Why a reply that seems fine is none; None where it is. The text may be empty."""

    def shown(self, body: bytes) -> str:
        """The body of a request, for people."""
