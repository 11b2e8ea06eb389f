"""Rows of text become records: grouped by id, fields under their canonical names, values untouched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from connectors.files.grouping import Fault, Groups, order_of
from connectors.files.pattern import Pattern
from connectors.files.rows import Rows, company_of, kind_of, skips
from connectors.files.table import Broken, Table, Unreadable
from core.documents import BadRecord, RawRecord, RecordKind


class Mapped(NamedTuple):
    """What the files of one delivery hold. `seen` are the ids met by kind and company, bad ones included."""

    records: list[RawRecord]
    bad: list[BadRecord]
    seen: dict[tuple[RecordKind, str], set[str]]
    skipped: int
    rows: int


def map_tables(parts: Sequence[Table | Unreadable], pattern: Pattern, sequence: int) -> Mapped:
    """The records and bad records in the files of one delivery. `sequence` is their order where rows have none.

    One bad row makes its whole document bad, so that nothing lands partly; where it cannot be told which document
    a bad row belongs to, the documents right before and after it are held back too.
    """
    tables = [part for part in parts if isinstance(part, Table)]
    result = Mapped([], [], {}, 0, sum(len(table.rows) + len(table.broken) for table in tables))
    for part in parts:
        if isinstance(part, Unreadable):
            result.bad.append(unreadable_record(part, pattern, sequence))
    if tables:
        mapping = _Mapping(Rows(tables, pattern), pattern, sequence)
        mapping.collect(tables, result, whole=len(tables) == len(parts))
        result = result._replace(skipped=mapping.skipped)
    return result


def unreadable_record(part: Unreadable, pattern: Pattern, sequence: int) -> BadRecord:
    """The record that tells of a file that cannot be used as a whole."""
    return BadRecord(
        part.reason,
        f"{part.file}: {part.message}",
        {"file": part.file, "columns": list(part.header)},
        kind=pattern.kind if len(pattern.kinds) == 1 else None,
        company=pattern.company if isinstance(pattern.company, str) else "",
        origin=part.file,
        order=sequence,
    )


class _Mapping:
    def __init__(self, rows: Rows, pattern: Pattern, sequence: int) -> None:
        self._rows, self._pattern, self._sequence = rows, pattern, sequence
        self._groups = Groups(rows, pattern, sequence)
        self._has_lines = bool(pattern.lines)
        self.skipped = sum(self._groups.skipped or ())
        self._faults: dict[int, Fault] = {}
        self._extra: dict[int, list[tuple[str, Broken]]] = {}

    def collect(self, tables: Sequence[Table], result: Mapped, *, whole: bool) -> None:
        """Fill `result`. `whole`: every file of the delivery could be read."""
        self._faults.update(self._groups.contradictions())
        if not whole and self._has_lines:
            for members in self._groups.all:
                fault = Fault("incomplete_delivery", "another file of the same delivery cannot be read")
                self._faults.setdefault(members[0], fault)
        result.bad.extend(self._without_id())
        for table in tables:
            for broken in table.broken:
                self._place_broken(table, broken, result)
        headers = {name: self._rows.column(column) for name, column in self._pattern.columns.items()}
        lines = self._lines()
        for members in self._groups.all:
            first = members[0]
            kind, company = self._groups.kind(first), self._groups.company(first)
            result.seen.setdefault((kind, company), set()).add(self._groups.ids[first])
            order = self._groups.order(first)
            if order is None:
                self._faults.setdefault(first, Fault("bad_order", self._groups.bad_order(first)))
            if first in self._faults:
                result.bad.append(self._bad(members, self._faults[first], self._extra.get(first, [])))
                continue
            file, row = self._rows.place(first)
            own: Sequence[Mapping[str, str]] = ()
            if lines is not None:
                adjacent = members[-1] - first + 1 == len(members)
                own = lines[first : members[-1] + 1] if adjacent else [lines[i] for i in members]
                own = tuple(own) if all(own) else tuple(line for line in own if line)
            fields = {name: value for name, values in headers.items() if (value := values[first])}
            origin = f"{file} row {row}"
            result.records.append(RawRecord(kind, self._groups.ids[first], fields, own, order or 0, company, origin))

    def _lines(self) -> list[dict[str, str]] | None:
        if not self._has_lines:
            return None
        names = tuple(self._pattern.lines)
        columns = [self._rows.column(column) for column in self._pattern.lines.values()]
        lines = [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
        for name, values in zip(names, columns, strict=True):
            if "" in values:
                for i, value in enumerate(values):
                    if not value:
                        del lines[i][name]
        return lines

    # ------------------------------------------------------------ rows that cannot be used

    def _without_id(self) -> list[BadRecord]:
        """Records of rows whose id is empty. One may continue the document above, which is then held back."""
        loose: list[BadRecord] = []
        needed = "base, quote and on" if self._pattern.kind == "exchange_rate" else "id"
        if "" not in self._groups.ids:
            return loose
        for i, name in enumerate(self._groups.ids):
            if name or (self._groups.skipped is not None and self._groups.skipped[i]):
                continue
            file, row = self._rows.place(i)
            fault = Fault("missing_id", f"{file} row {row}: the row has no {needed}")
            above = self._groups.above(i) if self._has_lines else None
            if above is None:
                loose.append(self._bad([i], fault, []))
            else:
                self._faults.setdefault(above, fault)
                self._extra.setdefault(above, []).append(
                    (file, Broken(row, fault.reason, fault.message, self._rows.raw(i)))
                )
        return loose

    def _place_broken(self, table: Table, broken: Broken, result: Mapped) -> None:
        """Hold back the documents a broken row belongs to, or tell of it by itself."""
        values = broken.values
        if values is not None and skips(values, self._pattern):
            self.skipped += 1
            return
        if values is None and len(broken.loose) == 1 and self._pattern.columns.get("id") == table.first_column:
            known = broken.loose[0].get(table.first_column, "").strip() or None if self._has_lines else None
        else:
            known = self._groups.known_id(values) if values is not None else None
        fault = Fault(broken.reason, f"{table.file} row {broken.row}: {broken.message}")
        suspects = self._suspects(table, broken, known) if self._has_lines else []
        for first in suspects:
            self._faults.setdefault(first, fault)
            self._extra.setdefault(first, []).append((table.file, broken))
        if not suspects:
            self._tell(table.file, broken, fault, known, result)

    def _tell(self, file: str, broken: Broken, fault: Fault, known: str | None, result: Mapped) -> None:
        """A bad record of a broken row alone."""
        values = broken.values or {}
        kind = kind_of(values, self._pattern) if values else None
        if len(self._pattern.kinds) == 1:
            kind = self._pattern.kind
        company = company_of(values, self._pattern) or ""
        if known is not None and kind is not None:
            result.seen.setdefault((kind, company), set()).add(known)
        order: int | None = self._sequence
        if self._pattern.order is not None:
            order = order_of(values.get(self._pattern.order, ""))
        raw = {"rows": [{"file": file, "row": broken.row, "values": dict(broken.raw)}]}
        result.bad.append(BadRecord(*fault, raw, kind, known, company, f"{file} row {broken.row}", order or 0))

    def _suspects(self, table: Table, broken: Broken, known: str | None) -> list[int]:
        """The documents a broken row may belong to. Its neighbours, where its id cannot be trusted."""
        if known is not None:
            return self._groups.named((known,))
        column = self._pattern.columns["id"]
        ids = [cells.get(column, "").strip() for cells in broken.loose]
        found = self._groups.named({name for name in ids if name})
        if found or (ids and all(ids) and column == table.first_column):
            return found
        before, after = self._rows.neighbours(table.file, broken.row)
        near = {self._groups.above(before), self._groups.below(after)}
        return sorted(first for first in near if first is not None)

    def _bad(self, members: Sequence[int], fault: Fault, extra: Sequence[tuple[str, Broken]]) -> BadRecord:
        file, row = self._rows.place(members[0])
        values = self._rows.raw(members[0])
        about = {name: values[column] for name, column in self._pattern.columns.items() if values.get(column)}
        return BadRecord(
            *fault,
            {"rows": list(self._raw_rows(members, extra)), "about": about},
            self._groups.kind(members[0]),
            self._groups.ids[members[0]] or None,
            self._groups.company(members[0]),
            f"{file} row {row}",
            self._groups.order(members[0]) or 0,
        )

    def _raw_rows(self, members: Sequence[int], extra: Sequence[tuple[str, Broken]]) -> Iterator[dict[str, Any]]:
        for i in members:
            file, row = self._rows.place(i)
            yield {"file": file, "row": row, "values": dict(self._rows.raw(i))}
        for file, broken in extra:
            yield {"file": file, "row": broken.row, "values": dict(broken.raw)}
