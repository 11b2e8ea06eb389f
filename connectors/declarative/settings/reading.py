"""What is read: streams of records, page by page, window by window."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from connectors.declarative.settings.base import Path, PathTemplate, Section, Template
from connectors.declarative.settings.pages import OnePage, Pages
from connectors.declarative.settings.request import AnyRequest
from core.documents import DOCUMENT_KINDS, HEADER_FIELDS, LINE_FIELDS, RECORD_FIELDS, RecordKind
from core.documents import Field as Canonical

FORMATS = "iso, epoch, epoch_ms, epoch_us, http, date, parts (a table of year, month, day, hour ...), or a pattern"


# ---------------------------------------------------------------- what changed


class StampWindow(Section):
    """Records changed at or after ${window.since}, and before ${window.until} where the request says so."""

    kind: Literal["stamp"] = Field(default="stamp", description="by a change stamp in the records")
    field: Path = Field(description="the change stamp in a record")
    format: str = Field(default="iso", max_length=60, description=f"how it is read and sent: {FORMATS}")
    send: str = Field(default="", max_length=60, description="how it is sent, where that is another way")
    time_zone: str = Field(default="UTC", description="zone of stamps without an offset: an IANA name")
    overlap: int = Field(
        default=300, ge=0, le=86_400 * 7, description="seconds that are read again: what was committed late"
    )
    start: str = Field(default="1970-01-01T00:00:00Z", description="what the first pull asks for, in UTC")
    most: int | None = Field(
        default=None, ge=1, description="records one query gives at most: a window with more is read in parts"
    )
    total: Path = Field(default="", description="where the body tells how many records a query has")


class TokenWindow(Section):
    """The last page holds an address that gives what has changed since."""

    kind: Literal["token"] = Field(description="by an address of what has changed")
    path: Path = Field(description="where the body holds the address")
    removed: Path = Field(default="", description="what tells that a record was removed")
    order: Path = Field(default="", description="a change stamp in a record, where there is one (ISO 8601)")


WindowSetting = Annotated[
    Annotated[StampWindow, Tag("stamp")] | Annotated[TokenWindow, Tag("token")],
    Discriminator(
        lambda value: value.get("kind", "stamp") if isinstance(value, dict) else getattr(value, "kind", "stamp")
    ),
]


# ---------------------------------------------------------------- one record


class FieldSource(Section):
    """Where a value comes from, and what is done with it, in the order of these settings."""

    path: PathTemplate = Field(
        default="", description="where the record holds it; `${values.name}` in it stands for the name of an entry"
    )
    value: Template = Field(default=None, description="a fixed value instead; may hold ${values.name}")
    empty: tuple[str, ...] = Field(
        default=(), description="texts that mean that there is nothing, such as 0001-01-01 for a date"
    )
    lookup: str = Field(default="", max_length=40, description="[lookups.name] in which it is looked up")
    take: Path = Field(default="", description="what of the looked-up record is taken")
    map: dict[str, str | int | bool] = Field(default={}, description="what stands for what; `*` for everything else")
    format: str = Field(default="", max_length=60, description=f"how a date or instant is written: {FORMATS}")
    time_zone: str = Field(
        default="", max_length=60, description="zone of an instant without an offset; it becomes UTC"
    )
    decimal_sign: Literal[".", ","] = Field(default=".", description="sign before the decimals of a number")
    factor: Decimal | None = Field(default=None, description="what a number is multiplied by, exactly")
    join: str | None = Field(default=None, max_length=10, description="text between the parts of a list")
    default: str | int | bool | None = Field(default=None, description="what stands where there is nothing")
    required: bool = Field(default=False, description="whether a record where there is nothing is a bad one")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.path) == (self.value is not None):
            raise ValueError("exactly one of path and value is needed")
        return self


def _source(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


def _short(fields: Any) -> Any:
    return {name: _source(value) for name, value in fields.items()} if isinstance(fields, dict) else fields


Fields = Annotated[dict[str, FieldSource], BeforeValidator(_short)]
"""By name; a text alone is a path."""


class Join(Section):
    """A further request for all records of a page: ${keys} are the values of `by`. Its records are put into each."""

    request: AnyRequest = Field(description="the request, with ${keys}")
    records: Path = Field(default="@", description="where the reply holds the records")
    by: Path = Field(default="id", description="what of a record the others refer to; may be a list")
    on: Path = Field(description="what of the other records it must equal")
    count: Path = Field(
        default="", description="where the reply says how many records it holds; with another number nothing is taken"
    )
    pages: Pages = Field(default=OnePage(), description="how they come")
    most: int = Field(default=100, ge=1, le=10_000, description="keys in one request")


class Lookup(Section):
    """A table of the other system: found by key in mapping and by the filter `lookup`.

    Where the request holds ${keys}, it is read for the keys needed; else once, whole.
    """

    request: AnyRequest = Field(description="the request")
    records: Path = Field(default="@", description="where the reply holds the records")
    count: Path = Field(
        default="", description="where the reply says how many records it holds; with another number nothing is taken"
    )
    pages: Pages = Field(default=OnePage(), description="how they come")
    key: Path = Field(description="what of a record is the key")
    value: Path = Field(default="@", description="what of a record is found")
    most: int = Field(default=100, ge=1, le=10_000, description="keys in one request")


class One(Section):
    """The request that reads a single record: ${id}."""

    request: AnyRequest = Field(description="the request, with ${id}")
    record: Path = Field(default="@", description="where the reply holds the record")


class KindRule(Section):
    """Which records are of another kind."""

    when: Path = Field(description="what must be true of the record")
    kind: RecordKind = Field(description="what it is then")


class LineSource(Section):
    """The lines of a document."""

    records: Path = Field(description="where the record holds them")
    count: Path = Field(
        default="", description="where the record says how many there are; with another number it is a bad one"
    )
    only: Path = Field(default="", description="what must be true of a line that counts")
    fields: Fields = Field(description="the fields of a line")


class Sweep(Section):
    """A complete listing now and then: what is missing from it was deleted. Each is confirmed by `one` first."""

    every_hours: int = Field(default=24, ge=1, le=24 * 90, description="hours between two")
    request: AnyRequest | None = Field(
        default=None, description="a lighter request; else that of the stream, from the start"
    )
    records: Path = Field(default="", description="where its reply holds the records; else as the stream")
    id: Path = Field(default="", description="the id in them; else as the stream")
    only: Path | None = Field(default=None, description="as the stream's `only`, over these records")


class Stream(Section):
    """One list of records of the other system."""

    off: bool = Field(default=False, description="whether it is not read: switches a stream of the preset off")
    kind: RecordKind = Field(description="what the records are")
    kinds: tuple[KindRule, ...] = Field(default=(), description="exceptions; the first that holds counts")
    request: AnyRequest = Field(description="the request, with ${window...} and ${page...}")
    records: Path = Field(default="@", description="where the reply holds the list")
    count: Path = Field(
        default="", description="where the reply says how many records it holds; with another number nothing is taken"
    )
    only: Path = Field(default="", description="what must be true of a record that is ours to read")
    pages: Pages = Field(default=OnePage(), description="how the list is divided")
    window: WindowSetting | None = Field(
        default=None, description="how what changed is told; none: all is read each time"
    )
    one: One | None = Field(default=None, description="how one record is read")
    detail: bool = Field(default=False, description="whether each record of the list is read again by `one`")
    joins: dict[str, Join] = Field(
        default={}, description="further requests; records come under the name in each record"
    )
    fields: Fields = Field(description="the fields of a record; `id` is needed")
    lines: LineSource | None = Field(default=None, description="the lines of a document")
    sweep: Sweep | None = Field(default=None, description="how deletions are found; none: they are not")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.detail and self.one is None:
            raise ValueError("detail needs `one`: the request that reads a single record")
        if self.kind != "exchange_rate" and "id" not in self.fields:
            raise ValueError("fields needs `id`")
        named = {field.name for kind in (self.kind, *(rule.kind for rule in self.kinds)) for field in _fields_of(kind)}
        _refuse_unknown("fields", self.fields, {*named, "id"})
        if self.lines is not None:
            _refuse_unknown("lines.fields", self.lines.fields, {field.name for field in LINE_FIELDS})
        return self


def _fields_of(kind: RecordKind) -> tuple[Canonical, ...]:
    return HEADER_FIELDS if kind in DOCUMENT_KINDS else RECORD_FIELDS[kind]


def _refuse_unknown(place: str, given: Collection[str], known: Collection[str]) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ValueError(f"{place}: we know no field {unknown[0]!r}; there are: {', '.join(sorted(known))}")
