"""How lists come in pages: one strategy for each kind, which asks, judges the raw records, and knows when to stop.

Stop is judged before anything is left out. A list that goes round in circles is a FatalError that says so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

from requests.utils import parse_header_links

from connectors.declarative.expression import as_text, expression
from connectors.declarative.page import Ask, Circles, Raw, Turn, count_at, holds_at, value_at
from connectors.declarative.settings.pages import (
    CursorPages,
    KeysetPages,
    LinkPages,
    NumberedPages,
    OffsetPages,
    OnePage,
    Pages,
    SearchPages,
)
from core.errors import FatalError, RetryableError

Identity = Callable[[Any], Any]
"""What makes a record the same one as another."""

_MOST_STEPS_BACK = 50
_MOST_READINGS = 3
_PAGES_KEPT = 8
"""Pages whose records are not told again after a step back. Of those before, what is told again is no harm."""
_ADVANCED_PAGE = ("number", "offset", "cursor", "after", "size", "search")


def turns(pages: Pages, ask: Ask, what: str, *, after: Any = None, identity: Identity | None = None) -> Iterator[Turn]:
    """The pages of a list. `after`: where a keyset goes on. `what` names the list in messages."""
    if isinstance(pages, OnePage):
        yield Turn(ask(_page(), None))
    elif isinstance(pages, LinkPages):
        yield from _linked(pages, ask, what)
    elif isinstance(pages, CursorPages):
        yield from _by_cursor(pages, ask, what)
    elif isinstance(pages, NumberedPages):
        yield from _numbered(pages, ask, what)
    elif isinstance(pages, SearchPages):
        yield from _searched(pages, ask, what)
    elif isinstance(pages, OffsetPages):
        yield from _by_offset(pages, ask, what, identity or (lambda record: record))
    else:
        yield from _by_keyset(pages, ask, what, after)


def followed(pages: Pages, ask: Ask, what: str, address: str) -> Iterator[Turn]:
    """The pages from an address on, as an earlier reply named it. Further ones are linked."""
    linked = pages if isinstance(pages, LinkPages) else None
    circles = Circles(what)
    while True:
        circles.place(address)
        raw = ask(_page(size=getattr(pages, "size", None)), address)
        yield Turn(raw)
        following = _next_link(linked, raw, what) if linked is not None else None
        if following is None:
            return
        address = following


def _page(**known: Any) -> dict[str, Any]:
    return {**dict.fromkeys(_ADVANCED_PAGE), **known}


def _linked(pages: LinkPages, ask: Ask, what: str) -> Iterator[Turn]:
    circles = Circles(what)
    address: str | None = None
    while True:
        raw = ask(_page(size=pages.size), address)
        circles.page(raw.records, "size")
        yield Turn(raw)
        address = _next_link(pages, raw, what)
        if address is None:
            return
        circles.place(address)


def _next_link(pages: LinkPages, raw: Raw, what: str) -> str | None:
    if pages.path:
        found = value_at(pages.path, raw.body, what)
        if found is None or found is False or found == "":
            return None
        if not isinstance(found, str):
            raise FatalError(f"{what}: what `{pages.path}` finds is no address of a page")
        return found
    for link in parse_header_links(raw.headers.get("Link", "")):
        if "next" in link.get("rel", "").lower().split():
            return str(link["url"])
    return None


def _by_cursor(pages: CursorPages, ask: Ask, what: str) -> Iterator[Turn]:
    circles = Circles(what)
    cursor: Any = None
    while True:
        raw = ask(_page(size=pages.size, cursor=cursor), None)
        circles.page(raw.records, "cursor")
        yield Turn(raw)
        if pages.more and not holds_at(pages.more, raw.body, what):
            return
        cursor = value_at(pages.path, raw.body, what)
        if cursor is None or cursor is False or cursor == "":
            if pages.more:
                raise FatalError(f"{what}: there is more, and `{pages.path}` finds no token for it")
            return
        if isinstance(cursor, (list, dict)):
            raise FatalError(f"{what}: what `{pages.path}` finds is no token")
        circles.place(cursor)


def _numbered(pages: NumberedPages, ask: Ask, what: str) -> Iterator[Turn]:
    """Where the number of pages or records changes meanwhile, records have moved between them: all are read again."""
    for _ in range(_MOST_READINGS):
        number, last, total, read = pages.start, None, None, 0
        circles = Circles(what)
        while True:
            raw = ask(_page(size=pages.size, number=number), None)
            circles.page(raw.records, "number")
            told, counted = count_at(pages.last, raw.body, what), count_at(pages.total, raw.body, what)
            if pages.total and raw.records and (counted is None or counted < 0):
                raise FatalError(
                    f"{what}: `{pages.total}` finds no number of records", hint="see `rebated connector try`"
                )
            read += len(raw.records)
            yield Turn(raw)
            if _differs(told, last) or _differs(counted, total):
                break
            last, total = (told if told is not None else last), (counted if counted is not None else total)
            if total is not None and read < total and not raw.records:
                raise FatalError(
                    f"{what}: {total} records are told of, and the pages end at {read}",
                    hint="`total` must count what the request lists, and ${page.number} be sent as the server takes it",
                )
            if total is not None:
                ends = read >= total
            elif pages.more:
                ends = not holds_at(pages.more, raw.body, what)
            elif last is not None:
                nth = number - pages.start + 1
                _announced(raw, nth, last, pages.last, what)
                ends = nth >= last
            elif pages.stop == "empty":
                ends = not raw.records
            else:
                ends = len(raw.records) < pages.size
            if ends:
                return
            number += 1
    raise RetryableError(f"{what}: the list changed each time while it was read", hint="it is read again later")


def _differs(told: int | None, before: int | None) -> bool:
    return told is not None and before is not None and told != before


def _searched(pages: SearchPages, ask: Ask, what: str) -> Iterator[Turn]:
    """Where the search ran again between two pages and has another number of pages or records, all is read again."""
    for _ in range(_MOST_READINGS):
        circles = Circles(what)
        raw = ask(_page(size=pages.size, number=1), None)
        circles.page(raw.records, "number")
        last, total = (count_at(path, raw.body, what) for path in (pages.last, pages.total))
        yield Turn(raw)
        if last is None or last <= 1:
            return
        search = value_at(pages.id, raw.body, what)
        if search is None or search == "" or isinstance(search, (list, dict, bool)):
            raise FatalError(f"{what}: there are {last} pages, and `{pages.id}` finds no id of the search")
        for number in range(2, last + 1):
            raw = ask(_page(size=pages.size, number=number, search=search), None, pages.next)
            circles.page(raw.records, "number")
            yield Turn(raw)
            if (
                count_at(pages.last, raw.body, what) not in (None, last)
                or count_at(pages.total, raw.body, what) != total
            ):
                break
            _announced(raw, number, last, pages.last, what)
        else:
            return
    raise RetryableError(f"{what}: the list changed each time while it was read", hint="it is read again later")


def _announced(raw: Raw, nth: int, last: int, path: str, what: str) -> None:
    """That there are as many pages as the reply tells; the last one alone may turn out empty. Raises RetryableError
    and FatalError."""
    if nth < last and raw.told and not raw.records:
        raise RetryableError(f"{what}: page {nth} of {last} is empty", hint="it is read again later")
    if last < nth and raw.records:
        raise FatalError(
            f"{what}: `{path}` tells of {last} pages, and page {nth} holds records",
            hint="`last` is where the body tells how many pages there are, not the number of the last one",
        )


def _by_offset(pages: OffsetPages, ask: Ask, what: str, identity: Identity) -> Iterator[Turn]:
    """Each page but the first begins with the last record of the one before. Where it is another, a page back."""
    ends: list[tuple[int, Any]] = []
    """Where each page of the way here began, and its last record."""
    told: deque[list[Any]] = deque(maxlen=_PAGES_KEPT)
    offset, steps_back = 0, 0
    while True:
        raw = ask(_page(size=pages.size, offset=offset), None)
        if ends and (not raw.records or identity(raw.records[0]) != ends[-1][1]):
            if raw.records and len(ends) == 1 and steps_back > 2 and identity(raw.records[-1]) == ends[-1][1]:
                raise FatalError(
                    f"{what}: the server takes no notice of the offset",
                    hint="the request must send ${page.offset} in the way the server takes it",
                )
            steps_back += 1
            if steps_back > _MOST_STEPS_BACK:
                raise RetryableError(
                    f"{what}: the list moved each time while it was read",
                    hint="order it by what never changes, such as the id",
                )
            offset, _ = ends.pop()
            continue
        fresh = raw.records[1:] if ends else raw.records
        if steps_back:
            known = {repr(record) for page in told for record in page}
            fresh = [record for record in fresh if repr(record) not in known]
        told.append(fresh)
        yield Turn(raw._replace(records=fresh))
        total = count_at(pages.total, raw.body, what)
        read = offset + len(raw.records)
        if (total >= 0 and read >= total) if total is not None else len(raw.records) < pages.size:
            return
        if total is not None and total < 0 and len(raw.records) < pages.size:
            return
        if len(raw.records) < 2:
            raise FatalError(f"{what}: {total} records are told of, and the pages end at {read}")
        ends.append((offset, identity(raw.records[-1])))
        offset = read - 1


def _by_keyset(pages: KeysetPages, ask: Ask, what: str, after: Any) -> Iterator[Turn]:
    circles = Circles(what)
    key = expression(pages.field)
    after = pages.start if after is None else after
    while True:
        raw = ask(_page(size=pages.size, after=after), None)
        if len(raw.records) < pages.size:
            yield Turn(raw)
            return
        last = _key(key.of(raw.records[-1]), pages, what)
        numbers = [found for found in map(key.of, raw.records) if isinstance(found, (int, Decimal))]
        if any(second < first for first, second in pairwise(numbers)):
            raise FatalError(
                f"{what}: the records are not in the order of `{pages.field}`, by which the list is divided",
                hint=f"the request must order by {pages.field}",
            )
        if len(raw.records) > 1 and key.of(raw.records[-2]) == last:
            raise FatalError(f"{what}: two records have the same `{pages.field}`: it cannot divide the list")
        if last == after or (isinstance(last, (int, Decimal)) and isinstance(after, (int, Decimal)) and last < after):
            raise FatalError(
                f"{what}: the page behind {as_text(after)[:40]} does not lie behind it",
                hint=f"the request must order by {pages.field} and ask for what is greater than ${{page.after}}",
            )
        circles.place(last)
        yield Turn(raw, last)
        after = last


def _key(value: Any, pages: KeysetPages, what: str) -> Any:
    if value is None or value == "" or isinstance(value, (list, dict, bool)):
        raise FatalError(f"{what}: a record has no `{pages.field}`, by which the list is divided")
    return value
