"""Texts made of values and lookups, once a template asks for one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.declarative.template import Omitted, Tables, render


class Derived(Mapping[str, Any]):
    """[derived] for templates: each text is filled in when it is named, since it may need what has to be read."""

    def __init__(self, texts: Mapping[str, str], known: Mapping[str, Any], tables: Tables) -> None:
        self._texts, self._known, self._tables = texts, known, tables

    def __getitem__(self, name: str) -> Any:
        """Raises KeyError for an unknown name, and DataError where it cannot be filled in."""
        value = render(self._texts[name], self._known, self._tables)
        return None if isinstance(value, Omitted) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)
