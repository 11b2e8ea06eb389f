"""Selections: which programs an account takes part in, and for which an item counts, as sets of bits.

Bit i stands for program i. A selection matches where every filled list matches; an exclusion matches where any of
its lists does, and wins. Patterns are as in the shell, `*` and `?`, and tell capitals from small letters. A missing
attribute matches no pattern.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import translate
from typing import TYPE_CHECKING

from core.documents import LINE_KINDS
from core.programs import Pilot, ProductSelection, Program
from core.programs.counters import Counter

if TYPE_CHECKING:
    from core.engine.states import AccountState, ItemState

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


ACCOUNT_LISTS = ("segments", "countries", "groups", "channels", "parents", "tags")
"""The lists of an account selection besides the accounts themselves, in the order of an account's attributes."""


class Audiences:
    """The audiences of all counters."""

    def __init__(self, counters: Sequence[Counter]) -> None:
        audiences = [counter.program.audience for counter in counters]
        self._all = (1 << len(counters)) - 1
        self._ids, *self._fields = (
            _Field(
                [getattr(audience, name) for audience in audiences],
                [getattr(audience.exclude, name) for audience in audiences],
            )
            for name in ("accounts", *ACCOUNT_LISTS)
        )
        self._enrolled: dict[str, int] = {}
        self._asking = 0
        self._pilots: dict[tuple[str, Pilot], int] = {}
        for i, (counter, audience) in enumerate(zip(counters, audiences, strict=True)):
            if audience.enrolled:
                self._asking |= 1 << i
                self._enrolled[counter.of] = self._enrolled.get(counter.of, 0) | 1 << i
            if audience.pilot is not None:
                choice = (counter.of, audience.pilot)
                self._pilots[choice] = self._pilots.get(choice, 0) | 1 << i
        self._seen: dict[tuple[object, ...], int] = {}

    def match(self, state: AccountState) -> int:
        """The counters that an account in this state takes part in."""
        key = state[3:10]
        found = self._seen.get(key)
        if found is None:
            found = self._all
            *single, tags, enrolled = key
            for field, value in zip(self._fields, single, strict=False):
                found = field.left((value,), found)
            found = self._fields[-1].left(tags, found)
            if self._asking:
                found &= ~self._asking | sum(self._enrolled.get(program, 0) for program in set(enrolled))
            self._seen[key] = found
        if found and self._pilots:
            for (program, pilot), bits in self._pilots.items():
                if not chosen(program, pilot, state.external_ids):
                    found &= ~bits
        return self._ids.left(state.external_ids, found) if found else 0


_SHARES = 10_000


def chosen(program: str, pilot: Pilot, external_ids: Sequence[str]) -> bool:
    """Whether an account is in the part of the accounts that a program is for, by its first id and nothing else."""
    if not external_ids:
        return False
    digest = hashlib.sha256(f"{pilot.seed or program}\n{external_ids[0]}".encode()).digest()
    within = int.from_bytes(digest[:8], "big") % _SHARES < pilot.percent * (_SHARES // 100)
    return within == (pilot.part == "pilot")


PRODUCT_LISTS = ("skus", "categories", "brands")
"""The lists of a product selection, in the order of an item's attributes."""


class Products:
    """Selections of products, each less another one."""

    def __init__(self, wanted: Sequence[ProductSelection], excluded: Sequence[ProductSelection] | None = None) -> None:
        self._all = (1 << len(wanted)) - 1
        self._fields = [
            _Field(
                [getattr(selection, name) for selection in wanted],
                [getattr(selection, name) for selection in excluded or ()],
            )
            for name in PRODUCT_LISTS
        ]

    def match(self, state: ItemState) -> int:
        """The selections an item in this state is in."""
        found = self._all
        for field, value in zip(self._fields, state[2:5], strict=True):
            found = field.left((value,), found)
        return found


class Scopes:
    """The scopes of all programs, and their rule for returns."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self._products = Products(
            [program.scope for program in programs], [program.scope.exclude for program in programs]
        )
        self._kinds = dict.fromkeys(LINE_KINDS, (1 << len(programs)) - 1)
        self._returns = 0
        for i, program in enumerate(programs):
            for kind in program.scope.line_kinds_out:
                self._kinds[kind] &= ~(1 << i)
            if program.basis.returns != "exclude":
                self._returns |= 1 << i

    def match(self, state: ItemState) -> int:
        """The programs for which an item in this state counts."""
        found = self._kinds[state.line_kind]  # type: ignore[index]
        if state.is_return:
            found &= self._returns
        return found and found & self._products.match(state)
