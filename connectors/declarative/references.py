"""What templates refer to: each `${...}` of a text, taken apart and checked once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from connectors.declarative.filters import FILTERS

_REFERENCE = re.compile(r"\$\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*")
_LOOP_KEYS = {"$each", "$as", "$only", "$item"}
_REMOTE = ("map", "lookup")


class Reference(NamedTuple):
    """One `${...}`."""

    path: str
    optional: bool
    filters: tuple[tuple[str, str], ...]


@lru_cache(maxsize=5000)
def parse(text: str) -> tuple[str | Reference, ...]:
    """The parts of a text: plain ones, and references. Raises ValueError."""
    parts: list[str | Reference] = []
    end = 0
    for match in _REFERENCE.finditer(text):
        if match.start() > end:
            parts.append(text[end : match.start()])
        parts.append(_reference(match.group(1)))
        end = match.end()
    if end < len(text):
        parts.append(text[end:])
    if any(isinstance(part, str) and "${" in part for part in parts):
        raise ValueError("a `${` has no `}`")
    return tuple(parts)


def _reference(text: str) -> Reference:
    head, *rest = text.split("|")
    path = head.strip()
    optional = path.endswith("?")
    path = path.removesuffix("?").strip()
    if not _NAME.fullmatch(path):
        raise ValueError(f"${{{text}}} names nothing: write it like ${{document.key}}")
    filters = []
    for part in rest:
        name, _, argument = part.strip().partition(":")
        if name not in FILTERS and name not in _REMOTE:
            raise ValueError(f"there is no filter {name!r}; there are: {', '.join(sorted((*FILTERS, *_REMOTE)))}")
        filters.append((name, argument))
    return Reference(path, optional, tuple(filters))


def check_template(value: Any) -> None:
    """Raises ValueError where a template cannot be used."""
    for _ in references(value):
        pass


def references(value: Any, *, inside: bool = False) -> Iterator[Reference]:
    """Every reference in a template to what is outside of it; with `inside` also to what a list made by `$each` names
    itself. Raises ValueError."""
    if isinstance(value, str):
        yield from (part for part in parse(value) if isinstance(part, Reference))
    elif isinstance(value, Mapping):
        if "$each" in value:
            if not set(value) <= _LOOP_KEYS or "$item" not in value or not isinstance(value["$each"], str):
                raise ValueError("a list made by `$each` has `$each` and `$item`, and if need be `$as` and `$only`")
            yield Reference(value["$each"], True, ())
            own, inner = value.get("$as", "item"), (value.get("$only"), value["$item"])
            yield from (
                found for found in references(inner, inside=inside) if inside or found.path.partition(".")[0] != own
            )
            return
        if "$merge" in value and (len(value) > 1 or not isinstance(value["$merge"], (list, tuple))):
            raise ValueError("a table made by `$merge` has a list of tables under it, and nothing else")
        for key, item in value.items():
            yield from references(str(key), inside=inside)
            yield from references(item, inside=inside)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from references(item, inside=inside)
