"""What a way to prove who we are may use of its connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from connectors.declarative.answer import Answer
from connectors.declarative.auth.base import Proof
from connectors.declarative.clock import Clock
from connectors.declarative.outgoing import Outgoing
from connectors.declarative.settings.request import AnyRequest
from connectors.http.session import HttpSession


class Renders(Protocol):
    """Fills in a template with what the connection knows, and more."""

    def __call__(self, template: Any, data: Mapping[str, Any] = ..., /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`ask` sends a request of the authentication itself, filled in with more data, unsigned or signed by the function
    given, and reads its reply; `render` fills in a template of the settings, with more data."""

    name: str
    base: Path
    http: HttpSession
    clock: Clock
    ask: Callable[[AnyRequest, Mapping[str, Any], Callable[[Outgoing], Proof] | None], Answer]
    render: Renders
