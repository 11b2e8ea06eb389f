"""Adapters by name, found through the entry point group `rebated.adapters`."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from connectors.spi import Adapter
from core.errors import ConfigError

GROUP = "rebated.adapters"


@cache
def adapter_names() -> tuple[str, ...]:
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


@cache
def adapter_class(name: str) -> type[Adapter]:
    """The adapter registered as `name`. Raises ConfigError naming the registered ones."""
    for point in entry_points(group=GROUP):
        if point.name == name:
            loaded: type[Adapter] = point.load()
            return loaded
    raise ConfigError(f"no adapter is called {name!r}; registered: {', '.join(adapter_names()) or 'none'}")
