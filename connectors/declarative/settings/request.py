"""Requests of a connection, as settings state them: over HTTP with JSON, or as an operation of a SOAP service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from connectors.declarative.settings.base import Path, Section, Template, TextTemplate
from connectors.declarative.template import structure


class _Asked(Section):
    """What both kinds have in common."""

    headers: dict[str, TextTemplate] = Field(default={}, description="HTTP headers beside those of the connection")
    route: str = Field(default="", max_length=40, description="limit of [throttle.routes] this request also counts for")
    cost: int = Field(default=1, ge=0, le=100_000, description="what the request takes from the budget of a day")


class Request(_Asked):
    """One request over HTTP. Every text in it may hold `${...}`; what a reference with `?` finds empty is left out."""

    method: str = Field(default="GET", pattern="^(GET|POST|PUT|PATCH|DELETE|HEAD)$", description="HTTP method")
    path: TextTemplate = Field(
        default="",
        max_length=2000,
        description="path below base_url, or a whole URL on the same host; what is put into it is quoted",
    )
    query: dict[str, Template] = Field(default={}, description="query parameters; a list repeats its name")
    body: Annotated[Template, BeforeValidator(structure)] = Field(
        default=None, description="JSON body: a table, a list, or JSON text in a string"
    )
    form: dict[str, Template] | None = Field(default=None, description="body as a form instead of JSON")

    @property
    def what(self) -> str:
        """What is asked for, in messages."""
        return self.path

    @property
    def verb(self) -> str:
        """How, in messages."""
        return self.method

    @property
    def only_reads(self) -> bool:
        """Whether it changes nothing by its nature."""
        return self.method == "GET"

    @property
    def address(self) -> tuple[Any, ...]:
        """The templates that say where it goes, and to what."""
        return (self.path, self.query)

    def templates(self) -> Iterator[tuple[str, Any]]:
        """Every template, with the setting it stands in."""
        for name in ("path", "query", "headers", "body", "form"):
            yield name, getattr(self, name)


class Decoding(Section):
    """A payload inside of a text."""

    format: Literal["xml", "json"] = Field(description="what the text holds")
    lists: tuple[str, ...] = Field(
        default=(), description="names of XML elements that may come several times: always lists, also of one"
    )


def _decoding(value: Any) -> Any:
    return {"format": value} if isinstance(value, str) else value


class Operation(_Asked):
    """One operation of a SOAP service. Every text in it may hold `${...}`; what a reference with `?` finds empty is
    left out."""

    operation: str = Field(min_length=1, max_length=200, description="name of the operation, as the WSDL has it")
    wsdl: str = Field(default="", max_length=60, description="[wsdl.name] that has it; empty: the only one")
    arguments: Annotated[Template, BeforeValidator(structure)] = Field(
        default={},
        description="what is handed over, by name: tables, lists and texts, or JSON text in a string. `_type` in a "
        "table names its type where the schema leaves it open, `_value` the text of an element that has attributes. A "
        "table with the single entry `_json` or `_xml` becomes one text of that form",
    )
    soap_headers: dict[str, Template] = Field(
        default={}, description="SOAP headers beside those of the connection, by the name of their element"
    )
    decode: dict[str, Annotated[Decoding, BeforeValidator(_decoding)]] = Field(
        default={},
        description="texts of the reply that hold a payload: their place, as names with dots, and `xml` or `json`",
    )
    ok_when: Path = Field(default="", description="what must be true of the reply; else it is refused")
    message: Path = Field(default="", description="where a reply that is refused says why")
    only_reads: bool = Field(default=False, description="for a step of a write: whether it changes nothing")

    @property
    def what(self) -> str:
        """What is asked for, in messages."""
        return self.operation

    @property
    def verb(self) -> str:
        """How, in messages."""
        return f"SOAP {self.operation}"

    @property
    def address(self) -> tuple[Any, ...]:
        """The templates that say where it goes, and to what."""
        return (self.arguments,)

    def templates(self) -> Iterator[tuple[str, Any]]:
        """Every template, with the setting it stands in."""
        for name in ("headers", "arguments", "soap_headers"):
            yield name, getattr(self, name)


def _made(value: Any) -> Any:
    """Chosen here and not by a union of pydantic: its messages would name the kind inside of the path."""
    if isinstance(value, (Request, Operation)):
        return value
    kind = Operation if isinstance(value, Mapping) and "operation" in value else Request
    return kind.model_validate(value)


AnyRequest = Annotated[Request | Operation, BeforeValidator(_made)]
"""A table with `operation` is one of a SOAP service."""


def requests_of(value: object, path: str = "") -> Iterator[tuple[str, Request | Operation]]:
    """Every request below a place of the settings, with the path of it: `read.invoices.request`."""
    if isinstance(value, (Request, Operation)):
        yield path, value
        return
    parts: Iterator[tuple[object, object]]
    if isinstance(value, BaseModel):
        parts = ((name, getattr(value, name)) for name in type(value).model_fields)
    elif isinstance(value, Mapping):
        parts = iter(value.items())
    elif isinstance(value, tuple):
        parts = iter(enumerate(value))
    else:
        return
    for name, part in parts:
        yield from requests_of(part, f"{path}.{name}" if path else str(name))
