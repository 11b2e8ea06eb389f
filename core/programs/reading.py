"""Programs from TOML: every error names file, path of the setting, and what is allowed."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.errors import ConfigError
from core.programs.program import Program


def parse_program(text: str, source: str = "program") -> Program:
    """A program from TOML text. Raises ConfigError naming `source`, the path of each setting and what is allowed."""
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([(source, "", f"not valid TOML: {error}")]) from None
    return program_from(data, source)


def program_from(data: Any, source: str = "program") -> Program:
    """A program from data, as `parse_program` does."""
    try:
        return Program.model_validate(data)
    except ValidationError as error:
        raise ConfigError(problems(error, source)) from None


def read_program(path: Path) -> Program:
    """A program from a file. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([(str(path), "", f"cannot be read: {error}")]) from None
    return parse_program(text, str(path))


def problems(error: ValidationError, source: str) -> list[tuple[str, str, str]]:
    """A validation error as rows (file, path of the setting, what is wrong and what is allowed)."""
    rows = []
    for item in error.errors(include_url=False):
        path = ".".join(str(part) for part in item["loc"])
        message = item["msg"].removeprefix("Value error, ")
        given = item.get("input")
        if item["type"] == "extra_forbidden":
            message = "unknown setting"
        elif item["type"] != "missing" and isinstance(given, str | int | Decimal | bool):
            message = f"{message}, not {given!r}" if not isinstance(given, Decimal) else f"{message}, not {given}"
        rows.append((source, path, message[:1].lower() + message[1:]))
    return rows
