"""The tables of a model for the reference: each setting with its type, default and meaning."""

from __future__ import annotations

import re
import types
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from connectors.secrets import SecretReference
from connectors.spi import AdapterSettings
from scheduler.config_messages import is_collection, models_in
from scheduler.config_types import one_or_table

_NAMES: dict[Any, str] = {
    str: "text",
    int: "integer",
    bool: "true or false",
    Decimal: "number",
    float: "number",
    Any: "any value",
    date: "date",
    Path: "path",
    SecretReference: "secret reference",
}
_PLACEHOLDERS = {"entities": "<id>", "connections": "<name>", "levels": "<level>"}


class Row(NamedTuple):
    """One setting, as Markdown."""

    name: str
    type: str
    default: str
    meaning: str


class Table(NamedTuple):
    """One table of the file."""

    heading: str
    meaning: str
    rows: tuple[Row, ...]


def tables(
    model: type[BaseModel], path: str = "", without: Collection[type[BaseModel]] = frozenset()
) -> Iterator[Table]:
    """The table of `model` at `path`, then those inside it, each model once. Those in `without` are left out where
    another may stand in their place."""
    yield from _tables(model, path, f"`[{path}]`", {}, without)


def _tables(
    model: type[BaseModel],
    path: str,
    heading: str,
    told: dict[type[BaseModel], str],
    without: Collection[type[BaseModel]],
) -> Iterator[Table]:
    told[model] = heading
    rows: list[Row] = []
    inner: list[tuple[type[BaseModel], str, str]] = []
    for field_name, field in model.model_fields.items():
        name = field.alias or field_name
        held = _held(field.annotation, without)
        if held is None or held is SecretReference:
            rows.append(_row(name, field))
            continue
        at, held_heading = _heading(path, name, field)
        kinds = _by_kind(field.annotation)
        if kinds:
            rows.append(_choice(name, field, kinds, told, held_heading))
            for kind, alternative in kinds.items():
                if alternative not in told:
                    told[alternative] = held_heading
                    inner.append((alternative, at, f"{held_heading} of kind `{kind}`"))
            continue
        if path or field.description:
            rows.append(_reference(name, field, held, told.get(held, held_heading), held_heading))
        if held not in told and held is not AdapterSettings:
            told[held] = held_heading
            inner.append((held, at, held_heading))
    if path:
        yield Table(heading, _meaning(model), tuple(rows))
    for held, at, held_heading in inner:
        yield from _tables(held, at, held_heading, told, without)


def _held(annotation: Any, without: Collection[type[BaseModel]] = frozenset()) -> type[BaseModel] | None:
    """The model a setting holds: of several the last."""
    return next((model for model in reversed(models_in(annotation)) if model not in without), None)


def _heading(path: str, name: str, field: FieldInfo) -> tuple[str, str]:
    annotation = field.annotation
    at = f"{path}.{name}" if path else name
    if _by_key(annotation):
        at += f".{_PLACEHOLDERS.get(name, '<name>')}"
        return at, f"`[{at}]`"
    if is_collection(annotation):
        return at, f"`[[{at}]]`"
    return at, f"`[{at}]`"


def _by_kind(annotation: Any) -> dict[str, type[BaseModel]]:
    """Where a setting holds one of several models, those by the `kind` that tells them apart; else nothing."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _by_kind(parts[0])
    if origin not in (Union, types.UnionType):
        return {}
    found = {kind: model for part in parts for kind, model in _by_kind(part).items()}
    for model in (_plain(part) for part in parts):
        if isinstance(model, type) and issubclass(model, BaseModel) and "kind" in model.model_fields:
            found |= dict.fromkeys(get_args(model.model_fields["kind"].annotation), model)
    return found if len(found) > 1 else {}


def _plain(annotation: Any) -> Any:
    return _plain(get_args(annotation)[0]) if get_origin(annotation) is Annotated else annotation


def _by_key(annotation: Any) -> bool:
    if get_origin(annotation) is Annotated:
        return _by_key(get_args(annotation)[0])
    return get_origin(annotation) is dict


def _meaning(model: type[BaseModel]) -> str:
    return _text(" ".join((model.__doc__ or "").split()))


def _row(name: str, field: FieldInfo) -> Row:
    meaning = field.description or ""
    limits = _limits(field)
    shape = "text, or a table of texts" if one_or_table in field.metadata else _type(field.annotation)
    return Row(name, shape, _default(field), _text(meaning + (f" ({limits})" if limits else "")))


def _reference(name: str, field: FieldInfo, held: type[BaseModel], heading: str, own: str) -> Row:
    kind = "tables" if is_collection(field.annotation) else "table"
    if str in get_args(field.annotation) and not _by_key(field.annotation):
        kind = f"text or {kind}"
    default = "*needed*" if field.is_required() else "none"
    if held is AdapterSettings:
        return Row(name, kind, "by adapter", _text(field.description or ""))
    return Row(
        name, f"{kind} {heading}" if heading == own else f"{kind} as {heading}", default, _text(field.description or "")
    )


def _choice(
    name: str,
    field: FieldInfo,
    kinds: Mapping[str, type[BaseModel]],
    told: Mapping[type[BaseModel], str],
    own: str,
) -> Row:
    heading = told.get(next(iter(kinds.values())), own)
    names = ", ".join(f"`{kind}`" for kind in kinds)
    shape = f"table {'' if heading == own else 'as '}{heading}; `kind` is one of {names}"
    default = "*needed*" if field.is_required() else "none"
    return Row(name, shape, default, _text(field.description or ""))


def _type(annotation: Any) -> str:
    if annotation in _NAMES:
        return _NAMES[annotation]
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(parts[0])
    if origin is Literal:
        return " or ".join(f"`{part}`" for part in parts)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_type(part) for part in parts if part is not type(None)))
    if origin in (tuple, list):
        return f"list of {_type(parts[0])}"
    if origin is dict:
        return f"table: {_type(parts[0])} = {_type(parts[1])}"
    held = _held(annotation)
    return held.__name__ if held else str(annotation)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "*needed*"
    value = field.get_default(call_default_factory=True)
    if value is None or value == () or value == {} or value == "":
        return "none"
    return _text(f"`{_toml(value)}`")


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, Decimal)):
        return str(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(part)}" for key, part in value.items()) + " }"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(_toml(part) for part in value) + "]"
    text = str(value)
    return f"'{text}'" if '"' in text else f'"{text}"'


def _limits(field: FieldInfo) -> str:
    """Bounds the model itself states, in words."""
    words = []
    for limit in field.metadata:
        for name, word in (("ge", "at least"), ("gt", "above"), ("le", "at most"), ("lt", "below")):
            value = getattr(limit, name, None)
            if value is not None:
                words.append(f"{word} {value}")
        most = getattr(limit, "max_length", None)
        if most is not None and field.annotation is str:
            words.append("one character" if most == 1 else f"at most {most} characters")
    return ", ".join(words)


def _text(text: str) -> str:
    """Text as Markdown inside a table: nothing in it but code is marked up."""
    parts = text.split("`")
    for place in range(0, len(parts), 2):
        parts[place] = re.sub(r"([*<])", r"\\\1", parts[place])
    return "`".join(parts).replace("|", "\\|")
