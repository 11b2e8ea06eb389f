"""Parquet files as tables of text, column by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.files.table import Broken, Table, UnreadableFile, cell_text, check_header, damage, printable

_NESTED = (pa.types.is_nested, pa.types.is_duration, pa.types.is_interval)
_CELL = 8


def read_parquet(file: str, data: bytes, needed: Sequence[str], largest: int) -> Table:
    """The needed columns of the file; rows are numbered from 1. Raises UnreadableFile."""
    try:
        source = pq.ParquetFile(pa.BufferReader(data))
        schema, metadata = source.schema_arrow, source.metadata
        unpacked = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    except Exception as error:  # pyarrow passes on errors of many kinds
        raise _unreadable(error) from None
    header = list(schema.names)
    check_header(header, needed)
    for name in needed:
        kind = schema.field(name).type
        if any(test(kind) for test in _NESTED):
            raise UnreadableFile("unsupported_type", f"column {name!r} is of type {kind}, which has no text", header)
    if max(unpacked, metadata.num_rows * len(needed) * _CELL) > largest:
        raise UnreadableFile(
            "too_large",
            f"the file unpacks to {metadata.num_rows} rows of {unpacked >> 20} MB, more than largest_megabytes allows",
            header,
        )
    try:
        table = source.read(columns=list(dict.fromkeys(needed)))
        texts: dict[str, list[str]] = {}
        faults: dict[int, dict[str, tuple[str, str]]] = {}
        for name in needed:
            texts[name] = _texts(table.column(name), name, faults)
    except Exception as error:
        raise _unreadable(error) from None
    return _table(file, texts, table.num_rows, faults)


def parquet_columns(data: bytes) -> list[str]:
    """The columns of a Parquet file. Raises UnreadableFile."""
    try:
        return list(pq.read_schema(pa.BufferReader(data)).names)
    except Exception as error:  # pyarrow passes on errors of many kinds
        raise _unreadable(error) from None


def _unreadable(error: Exception) -> UnreadableFile:
    return UnreadableFile("unreadable", f"not a whole Parquet file: {' '.join(str(error).split())[:200]}")


def _table(file: str, texts: dict[str, list[str]], count: int, faults: dict[int, dict[str, tuple[str, str]]]) -> Table:
    broken = tuple(
        Broken(
            i + 1,
            next(iter(found.values()))[0],
            "; ".join(f"column {name!r} {what}" for name, (_, what) in found.items()),
            {name: printable(column[i]) for name, column in texts.items()},
            values={name: column[i] for name, column in texts.items() if name not in found},
        )
        for i, found in sorted(faults.items())
    )
    rows: Sequence[int] = range(1, count + 1)
    if faults:
        rows = [number for number in rows if number - 1 not in faults]
        texts = {name: [column[number - 1] for number in rows] for name, column in texts.items()}
    columns = texts

    def raw(i: int) -> Mapping[str, str]:
        return {name: column[i] for name, column in columns.items()}

    return Table(file, columns, rows, raw, broken)


def _texts(column: Any, name: str, faults: dict[int, dict[str, tuple[str, str]]]) -> list[str]:
    """The column as text. Each distinct value is turned into text once; unreadable ones are noted by row."""
    result: list[str] = []
    if pa.types.is_null(column.type):
        return [""] * len(column)
    column = _plain(column)
    for chunk in column.chunks:
        if not len(chunk):
            continue
        encoded = chunk.dictionary_encode()
        distinct, bad = _distinct(encoded.dictionary)
        distinct.append("")
        codes = encoded.indices.fill_null(len(distinct) - 1).to_numpy(zero_copy_only=False).tolist()
        if bad:
            for i, code in enumerate(codes, len(result)):
                if code in bad:
                    faults.setdefault(i, {})[name] = bad[code]
        result.extend(itemgetter(*codes)(distinct) if len(codes) > 1 else (distinct[codes[0]],))
    return result


def _plain(column: Any) -> Any:
    """The column in a type whose values Python can hold: instants in microseconds of UTC, finer parts cut off."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("us", "UTC" if kind.tz else None), safe=False)
    if pa.types.is_time(kind):
        return column.cast(pa.time64("us"), safe=False)
    if pa.types.is_string_view(kind):
        return column.cast(pa.large_string())
    if pa.types.is_binary_view(kind):
        return column.cast(pa.large_binary())
    if pa.types.is_float16(kind):
        return column.cast(pa.float32())
    return column


def _distinct(values: Any) -> tuple[list[str], dict[int, tuple[str, str]]]:
    texts: list[str] = []
    bad: dict[int, tuple[str, str]] = {}
    try:
        found = values.to_pylist()
    except Exception:  # one value Python cannot hold: find out which
        found = [_value(scalar) for scalar in values]
    for i, value in enumerate(found):
        text = cell_text(value)
        if text is None:
            bad[i] = ("unreadable_cell", "holds a value that has no text")
            texts.append(repr(value)[:100])
        else:
            if fault := damage(text):
                bad[i] = fault
            texts.append(text)
    return texts, bad


def _value(scalar: Any) -> object:
    try:
        value: object = scalar.as_py()
    except Exception:
        return ValueError(f"unreadable {scalar.type}")
    return value
