"""What `check` finds out about a files connection, without changing anything."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from connectors.files.delivery import FoundFile, content, escaping, found_files
from connectors.files.pattern import Pattern
from connectors.files.readers import column_names
from connectors.files.table import Unreadable
from connectors.spi import Finding
from core.errors import RebatedError

_RIGHTS = "create the folder and give the service account the right to {} it"


def inspect_out(out: Path) -> Finding:
    """Whether files can be made and linked in `out`; nothing of the try stays."""
    if not out.is_dir():
        return Finding("error", "out", f"{out} is not a folder", _RIGHTS.format("write to"))
    probe = out / f".probe-{secrets.token_hex(6)}"
    linked = probe.with_suffix(".link")
    try:
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        os.link(probe, linked)
    except OSError as error:
        hint = "the service account needs to create files there, on a file system with hard links"
        return Finding("error", "out", f"cannot write to {out}: {error.strerror}", hint)
    finally:
        for path in (linked, probe):
            if path.exists():
                path.unlink()
    return Finding("ok", "out", f"{out} can be written to")


def inspect_folder(folder: Path) -> Finding:
    """Whether `folder` can be read."""
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
        return Finding("error", "folder", f"{folder} is not a folder that can be read", _RIGHTS.format("read"))
    return Finding("ok", "folder", f"{folder} can be read")


def inspect_pattern(folder: Path, pattern: Pattern) -> Iterator[Finding]:
    """How many files match, and whether the newest has the mapped columns."""
    what = f"patterns.{pattern.name}"
    try:
        files = found_files(folder, pattern)
        outside = escaping(folder, pattern)
    except RebatedError as error:
        yield Finding("error", what, error.message, error.hint or "")
        return
    if outside:
        yield Finding("warning", what, f"not read, as they lie outside the folder: {', '.join(outside[:10])}")
    nameless = [file for file in files if file.problem]
    if nameless:
        yield Finding("warning", what, f"{len(nameless)} files, such as {nameless[0].name}: {nameless[0].problem}")
    ranges = [file.covers for file in files]
    whole = pattern.mode == "full" and pattern.spans_files is None and pattern.sequence is None
    if whole and len(set(ranges)) < len(ranges):
        message = "several files cover the same range, and each counts as all there is in it"
        yield Finding("warning", what, message, "give a sequence, or keep one file in the folder")
    if not files:
        yield Finding("warning", what, f"no file matches {pattern.files!r} now")
        return
    yield _columns(max(files, key=lambda file: (file.modified, file.name)), len(files), pattern, what)


def _columns(newest: FoundFile, count: int, pattern: Pattern, what: str) -> Finding:
    try:
        data = content(newest, pattern.largest_megabytes << 20)
    except RebatedError as error:
        return Finding("error", what, error.message, error.hint or "")
    if data is None:
        return Finding("warning", what, f"{newest.name} is being changed; try again")
    header = column_names(newest.name, data, pattern)
    if isinstance(header, Unreadable):
        return Finding("error", what, f"{newest.name}: {header.message}")
    missing = [name for name in pattern.needed if name not in header]
    if missing:
        message = f"{newest.name} lacks the columns {', '.join(map(repr, missing))}"
        return Finding("error", what, message, f"it has: {', '.join(map(repr, header)) or 'none'}")
    return Finding("ok", what, f"{count} files match; {newest.name} has all mapped columns")
