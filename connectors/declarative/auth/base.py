"""What every way to prove who we are has in common."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

from requests.auth import AuthBase

from connectors.declarative.outgoing import Outgoing
from connectors.secrets import Secret


class Proof(NamedTuple):
    """What a request goes out with. `made_by` tells one token or session from the next; `hidden`, that the request
    itself holds credentials; `body` makes the body that is sent, where it holds credentials; `account` proves who we
    are to the connection the request is sent over."""

    url: str
    headers: Mapping[str, str | Secret]
    made_by: object = None
    hidden: bool = False
    body: Callable[[], bytes] | None = None
    account: AuthBase | None = None

    def __repr__(self) -> str:
        return "Proof(***)"


class Authentication(Protocol):
    """One way to prove who we are. Safe to use from threads."""

    @property
    def exports(self) -> Mapping[str, Any]:
        """What templates name as ${session.name}."""

    def ready(self) -> None:
        """See that there is a token or session that has not ended, so that `exports` are known.

        Raises ConfigError where a secret is absent, FatalError where the credentials are refused, RetryableError.
        """

    def sign(self, request: Outgoing) -> Proof:
        """The address and headers the request is to be sent with. Raises as `ready` does."""

    def renew(self, refused: Proof) -> bool:
        """Get anew what a request was refused with, unless another thread or process did meanwhile.

        False where there is nothing to get: the credentials themselves are refused. Raises as `ready` does.
        """

    def secrets(self) -> Iterator[str]:
        """What must not be shown, wherever it stands."""

    def close(self) -> None:
        """End what was begun, as far as it can be."""


def written(secret: str) -> Iterator[str]:
    """A secret in the ways requests and replies may hold it: plain, in an address, in XML, in JSON."""
    yield from {secret, quote(secret, safe=""), escape(secret, quote=False), escape(secret), json.dumps(secret)[1:-1]}
