"""How lists are divided into pages: one table for each kind."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from connectors.declarative.settings.base import Path, Section
from connectors.declarative.settings.request import AnyRequest


class OnePage(Section):
    """Everything comes at once."""

    kind: Literal["none"] = Field(default="none", description="no pages")


class LinkPages(Section):
    """The reply holds the address of the next page."""

    kind: Literal["link"] = Field(description="the address of the next page")
    path: Path = Field(default="", description="where the body holds it; empty: the header Link with rel=next")
    size: int = Field(default=100, ge=1, description="records on a page, as ${page.size}")


class CursorPages(Section):
    """The reply holds a token for the next page, sent as ${page.cursor?}."""

    kind: Literal["cursor"] = Field(description="a token for the next page")
    path: Path = Field(description="where the body holds the token")
    more: Path = Field(default="", description="what tells that there is more; empty: that there is a token")
    size: int = Field(default=100, ge=1, description="records on a page, as ${page.size}")


class NumberedPages(Section):
    """Pages by number, sent as ${page.number}. The last is the one that `total`, `last` or `more` tells; else the first
    with fewer records than `size`: a server that gives fewer than it is asked for needs one of them, or `stop`."""

    kind: Literal["number"] = Field(description="pages by number")
    start: int = Field(default=1, ge=0, le=1, description="number of the first page")
    size: int = Field(default=100, ge=1, description="records on a page, as ${page.size}")
    last: Path = Field(default="", description="where the body tells the number of pages")
    total: Path = Field(
        default="",
        description="where the body tells how many records all pages hold: they are read until so many came, and fewer "
        "are an error",
    )
    more: Path = Field(default="", description="what tells that there is more")
    stop: Literal["short", "empty"] = Field(
        default="short",
        description="where none of them tells: the last page is the first with fewer records than `size`, or the first "
        "without any, where the server may give fewer than it is asked for",
    )

    @property
    def by_size(self) -> bool:
        """Whether nothing but a page with fewer records than `size` tells the last one."""
        return self.stop == "short" and not (self.last or self.total or self.more)


class SearchPages(Section):
    """A search that is kept over there: its pages are asked for with its id, ${page.search} and ${page.number}."""

    kind: Literal["search"] = Field(description="pages of a search that is kept there")
    id: Path = Field(description="where the first reply holds the id of the search")
    last: Path = Field(description="where a reply tells the number of pages")
    total: Path = Field(
        default="",
        description="where each reply tells the number of records: a search that runs again for each page loses one "
        "that no longer fits; where a page tells another number, or none, all is read again",
    )
    next: AnyRequest = Field(description="the request for the second page, and those after it")
    size: int = Field(default=100, ge=1, description="records on a page, as ${page.size}")


class OffsetPages(Section):
    """Pages by how many records come before, sent as ${page.offset}.

    Each page begins with the last record of the one before: where it is another, records have moved meanwhile, and
    the page before is read again.
    """

    kind: Literal["offset"] = Field(description="pages by offset")
    size: int = Field(default=100, ge=2, description="records on a page, as ${page.size}")
    total: Path = Field(default="", description="where the body tells how many records there are")


class KeysetPages(Section):
    """Records in the order of a key, those behind the last one read: ${page.after}. Nothing can move between pages."""

    kind: Literal["keyset"] = Field(description="records behind the last one read")
    field: Path = Field(description="the key in a record; the request must order by it")
    start: str | int = Field(default="", description="what comes before every key: 0, or empty text")
    size: int = Field(default=100, ge=1, description="records on a page, as ${page.size}")


Pages = Annotated[
    OnePage | LinkPages | CursorPages | NumberedPages | SearchPages | OffsetPages | KeysetPages,
    Field(discriminator="kind"),
]
