"""The rows of one delivery side by side, whichever of its files they stand in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate, chain

from connectors.files.pattern import Pattern
from connectors.files.rules import CompanyColumn
from connectors.files.table import Table
from core.documents import RecordKind


class Rows:
    """Columns over all files of a delivery. Rows are numbered from 0 here; `place` and `raw` lead back to a file."""

    def __init__(self, tables: Sequence[Table], pattern: Pattern) -> None:
        self._tables = tables
        self._ends = list(accumulate(len(table.rows) for table in tables))
        self._columns: dict[str, list[str]] = {}
        self.count = self._ends[-1] if self._ends else 0
        self._pattern = pattern

    def column(self, name: str) -> list[str]:
        """The cells of a column over all files."""
        if name not in self._columns:
            parts = [table.columns[name] for table in self._tables]
            self._columns[name] = parts[0] if len(parts) == 1 else list(chain.from_iterable(parts))
        return self._columns[name]

    def place(self, i: int) -> tuple[str, int]:
        """File and row number of row `i`, as people see them."""
        table, local = self._locate(i)
        return table.file, table.rows[local]

    def raw(self, i: int) -> Mapping[str, str]:
        table, local = self._locate(i)
        return table.raw(local)

    def neighbours(self, file: str, row: int) -> tuple[int, int]:
        """Where the sound rows right before and right after row number `row` of `file` are, or would be."""
        number = next(n for n, table in enumerate(self._tables) if table.file == file)
        after = (self._ends[number - 1] if number else 0) + bisect_right(self._tables[number].rows, row)
        return after - 1, after

    def skipped(self) -> list[bool] | None:
        """For each row whether a skip rule leaves it out; None where no rule fits any row."""
        result: list[bool] | None = None
        for rule in self._pattern.skip_rules:
            fits = rule.fits(self.column(rule.column))
            result = fits if result is None else [old or new for old, new in zip(result, fits, strict=True)]
        return result if result is not None and any(result) else None

    def kinds(self) -> list[RecordKind] | None:
        """The kind of each row; None where all are of the pattern's own."""
        if not self._pattern.kind_rules:
            return None
        kinds: list[RecordKind] = [self._pattern.kind] * self.count
        for rule in reversed(self._pattern.kind_rules):  # so that the first rule that fits wins
            for i, fits in enumerate(rule.fits(self.column(rule.column))):
                if fits:
                    kinds[i] = rule.kind
        return kinds

    def companies(self) -> list[str] | None:
        """The company of each row; None where it is the constant of the pattern."""
        company = self._pattern.company
        if isinstance(company, CompanyColumn):
            return [value.strip() for value in self.column(company.column)]
        return None

    def _locate(self, i: int) -> tuple[Table, int]:
        number = bisect_right(self._ends, i)
        return self._tables[number], i - (self._ends[number - 1] if number else 0)


def kind_of(values: Mapping[str, str], pattern: Pattern) -> RecordKind | None:
    """The kind of a single row with these cells; None where a rule's cell is not there."""
    for rule in pattern.kind_rules:
        if rule.column not in values:
            return None
        if rule.fits((values[rule.column],))[0]:
            return rule.kind
    return pattern.kind


def skips(values: Mapping[str, str], pattern: Pattern) -> bool:
    """Whether a skip rule leaves out a single row with these cells."""
    return any(rule.fits((values[rule.column],))[0] for rule in pattern.skip_rules if rule.column in values)


def company_of(values: Mapping[str, str], pattern: Pattern) -> str | None:
    """The company of a single row with these cells; None where its cell is not there."""
    if isinstance(pattern.company, CompanyColumn):
        value = values.get(pattern.company.column)
        return None if value is None else value.strip()
    return pattern.company
