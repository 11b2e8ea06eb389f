"""What tells two definitions from each other, setting by setting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from core.programs.program import Program

_LISTS_BY = {"bands": "from", "levels": "name", "change": "from", "ranges": "label", "condition": "name"}
"""Lists of tables whose entries have a name of their own: they are compared by it, not by their place."""


class Difference(NamedTuple):
    """One setting: its path as in the file, the value before and after; None: not stated, so the default holds."""

    path: str
    old: Any
    new: Any


def differences(old: Program, new: Program) -> list[Difference]:
    """Every setting in which two definitions differ, in the order of a program file; examples are left out."""
    return list(_compare("", old.content(), new.content()))


def _compare(path: str, old: Any, new: Any) -> Iterator[Difference]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys([*old, *new]):
            yield from _compare(f"{path}.{name}" if path else name, old.get(name), new.get(name))
        return
    named = _LISTS_BY.get(path.rpartition(".")[2])
    if named is not None and isinstance(old, list | tuple) and isinstance(new, list | tuple):
        before, after = ({str(item[named]): item for item in items} for items in (old, new))
        for name in dict.fromkeys([*before, *after]):
            yield from _compare(f"{path}[{named} = {name}]", before.get(name), after.get(name))
        return
    yield Difference(path, old, new)
