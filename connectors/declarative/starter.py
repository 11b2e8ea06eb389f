"""What a customer begins with: the settings a preset asks for, as text to put into rebated.toml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel

from connectors.declarative.preset import adapters, preset, preset_names, preset_text
from connectors.declarative.settings.about import About
from connectors.declarative.settings.auth import OAuth2
from connectors.registry import adapter_class
from connectors.secrets import SecretReference

__all__ = ["about", "preset_names", "preset_text", "starter"]

_WRITES = {
    "credit_note": "credit_notes",
    "account_note": "account_notes",
    "tier": "tiers",
    "journal": "journal",
}
"""The setting of [write_back] for each kind."""


def about(name: str) -> About:
    """What a preset says of itself. Raises ValueError where there is no such preset."""
    return About.model_validate(preset(name).get("about", {}))


def starter(name: str, connection: str) -> str:
    """The tables for a connection by a preset. Raises ValueError where there is no such preset."""
    return "\n".join(_lines(name, connection)) + "\n"


def _lines(name: str, connection: str) -> Iterator[str]:
    told, data = about(name), preset(name)
    head = f"[connections.{connection}.settings"
    title = " ".join(filter(None, (told.title, told.version)))
    yield f"# {title}; docs/connectors/{name}.md tells the set-up step by step."
    if told.sunset is not None:
        yield f"# The vendor ends this interface on {told.sunset.on:%Y-%m-%d}. {told.sunset.notice}"
    yield f"[connections.{connection}]"
    yield f'adapter = "{adapters()[name]}"'
    yield "write = false            # true once `rebated check` and `rebated connector try` show what you expect"
    yield ""
    yield f"{head}]"
    yield f'preset = "{name}"'
    credentials = list(_credentials(data.get("auth", {}), connection, adapters()[name], told.credentials))
    if credentials:
        yield ""
        yield f"{head}.auth]"
        yield from credentials
    values = list(_values(told, data.get("values", {})))
    if values:
        yield ""
        yield f"{head}.values]"
        yield from values
    for table, entries in data.get("maps", {}).items():
        yield ""
        yield f"# {head}.maps.{table}]"
        yield from (f"# {_key(key)} = {_shown(value)}" for key, value in entries.items())
    if any(stream.get("kind") == "counterpart" for stream in data.get("read", {}).values()):
        mark = "# " if "erp" in told.roles else ""
        yield ""
        yield "# How its accounts are matched with those of your ERP; docs/matching.md"
        yield f"{mark}[connections.{connection}.matching]"
        yield f'{mark}by = ["external_key", "vat_number"]'
    routes = [setting for kind, setting in _WRITES.items() if kind in data.get("write", {})]
    if routes:
        yield ""
        yield "# Put these into [write_back]:"
        yield from (f'# {setting} = "{connection}"' for setting in routes)


def _credentials(auth: Mapping[str, Any], connection: str, adapter: str, meanings: Mapping[str, str]) -> Iterator[str]:
    """The settings of auth that the preset leaves open: those that are needed, then secrets that may be."""
    model = _model(auth.get("kind", "none"), adapter)
    signed = "algorithm" in auth  # the client proves itself by what it signs, and not by a secret
    needed = {
        "client_credentials": ("client_id", "private_key", "key_id") if signed else ("client_id", "client_secret"),
        "refresh_token": ("client_id", "client_secret", "refresh_token", "token_file"),
        "jwt_bearer": ("client_id", "user", "private_key"),
        "password": ("client_id", "client_secret", "user", "password"),
        "session": ("user",),
    }.get(str(auth.get("grant") or auth.get("kind", "")), ())
    for name, field in model.model_fields.items():
        if name in auth or not (field.is_required() or name in needed or f"{name}_in" in auth):
            continue
        if SecretReference in (field.annotation, *get_args(field.annotation)):
            value = f'{{ env = "{f"{connection}_{name}".replace("-", "_").upper()}" }}'
        elif name == "token_file":
            value = f'"var/{connection}-token.json"'
        else:
            value = '""'
        yield f"{f'{name} = {value}':<40} # {meanings.get(name, field.description)}"


def _model(kind: str, adapter: str) -> type[BaseModel]:
    for model in get_args(adapter_class(adapter).Settings.model_fields["auth"].annotation):
        if kind in get_args(model.model_fields["kind"].annotation):
            return model  # type: ignore[no-any-return]
    return OAuth2


def _values(told: About, defaults: Mapping[str, Any]) -> Iterator[str]:
    for name, value in told.values.items():
        meaning = ". ".join(filter(None, (value.title, value.description)))
        if name in defaults and not (value.required and defaults[name] == ""):
            line = f"# {name} = {_shown(defaults[name])}"
        else:
            line = f"{'' if value.required else '# '}{name} = {_shown(value.example)}"
        yield f"{line:<40} # {meaning}"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _key(text: str) -> str:
    return text if text.isidentifier() else _shown(text)
