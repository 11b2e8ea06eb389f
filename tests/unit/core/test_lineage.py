"""Parents and the account at the top, by day."""

from __future__ import annotations

from core.ledger.lineage import Above, Parent, lineage

LONG = 1_000


def always(parent: int | None) -> list[Parent]:
    return [Parent(0, LONG, parent)]


def test_the_top_is_the_last_of_the_parents():
    found = lineage({1: always(2), 2: always(3), 4: always(None)})
    assert found == {1: [Above(0, LONG, 2, 3)], 2: [Above(0, LONG, 3, 3)], 4: [Above(0, LONG, None, None)]}


def test_days_are_cut_where_anything_above_changes():
    found = lineage({1: [Parent(0, 10, 2), Parent(10, LONG, 5)], 2: [Parent(0, 4, None), Parent(4, LONG, 3)]})
    assert found[1] == [Above(0, 4, 2, 2), Above(4, 10, 2, 3), Above(10, LONG, 5, 5)]


def test_an_account_that_is_its_own_parent_has_none():
    found = lineage({1: always(1), 2: always(1)})
    assert found == {1: [Above(0, LONG, None, None)], 2: [Above(0, LONG, 1, 1)]}


def test_in_a_circle_all_have_one_top():
    found = lineage({3: always(2), 2: always(7), 7: always(3), 9: always(7)})
    assert {account: spans[0].top for account, spans in found.items()} == {3: 2, 2: 2, 7: 2, 9: 2}


def test_a_chain_without_end_is_not_followed_for_ever():
    chain = {number: always(number + 1) for number in range(5_000)}
    spans = lineage(chain)[0]
    assert len(spans) == 1 and spans[0].parent == 1
