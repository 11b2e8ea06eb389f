"""Selections: which programs an account takes part in, and for which an item counts, as sets of bits.

Bit i stands for program i. A selection matches where every filled list matches; an exclusion matches where any of
its lists does, and wins. Patterns are as in the shell, `*` and `?`, and tell capitals from small letters. A missing
attribute matches no pattern.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import translate
from typing import TYPE_CHECKING

from core.documents import LINE_KINDS
from core.programs import Program

if TYPE_CHECKING:
    from core.engine.plan import AccountState, ItemState

_WILD = re.compile(r"[*?\[]")


class PatternList:
    """One list of patterns (`segments`, say) of every program: value -> programs whose list matches it."""

    def __init__(self, lists: Iterable[tuple[str, ...]]) -> None:
        self.filled = 0
        self._plain: dict[str, int] = {}
        self._wild: list[tuple[Callable[[str], object], int]] = []
        wild: dict[str, int] = {}
        for i, patterns in enumerate(lists):
            bit = 1 << i
            if patterns:
                self.filled |= bit
            for pattern in patterns:
                into = wild if _WILD.search(pattern) else self._plain
                into[pattern] = into.get(pattern, 0) | bit
        self._wild = [(re.compile(translate(pattern)).match, bits) for pattern, bits in wild.items()]
        self._seen: dict[str, int] = {}

    def match(self, value: str | None) -> int:
        """The programs whose list has a pattern that matches."""
        if value is None or not self.filled:
            return 0
        if not self._wild:
            return self._plain.get(value, 0)
        found = self._seen.get(value)
        if found is None:
            found = self._plain.get(value, 0)
            for matches, bits in self._wild:
                if matches(value):
                    found |= bits
            self._seen[value] = found
        return found


class _Field:
    """One attribute: the lists that ask for it and the lists that exclude by it."""

    def __init__(self, wanted: Iterable[tuple[str, ...]], excluded: Iterable[tuple[str, ...]]) -> None:
        self.wanted = PatternList(wanted)
        self.excluded = PatternList(excluded)

    def left(self, values: Iterable[str | None], programs: int) -> int:
        """Those of `programs` that remain for an account or item with one of these values."""
        wanted, excluded = ~self.wanted.filled, 0
        for value in values:
            wanted |= self.wanted.match(value)
            excluded |= self.excluded.match(value)
        return programs & wanted & ~excluded


class Audiences:
    """The audiences of all programs."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self._all = (1 << len(programs)) - 1
        self._ids, self._segment, self._country, self._group, self._channel = (
            _Field(
                [getattr(program.audience, name) for program in programs],
                [getattr(program.audience.exclude, name) for program in programs],
            )
            for name in ("accounts", "segments", "countries", "groups", "channels")
        )
        self._seen: dict[tuple[str | None, ...], int] = {}

    def match(self, state: AccountState) -> int:
        """The programs that an account in this state takes part in."""
        key = state[3:]
        found = self._seen.get(key)
        if found is None:
            found = self._all
            for field, value in zip((self._segment, self._country, self._group, self._channel), key, strict=True):
                found = field.left((value,), found)
            self._seen[key] = found
        return self._ids.left(state.external_ids, found) if found else 0


class Scopes:
    """The scopes of all programs, and their rule for returns."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self._sku, self._category, self._brand = (
            _Field(
                [getattr(program.scope, name) for program in programs],
                [getattr(program.scope.exclude, name) for program in programs],
            )
            for name in ("skus", "categories", "brands")
        )
        everything = (1 << len(programs)) - 1
        self._kinds = dict.fromkeys(LINE_KINDS, everything)
        self._returns = 0
        for i, program in enumerate(programs):
            for kind in program.scope.line_kinds_out:
                self._kinds[kind] &= ~(1 << i)
            if program.basis.returns == "count":
                self._returns |= 1 << i

    def match(self, state: ItemState) -> int:
        """The programs for which an item in this state counts."""
        found = self._kinds[state.line_kind]  # type: ignore[index]
        if state.is_return:
            found &= self._returns
        for field, value in (
            (self._sku, state.sku),
            (self._category, state.category),
            (self._brand, state.brand),
        ):
            found = field.left((value,), found)
        return found
