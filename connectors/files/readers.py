"""Files as tables of text, whatever their format. No input makes a reader raise."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import PurePosixPath

from connectors.files.parquet import parquet_columns, read_parquet
from connectors.files.pattern import SUFFIXES, Format, Pattern
from connectors.files.table import Broken, Table, TableBuilder, Unreadable, UnreadableFile, damage, printable
from connectors.files.workbook import check_archive, read_workbook, sheet_rows

_OTHER_CONTENT: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook (.xlsx)"),
    (b"PAR1", "a Parquet file"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls) or one with a password"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a gzip archive"),
)
_CHUNK = 500
_MAGIC: dict[Format, bytes] = {"xlsx": b"PK\x03\x04", "parquet": b"PAR1"}


def format_of(file: str, pattern: Pattern) -> Format | None:
    """The format of a file by the pattern or else by its suffix; None where neither tells."""
    return pattern.format or SUFFIXES.get(PurePosixPath(file).suffix.lower())


def read_table(file: str, data: bytes, pattern: Pattern) -> Table | Unreadable:
    """The table in `data`, the bytes of the file called `file`."""
    try:
        kind = format_of(file, pattern)
        if kind is None:
            raise UnreadableFile("unknown_format", "the suffix tells no format; set format to csv, xlsx or parquet")
        _check_content(data, kind, pattern.largest_megabytes)
        if kind == "csv":
            return _read_csv(file, data, pattern)
        if kind == "xlsx":
            return read_workbook(file, data, pattern.needed, pattern.sheet, pattern.largest_megabytes << 20)
        return read_parquet(file, data, pattern.needed, pattern.largest_megabytes << 20)
    except UnreadableFile as problem:
        return Unreadable(file, problem.reason, problem.message, tuple(map(printable, problem.header)))


def _check_content(data: bytes, kind: Format, megabytes: int) -> None:
    if not data:
        raise UnreadableFile("empty_file", "the file is empty")
    if len(data) > megabytes << 20:
        raise UnreadableFile("too_large", f"the file is larger than {megabytes} MB; see largest_megabytes")
    looks_like = next((what for magic, what in _OTHER_CONTENT if data.startswith(magic)), "something else")
    if kind == "csv":
        if looks_like != "something else":
            raise UnreadableFile("wrong_content", f"the file is read as csv but looks like {looks_like}")
    elif not data.startswith(_MAGIC[kind]):
        raise UnreadableFile("wrong_content", f"the file is read as {kind} but looks like {looks_like}")


def _read_csv(file: str, data: bytes, pattern: Pattern) -> Table:
    text, sound = _decoded(data, pattern.encoding)
    suspicious = None if sound else damage
    try:
        reader = csv.reader(
            io.StringIO(text, newline=""), strict=True, delimiter=pattern.delimiter, quotechar=pattern.quote
        )
        number, header = _header(reader, pattern.encoding)
        builder = TableBuilder(file, header, pattern.needed, suspicious)
        while rows := list(islice(reader, _CHUNK)):
            builder.add(range(number + 1, number + 1 + len(rows)), rows)
            number += len(rows)
    except csv.Error:
        builder = _read_with_care(file, text, pattern, suspicious)
    return builder.table()


def _read_with_care(
    file: str, text: str, pattern: Pattern, suspicious: Callable[[str], tuple[str, str] | None] | None
) -> TableBuilder:
    """Read again row by row, setting aside those that are not proper csv."""
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(lines, strict=True, delimiter=pattern.delimiter, quotechar=pattern.quote)
    try:
        number, header = _header(reader, pattern.encoding)
    except csv.Error as error:
        raise UnreadableFile("bad_quoting", f"row 1, the header, is not proper csv: {error}") from None
    builder = TableBuilder(file, header, pattern.needed, suspicious)
    while True:
        number += 1
        before = reader.line_num
        try:
            builder.add((number,), [next(reader)])
        except StopIteration:
            return builder
        except csv.Error as error:
            raw = lines[before : reader.line_num]
            message = f"the row (line {before + 1} of the file) is not proper csv: {error}"
            loose = tuple(_loose(line, header, pattern) for line in raw)
            shown = {"text": printable("".join(raw))}
            builder.broken.append(Broken(number, "bad_quoting", message, shown, loose=loose))


def _loose(line: str, header: list[str], pattern: Pattern) -> dict[str, str]:
    """What stands where in a line that is not proper csv; cells with a quote in them are left out."""
    cells = zip(header, line.rstrip("\r\n").split(pattern.delimiter), strict=False)
    return {name: cell for name, cell in cells if pattern.quote not in cell}


def _header(reader: Iterator[list[str]], encoding: str) -> tuple[int, list[str]]:
    """The number and the cells of the first row that is not blank."""
    for number, header in enumerate(reader, 1):
        if not any(header):
            continue
        for name in header:
            if fault := damage(name):
                message = f"the column name {printable(name)!r} {fault[1]}; is the encoding {encoding} right?"
                raise UnreadableFile("bad_encoding", message, header)
        return number, header
    raise UnreadableFile("empty_file", "the file holds nothing but line breaks")


def _decoded(data: bytes, encoding: str) -> tuple[str, bool]:
    """The text, and whether every character of it is sound."""
    try:
        text, sound = data.decode(encoding), True
    except UnicodeError:
        try:
            text, sound = data.decode(encoding, "surrogateescape"), False
        except UnicodeError as error:
            raise UnreadableFile("bad_encoding", f"the file is not {encoding} text: {error}") from None
    return text.removeprefix("\ufeff"), sound and "\0" not in text


def column_names(file: str, data: bytes, pattern: Pattern) -> list[str] | Unreadable:
    """The columns the file has, whether or not they are those a pattern needs."""
    try:
        kind = format_of(file, pattern)
        _check_content(data, kind or "csv", pattern.largest_megabytes)
        if kind == "parquet":
            return parquet_columns(data)
        if kind == "xlsx":
            check_archive(data, pattern.largest_megabytes << 20)
            rows, _ = sheet_rows(data, pattern.sheet, last=1)
            return rows[0] if rows else []
        text, _ = _decoded(data, pattern.encoding)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=pattern.delimiter, quotechar=pattern.quote)
        return _header(reader, pattern.encoding)[1]
    except UnreadableFile as problem:
        return Unreadable(file, problem.reason, problem.message)
    except csv.Error as error:
        return Unreadable(file, "bad_quoting", f"row 1, the header, is not proper csv: {error}")
