"""Which files are due: complete, settled, inside the folder, in their order."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path, PurePosixPath

from connectors.files.disk import guarded
from connectors.files.pattern import Pattern
from connectors.spi import Window

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_SEQUENCE = 18
Range = tuple[date | None, date | None]


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that matches a pattern. `name` is its path inside the folder, `problem` what its name lacks."""

    name: str
    path: Path
    modified: int
    """Nanoseconds since 1970-01-01 UTC."""
    size: int
    sequence: int = 0
    covers: Range | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Files that are read together, usually one. `ready`: complete and settled."""

    files: tuple[FoundFile, ...]
    ready: bool

    @property
    def rank(self) -> tuple[int, str]:
        """Where it stands among the deliveries of its pattern."""
        return self.sequence, self.files[0].name

    @property
    def sequence(self) -> int:
        return max(file.sequence for file in self.files)

    @property
    def covers(self) -> Range | None:
        """The days its snapshot covers; None where it is no snapshot or its files do not agree."""
        ranges = {file.covers for file in self.files}
        return ranges.pop() if len(ranges) == 1 else None


def found_files(folder: Path, pattern: Pattern) -> list[FoundFile]:
    """Every regular file inside `folder` that matches. What a link leads to outside of it is not taken.

    Raises FatalError where the folder cannot be read, RetryableError where the system fails.
    """
    with guarded(f"reading the folder {folder}"):
        root = folder.resolve(strict=True)
        os.scandir(root).close()
        matches = sorted(root.glob(pattern.files))
    found = []
    for path in matches:
        with guarded(f"looking at {path}"):
            try:
                real = path.resolve(strict=True)
                facts = real.stat()
            except (FileNotFoundError, RuntimeError):  # gone since, a broken link, or a link to itself
                continue
            except OSError as error:
                if error.errno in _LINK_TROUBLE:
                    continue
                raise
        if stat.S_ISREG(facts.st_mode) and real.is_relative_to(root):
            name = path.relative_to(root).as_posix()
            found.append(_found(name, real, facts, pattern))
    markers = {marker for file in found if (marker := _marker_of(file.name, pattern)) is not None}
    return [file for file in found if file.name not in markers]


def escaping(folder: Path, pattern: Pattern) -> list[str]:
    """Names that match but lead out of the folder and are therefore not read."""
    with guarded(f"reading the folder {folder}"):
        root = folder.resolve(strict=True)
        matches = [path for path in root.glob(pattern.files) if path.exists()]
        return [path.name for path in matches if not path.resolve().is_relative_to(root)]


def deliveries(files: Sequence[FoundFile], folder: Path, pattern: Pattern, window: Window) -> list[Delivery]:
    """The files by delivery, in the order they are to be read.

    One is ready where its marker, if the pattern names one, and all its files were last modified before the end of
    the window, less the settling time.
    """
    limit = _nanoseconds(window.until - timedelta(seconds=pattern.settle_seconds))
    until = _nanoseconds(window.until)
    grouped: dict[str, list[FoundFile]] = {}
    for file in files:
        grouped.setdefault(_group_of(file, pattern), []).append(file)
    result = []
    for members in grouped.values():
        marker = _marker_of(members[0].name, pattern)
        complete = marker is None or _existed(folder, marker, until)
        settled = all(file.modified < limit for file in members)
        ordered = sorted(members, key=lambda file: (file.sequence, file.name))
        result.append(Delivery(tuple(ordered), complete and settled))
    return sorted(result, key=lambda delivery: delivery.rank)


def digest(file: FoundFile) -> str | None:
    """The SHA-256 of the file's bytes in hex; None where it is gone."""
    with guarded(f"reading {file.path}"):
        try:
            with file.path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except FileNotFoundError:
            return None


def content(file: FoundFile, largest: int) -> bytes | None:
    """The bytes of the file, at most one more than `largest`; None where it changed since it was found."""
    with guarded(f"reading {file.path}"):
        try:
            with file.path.open("rb") as stream:
                data = stream.read(largest + 1)
                facts = os.fstat(stream.fileno())
        except FileNotFoundError:
            return None
    return data if (facts.st_mtime_ns, facts.st_size) == (file.modified, file.size) else None


_LINK_TROUBLE = frozenset((40, 62))  # ELOOP on Linux and on BSD


def _found(name: str, path: Path, facts: os.stat_result, pattern: Pattern) -> FoundFile:
    base = PurePosixPath(name).name
    sequence, problem = 0, ""
    covers: Range | None = None
    if pattern.sequence is not None:
        fit = re.search(pattern.sequence, base)
        digits = "".join(re.findall("[0-9]", next(iter(fit.groupdict().values())) or "")) if fit else ""
        if 0 < len(digits) <= _LONGEST_SEQUENCE:
            sequence = int(digits)
        else:
            problem = f"the name holds no number (of up to 18 digits) for sequence {pattern.sequence!r}"
    if pattern.spans_files is not None and _group_name(base, pattern) is None:
        problem = f"the name tells no delivery by spans_files.group {pattern.spans_files.group!r}"
    if pattern.covers == "everything":
        covers = (None, None)
    elif pattern.covers is not None:
        covers = _month(base, pattern.covers)
        if covers is None:
            problem = f"the name tells no year and month by covers {pattern.covers!r}"
    return FoundFile(name, path, facts.st_mtime_ns, facts.st_size, sequence, covers, problem)


def _month(base: str, expression: str) -> tuple[date, date] | None:
    fit = re.search(expression, base)
    try:
        if fit is None:
            return None
        start = date(int(fit["year"]), int(fit["month"]), 1)
        return start, date(start.year + start.month // 12, start.month % 12 + 1, 1)
    except (ValueError, TypeError):  # no such month, or a group that took no part
        return None


def _group_name(base: str, pattern: Pattern) -> str | None:
    fit = re.search(pattern.spans_files.group, base) if pattern.spans_files is not None else None
    return next(iter(fit.groupdict().values())) if fit else None


def _group_of(file: FoundFile, pattern: Pattern) -> str:
    path = PurePosixPath(file.name)
    group = _group_name(path.name, pattern)
    return f"name:{file.name}" if group is None else f"group:{path.parent}/{group}"


def _marker_of(name: str, pattern: Pattern) -> str | None:
    path = PurePosixPath(name)
    if pattern.marker is not None:
        return str(path.with_name(pattern.marker.format(name=path.name, stem=path.stem)))
    group = _group_name(path.name, pattern)
    if pattern.spans_files is None or group is None:
        return None
    return str(path.with_name(pattern.spans_files.completed_by.format(group=group.replace("/", "_"))))


def _existed(folder: Path, marker: str, until: int) -> bool:
    with guarded(f"looking for {folder / marker}"):
        try:
            return (folder / marker).stat().st_mtime_ns < until
        except FileNotFoundError:
            return False


def _nanoseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def as_names(value: object) -> Mapping[str, str]:
    """The file digests in a cursor; what is not of that shape counts as never read."""
    if not isinstance(value, Mapping):
        return {}
    return {name: mark for name, mark in value.items() if isinstance(name, str) and isinstance(mark, str)}
