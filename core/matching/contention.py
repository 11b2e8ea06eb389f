"""Accounts that contend for one counterpart: the stronger claim stands, and of equal ones none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from core.matching.account import (
    FILE,
    NOTHING_BEFORE,
    NOTHING_SAID,
    PERSON,
    Before,
    Counterpart,
    OurAccount,
    Outcome,
    Rule,
    Said,
)
from core.matching.claim import Claimant
from core.matching.register import Register

_MOST = 20


def match(
    accounts: Iterable[OurAccount],
    counterparts: Iterable[Counterpart],
    by: Sequence[Rule],
    ignored_domains: Collection[str] = (),
    said: Said = NOTHING_SAID,
    before: Mapping[int, Before] = NOTHING_BEFORE,
) -> dict[int, Outcome]:
    """The outcome of every account, whatever the order of the input.

    A counterpart is matched with one account only, unless a person gave it to several.
    """
    claimant = Claimant(Register(counterparts, ignored_domains), by, said, before)
    outcomes = {account.account_id: claimant.claim(account) for account in accounts}
    ranks = {rule: rank for rank, rule in enumerate((PERSON, FILE, *by))}
    claims: dict[str, list[tuple[int, int]]] = {}
    for account_id, outcome in outcomes.items():
        for counterpart, rank in _claims(outcome, ranks):
            claims.setdefault(counterpart, []).append((rank, account_id))
    for contenders in claims.values():
        contenders.sort()
    return {account_id: _settled(account_id, outcome, claims, ranks) for account_id, outcome in outcomes.items()}


def _claims(outcome: Outcome, ranks: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """What an account claims, and how strongly: the lower the stronger. What is in question is claimed as well."""
    if outcome.state == "matched" and outcome.counterpart is not None:
        yield outcome.counterpart, _rank(outcome, outcome.rule, ranks)
    for counterpart, rule in outcome.candidates:
        yield counterpart, _rank(outcome, rule, ranks)


def _rank(outcome: Outcome, rule: str, ranks: Mapping[str, int]) -> int:
    """What a rule finds is stronger than what it found once, or what says of itself that it is another."""
    is_found = outcome.reason in ("", "several", "contradiction")
    return ranks[rule] if rule in (PERSON, FILE) or is_found else ranks[rule] + len(ranks)


def _settled(
    account_id: int, outcome: Outcome, claims: Mapping[str, list[tuple[int, int]]], ranks: Mapping[str, int]
) -> Outcome:
    if outcome.state != "matched" or outcome.counterpart is None or outcome.rule == PERSON:
        return outcome
    mine = _rank(outcome, outcome.rule, ranks)
    rivals: list[int] = []
    for rank, other in claims[outcome.counterpart]:
        if rank > mine or len(rivals) == _MOST:
            break
        if other != account_id:
            rivals.append(other)
    if not rivals:
        return outcome
    candidates = ((outcome.counterpart, outcome.rule),)
    return Outcome("ambiguous", None, outcome.rule, "claimed", candidates, tuple(sorted(rivals)))
