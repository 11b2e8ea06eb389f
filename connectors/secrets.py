"""Secrets by reference: a configuration names where a secret is kept, never the secret itself.

Adapters declare `password: SecretReference` in their settings and call `.resolve(base)` when they connect.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from core.errors import ConfigError

HOW_TO_WRITE = 'write { env = "NAME" } or { file = "path" }'
_MAX_BYTES = 64 * 1024


class Secret:
    """A resolved secret. Only `reveal()` gives the value; neither `str` nor `repr` nor a pickle does."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value. Hand it to the library that needs it and keep no other copy."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a secret is not written anywhere")


class SecretReference(BaseModel):
    """Where a secret is kept: a variable of the environment, or a file. Exactly one of the two."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    env: str | None = Field(default=None, min_length=1, description="name of the environment variable")
    file: Path | None = Field(default=None, description="path of a file that holds nothing but the secret")

    @model_validator(mode="before")
    @classmethod
    def _no_plain_value(cls, value: object) -> object:
        if not isinstance(value, (Mapping, SecretReference)):
            raise PydanticCustomError("plain_secret", f"a secret does not stand here itself: {HOW_TO_WRITE}")
        return value

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError(f"exactly one of env and file is needed: {HOW_TO_WRITE}")
        return self

    def __str__(self) -> str:
        return f"env {self.env}" if self.env is not None else f"file {self.file}"

    def resolve(self, base: Path) -> Secret:
        """The secret; a relative file starts at `base`. Raises ConfigError where it is absent or empty.

        The line break at the end of a file is not part of the secret.
        """
        if self.env is not None:
            value = os.environ.get(self.env, "")
            if not value:
                raise ConfigError(f"the environment variable {self.env} is not set, or empty")
            return Secret(value)
        path = base / str(self.file)
        try:
            with path.open("rb") as file:
                content = file.read(_MAX_BYTES + 1)
            value = content.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            value = ""
        except OSError as error:
            raise ConfigError(f"the secret file {path} cannot be read: {error.strerror}") from None
        if not value or len(content) > _MAX_BYTES:
            raise ConfigError(f"the secret file {path} does not hold one line of UTF-8 text")
        return Secret(value)

    def is_exposed(self, base: Path) -> bool:
        """Whether others than the owner may read the file. False for a variable and for a file not there."""
        if self.file is None:
            return False
        try:
            mode = (base / self.file).stat().st_mode
        except OSError:
            return False
        return bool(mode & (stat.S_IRWXG | stat.S_IRWXO))


def secret_references(value: object, path: str = "") -> Iterator[tuple[str, SecretReference]]:
    """Every reference inside a model, mapping or sequence, with its path."""
    if isinstance(value, SecretReference):
        yield path, value
        return
    parts: Iterator[tuple[object, object]]
    if isinstance(value, BaseModel):
        parts = ((name, getattr(value, name)) for name in type(value).model_fields)
    elif isinstance(value, Mapping):
        parts = iter(value.items())
    elif isinstance(value, (list, tuple)):
        parts = iter(enumerate(value))
    else:
        return
    for name, part in parts:
        yield from secret_references(part, f"{path}.{name}" if path else str(name))
