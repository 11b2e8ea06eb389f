"""Matching over random firms: no counterpart for two accounts, no order, no flapping."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.matching import Before, Counterpart, OurAccount, Said, match

EXAMPLES = int(os.environ.get("REBATED_EXAMPLES", "50"))
many = settings(max_examples=EXAMPLES * 4, deadline=None, suppress_health_check=list(HealthCheck))

NUMBERS = st.sampled_from(["", "DE123456789", "123456789", "AT123456789", "DE 222 333 444"])
DOMAINS = st.sampled_from(["", "a.example", "b.example", "www.a.example", "gmail.com"])
KEYS = st.sampled_from(["", "C-1", "C-2", "C-3", "C-4", "C-9"])
THERE = st.sampled_from(["p", "q", "r", "s", "t"])
RULES = st.permutations(["external_key", "vat_number", "domain"]).flatmap(
    lambda rules: st.integers(0, 3).map(lambda count: tuple(rules[:count]))
)


@st.composite
def firms(draw):
    accounts = [
        OurAccount(number, f"C-{number}", draw(NUMBERS), draw(DOMAINS.map(lambda one: one and f"x@{one}")))
        for number in range(1, draw(st.integers(1, 5)))
    ]
    if len(accounts) > 2 and draw(st.booleans()):
        accounts = [accounts[0]._replace(former=(accounts[1],)), *accounts[2:]]
    counterparts = [
        Counterpart(
            name,
            draw(KEYS),
            draw(NUMBERS),
            draw(DOMAINS),
            merged_into=draw(st.one_of(st.just(""), THERE)),
            merged_from=draw(st.one_of(st.just(()), st.tuples(THERE))),
            archived=draw(st.sampled_from([False, False, True])),
        )
        for name in sorted(draw(st.sets(THERE)))
    ]
    numbers = st.integers(1, 4)
    said = Said(
        draw(st.dictionaries(numbers, st.one_of(st.none(), THERE), max_size=2)),
        draw(
            st.dictionaries(
                numbers.map(lambda number: f"C-{number}"),
                st.lists(st.one_of(st.none(), THERE), min_size=1, max_size=2).map(tuple),
                max_size=2,
            )
        ),
    )
    by = draw(RULES)
    rules = st.sampled_from(["external_key", "vat_number", "domain", "person"])
    before = draw(st.dictionaries(numbers, st.builds(Before, THERE, rules, st.booleans()), max_size=3))
    return accounts, counterparts, by, said, before


@many
@given(firms())
def test_a_counterpart_stands_for_one_account_unless_a_person_said_so(world):
    accounts, counterparts, by, said, before = world
    found = match(accounts, counterparts, by, (), said, before)
    assert set(found) == {account.account_id for account in accounts}
    claimed: dict[str, list[str]] = {}
    for outcome in found.values():
        if outcome.state == "matched":
            claimed.setdefault(outcome.counterpart, []).append(outcome.rule)
    assert all(len(rules) == 1 or set(rules) == {"person"} for rules in claimed.values())


@many
@given(firms())
def test_only_what_is_there_and_in_use_is_matched(world):
    accounts, counterparts, by, said, before = world
    there = {item.id: item for item in counterparts}
    merged = {old for item in counterparts for old in item.merged_from if old != item.id}
    for outcome in match(accounts, counterparts, by, (), said, before).values():
        if outcome.state == "matched":
            item = there[outcome.counterpart]
            assert not item.archived and item.merged_into in ("", item.id) and item.id not in merged
        assert (outcome.counterpart is not None) == (outcome.state in ("matched", "stale"))
        assert bool(outcome.candidates) <= (outcome.state == "ambiguous")


@many
@given(firms(), st.randoms())
def test_the_order_of_what_is_read_does_not_matter(world, chance):
    accounts, counterparts, by, said, before = world
    found = match(accounts, counterparts, by, (), said, before)
    chance.shuffle(accounts)
    chance.shuffle(counterparts)
    assert match(accounts, counterparts, by, (), said, before) == found


@many
@given(firms())
def test_matching_again_changes_nothing(world):
    accounts, counterparts, by, said, before = world
    found = match(accounts, counterparts, by, (), said, before)
    kept = {
        number: Before(outcome.counterpart, outcome.rule, outcome.reason == "merged")
        for number, outcome in found.items()
        if outcome.state in ("matched", "stale")
    }
    asked = {
        number: item for number, item in before.items() if found.get(number) and found[number].state == "ambiguous"
    }
    former = {old.account_id for account in accounts for old in account.former}
    kept |= asked | {number: item for number, item in before.items() if number in former}
    assert match(accounts, counterparts, by, (), said, kept) == found
