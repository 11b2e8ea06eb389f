"""What a preset says of itself, for people: shown by `rebated connector show` and warned of by `rebated check`."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

from pydantic import Field, field_validator

from connectors.declarative.settings.base import Section


class Sunset(Section):
    """The end of an interface, as its vendor announced it."""

    on: date = Field(description="day the vendor switches it off")
    notice: str = Field(min_length=1, max_length=500, description="what ends, and what to use instead")


class Value(Section):
    """One value that differs from customer to customer, and stands in [values]."""

    title: str = Field(min_length=1, max_length=80, description="name for people")
    description: str = Field(default="", max_length=500, description="what it is, and where to find it")
    example: str = Field(default="", max_length=200, description="a value of the right form")
    pattern: str = Field(default="", max_length=200, description="regular expression the whole value must match")
    required: bool = Field(default=True, description="whether there must be one, where [values] has no default")

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return pattern


class AdministratorField(Section):
    """A field an administrator adds to the other system once."""

    on: str = Field(max_length=80, description="the object it is added to")
    name: str = Field(max_length=120, description="its name, as the interface writes it")
    type: str = Field(max_length=80, description="its type, and whether it must be unique")
    why: str = Field(max_length=300, description="what it is for, and what is lost without it")


class About(Section):
    """What a preset is, what it was tried on, and what it needs."""

    title: str = Field(default="", max_length=80, description="name of the system")
    version: str = Field(default="", max_length=40, description="version of the interface it speaks")
    roles: tuple[Literal["erp", "crm"], ...] = Field(default=(), description="what the system can be used as")
    uniqueness: str = Field(default="", max_length=1000, description="how a second document is kept out, in words")
    tried_on: str = Field(default="", max_length=200, description="running system it was tried on; empty: on none")
    verified: tuple[str, ...] = Field(default=(), description="what was tried, and on what")
    unverified: tuple[str, ...] = Field(default=(), description="what was not tried on a running system")
    rights: tuple[str, ...] = Field(default=(), description="the least rights its user needs")
    limits: tuple[str, ...] = Field(default=(), description="limits of the vendor, and of the preset")
    fields: tuple[AdministratorField, ...] = Field(default=(), description="fields an administrator adds")
    credentials: dict[str, str] = Field(default={}, description="settings of [auth], and what they are in this system")
    values: dict[str, Value] = Field(default={}, description="the values of [values], described")
    sunset: Sunset | None = Field(default=None, description="when the interface ends")
