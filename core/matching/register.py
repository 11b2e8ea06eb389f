"""The counterparts of one system: found by rule, and followed through merges to what they have become."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from core.matching.account import Counterpart, OurAccount, Rule
from core.matching.domains import domains, is_shared
from core.matching.vat_numbers import VatNumber, vat_number

MOST_NAMED = 20
"""Counterparts that are named where several are found: more help nobody to choose."""


class Found(NamedTuple):
    """Counterparts that state the same of themselves, and the first of them in the order of their ids. It is made once
    for all the accounts it is found for, since it may hold every counterpart there is."""

    ids: frozenset[str]
    first: tuple[str, ...]


def _found(ids: Iterable[str]) -> Found:
    distinct = frozenset(ids)
    return Found(distinct, tuple(sorted(distinct)[:MOST_NAMED]))


_NONE = _found(())


class Register:
    """Counterparts by what they state. Only those that are in use and were not merged away are ever found."""

    def __init__(self, counterparts: Iterable[Counterpart], ignored_domains: Collection[str] = ()) -> None:
        known = {item.id: item for item in counterparts}
        self._ignored = frozenset(ignored_domains)
        self._successors = _successors(known)
        self.active: Mapping[str, Counterpart] = {
            item.id: item for item in known.values() if not item.archived and item.id not in self._successors
        }
        self._by_number: dict[str, list[tuple[VatNumber, str]]] = {}
        by_key: dict[str, set[str]] = {}
        by_domain: dict[str, set[str]] = {}
        for item in self.active.values():
            if key := item.external_key.strip():
                by_key.setdefault(key, set()).add(item.id)
            if number := vat_number(item.vat_number, item.country):
                self._by_number.setdefault(number.rest, []).append((number, item.id))
            for domain in domains(item.domain):
                if not is_shared(domain, self._ignored):
                    by_domain.setdefault(domain, set()).add(item.id)
        self._by_key = {key: _found(ids) for key, ids in by_key.items()}
        self._by_domain = {domain: _found(ids) for domain, ids in by_domain.items()}
        self._alike: dict[VatNumber, Found] = {}
        self._united: dict[tuple[str, ...], Found] = {}
        self._survivors: dict[str, tuple[str, ...]] = {}

    def find(self, rule: Rule, account: OurAccount) -> Found:
        """The counterparts that state of themselves what the account is known by."""
        if rule == "external_key":
            return self._by_key.get(account.external_id.strip(), _NONE)
        if rule == "vat_number":
            number = vat_number(account.vat_number, account.country)
            return _NONE if number is None else self._with_number(number)
        return self._with_domains(tuple(name for name in domains(account.email) if name in self._by_domain))

    def _with_number(self, number: VatNumber) -> Found:
        if number not in self._alike:
            stated = self._by_number.get(number.rest, ())
            self._alike[number] = _found(item for other, item in stated if number.alike(other))
        return self._alike[number]

    def _with_domains(self, names: tuple[str, ...]) -> Found:
        if len(names) == 1:
            return self._by_domain[names[0]]
        if names not in self._united:
            self._united[names] = _found(found for name in names for found in self._by_domain[name].ids)
        return self._united[names]

    def survivors(self, counterpart: str) -> tuple[str, ...]:
        """What a counterpart is now: itself, what it was merged into, or nothing. Several where merges disagree."""
        way: dict[str, None] = {}
        last = counterpart
        while last not in way and last not in self._survivors and len(following := self._successors.get(last, ())) == 1:
            way[last] = None
            last = next(iter(following))
        ends = self._survivors[last] if last in self._survivors else self._ends(last)
        self._survivors.update(dict.fromkeys((*way, last), ends))
        return ends

    def _ends(self, counterpart: str) -> tuple[str, ...]:
        found, seen, ahead = set(), set(), [counterpart]
        while ahead:
            item = ahead.pop()
            if item in seen:
                continue
            seen.add(item)
            if item in self.active:
                found.add(item)
            ahead.extend(self._successors.get(item, ()))
        return tuple(sorted(found))


def _successors(known: Mapping[str, Counterpart]) -> dict[str, set[str]]:
    """What each counterpart was merged into, as it says itself or its survivor says."""
    found: dict[str, set[str]] = {}
    for item in known.values():
        if item.merged_into and item.merged_into != item.id:
            found.setdefault(item.id, set()).add(item.merged_into)
        for old in item.merged_from:
            if old != item.id:
                found.setdefault(old, set()).add(item.id)
    return found
