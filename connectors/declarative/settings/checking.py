"""What `rebated check` asks the other system."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from connectors.declarative.settings.base import Path, Section
from connectors.declarative.settings.request import AnyRequest


class Probe(Section):
    """One question that changes nothing. Not asked where path or query name an empty value with `?`."""

    what: str = Field(min_length=1, max_length=80, description="what is probed: a word or two")
    request: AnyRequest = Field(description="the request")
    expect: Path = Field(default="", description="what must be true of the reply's body; empty: that there is one")
    message: str = Field(default="", max_length=300, description="what it means if it is so")
    otherwise: str = Field(default="", max_length=300, description="what it means if it is not")
    hint: str = Field(default="", max_length=500, description="what to do then")
    level: Literal["error", "warning"] = Field(default="error", description="how bad it is then")
    writes: tuple[str, ...] = Field(
        default=(), description="only where one of these kinds is written through the connection"
    )
