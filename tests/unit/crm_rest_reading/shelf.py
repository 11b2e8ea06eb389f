"""A small system over real HTTP whose one list can be had in every way there is, and a connection to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.crm_rest.settings import RestSettings
from connectors.declarative.client import Client
from connectors.declarative.listing import Chunk, Listing
from connectors.declarative.lookups import Lookups
from connectors.declarative.preset import laid_over
from connectors.declarative.reading import Reading
from connectors.spi import Page, Window
from core.documents import BadRecord, RawRecord
from tests.helpers.stand_ins.base import Answer, Received, Refused, StandIn, route

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SIZE = 3

PAGES: dict[str, dict[str, Any]] = {
    "none": {"kind": "none"},
    "link": {"kind": "link", "path": "next", "size": SIZE},
    "relative": {"kind": "link", "path": "next", "size": SIZE},
    "header": {"kind": "link", "size": SIZE},
    "cursor": {"kind": "cursor", "path": "token", "size": SIZE},
    "more": {"kind": "cursor", "path": "token", "more": "more", "size": SIZE},
    "number": {"kind": "number", "size": SIZE},
    "zero": {"kind": "number", "start": 0, "size": SIZE},
    "last": {"kind": "number", "size": SIZE, "last": "pages"},
    "counted": {"kind": "number", "size": SIZE, "total": "total"},
    "offset": {"kind": "offset", "size": SIZE},
    "total": {"kind": "offset", "size": SIZE, "total": "total"},
    "keyset": {"kind": "keyset", "field": "id", "start": 0, "size": SIZE},
}
QUERY = {
    "size": "${page.size?}",
    "number": "${page.number?}",
    "offset": "${page.offset?}",
    "cursor": "${page.cursor?}",
    "after": "${page.after?}",
}


def stamp(seconds: float) -> str:
    """An instant so many seconds after the start, as the shelf writes it."""
    return (START + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


@dataclass
class Item:
    """A record of the shelf."""

    id: int
    changed: datetime
    text: str = "first"
    more: dict[str, Any] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        changed = self.changed.isoformat().replace("+00:00", "Z")
        return {"id": self.id, "changed": changed, "text": self.text, **self.more}


class Shelf(StandIn):
    """`between` is called after each page that is answered; `order` is id or changed; `most` records are on a page,
    however many were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.items: list[Item] = []
        self.order = "id"
        self.most = 1000
        self.between: Callable[[], None] = lambda: None
        self.listed: list[Received] = []
        self.hidden: set[int] = set()
        self.tables: dict[str, list[dict[str, Any]]] = {}
        self.log: list[Item] = []

    def put(self, *ids: int, at: float = 0, text: str = "first", **more: Any) -> None:
        """Add records, or change those that are there."""
        for id_ in ids:
            self.items = [item for item in self.items if item.id != id_]
            self.items.append(Item(id_, START + timedelta(seconds=at), text, dict(more)))
            self.log.append(self.items[-1])

    def take(self, *ids: int) -> None:
        self.items = [item for item in self.items if item.id not in ids]

    @route("GET", "/items/{id}")
    def one(self, asked: Received, id: str) -> Any:
        found = next((item for item in self.items if str(item.id) == id), None)
        if found is None:
            raise Refused(404, {"error": "no such item"})
        if found.more.get("locked"):
            raise Refused(422, {"error": "locked"})
        return {"item": {**found.shown(), "detail": f"detail of {id}"}}

    @route("GET", "/table/{name}")
    def table(self, asked: Received, name: str) -> Any:
        keys = asked.query.get("keys")
        rows = self.tables.get(name, [])
        return {"rows": rows if keys is None else [row for row in rows if str(row["on"]) in keys.split(",")]}

    @route("GET", "/delta")
    def delta(self, asked: Received) -> Any:
        begin = asked.query.get("from")
        if begin == "gone":
            raise Refused(410, {"error": "too old"})
        changed = [item.shown() for item in (self.items if begin is None else self.log[int(begin) :])]
        return {"items": changed, "delta": f"/delta?from={len(self.log)}"}

    @route("GET", "/{kind}")
    def page(self, asked: Received, kind: str) -> Any:
        if kind not in PAGES:
            raise Refused(404, {"error": "no such list"})
        self.listed.append(asked)
        answer = self._page(kind, asked.query)
        self.between()
        return answer

    def _page(self, kind: str, query: Mapping[str, str]) -> Any:
        found = self._found(query)
        size = min(int(query.get("size", 1000)), self.most)
        begin = 0
        if kind in ("link", "relative", "header", "cursor", "more"):
            begin = int(query.get("cursor", 0))
        elif kind in ("number", "last", "zero", "counted"):
            begin = (int(query["number"]) - (kind != "zero")) * size
        elif kind in ("offset", "total"):
            begin = int(query["offset"])
        elif kind == "keyset":
            found = [item for item in found if item.id > int(query["after"])]
        page = found[begin : begin + size]
        body: dict[str, Any] = {"items": [item.shown() for item in page], "total": len(found)}
        body["pages"] = -(-len(found) // size)
        headers = {}
        if begin + size < len(found):
            place = f"/{kind}?" + "&".join(
                f"{name}={value}" for name, value in {**query, "cursor": begin + size}.items()
            ).replace("+", "%2B")
            body["token"], body["more"] = str(begin + size), True
            if kind == "header":
                headers["Link"] = f'<{self.url}{place}>; rel="next", <{self.url}/first>; rel="first"'
            else:
                body["next"] = place if kind == "relative" else self.url + place
        return Answer(200, body, headers)

    def _found(self, query: Mapping[str, str]) -> list[Item]:
        found = [item for item in self.items if item.id not in self.hidden]
        if " " in query.get("since", ""):
            return [item for item in found if query["since"] <= item.more["local"] < query["until"]]
        if query.get("since"):
            since = datetime.fromisoformat(query["since"])
            found = [item for item in found if item.changed >= since]
        if query.get("until"):
            until = datetime.fromisoformat(query["until"])
            found = [item for item in found if item.changed < until]
        return sorted(found, key=lambda item: (item.changed, item.id) if self.order == "changed" else item.id)


STREAM: dict[str, Any] = {
    "kind": "account",
    "records": "items",
    "fields": {"id": "id", "name": "text"},
}
WINDOW: dict[str, Any] = {"field": "changed", "start": "2026-01-01T00:00:00Z", "overlap": 60}


def stream(kind: str, *, window: Mapping[str, Any] | None = None, **other: Any) -> dict[str, Any]:
    """A stream of the shelf in one way of paging; with a window, the request names its bounds."""
    query = dict(QUERY)
    made: dict[str, Any] = {**STREAM, "pages": PAGES[kind]}
    if window is not None:
        query |= {"since": "${window.since}", "until": "${window.until}"}
        made["window"] = {**WINDOW, **window}
    made["request"] = {"path": f"/{kind}", "query": query}
    return deepcopy(laid_over(made, other))


class Connection:
    """A connection to a shelf."""

    def __init__(self, shelf: Shelf, base: Path, **settings: Any) -> None:
        given = {"base_url": shelf.url, "about": {"title": "Shelf"}, **settings}
        self.settings = RestSettings.model_validate(given)
        self.client = Client("shelf", self.settings, base=base)
        self.listing = Listing(self.client)
        self.tables = Lookups(self.client, self.listing)
        self.client.tables = self.tables
        self.reading = Reading(self.client, self.listing, self.tables, self.settings)

    def chunks(self, kind: str, **named: Any) -> Iterator[Chunk]:
        """The pages of the shelf's list."""
        read = self.settings.read["items"]
        return self.listing.pages(read.request, read.records, read.pages, {"window": {}}, **named)

    def pull(self, until: float = 86_400, cursor: Mapping[str, Any] | None = None, name: str = "items") -> list[Page]:
        """The pages of a pull."""
        return list(self.reading.pull(name, Window(START + timedelta(seconds=until)), cursor or {}))


@contextmanager
def connected(base: Path, items: Mapping[str, Any], **settings: Any) -> Iterator[tuple[Shelf, Connection]]:
    """A shelf, and a connection that reads it as the stream `items`."""
    with Shelf() as shelf:
        yield shelf, Connection(shelf, base, read={"items": items}, **settings)


def records_of(pages: Sequence[Page]) -> list[RawRecord]:
    return [record for page in pages for record in page.records]


def bad_of(pages: Sequence[Page]) -> list[BadRecord]:
    return [bad for page in pages for bad in page.bad]


def ids_of(pages: Sequence[Page]) -> list[int]:
    """The ids that came, in order."""
    return [int(record.external_id) for record in records_of(pages)]


def cursor_of(pages: Sequence[Page]) -> Mapping[str, Any]:
    given = [page.cursor for page in pages if page.cursor is not None]
    return given[-1] if given else {}
