"""Whether what templates and mappings name is there: found as the settings are read, not at the first invoice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from connectors.declarative.references import references
from connectors.declarative.settings.reading import FieldSource, Join, Lookup, One, Stream
from connectors.declarative.settings.request import Operation, Request
from connectors.declarative.settings.writing import Batch, Find, Step

_ALWAYS = frozenset(("values", "derived", "session", "connection", "now"))
_INSIDE = {"window": ("since", "until"), "page": ("size", "number", "offset", "cursor", "after", "search")}
_REQUESTED = {
    "credit_note": "document",
    "debit_invoice": "document",
    "account_note": "note",
    "tier": "tier",
    "journal": "journal",
}


def wrong_names(settings: Any) -> Iterator[str]:
    """What is named and not there, each with its place."""
    for place, template, roots in _templates(settings):
        for reference in references(template):
            root, _, rest = reference.path.partition(".")
            if root not in roots:
                yield f"{place}: ${{{reference.path}}}: here there are {', '.join(sorted(roots))}"
            elif root in _INSIDE and rest and rest not in _INSIDE[root]:
                there = ", ".join(f"{root}.{name}" for name in _INSIDE[root])
                yield f"{place}: ${{{reference.path}}}: there are {there}"
            elif root == "values" and not reference.optional and rest.partition(".")[0] not in settings.values:
                yield f"{place}: ${{{reference.path}}}: [values] has no {rest}"
        for reference in references(template, inside=True):
            for name, argument in reference.filters:
                if name == "map" and argument not in settings.maps:
                    yield f"{place}: there is no [maps.{argument}]"
                if name == "lookup" and argument not in settings.lookups:
                    yield f"{place}: there is no [lookups.{argument}]"
    for place, source in _of_type(settings, FieldSource, ""):
        if source.lookup and source.lookup not in settings.lookups:
            yield f"{place}.lookup: there is no [lookups.{source.lookup}]"


def _templates(settings: Any) -> Iterator[tuple[str, Any, frozenset[str]]]:
    for name, text in settings.derived.items():
        yield f"derived.{name}", text, _ALWAYS - {"derived"}
    for place, template in settings.addresses():
        yield place, template, frozenset(("values", "session", "connection"))
    for name, template in settings.envelope():
        yield name, template, _ALWAYS
    for number, probe in enumerate(settings.check):
        yield from _requests(probe, f"check.{number}", _ALWAYS)
    for name, lookup in settings.lookups.items():
        yield from _requests(lookup, f"lookups.{name}", _ALWAYS)
    for name, stream in settings.read.items():
        yield from _requests(stream, f"read.{name}", _ALWAYS)
    for kind, write in settings.write.items():
        for name in type(write).model_fields:
            part, place = getattr(write, name), f"write.{kind}.{name}"
            if name in ("post", "discard"):
                # A draft that was left behind is posted by its id alone, and what earlier of these steps saved.
                for number, step in enumerate(part):
                    yield from _requests(step, f"{place}.{number}", _ALWAYS | {"saved"} if number else _ALWAYS)
                continue
            own = _ALWAYS | {_REQUESTED[kind], "saved"} if name == "create" else _ALWAYS
            yield from _requests(part, place, own)


_ROOTS: dict[type[BaseModel], frozenset[str]] = {
    Stream: frozenset(("window", "page")),
    Join: frozenset(("keys", "page")),
    Lookup: frozenset(("keys", "page")),
    One: frozenset(("id", "record")),
    Find: frozenset(("key", "account", "page")),
    Step: frozenset(("id", "item")),
    Batch: frozenset(("items", "item")),
}


def _requests(value: Any, place: str, roots: frozenset[str]) -> Iterator[tuple[str, Any, frozenset[str]]]:
    """Every template under a place, with the roots it may name."""
    if isinstance(value, (Request, Operation)):
        for name, template in value.templates():
            yield f"{place}.{name}", template, roots
    elif isinstance(value, FieldSource):
        yield f"{place}.path", value.path, roots
        yield f"{place}.value", value.value, roots
    elif isinstance(value, BaseModel):
        own = roots | _ROOTS.get(type(value), frozenset())
        if isinstance(value, Batch):
            yield f"{place}.key", value.key, own
        for name in type(value).model_fields:
            yield from _requests(getattr(value, name), f"{place}.{name}", own)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _requests(item, f"{place}.{name}", roots)
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from _requests(item, f"{place}.{number}", roots)


def _of_type(value: Any, wanted: type[FieldSource], place: str) -> Iterator[tuple[str, FieldSource]]:
    if isinstance(value, wanted):
        yield place, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _of_type(getattr(value, name), wanted, f"{place}.{name}".strip("."))
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _of_type(item, wanted, f"{place}.{name}")
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from _of_type(item, wanted, f"{place}.{number}")
