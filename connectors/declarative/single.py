"""A single record, read by its id."""

from __future__ import annotations

from connectors.declarative.references import references
from connectors.declarative.settings.reading import One
from connectors.declarative.template import Tables, render
from core.errors import DataError


def can_be_id(one: One, record_id: str, tables: Tables) -> bool:
    """Whether the filters that the request puts on an id, such as `integer`, take this one. If not, it is none."""
    for reference in references(one.request.model_dump()):
        if reference.path == "id":
            filters = "".join(f" | {name}:{argument}" for name, argument in reference.filters)
            try:
                render(f"${{id{filters}}}", {"id": record_id}, tables)
            except DataError:
                return False
    return bool(record_id)
