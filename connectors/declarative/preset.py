"""Presets: settings that come with rebated, one file for each system. A customer's own are laid over them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

ADAPTERS = ("crm_rest", "soap_erp")
"""Those whose settings may come as a preset. No two presets have one name."""


@cache
def adapters() -> dict[str, str]:
    """The adapter of each preset, by the name of the preset."""
    return {
        item.name.removesuffix(".toml"): adapter
        for adapter in ADAPTERS
        for item in sorted(_folder(adapter).iterdir(), key=lambda item: item.name)
        if item.name.endswith(".toml")
    }


def preset_names() -> tuple[str, ...]:
    """The presets there are."""
    return tuple(sorted(adapters()))


@cache
def preset_text(name: str) -> str:
    """The file of a preset. Raises ValueError naming those there are."""
    if name not in adapters():
        raise ValueError(f"there is no preset {name!r}; there are: {', '.join(preset_names())}")
    return (_folder(adapters()[name]) / f"{name}.toml").read_text("utf-8")


@cache
def preset(name: str) -> Mapping[str, Any]:
    """The settings of a preset, not yet checked. Raises ValueError."""
    return tomllib.loads(preset_text(name), parse_float=Decimal)


def with_preset(data: Mapping[str, Any], adapter: str) -> dict[str, Any]:
    """A customer's settings for an adapter laid over those of the preset they name. Raises ValueError."""
    name = data["preset"]
    if not isinstance(name, str):
        raise ValueError("preset is the name of a preset")
    below = preset(name)
    if adapters()[name] != adapter:
        raise ValueError(f'the preset {name!r} is one of another adapter: adapter = "{adapters()[name]}"')
    return laid_over(below, data)


def _folder(adapter: str) -> Traversable:
    return files(f"connectors.{adapter}") / "presets"


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Tables are merged entry by entry; everything else from above replaces what is below.

    A table whose `kind` is another than the one below replaces it: its entries mean something else.
    """
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        if isinstance(value, Mapping) and isinstance(under, Mapping) and not _other_kind(under, value):
            merged[name] = laid_over(under, value)
        else:
            merged[name] = value
    return merged


def _other_kind(below: Mapping[str, Any], above: Mapping[str, Any]) -> bool:
    return "kind" in above and "kind" in below and above["kind"] != below["kind"]
