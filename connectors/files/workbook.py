"""Excel workbooks as tables. Figures are those Excel last computed; formulas are not evaluated."""

from __future__ import annotations

import io
import threading
import warnings
import zipfile
from collections.abc import Sequence
from datetime import datetime, time

from openpyxl import load_workbook

from connectors.files.table import Table, TableBuilder, UnreadableFile, cell_text, damage

_LAST_ROW = 1_048_576
_ERRORS = frozenset(("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#SPILL!", "#CALC!"))
_UNREADABLE = "\ue000"
_MIDNIGHT = time()
# openpyxl warns of styles and extensions it does not know, which do not matter here. Silencing is per process.
_QUIET = threading.Lock()


def read_workbook(file: str, data: bytes, needed: Sequence[str], sheet: str | None, largest: int) -> Table:
    """The table in `sheet` (None: the first one). Raises UnreadableFile."""
    check_archive(data, largest)
    rows, numbers = sheet_rows(data, sheet)
    if not rows:
        raise UnreadableFile("empty_file", "the sheet is empty")
    header = rows[0]
    while header and not header[-1]:
        header.pop()
    width = len(header)
    for row in rows[1:]:
        if len(row) < width:  # Excel does not store empty cells at the end of a row
            row.extend([""] * (width - len(row)))
        while len(row) > width and not row[-1]:
            row.pop()
    builder = TableBuilder(file, header, needed, _damage)
    builder.add(numbers[1:], rows[1:])
    return builder.table()


def check_archive(data: bytes, largest: int) -> None:
    """Raises UnreadableFile where the archive is torn or would unpack to more than `largest` bytes."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except Exception as error:  # torn archives raise errors of many kinds
        raise UnreadableFile("unreadable", f"not a whole Excel workbook: {error}") from None
    if unpacked > largest:
        raise UnreadableFile(
            "too_large", f"the workbook unpacks to {unpacked >> 20} MB, more than largest_megabytes allows"
        )


def sheet_rows(data: bytes, sheet: str | None, last: int | None = None) -> tuple[list[list[str]], list[int]]:
    """The rows of a sheet as text with their numbers, up to the `last` one. Raises UnreadableFile."""
    rows: list[list[str]] = []
    numbers: list[int] = []
    try:
        with _QUIET, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            try:
                names = [page.title for page in book.worksheets]
                if not names or (sheet is not None and sheet not in names):
                    raise UnreadableFile(
                        "missing_sheet", f"there is no sheet {sheet!r}; there are: {', '.join(names) or 'none'}"
                    )
                page = book[sheet or names[0]]
                page.reset_dimensions()  # what a file says about its size is often wrong
                for number, cells in enumerate(page.iter_rows(values_only=True), 1):
                    if number > _LAST_ROW or (last is not None and rows and number > last):
                        break
                    if any(cell is not None for cell in cells):
                        rows.append([_text(cell) for cell in cells])
                        numbers.append(number)
            finally:
                book.close()
    except UnreadableFile:
        raise
    except Exception as error:  # openpyxl passes on whatever its parsers raise
        what = " ".join(str(error).split())[:200]
        raise UnreadableFile("unreadable", f"not a readable Excel workbook: {type(error).__name__} {what}") from None
    return rows, numbers


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, datetime) and value.time() == _MIDNIGHT:
        value = value.date()
    text = cell_text(value)
    return _UNREADABLE if text is None else text


def _damage(text: str) -> tuple[str, str] | None:
    if text in _ERRORS:
        return "cell_error", f"holds the Excel error {text}"
    if text == _UNREADABLE:
        return "unreadable_cell", "holds something that is neither text nor number nor date"
    return damage(text)
