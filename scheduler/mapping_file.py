"""The mapping file: which account is which counterpart, as people wrote it down."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from core.errors import ConfigError, DataError
from core.stated import text_of

COLUMNS = ("account", "counterpart")


def read_mapping(path: Path) -> dict[str, tuple[str | None, ...]]:
    """What the file says of each account, by its external id: the counterparts it names, None for an empty one.

    Cells are separated by commas or semicolons, whichever the header has; columns beside the two are left alone.
    Raises ConfigError where the file cannot be read, lacks a column or has a row without an account.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError([(str(path), "", f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise ConfigError([(str(path), "", "is not UTF-8 text")]) from None
    header = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in header else ",")
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise ConfigError([(str(path), "line 1", f"there is no column {' and no column '.join(missing)}")])
    found: dict[str, dict[str | None, None]] = {}
    problems = []
    try:
        for row in rows:
            try:
                account, counterpart = (text_of({"id": row[name]}, "id") for name in COLUMNS)
            except DataError as error:
                problems.append((str(path), f"line {rows.line_num}", error.message.removeprefix("id: ")))
                continue
            if account:
                found.setdefault(account, {})[counterpart or None] = None
            elif counterpart:
                problems.append((str(path), f"line {rows.line_num}", "names no account"))
    except csv.Error as error:
        problems.append((str(path), f"line {rows.line_num}", f"cannot be read: {error}"))
    if problems:
        raise ConfigError(problems)
    return {account: tuple(named) for account, named in found.items()}
