"""The counterparts of one system: found by rule, and followed through merges to what they have become."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from core.matching.account import Counterpart, OurAccount, Rule
from core.matching.domains import domains, is_shared
from core.matching.vat_numbers import VatNumber, vat_number


class Register:
    """Counterparts by what they state. Only those that are in use and were not merged away are ever found."""

    def __init__(self, counterparts: Iterable[Counterpart], ignored_domains: Collection[str] = ()) -> None:
        known = {item.id: item for item in counterparts}
        self._ignored = frozenset(ignored_domains)
        self._successors = _successors(known)
        self.active: Mapping[str, Counterpart] = {
            item.id: item for item in known.values() if not item.archived and item.id not in self._successors
        }
        self._by_key: dict[str, set[str]] = {}
        self._by_number: dict[str, list[tuple[VatNumber, str]]] = {}
        self._by_domain: dict[str, set[str]] = {}
        for item in self.active.values():
            if key := item.external_key.strip():
                self._by_key.setdefault(key, set()).add(item.id)
            if number := vat_number(item.vat_number, item.country):
                self._by_number.setdefault(number.rest, []).append((number, item.id))
            for domain in domains(item.domain):
                if not is_shared(domain, self._ignored):
                    self._by_domain.setdefault(domain, set()).add(item.id)

    def find(self, rule: Rule, account: OurAccount) -> set[str]:
        """The counterparts that state of themselves what the account is known by."""
        if rule == "external_key":
            return self._by_key.get(account.external_id.strip(), set())
        if rule == "vat_number":
            number = vat_number(account.vat_number, account.country)
            if number is None:
                return set()
            return {found for other, found in self._by_number.get(number.rest, []) if number.alike(other)}
        return {found for domain in domains(account.email) for found in self._by_domain.get(domain, set())}

    def survivors(self, counterpart: str) -> tuple[str, ...]:
        """What a counterpart is now: itself, what it was merged into, or nothing. Several where merges disagree."""
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
