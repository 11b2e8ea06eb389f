"""What a record of the other system becomes: ours, a bad one that says why, or nothing of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.declarative.expression import as_text, expression
from connectors.declarative.mapping import Fields
from connectors.declarative.settings.reading import Stream
from connectors.declarative.template import Tables
from connectors.declarative.wire import MISSING
from connectors.http.redaction import plain
from core.documents import BadRecord, RawRecord, RecordKind
from core.errors import DataError

Told = RawRecord | BadRecord
_LONGEST_ORIGIN = 160
_NAMES = re.compile(r"\w+")
_RATE = ("base", "quote", "on", "provider")


class Records:
    """Maps the records of one stream, compiled for one pull. `title` names the system in origins."""

    def __init__(
        self,
        name: str,
        stream: Stream,
        title: str,
        roots: Mapping[str, Any],
        tables: Tables,
        *,
        told_missing: bool = False,
    ) -> None:
        """`told_missing`: tables of a record name under `_missing` what they should hold.

        Raises DataError where a name in the settings cannot be filled in.
        """
        place = f"read.{name}"
        self._name, self._title, self._tables, self._kind = name, title, tables, stream.kind
        self._only = expression(stream.only) if stream.only else None
        self._kinds = [(expression(rule.when), rule.kind) for rule in stream.kinds]
        self._fields = Fields(stream.fields, roots, tables, f"{place}.fields")
        self._id = self._fields.values.get("id")
        lines = stream.lines
        self._lines = expression(lines.records) if lines else None
        self._lines_count = expression(lines.count) if lines and lines.count else None
        self._told_missing = told_missing
        self._lines_only = expression(lines.only) if lines and lines.only else None
        self._line_fields = Fields(lines.fields if lines else {}, roots, tables, f"{place}.lines.fields")
        self._looked_up = self._fields.looked_up()
        self._lines_looked_up = self._line_fields.looked_up()

    def id_of(self, record: Any) -> str:
        """The id of a record; empty where it has none."""
        if self._id is None:
            return ""
        try:
            return as_text(self._id.of(record)).strip()
        except DataError:
            return ""

    def kind_of(self, record: Any) -> RecordKind:
        """What a record is. Raises DataError where the rules cannot be applied to it."""
        for when, kind in self._kinds:
            if when.holds(record):
                return kind
        return self._kind

    def is_ours(self, record: Any) -> bool:
        """Whether it is one to read. Raises DataError."""
        return self._only is None or self._only.holds(record)

    def prepare(self, records: list[Any]) -> None:
        """Read what these records are looked up in, together."""
        needed: dict[str, dict[str, None]] = {}
        for record in records:
            try:
                for value in self._looked_up:
                    needed.setdefault(value.needs, {}).update(dict.fromkeys(value.keys(record)))
                for line in self._line_rows(record) if self._lines_looked_up else ():
                    for value in self._lines_looked_up:
                        needed.setdefault(value.needs, {}).update(dict.fromkeys(value.keys(line)))
            except DataError:
                continue  # the record itself says so when it is mapped
        for name, keys in needed.items():
            self._tables.prepare(name, keys)  # type: ignore[attr-defined]

    def told(self, record: Any, order: int) -> Told | None:
        """What a record becomes; None where it is not one to read."""
        try:
            if not self.is_ours(record):
                lacking = self._lacking_for_only(record)
                if not lacking:
                    return None
                raise DataError("missing", f"the reply lacks {', '.join(lacking)}, which decides whether it is read")
            kind = self.kind_of(record)
        except DataError as error:
            return self.bad(record, error, order, f"read.{self._name}.only")
        faults: list[DataError] = []
        fields = self._fields.read(record, faults)
        lines = self._mapped_lines(record, faults)
        external_id = self._identity(fields, faults)
        origin = self.origin(fields, external_id)
        if not external_id and not faults:
            faults.append(DataError("missing", "the record has no id", path=f"{self._fields.where}.id"))
        missing = list(dict.fromkeys(missing_in(record))) if self._told_missing else []
        if missing:
            names = ", ".join(missing[:5])
            faults.append(DataError("missing", f"the reply lacks {names}, which its schema requires"))
        if faults:
            message = "; ".join(dict.fromkeys(fault.message for fault in faults[:5]))
            raw = {"about": fields, "lines": lines, "record": record}
            return BadRecord(faults[0].reason, message, raw, kind, external_id or None, origin=origin, order=order)
        return RawRecord(kind, external_id, fields, lines, order, origin=origin)

    def _lacking_for_only(self, record: Any) -> list[str]:
        """What the schema requires of a record and it lacks, of that by which `only` has left it out."""
        if not self._told_missing or not isinstance(record, dict) or self._only is None:
            return []
        told = record.get(MISSING)
        names = set(_NAMES.findall(self._only.text))
        return [name for name in told if name in names] if isinstance(told, list) else []

    def bad(self, record: Any, error: DataError, order: int, place: str = "") -> BadRecord:
        """A record that could not be read at all."""
        external_id = self.id_of(record)
        message = f"{place}: {error.message}" if place else error.message
        about = {"id": external_id} if external_id else {}
        raw = {"about": about, "record": record}
        origin = self.origin({}, external_id)
        return BadRecord(error.reason, message, raw, self._kind, external_id or None, origin=origin, order=order)

    def origin(self, fields: Mapping[str, Any], external_id: str) -> str:
        """Where a record stands, for people."""
        number = fields.get("number")
        shown = f"{self._title} {number if number not in (None, '') else external_id}".strip()
        return shown if len(shown) <= _LONGEST_ORIGIN and shown.isprintable() else plain(shown, longest=_LONGEST_ORIGIN)

    def _identity(self, fields: dict[str, Any], faults: list[DataError]) -> str:
        if self._id is None:
            return "/".join(str(fields[name]) for name in _RATE if name in fields)
        try:
            return as_text(fields.pop("id", "")).strip()
        except DataError as error:
            faults.append(DataError(error.reason, error.message, path=f"{self._fields.where}.id"))
            return ""

    def _mapped_lines(self, record: Any, faults: list[DataError]) -> list[dict[str, Any]]:
        if self._lines is None:
            return []
        try:
            rows = self._line_rows(record)
        except DataError as error:
            faults.append(DataError(error.reason, error.message, path=f"read.{self._name}.lines"))
            return []
        return [self._line_fields.read(row, faults) for row in rows]

    def _line_rows(self, record: Any) -> list[Any]:
        """The lines that count. Raises DataError."""
        rows = self._lines.of(record) if self._lines is not None else None
        if rows is None:
            if self._lines_count is None:
                return []
            rows = []
        if not isinstance(rows, list):
            raise DataError("unexpected_shape", "what `records` finds is no list")
        if self._lines_count is not None:
            announced = as_text(self._lines_count.of(record)).strip()
            if not announced.isdecimal() or announced.lstrip("0") != str(len(rows)).lstrip("0"):
                raise DataError(
                    "lost_lines",
                    f"{plain(announced, longest=20) or 'no number of'} lines are announced, {len(rows)} are there",
                )
        only = self._lines_only
        return rows if only is None else [row for row in rows if only.holds(row)]


def missing_in(value: Any) -> Iterator[str]:
    """What the tables of a record name as missing."""
    if isinstance(value, dict):
        told = value.get(MISSING)
        if told is not None:  # an entry of theirs with this name tells nothing
            yield from (name for name in told if isinstance(name, str)) if isinstance(told, list) else ()
        for item in value.values():
            if isinstance(item, (dict, list)):
                yield from missing_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from missing_in(item)
