"""Lists of the other system, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from connectors.declarative.client import Client
from connectors.declarative.expression import as_text, expression
from connectors.declarative.page import Ask, Raw
from connectors.declarative.paging import Identity, followed, turns
from connectors.declarative.settings.pages import Pages
from connectors.declarative.settings.request import AnyRequest
from connectors.http.redaction import plain
from core.errors import DataError, FatalError, RetryableError


class Gone(FatalError):
    """The other system says that there is no such list, or that an address of it is no longer good."""


class Chunk(NamedTuple):
    """One page: its records as they came, the parsed body, its number (from 1).

    `after`: the key a keyset goes on behind; None on the last page and for other kinds. `told`: whether the place of
    the records was in the reply at all; a list that is not there may be empty, and may be another list.
    """

    records: list[Any]
    body: Any
    number: int
    after: Any = None
    told: bool = True


_GONE = 410
_MOST_NAMES = 12


def holding(body: Any) -> str:
    """What a body holds, in words, by the names of its entries: never by their values, which may be private."""
    if isinstance(body, dict):
        names = ", ".join(plain(str(name), longest=40) for name in list(body)[:_MOST_NAMES])
        return f"holds {names}{', …' if len(body) > _MOST_NAMES else ''}" if body else "is an empty table"
    if isinstance(body, list):
        return f"is a list of {len(body)}"
    return f"is a {_shape(body)}"


def _shape(value: Any) -> str:
    return "table" if isinstance(value, dict) else "text" if isinstance(value, str) else "single value"


class Listing:
    """Reads lists through a client. Keeps nothing; safe to use from threads."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def pages(
        self,
        request: AnyRequest,
        records: str,
        pages: Pages,
        data: Mapping[str, Any],
        *,
        count: str = "",
        after: Any = None,
        identity: Identity | None = None,
        address: str | None = None,
    ) -> Iterator[Chunk]:
        """The pages of a list; at least one, which may be empty.

        `data` is what templates see beside the roots of the client and `page`. `count` is where a reply says how many
        records it holds: with another number the reply is not taken, and asked for again. `after`: the key a keyset
        goes on behind. `identity`: what makes a record the same one, where pages overlap; else all of it. `address`:
        read from there on, as an earlier reply said.

        Raises FatalError for a list that has no end or is none, Gone where there is no such list, and what the client
        raises.
        """
        what = request.what or "the list"
        found = expression(records)
        announced = expression(count) if count else None

        def ask(page: Mapping[str, Any], place: str | None, other: AnyRequest | None = None, /) -> Raw:
            # An address of an earlier reply may have ended, which is no fault.
            ended = () if place is None else (_GONE,)
            answer = self._client.call(other or request, {**data, "page": page}, address=place, also_fine=ended)
            if answer.meaning == "missing" or answer.status in ended:
                raise Gone(
                    f"{what}: there is no such list{': ' + answer.message if answer.message else ''}",
                    hint="check the request; where this status means that there are no records, say so in [[errors]]",
                )
            if answer.meaning not in ("fine", "empty"):
                raise FatalError(f"{what}: the list cannot be read: {answer.message or answer.meaning}")
            if answer.body is None or answer.meaning == "empty":
                return Raw([], answer.body, answer.headers)
            raw = _raw(found.of(answer.body), answer.body, answer.headers, records, what)
            doubts = self._client.wire.doubts(other or request, answer.body, raw.records if raw.told else None)
            if doubts:
                raise doubtful(what, doubts)
            if announced is not None:
                _counted(raw, announced.of(answer.body), count, what)
            return raw

        most = self._client.settings.most_pages
        asked: Ask = ask
        each = (
            followed(pages, asked, what, address)
            if address is not None
            else turns(pages, asked, what, after=after, identity=identity)
        )
        try:
            for number, turn in enumerate(each, 1):
                yield Chunk(turn.raw.records, turn.raw.body, number, turn.after, turn.raw.told)
                if number >= most and next(each, None) is not None:
                    raise FatalError(
                        f"{what}: more than {most} pages: the list is taken for endless",
                        hint="raise most_pages if it really is so long",
                    )
        except DataError as error:
            raise FatalError(f"{what}: {error.message}") from None


def doubtful(what: str, doubts: str) -> FatalError:
    """The error for a reply that was not understood, which is not to be taken for one that holds nothing."""
    return FatalError(
        f"{what}: the reply is another one than its description announces: {doubts}; nothing of it was taken",
        hint="see `rebated connector try`; if the service was changed, get its WSDL anew and mend the paths",
    )


def _counted(raw: Raw, told: Any, count: str, what: str) -> None:
    """That as many records came as were announced: a list that came out shorter has lost some on its way."""
    announced = as_text(told).strip()
    if announced.isdecimal() and len(announced) < 19 and int(announced) == len(raw.records):
        return
    if not announced.isdecimal():
        raise FatalError(f"{what}: `{count}` finds no number of records", hint="see `rebated connector try`")
    raise RetryableError(
        f"{what}: the reply announces {int(announced)} records and holds {len(raw.records)}; none of them was taken",
        hint="check `records` and `count`, and the version of the other system",
    )


def _raw(found: Any, body: Any, headers: Mapping[str, str], records: str, what: str) -> Raw:
    if found is None:
        return Raw([], body, headers, told=False)
    if not isinstance(found, list):
        raise FatalError(
            f"{what}: what `{records}` finds is no list but a {_shape(found)}",
            hint="`records` is where the reply holds the list of records; `rebated connector try` shows the reply",
        )
    return Raw(found, body, headers)
