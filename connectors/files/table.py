"""The content of one file as columns of text, and the rows of it that cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from core.errors import DataError


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that cannot be used.

    `raw` is the row for people and for the quarantine. `values` are its sound cells by column where the row has the
    right shape; None where it has not, and `loose` then holds what stands where, for each line of it.
    """

    row: int
    reason: str
    message: str
    raw: Mapping[str, Any]
    values: Mapping[str, str] | None = None
    loose: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """The sound rows of one file, by column, and the broken ones.

    `columns` holds the columns a mapping needs, equally long; empty text where the file has no value. `rows` are
    the row numbers people see: a header is row 1. `raw(i)` is the i-th sound row for the quarantine. `first_column`
    is the one whose cell is in its place even in rows that are too short or too long.
    """

    file: str
    columns: Mapping[str, list[str]]
    rows: Sequence[int]
    raw: Callable[[int], Mapping[str, str]]
    broken: tuple[Broken, ...] = ()
    first_column: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that cannot be used as a whole: the reason code, what is wrong, and the columns if they were seen."""

    file: str
    reason: str
    message: str
    header: tuple[str, ...] = ()


class UnreadableFile(DataError):
    """The file cannot be used as a whole. Does not leave the readers."""

    def __init__(self, reason: str, message: str, header: Sequence[str] = ()) -> None:
        super().__init__(reason, message)
        self.header = tuple(header)


def float_text(value: float) -> str:
    """A binary number as the text Excel shows for it: 15 significant digits, plain, integers without a point.

    This is the only place of the adapter where a float is met. 15 digits are exactly what a spreadsheet keeps of
    what somebody typed, so `0.1` comes back as `0.1` and amounts are exact up to that length.
    """
    text = format(value, ".15g")
    if "e" in text:
        text = format(Decimal(text), "f")
    return "0" if text == "-0" else text


def cell_text(value: object) -> str | None:
    """A value of a library as text: dates and instants in ISO form, nothing as "". None where it has no text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return float_text(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return None
    return None


def printable(text: str) -> str:
    """Text that any database and any log takes: NUL and undecodable bytes are shown as `\\x00`, `\\xfc`."""
    shown = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return shown.replace("\0", "\\x00")


def damage(text: str) -> tuple[str, str] | None:
    """Reason code and description where a text cell holds what cannot be text; None where it is sound."""
    if "\0" in text:
        return "nul_byte", "holds a NUL byte"
    if not text.isascii() and any("\ud800" <= sign <= "\udfff" for sign in text):
        return "bad_encoding", "holds bytes that are not in the stated encoding"
    return None


def check_header(header: Sequence[str], needed: Sequence[str]) -> None:
    """Raises UnreadableFile where needed columns are missing or ambiguous."""
    missing = [name for name in needed if name not in header]
    if missing:
        there = ", ".join(map(repr, map(printable, header[:100]))) or "none"
        raise UnreadableFile(
            "missing_columns", f"row 1 lacks the columns {', '.join(map(repr, missing))}; there are: {there}", header
        )
    doubled = [name for name in needed if list(header).count(name) > 1]
    if doubled:
        raise UnreadableFile(
            "duplicate_columns", f"row 1 names the columns {', '.join(map(repr, doubled))} more than once", header
        )


class TableBuilder:
    """Collects rows of text into columns, some hundred rows at a time.

    `suspicious` examines each cell of the needed columns; None: all are sound. Equal cells of a column are kept
    once. Raises UnreadableFile where the header does not serve.
    """

    def __init__(
        self,
        file: str,
        header: Sequence[str],
        needed: Sequence[str],
        suspicious: Callable[[str], tuple[str, str] | None] | None,
    ) -> None:
        check_header(header, needed)
        self._file, self._header, self._needed, self._suspicious = file, header, needed, suspicious
        self._places = [header.index(name) for name in needed]
        self._columns: list[list[str]] = [[] for _ in header]
        self._distinct: list[dict[str, str]] = [{} for _ in header]
        self._rows: list[int] = []
        self.broken: list[Broken] = []

    def add(self, numbers: Sequence[int], rows: list[list[str]]) -> None:
        """Take `rows`, which stand in the file under `numbers`. Blank rows are left out."""
        width = len(self._header)
        if self._suspicious is not None or any(len(row) != width or not row[0] for row in rows):
            numbers, rows = self._sound(numbers, rows)
        self._rows.extend(numbers)
        cells = zip(*rows, strict=True)
        for column, distinct, values in zip(self._columns, self._distinct, cells, strict=False):
            column.extend(map(distinct.setdefault, values, values))

    def table(self) -> Table:
        self._distinct.clear()
        header, everything = self._header, self._columns
        columns = {name: everything[place] for name, place in zip(self._needed, self._places, strict=True)}

        def raw(i: int) -> Mapping[str, str]:
            return _named(header, [printable(column[i]) for column in everything])

        broken = tuple(sorted(self.broken, key=lambda fault: fault.row))
        return Table(self._file, columns, self._rows, raw, broken, header[0])

    def _sound(self, numbers: Sequence[int], rows: list[list[str]]) -> tuple[list[int], list[list[str]]]:
        kept_numbers: list[int] = []
        kept: list[list[str]] = []
        for number, row in zip(numbers, rows, strict=True):
            if not any(row):
                continue
            fault = _fault(row, number, self._header, self._places, self._suspicious)
            if fault is None:
                kept_numbers.append(number)
                kept.append(row)
            else:
                self.broken.append(fault)
        return kept_numbers, kept


def _fault(
    row: list[str],
    number: int,
    header: Sequence[str],
    places: list[int],
    suspicious: Callable[[str], tuple[str, str] | None] | None,
) -> Broken | None:
    if len(row) != len(header):
        short = len(row) < len(header)
        where = f" (the first one missing is {header[len(row)]!r})" if short else ""
        return Broken(
            number,
            "row_too_short" if short else "row_too_long",
            f"the row has {len(row)} cells, the header {len(header)}{where}",
            {"cells": [printable(cell) for cell in row]},
            loose=(dict(zip(header, row, strict=False)),),
        )
    if suspicious is None:
        return None
    faults = {place: fault for place in places if (fault := suspicious(row[place])) is not None}
    if not faults:
        return None
    place, (reason, what) = next(iter(faults.items()))
    return Broken(
        number,
        reason,
        f"column {header[place]!r} {what}",
        _named(header, [printable(cell) for cell in row]),
        values={header[i]: row[i] for i in places if i not in faults},
    )


def _named(header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Cells by column name; a doubled or empty name gets its position, so that no cell is lost."""
    named: dict[str, str] = {}
    for position, (name, cell) in enumerate(zip(header, cells, strict=True), 1):
        plain = printable(name)
        named[plain if plain and plain not in named else f"{plain}#{position}"] = cell
    return named
