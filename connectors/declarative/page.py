"""One page of a list: how it is asked for, as it came, what its body tells, and whether it came before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol

from connectors.declarative.expression import as_text, expression
from connectors.declarative.settings.request import AnyRequest
from core.errors import DataError, FatalError


class Raw(NamedTuple):
    """A page as it came. `told`: whether the place of the records was in the reply at all."""

    records: list[Any]
    body: Any
    headers: Mapping[str, str]
    told: bool = True


class Turn(NamedTuple):
    """A page, and what a keyset goes on behind, where there is more."""

    raw: Raw
    after: Any = None


class Ask(Protocol):
    """Asks for a page: what `${page...}` stands for, the address that takes the place of the request's, and a request
    that takes the place of the list's own."""

    def __call__(self, page: Mapping[str, Any], address: str | None, request: AnyRequest | None = None, /) -> Raw: ...


@dataclass(slots=True)
class Circles:
    """What has been asked for already. The same place twice, or the same page one after the other, has no end."""

    what: str
    _met: set[bytes]
    _last: list[Any]

    def __init__(self, what: str) -> None:
        self.what, self._met, self._last = what, set(), []

    def place(self, place: object) -> None:
        """Raises FatalError where this place was asked for before."""
        digest = blake2b(repr(place).encode("utf-8", "replace"), digest_size=12).digest()
        if digest in self._met:
            raise FatalError(f"{self.what}: the list goes round in circles: a page names one that was read already")
        self._met.add(digest)

    def page(self, records: list[Any], setting: str) -> None:
        """Raises FatalError where the page is the one before it once more."""
        if records and records == self._last:
            raise FatalError(
                f"{self.what}: two pages one after the other are the same",
                hint=f"the request must send ${{page.{setting}}} in the way the server takes it",
            )
        self._last = records


def value_at(path: str, body: Any, what: str) -> Any:
    """What a body holds at a path. Raises FatalError that names the list, `what`."""
    try:
        return expression(path).of(body)
    except DataError as error:
        raise FatalError(f"{what}: {error.message}") from None


def holds_at(path: str, body: Any, what: str) -> bool:
    """Whether an expression is true of a body. Raises FatalError."""
    try:
        return expression(path).holds(body)
    except DataError as error:
        raise FatalError(f"{what}: {error.message}") from None


def count_at(path: str, body: Any, what: str) -> int | None:
    """A number a body tells; None where it does not. Raises FatalError where it is none."""
    if not path:
        return None
    found = value_at(path, body, what)
    if found is None or found == "":
        return None
    try:
        return int(as_text(found))
    except (ValueError, DataError):
        raise FatalError(
            f"{what}: what `{path}` finds is no count", hint="see `pages`: where the reply tells how many there are"
        ) from None
