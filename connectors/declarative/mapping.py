"""From a record of the other system to our fields: what `fields` says, compiled once and applied to each record.

A value goes through the settings of its field in this order: path or value, empty, lookup and take, map, format,
decimal_sign, factor, join, default, required. Of a list, empty, lookup, map, format, decimal_sign and factor take each
part. Where there is nothing, the default stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Context, Decimal, Inexact
from typing import Any

from connectors.declarative.expression import as_text, expression
from connectors.declarative.references import references
from connectors.declarative.settings.reading import FieldSource
from connectors.declarative.stamps import iso
from connectors.declarative.template import Omitted, Tables, render, render_path
from core.errors import DataError

Change = Callable[[Any], Any]
_EXACT = Context(prec=200, traps=[Inexact])
_ANY = "*"
_WITH_COMMA = re.compile(r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:[. \u00a0\u202f][0-9]{3})+)?(?:,[0-9]*)?-?")


def value_of(source: FieldSource, record: Any, roots: Mapping[str, Any], tables: Tables) -> Any:
    """The value of one field: text, whole number, Decimal, flag, or None where there is nothing.

    Raises DataError where the record has something else than the settings expect.
    """
    return Value(source, roots, tables).of(record)


def fields_of(
    fields: Mapping[str, FieldSource], record: Any, roots: Mapping[str, Any], tables: Tables
) -> dict[str, Any]:
    """The fields that are there, by name. Raises DataError with the name of the field as its path."""
    return Fields(fields, roots, tables).of(record)


class Value:
    """One field, compiled. `needs` is the lookup it is looked up in, empty where it is not."""

    __slots__ = ("_changes", "_default", "_find", "_fixed", "_join", "_looks", "_required", "needs")

    def __init__(self, source: FieldSource, roots: Mapping[str, Any], tables: Tables) -> None:
        """Raises DataError where a name in the settings cannot be filled in."""
        self.needs = source.lookup
        self._default, self._join = source.default, source.join
        self._required = source.required
        self._fixed: Any = None
        self._find: Change | None = None
        if source.path:
            path = render_path(source.path, roots, tables) if "${" in source.path else source.path
            self._find = expression(path).of if path else None
        else:
            given = render(source.value, roots, tables) if any(references(source.value)) else source.value
            self._fixed = None if isinstance(given, Omitted) else given
        self._looks = [_looked_up(source, tables)] if source.lookup else []
        blank = [_emptied(source.empty)] if source.empty else []
        self._changes = [*blank, *self._looks, *_changes(source)]

    def of(self, record: Any) -> Any:
        """The value in a record. Raises DataError."""
        value = self._of(record)
        if value is None and self._required:
            raise DataError("missing", "the record has nothing where something is required")
        return value

    def _of(self, record: Any) -> Any:
        value = self._fixed if self._find is None else self._find(record)
        kind = type(value)
        if kind is str:
            if not self._changes:
                return value or self._default
        elif kind is list or kind is dict:
            value = value or None  # where a table is empty, some systems say so with an empty list
        if value is None or value == "":
            return self._default
        for change in self._changes:
            value = [change(item) for item in value if item is not None] if type(value) is list else change(value)
            if value is None:
                return self._default
        if isinstance(value, (list, dict)):
            value = self._joined(value)
        return self._default if value is None or value == "" else value

    def found(self, record: Any) -> Any:
        """What the record holds, before anything is done with it."""
        return self._fixed if self._find is None else self._find(record)

    def keys(self, record: Any) -> Iterator[str]:
        """What is looked up for a record."""
        found = self.found(record)
        for item in found if isinstance(found, list) else (found,):
            if item is not None and item != "" and not isinstance(item, (list, dict)):
                yield as_text(item)

    def _joined(self, value: Any) -> Any:
        if not isinstance(value, list):
            raise DataError("unexpected_shape", "a table stands where a value is needed")
        if self._join is None:
            raise DataError("unexpected_shape", "a list stands where a value is needed: `join` makes a text of it")
        return self._join.join(filter(None, map(as_text, value)))


class Fields:
    """The fields of a record, compiled for one pull. `where` is where they stand in the settings."""

    def __init__(
        self, fields: Mapping[str, FieldSource], roots: Mapping[str, Any], tables: Tables, where: str = ""
    ) -> None:
        self.where = where
        self.values: dict[str, Value] = {}
        for name, source in fields.items():
            try:
                self.values[name] = Value(source, roots, tables)
            except DataError as error:
                raise DataError(error.reason, error.message, path=self._place(name)) from None
        self._compiled = [(name, value.of) for name, value in self.values.items()]

    def of(self, record: Any) -> dict[str, Any]:
        """The fields that are there. Raises DataError for the first that is wrong."""
        faults: list[DataError] = []
        found = self.read(record, faults)
        if faults:
            raise faults[0]
        return found

    def read(self, record: Any, faults: list[DataError]) -> dict[str, Any]:
        """The fields that are there and right; what is wrong is added to `faults`, with its place in the settings."""
        found: dict[str, Any] = {}
        for name, value_in in self._compiled:
            try:
                one = value_in(record)
            except DataError as error:
                faults.append(DataError(error.reason, error.message, path=self._place(name)))
                continue
            if one is not None:
                found[name] = one
        return found

    def looked_up(self) -> list[Value]:
        """The fields that are looked up."""
        return [value for value in self.values.values() if value.needs]

    def _place(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name


def _looked_up(source: FieldSource, tables: Tables) -> Change:
    name = source.lookup
    take = expression(source.take).of if source.take else None

    def look(value: Any) -> Any:
        found = tables.lookup(name, as_text(value))
        return found if take is None else take(found)

    return look


def _changes(source: FieldSource) -> Iterator[Change]:
    if source.map:
        yield _mapped(source.map)
    if source.format or source.time_zone:
        form, zone = source.format or "iso", source.time_zone
        yield lambda value: iso(value, form, zone)
    if source.decimal_sign == ",":
        yield _with_point
    if source.factor is not None:
        factor = source.factor
        yield lambda value: _times(value, factor)


def _emptied(texts: tuple[str, ...]) -> Change:
    nothing = frozenset(texts)
    return lambda value: None if as_text(value).strip() in nothing else value


def _mapped(table: Mapping[str, Any]) -> Change:
    def change(value: Any) -> Any:
        key = value if type(value) is str else as_text(value)
        if key in table:
            return table[key]
        if _ANY in table:
            return table[_ANY]
        raise DataError("unknown_value", f"{key[:60]!r} is not in its map; `*` in it stands for everything else")

    return change


def _with_point(value: Any) -> Any:
    """A number written with a comma before its decimals; points and blanks in it divide thousands. Raises DataError
    where they stand elsewhere: 1234.56 is another way of writing, and not a hundred times as much."""
    if not isinstance(value, str):
        return value
    if not _WITH_COMMA.fullmatch(value.strip()):
        raise DataError("bad_number", f"{value.strip()[:40]!r} is no number with a comma before its decimals")
    return value.replace(".", "").replace(" ", "").replace("\u00a0", "").replace("\u202f", "").replace(",", ".")


def _times(value: Any, factor: Decimal) -> Decimal:
    try:
        number = Decimal(as_text(value).strip())
        if number.is_finite() and abs(number.adjusted()) < 40:
            return _EXACT.multiply(number, factor)
    except ArithmeticError:
        pass
    raise DataError("bad_number", f"{str(value)[:40]!r} is no number that can be multiplied")
