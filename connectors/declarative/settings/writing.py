"""What is written, and how one key stays one document."""

from __future__ import annotations

import re
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from connectors.declarative.settings.base import Path, Section, TextTemplate
from connectors.declarative.settings.pages import OnePage, Pages
from connectors.declarative.settings.reading import Fields, FieldSource, One
from connectors.declarative.settings.request import AnyRequest
from connectors.spi import Uniqueness

Idempotency = Literal["upsert", "conditional", "duplicate_error", "search", "marker", "repeat"]


class Step(Section):
    """One request of several. A later one sees what an earlier one saved as ${saved.name}."""

    request: AnyRequest = Field(description="the request")
    each: str = Field(
        default="",
        max_length=60,
        description="a list the request is made for, item by item, such as document.lines; the item is ${item}",
    )
    save: dict[str, Path] = Field(
        default={},
        description="what of the reply is kept: of its body, or of {status, headers} where it has none; `id` is the "
        "document's",
    )
    save_headers: dict[str, str] = Field(
        default={}, description='headers of the reply that are kept as well, such as { etag = "ETag" }'
    )
    also_fine: tuple[int, ...] = Field(default=(), description="statuses that mean it was done before")


class Find(Section):
    """How documents are found by key: ${key}, and ${account?} where it is known."""

    request: AnyRequest = Field(description="the request")
    records: Path = Field(default="@", description="where the reply holds them")
    count: Path = Field(
        default="", description="where the reply says how many records it holds; with another number nothing is taken"
    )
    pages: Pages = Field(default=OnePage(), description="how they come")
    whole: bool = Field(default=True, description="whether they are complete; else each is read by `one`")
    only: Path = Field(default="", description="what must be true of one that is ours")


class RemoteLines(Section):
    """The lines of a document of ours, as the other system has them."""

    records: Path = Field(description="where the record holds them")
    only: Path = Field(default="", description="what must be true of a line that counts")
    net: FieldSource | None = Field(default=None, description="net amount")
    tax: FieldSource | None = Field(default=None, description="tax amount")
    rate: FieldSource | None = Field(default=None, description="tax rate in percent")
    category: FieldSource | None = Field(
        default=None, description="EN 16931 tax category; without it only the sum of the tax is compared"
    )

    _short = field_validator("net", "tax", "rate", "category", mode="before")(
        lambda value: {"path": value} if isinstance(value, str) else value
    )


class RemoteFields(Section):
    """A document of ours, as the other system has it. Amounts positive on a credit note that gives money back."""

    fields: Fields = Field(
        description="id, key (text that holds our key), number, state (draft, posted, cancelled; posted where there is "
        "none), account, currency, net, tax, line_count; `id` is needed, for credit notes and debit invoices also net "
        "and currency"
    )
    lines: RemoteLines | None = Field(default=None, description="its lines")
    own_tax: bool = Field(default=False, description="whether the other system decides the tax: only net is compared")

    @model_validator(mode="after")
    def _known(self) -> Self:
        known = ("id", "key", "number", "state", "account", "currency", "net", "tax", "line_count")
        unknown = [name for name in self.fields if name not in known]
        if unknown or "id" not in self.fields:
            raise ValueError(f"the fields are {', '.join(known)}; `id` is needed")
        return self


class Batch(Section):
    """Several in one request: ${items}, each of which holds what a single one is called (tier, note)."""

    most: int = Field(ge=2, le=1000, description="items in one request")
    request: AnyRequest = Field(description="the request")
    results: Path = Field(description="where the reply holds the results")
    by: Path = Field(default="", description="what of a result names its item; empty: results come in the order sent")
    key: TextTemplate = Field(default="", description="what `by` must equal, made from the item")
    ok: Path = Field(default="", description="what is true of a result that is fine; empty: all are")
    error: Path = Field(default="", description="where a result says why not")
    id: Path = Field(default="", description="where a result holds the id")
    errors: Path = Field(default="", description="where the reply holds what went wrong, if apart from the results")
    error_by: Path = Field(default="", description="what of such an error names its item; may be a list")
    duplicate: str = Field(
        default="", max_length=300, description="regular expression over an error that means the key is taken"
    )
    again: str = Field(
        default="",
        max_length=300,
        description="regular expression over an error that means it was not carried out and is worth another try",
    )

    @field_validator("duplicate", "again")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return pattern


class Write(Section):
    """How one kind is written."""

    off: bool = Field(default=False, description="whether it is not written: switches what the preset writes off")
    idempotency: Idempotency = Field(
        description="how one key stays one: `upsert` the request names the key and changes what is there; "
        "`conditional` the request says it must not be there; `duplicate_error` the other system refuses a second; "
        "`search` and `marker` it is looked for first, by a field or by our key inside its text; `repeat` it only "
        "states how something is"
    )
    uniqueness: Uniqueness | None = Field(
        default=None, description="what that comes to, where it is not what usually follows"
    )
    create: tuple[Step, ...] = Field(default=(), description="requests that make it; the first creates, and saves `id`")
    created: Path = Field(
        default="", description="with `upsert`: what of {status, body} of the first reply tells that it is new"
    )
    post: tuple[Step, ...] = Field(default=(), description="requests that post a draft: ${id}")
    discard: tuple[Step, ...] = Field(default=(), description="requests that remove a draft: ${id}")
    batch: Batch | None = Field(default=None, description="several in one request")
    find: tuple[Find, ...] = Field(
        default=(),
        description="how it is found by key; several where drafts and posted ones stand in lists of their own: that of "
        "the drafts first, so that one posted meanwhile is met in the second",
    )
    one: tuple[One, ...] = Field(
        default=(), description="how it is read by id; of several the first that has it counts, drafts first"
    )
    remote: RemoteFields | None = Field(default=None, description="what it looks like there")
    lookup_lag: int = Field(default=2, ge=0, le=86_400, description="seconds until it can be found")
    negative_lines: bool = Field(default=True, description="whether one document may carry lines of both signs")

    @field_validator("create", "post", "discard", "find", "one", mode="before")
    @classmethod
    def _tuple(cls, value: Any) -> Any:
        return [value] if isinstance(value, (dict, Section)) else [] if value is None else value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.create and self.batch is None:
            raise ValueError("needs `create` or `batch`: the requests that write it")
        if self.idempotency != "repeat" and (not self.find or self.remote is None):
            raise ValueError(f"idempotency {self.idempotency} needs `find` and `remote`: how it is found by its key")
        if not all(find.whole for find in self.find) and not self.one:
            raise ValueError("find.whole = false needs `one`: the request that reads a single one")
        return self

    @property
    def unique(self) -> Uniqueness:
        """How a second document is kept out."""
        if self.uniqueness is not None:
            return self.uniqueness
        if self.idempotency in ("upsert", "conditional", "duplicate_error"):
            return "enforced"
        return "draft_first" if self.post else "searched" if self.idempotency == "marker" else "none"
