"""What the settings of every connection hold that is described by settings alone, whatever protocol it speaks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import Field, model_validator

from connectors.declarative.preset import with_preset
from connectors.declarative.settings.about import About
from connectors.declarative.settings.base import Path as Expression
from connectors.declarative.settings.base import TextTemplate
from connectors.declarative.settings.checking import Probe
from connectors.declarative.settings.errors import ErrorRule
from connectors.declarative.settings.names import wrong_names
from connectors.declarative.settings.reading import Lookup, Stream
from connectors.declarative.settings.request import Operation, Request, requests_of
from connectors.declarative.settings.throttle import Throttle
from connectors.declarative.settings.writing import Write
from connectors.http.settings import HttpSettings
from connectors.spi import AdapterSettings, WriteKind

if TYPE_CHECKING:
    from connectors.declarative.wire import Wire

Plain = str | int | bool


class DeclarativeSettings(AdapterSettings):
    """A preset, and what differs from it. Tables are laid over those of the preset; everything else replaces."""

    adapter: ClassVar[str]
    """The adapter the settings are for."""
    asks: ClassVar[type[Request] | type[Operation]]
    """The kind of requests the adapter makes."""

    preset: str = Field(default="", max_length=60, description="name of a preset; empty: everything stands here")
    about: About = Field(default=About(), description="what is said of the system, for people")
    values: dict[str, Plain] = Field(default={}, description="what templates name as ${values.name}")
    derived: dict[str, TextTemplate] = Field(
        default={}, description="texts made of values and lookups, named as ${derived.name}"
    )
    http: HttpSettings = Field(default=HttpSettings(), description="how requests are made")
    headers: dict[str, TextTemplate] = Field(default={}, description="HTTP headers of every request")
    throttle: Throttle = Field(default=Throttle(), description="how much is asked at once")
    errors: tuple[ErrorRule, ...] = Field(
        default=(), description="what replies mean; the first rule that holds decides"
    )
    error_message: Expression = Field(default="", max_length=300, description="where a body says what went wrong")
    lookups: dict[str, Lookup] = Field(default={}, description="tables of the other system")
    maps: dict[str, dict[str, Plain]] = Field(default={}, description="tables of ours, for the filter `map`")
    read: dict[str, Stream] = Field(default={}, description="what is read, by name")
    write: dict[WriteKind, Write] = Field(default={}, description="what is written, by kind")
    check: tuple[Probe, ...] = Field(default=(), description="what `rebated check` asks")
    longest_request: int = Field(
        default=300, ge=1, le=86_400, description="seconds after which a request can no longer take effect there"
    )
    most_pages: int = Field(default=100_000, ge=1, description="pages after which a list is taken for endless")
    nesting: int = Field(default=64, ge=4, le=500, description="depth of a reply that is refused as too deep")
    hook: str = Field(
        default="",
        max_length=200,
        pattern=r"^$|^[A-Za-z_][\w.]*:[A-Za-z_]\w*$",
        description="a class of your own, as `module:Class`",
    )

    def addresses(self) -> Iterator[tuple[str, Any]]:
        """The templates of addresses, each with its place: filled in before anything is known but values."""
        raise NotImplementedError

    def envelope(self) -> Iterator[tuple[str, Any]]:
        """The templates of what every request carries, each with its place."""
        for name, text in self.headers.items():
            yield f"headers.{name}", text

    def wire(self, base: Path) -> Wire:
        """How requests of these settings are made. `base` is the folder of the configuration file.

        Makes no request. Raises ConfigError.
        """
        raise NotImplementedError

    @model_validator(mode="before")
    @classmethod
    def _over_preset(cls, data: Any) -> Any:
        data = with_preset(data, cls.adapter) if isinstance(data, Mapping) and data.get("preset") else data
        return _with_zones(data, data.get("values")) if isinstance(data, Mapping) else data

    @model_validator(mode="after")
    def _values_fit(self) -> Self:
        for name, value in self.about.values.items():
            given = self.values.get(name, "")
            if given == "" and value.required:
                example = f", such as {value.example}" if value.example else ""
                raise ValueError(f"values.{name} is needed: {value.title}{example}. {value.description}".rstrip())
            if given != "" and value.pattern and not re.fullmatch(value.pattern, str(given)):
                raise ValueError(f"values.{name} is not of the right form: {value.title}, such as {value.example}")
        if self.about.values:
            unknown = sorted(set(self.values) - set(self.about.values))
            if unknown:
                raise ValueError(f"values.{unknown[0]} is none of {', '.join(sorted(self.about.values))}")
        return self

    @model_validator(mode="after")
    def _names_are_there(self) -> Self:
        wrong = list(wrong_names(self))
        if wrong:
            raise ValueError("; ".join(wrong[:5]))
        return self

    @model_validator(mode="after")
    def _requests_fit(self) -> Self:
        for place, request in requests_of(self):
            if not isinstance(request, self.asks):
                wanted = "`operation`" if self.asks is Operation else "`path`, and no `operation`"
                raise ValueError(f"{place}: a request of this adapter has {wanted}")
        return self


def _with_zones(data: Any, values: Any) -> Any:
    """The settings with `time_zone = "${values.name}"` and `send` filled in: a zone and a way to write dates are a
    customer's, and no templates."""
    if isinstance(data, (list, tuple)):
        return [_with_zones(item, values) for item in data]
    if not isinstance(data, Mapping):
        return data
    filled = {name: _with_zones(value, values) for name, value in data.items()}
    for setting in ("time_zone", "send"):
        named = re.fullmatch(r"\$\{values\.(\w+)\}", str(filled.get(setting, "")))
        if named is not None and isinstance(values, Mapping) and values.get(named.group(1)):
            filled[setting] = values[named.group(1)]
    return filled
