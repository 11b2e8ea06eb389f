"""Where in the settings a request stands, for messages that say what to mend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from connectors.crm_rest.settings.base import Request


def places(settings: BaseModel) -> dict[int, str]:
    """The path of every request in the settings, by its identity: `read.invoices.request`. Holds while they do."""
    return {id(request): path for path, request in _requests(settings, "")}


def _requests(value: object, path: str) -> Iterator[tuple[str, Request]]:
    if isinstance(value, Request):
        yield path, value
        return
    parts: Iterator[tuple[object, object]]
    if isinstance(value, BaseModel):
        parts = ((name, getattr(value, name)) for name in type(value).model_fields)
    elif isinstance(value, Mapping):
        parts = iter(value.items())
    elif isinstance(value, tuple):
        parts = iter(enumerate(value))
    else:
        return
    for name, part in parts:
        yield from _requests(part, f"{path}.{name}" if path else str(name))
