"""What every stream has in common: which rows it reads, what they become, and what tells that one has changed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, ClassVar

from connectors.odoo.reading.rows import Domain, Row, Rows, Specification
from connectors.odoo.settings import OdooSettings
from core.documents import BadRecord, RawRecord, RecordKind

Mapped = RawRecord | BadRecord | None
"""What a row becomes; None: it is not ours to tell of."""


class Stream(ABC):
    """One stream for the length of one pull.

    `kinds`: what its records are. `deletes`: whether a record that is gone from the database is to be gone here.
    `linked`: whether rows also count as changed for what refers to them. `start`: the first day of what is read, None
    where everything is.
    """

    name: ClassVar[str]
    model: ClassVar[str]
    kinds: ClassVar[tuple[RecordKind, ...]]
    deletes: ClassVar[bool] = True
    linked: ClassVar[bool] = False
    start: date | None = None
    specification: Specification
    """What a record is made of, with what `stamp` and `mark` need."""
    light: Specification
    """What `stamp`, `mark` and `identity` need, and nothing else."""

    def __init__(self, rows: Rows, settings: OdooSettings, entity: Callable[[], str]) -> None:
        self.rows, self.settings, self.entity = rows, settings, entity

    @abstractmethod
    def prepare(self) -> None:
        """Read what is needed before the first row. At least one request, so that the server's clock is known."""

    @abstractmethod
    def base(self) -> Domain:
        """Every row the stream tells of, whenever changed."""

    @abstractmethod
    def mapped(self, rows: Sequence[Row]) -> list[Mapped]:
        """What the rows become, one for one."""

    @abstractmethod
    def identity(self, row: Row) -> tuple[RecordKind, str]:
        """Kind and external id of a light row."""

    def changed(self, since: str) -> Domain:
        """The rows changed at or after an instant."""
        return [("write_date", ">=", since)]

    def stamp(self, row: Row) -> str:
        """When the row was changed, as the server writes it; empty where it does not know."""
        return row["write_date"] or ""

    def mark(self, row: Row) -> str:
        """What differs when the record differs, as far as a light row shows; a change of it need not move the stamp."""
        return self.stamp(row)

    def reading(self) -> Sequence[object]:
        """The settings that decide what a row becomes: other ones, and everything is read again."""
        return ()

    def find(self, kind: RecordKind, external_id: str) -> Domain | None:
        """Where one record is; None where there can be none."""
        if not external_id.isascii() or not external_id.isdecimal() or len(external_id) > 9:
            return None
        return [*self.base(), ("id", "=", int(external_id))]


@lru_cache(maxsize=20_000)
def order_of(stamp: str) -> int:
    """A stamp as microseconds since 1970; 0 where there is none or it is not a date."""
    try:
        return int(datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp()) * 1_000_000
    except ValueError:
        return 0


def text(value: object) -> str:
    """A value as text; Odoo says False where there is none."""
    return "" if value is None or value is False else str(value).strip()


def filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are there."""
    return {name: value for name, value in values.items() if value not in ("", None, False)}


def shared(company_id: int) -> Domain:
    """Rows of the company, of one it is a branch of, and of none."""
    return ["|", ("company_id", "=", False), ("company_id", "parent_of", [company_id])]
