"""The escape hatch: a class of your own that looks at what passes, where the settings cannot say it.

It is named as `module:Class`, made once without arguments, and called from several threads. Every method is optional:

    prepare(request)        {method, url, headers, body} before credentials are added, the body as text or None;
                            returns what is sent instead. Another host is refused
    answered(answer)        {status, headers, body} as it came, the body as text; returns what is taken for the answer
    record(stream, record)  a record as it was read; returns what is mapped, or None to leave it out
    document(kind, data)    what templates of a write see; returns what they see instead

Whatever such a method raises is a FatalError that names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

from core.errors import ConfigError, FatalError

METHODS = ("prepare", "answered", "record", "document")


class Hook:
    """What the settings name as `hook`, or nothing: then everything passes as it is."""

    def __init__(self, name: str = "", target: object | None = None) -> None:
        self.name = name
        self._calls = {method: call for method in METHODS if callable(call := getattr(target, method, None))}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def has(self, method: str) -> bool:
        """Whether the class has that method."""
        return method in self._calls

    def prepare(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """The request to send. Raises FatalError."""
        return self._table("prepare", request)

    def answered(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to go on with. Raises FatalError."""
        return self._table("answered", answer)

    def record(self, stream: str, record: Any) -> Any:
        """The record to map; None where it is left out. Raises FatalError."""
        return self._called("record", stream, record) if "record" in self._calls else record

    def document(self, kind: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """The data templates of a write see. Raises FatalError."""
        return self._table("document", kind, data)

    def _table(self, method: str, *given: Any) -> Mapping[str, Any]:
        table: Mapping[str, Any] = given[-1]
        if method not in self._calls:
            return table
        result = self._called(method, *given)
        if not isinstance(result, Mapping) or not all(isinstance(key, str) for key in result):
            raise FatalError(
                f"hook {self.name}: {method} returned no table", hint="it returns a dict with text as keys"
            )
        return result

    def _called(self, method: str, *given: Any) -> Any:
        try:
            return self._calls[method](*given)
        except Exception as error:
            # What it says may hold anything that passed through it: the kind of error is told, and no more.
            raise FatalError(
                f"hook {self.name}: {method} broke with {type(error).__name__}",
                hint="mend the hook, or take it out of the settings",
            ) from None


@cache
def hook_of(name: str) -> Hook:
    """The hook named `module:Class`, made once in this process; empty: none. Raises ConfigError."""
    if not name:
        return Hook()
    module, _, attribute = name.partition(":")
    try:
        made = getattr(import_module(module), attribute)()
    except ImportError:
        raise ConfigError(
            f"hook: there is no module {module}", hint="install its package where rebated runs, or mend the name"
        ) from None
    except AttributeError:
        raise ConfigError(f"hook: {module} has no class {attribute}") from None
    except Exception as error:
        raise ConfigError(f"hook: {name} cannot be made: it broke with {type(error).__name__}") from None
    hook = Hook(name, made)
    if not hook:
        raise ConfigError(f"hook: {name} has none of the methods {', '.join(METHODS)}")
    return hook
