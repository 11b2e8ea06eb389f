"""Column types that read back exactly what was written, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import BigInteger, Dialect, String, Text, TypeDecorator

from core.keys import canonical

Id = BigInteger
"""Ids are ours, counted by the book; amounts and quantities are 64-bit integers."""


class Instant(TypeDecorator[datetime]):
    """An instant in UTC as text that sorts in time order: `2026-11-22T04:35:00.000000Z`."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


class Content(TypeDecorator[Any]):
    """Plain data as canonical JSON text, so that equal content is equal text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else canonical(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


def text_within(connection: sa.Connection, column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[str]:
    """A member of a `Content` column as text, for use in a query."""
    found: sa.ColumnElement[str] = sa.func.json_extract(column, f"$.{name}", type_=sa.String)
    if connection.dialect.name == "postgresql":
        found = sa.cast(column, sa.JSON)[name].as_string()
    return found


def utc_now() -> datetime:
    """The present instant in UTC."""
    return datetime.now(UTC)
