"""What matching looks at, and what it finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

Rule = Literal["external_key", "vat_number", "domain"]
State = Literal["matched", "ambiguous", "stale", "unmatched"]
Candidate = tuple[str, str]
"""A counterpart, and the rule (or `person`, `file`) that named it."""

PERSON, FILE = "person", "file"


class OurAccount(NamedTuple):
    """An account of ours. `former`: those that were merged into it in the ERP."""

    account_id: int
    external_id: str
    vat_number: str = ""
    email: str = ""
    country: str = ""
    former: tuple[OurAccount, ...] = ()

    def ids(self) -> Iterator[str]:
        """The external ids it is and was known by."""
        yield self.external_id.strip()
        for one in self.former:
            yield from one.ids()


class Counterpart(NamedTuple):
    """An account as the other system has it now."""

    id: str
    external_key: str = ""
    vat_number: str = ""
    domain: str = ""
    country: str = ""
    merged_into: str = ""
    merged_from: tuple[str, ...] = ()
    archived: bool = False


class Said(NamedTuple):
    """What people said. The counterparts of an account by its id (`person`), or by its external id (`file`); None
    where it has none there. A file may contradict itself, so it gives all that it names."""

    person: Mapping[int, str | None] = {}
    file: Mapping[str, tuple[str | None, ...]] = {}


class Before(NamedTuple):
    """The match an account had: the counterpart, the rule that found it, and whether a merge has led to it."""

    counterpart: str
    rule: str
    merged: bool = False


class Outcome(NamedTuple):
    """What was found for an account.

    state: `matched` with `counterpart`; `ambiguous`: a person must choose among `candidates`; `stale`: `counterpart`
    is not there any more; `unmatched`. rule: what found or named it.

    reason, of a match: `merged` it was reached through a merge; `kept` its rule finds it no more. Of an ambiguous one:
    `several` are named; `split` merges disagree; `contradiction` of rules; `differs` it states that it is another's;
    `claimed` by `rivals` (account ids) as well. Else: `gone`; `none` there, as people said.
    """

    state: State
    counterpart: str | None = None
    rule: str = ""
    reason: str = ""
    candidates: tuple[Candidate, ...] = ()
    rivals: tuple[int, ...] = ()


UNMATCHED = Outcome("unmatched")
NOTHING_SAID = Said()
NOTHING_BEFORE: Mapping[int, Before] = {}
