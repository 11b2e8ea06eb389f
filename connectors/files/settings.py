"""The settings of a files connection: what is read from where, and where ours is written."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator

from connectors.files.pattern import Pattern
from connectors.spi import AdapterSettings


class Settings(AdapterSettings):
    """A connection by files: `folder` is read, `out` is written. Relative paths start at the configuration file."""

    folder: Path | None = Field(default=None, description="folder the files to read are delivered to")
    out: Path | None = Field(default=None, description="folder our documents and registers are written to")
    patterns: tuple[Pattern, ...] = Field(default=(), description="what is read, one stream each")

    @field_validator("patterns")
    @classmethod
    def _named_once(cls, value: tuple[Pattern, ...]) -> tuple[Pattern, ...]:
        names = [pattern.name for pattern in value]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"the pattern name {', '.join(doubled)} stands twice; each stream needs its own")
        return value

    @model_validator(mode="after")
    def _something_to_do(self) -> Self:
        if self.patterns and self.folder is None:
            raise ValueError("patterns need a folder to read from")
        if self.folder is None and self.out is None:
            raise ValueError("give a folder to read from, an out folder to write to, or both")
        return self
