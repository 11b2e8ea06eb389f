"""What is wrong with a setting, in words for the one who wrote it."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from connectors.registry import adapter_class
from connectors.spi import AdapterSettings
from core.errors import ConfigError

Row = tuple[str, str, str]
_SENSITIVE = re.compile(r"pass|secret|token|key|credential|url|auth", re.IGNORECASE)


def rows(error: ValidationError, source: str, model: type[BaseModel], data: Mapping[str, Any]) -> list[Row]:
    """A validation error as rows (file, path of the setting, what is wrong and what is allowed)."""
    found: dict[Row, None] = {}
    for item in error.errors(include_url=False, include_context=True):
        loc = tuple(part for part in item["loc"] if part not in ("[key]", ""))
        path = path_text(loc)
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            message = _unknown(str(loc[-1]), keys_at(model, loc[:-1], data))
        elif item["type"] == "missing":
            message = "is missing, and has no default"
        elif item["type"] == "union_tag_not_found":
            message = "`kind` is missing: it says which settings stand here"
        elif item["type"] == "union_tag_invalid":
            message = f"there is no such kind; there are: {item.get('ctx', {}).get('expected_tags', '')}"
        elif item["type"] in ("model_type", "model_attributes_type", "dict_type"):
            message = "must be a table"
        elif item["type"] not in ("plain_secret", "book_url", "value_error"):
            message = f"{message[:1].lower()}{message[1:]}" + _given(loc, item.get("input"))
        found[source, path, message] = None
    return list(found)


def path_text(loc: tuple[int | str, ...]) -> str:
    """A path as one writes it: `connections.erp.settings.patterns[2].files`."""
    path = ""
    for part in loc:
        if isinstance(part, int):
            path += f"[{part + 1}]"
        else:
            name = part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else f'"{part}"'
            path += f".{name}" if path else name
    return path


def _given(loc: tuple[int | str, ...], given: object) -> str:
    if isinstance(given, bool):
        shown = str(given).lower()
    elif isinstance(given, (int, Decimal)):
        shown = str(given)
    elif isinstance(given, str) and len(given) <= 80 and not any(_SENSITIVE.search(str(part)) for part in loc):
        shown = repr(given)
    else:
        return ""
    return f", not {shown}"


def _unknown(key: str, allowed: list[str]) -> str:
    near = get_close_matches(key.lower(), allowed, n=1, cutoff=0.6)
    message = "unknown setting"
    if near:
        message += f"; did you mean {near[0]!r}?"
    if allowed:
        message += f" Allowed here: {', '.join(allowed)}" if near else f"; allowed here: {', '.join(allowed)}"
    return message


def keys_at(model: type[BaseModel], loc: tuple[int | str, ...], data: Mapping[str, Any]) -> list[str]:
    """The settings the table at `loc` may hold; none where it cannot be told."""
    found: type[BaseModel] | None = model
    value: Any = data
    skip = False
    for part in loc:
        outer = value
        value = _inside(value, part)
        if skip:  # the part was a key of a dict or a position of a list: the model is that of its values
            skip = False
            continue
        field = _field(found, part) if found else None
        if field is None:
            return []
        found = _nearest(models_in(field), value)
        if found is AdapterSettings:
            found = _settings_model(outer)
        skip = is_collection(field)
    return field_keys(found) if found else []


def field_keys(model: type[BaseModel]) -> list[str]:
    """The names of a model's settings as one writes them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _field(model: type[BaseModel], part: int | str) -> Any:
    for name, field in model.model_fields.items():
        if part in (name, field.alias):
            return field.annotation
    return None


def _inside(value: Any, part: int | str) -> Any:
    try:
        return value[part]
    except (KeyError, IndexError, TypeError):
        return None


def _settings_model(connection: Any) -> type[BaseModel] | None:
    try:
        return adapter_class(str(_inside(connection, "adapter"))).Settings
    except (ConfigError, ImportError):
        return None


def is_collection(annotation: Any) -> bool:
    """Whether a setting holds several values, by key or by position."""
    origin = get_origin(annotation)
    if origin is not None and hasattr(annotation, "__metadata__"):
        return is_collection(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return any(is_collection(part) for part in get_args(annotation))
    return origin in (dict, list, tuple, set, frozenset)


def models_in(annotation: Any) -> tuple[type[BaseModel], ...]:
    """The models a setting may hold, alone or as the values of a collection."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return (annotation,)
    return tuple(model for part in get_args(annotation) for model in models_in(part))


def _nearest(models: tuple[type[BaseModel], ...], given: Any) -> type[BaseModel] | None:
    """Of several, the one that has most of the settings given."""
    names = set(given) if isinstance(given, Mapping) else set()
    return max(models, key=lambda model: len(names & set(field_keys(model))), default=None)
