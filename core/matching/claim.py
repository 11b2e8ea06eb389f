"""What one account claims, as if it were the only one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from core.matching.account import FILE, PERSON, UNMATCHED, Before, Candidate, OurAccount, Outcome, Rule, Said
from core.matching.register import MOST_NAMED, Register
from core.matching.vat_numbers import vat_number


class Claimant:
    """Claims of accounts on the counterparts of one register."""

    def __init__(self, register: Register, by: Sequence[Rule], said: Said, before: Mapping[int, Before]) -> None:
        self._register, self._by, self._said, self._before = register, by, said, before

    def claim(self, account: OurAccount) -> Outcome:
        """What is found for an account; where nothing is, what is found for those that were merged into it."""
        return self._with_former(account, frozenset(account.ids())) or UNMATCHED

    def _with_former(self, account: OurAccount, ids: frozenset[str]) -> Outcome | None:
        own = self._said_of(account) or self._by_rule(account, ids)
        if own is not None:
            return own
        kept, former = self._kept(account, ids), self._of_former(account, ids)
        if kept is None or former is None:
            return kept or former
        gone, the_same = kept.state == "stale", kept.state == "matched" and kept.counterpart == former.counterpart
        return former if gone or the_same else kept

    def _of_former(self, account: OurAccount, ids: frozenset[str]) -> Outcome | None:
        """What serves an account that has no match of its own: that of one it was merged with, if they agree."""
        found = [outcome for one in account.former if (outcome := self._with_former(one, ids)) is not None]
        alive = [outcome for outcome in found if outcome.state in ("matched", "ambiguous")]
        if len({(outcome.state, outcome.counterpart) for outcome in alive}) > 1:
            named = [
                candidate
                for outcome in alive
                for candidate in outcome.candidates or ((outcome.counterpart or "", outcome.rule),)
            ]
            return _ambiguous(alive[0].rule, "several", named)
        return next(iter(alive or found), None)

    def _said_of(self, account: OurAccount) -> Outcome | None:
        if account.account_id in self._said.person:
            return self._stated(PERSON, (self._said.person[account.account_id],))
        if account.external_id.strip() in self._said.file:
            return self._stated(FILE, self._said.file[account.external_id.strip()])
        return None

    def _stated(self, rule: str, named: Sequence[str | None]) -> Outcome:
        """What people said holds, wherever merges have led it."""
        if len(set(named)) > 1:
            return _ambiguous(rule, "several", [(one, rule) for one in named if one is not None])
        if named[0] is None:
            return Outcome("unmatched", None, rule, "none")
        return self._followed(named[0], rule, "")

    def _followed(self, counterpart: str, rule: str, reason: str) -> Outcome:
        survivors = self._register.survivors(counterpart)
        if len(survivors) > 1:
            return _ambiguous(rule, "split", [(one, rule) for one in survivors])
        if not survivors:
            return Outcome("stale", counterpart, rule, "gone")
        return Outcome("matched", survivors[0], rule, reason if survivors[0] == counterpart else "merged")

    def _by_rule(self, account: OurAccount, ids: frozenset[str]) -> Outcome | None:
        claims = [(rule, found) for rule in self._by if (found := self._register.find(rule, account)).ids]
        if not claims:
            return None
        rule, found = claims[0]
        if len(found.ids) > 1:
            return _ambiguous(rule, "several", [(one, rule) for one in found.first])
        (one,) = found.first
        if any(one not in others.ids for _, others in claims):
            return _ambiguous(rule, "contradiction", [(each, by) for by, others in claims for each in others.first])
        if self._is_anothers(one, ids):
            return _ambiguous(rule, "differs", [(one, rule)])
        return Outcome("matched", one, rule)

    def _kept(self, account: OurAccount, ids: frozenset[str]) -> Outcome | None:
        """The match of before, where no rule finds anything now: names and domains change, and records are merged."""
        before = self._before.get(account.account_id)
        if before is None or before.rule not in self._by:
            return None
        outcome = self._followed(before.counterpart, before.rule, "merged" if before.merged else "kept")
        if outcome.counterpart is None or outcome.state != "matched":
            return outcome
        differs = before.rule == "vat_number" and outcome.reason == "kept" and self._number_differs(account, outcome)
        if differs or self._is_anothers(outcome.counterpart, ids):
            return _ambiguous(before.rule, "differs", [(outcome.counterpart, before.rule)])
        return outcome

    def _is_anothers(self, counterpart: str, ids: frozenset[str]) -> bool:
        """Whether a counterpart says itself that it is another account."""
        key = self._register.active[counterpart].external_key.strip()
        return "external_key" in self._by and bool(key) and key not in ids

    def _number_differs(self, account: OurAccount, outcome: Outcome) -> bool:
        item = self._register.active[outcome.counterpart or ""]
        theirs = vat_number(item.vat_number, item.country)
        ours = [number for one in _all(account) if (number := vat_number(one.vat_number, one.country))]
        return theirs is not None and bool(ours) and not any(number.alike(theirs) for number in ours)


def _all(account: OurAccount) -> Iterator[OurAccount]:
    """An account, and those that were merged into it."""
    yield account
    for one in account.former:
        yield from _all(one)


def _ambiguous(rule: str, reason: str, candidates: Sequence[Candidate]) -> Outcome:
    return Outcome("ambiguous", None, rule, reason, tuple(sorted(set(candidates))[:MOST_NAMED]))
