"""Double entry: every transaction balances and moves one component of what is owed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import IntegrityError
from core.posting import Posting, check_balanced, component_amount, entry, opening_entry, transfer_entry
from tests.unit.core.settling import key

amounts = st.integers(-(10**15), 10**15)
KINDS = ("accrue", "release", "adjust", "settle", "reverse", "waive")


@pytest.mark.parametrize(
    ("kind", "component", "against", "liability"),
    [
        ("accrue", "accrued", "rebate_expense", -100),
        ("release", "accrued", "rebate_expense", -100),
        ("adjust", "adjusted", "rebate_expense", -100),
        ("settle", "settled", "receivable", 100),
        ("reverse", "settled", "receivable", 100),
        ("waive", "waived", "rebate_expense", 100),
        ("write_off", "waived", "rebate_expense", 100),
    ],
)
def test_an_entry_moves_its_component_against_its_account(
    kind: Any, component: str, against: str, liability: int
) -> None:
    assert entry(kind, key(), 100) == (
        Posting(key(), "refund_liability", component, liability),  # type: ignore[arg-type]
        Posting(key(), against, component, -liability),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("component", "liability"), [("accrued", -100), ("adjusted", -100), ("settled", 100), ("waived", 100)]
)
def test_an_opening_balance_stands_against_the_opening_account(component: Any, liability: int) -> None:
    debit, credit = opening_entry(component, key(), 100)
    assert (debit.ledger_account, debit.component, debit.amount) == ("refund_liability", component, liability)
    assert (credit.ledger_account, credit.component, credit.amount) == ("opening_balance", component, -liability)


def test_an_entry_may_stand_against_another_account() -> None:
    sides = entry("settle", key(), 100, "payable")
    assert [(side.ledger_account, side.amount) for side in sides] == [("refund_liability", 100), ("payable", -100)]


@pytest.mark.parametrize(
    ("component", "liability"), [("accrued", -100), ("adjusted", -100), ("settled", 100), ("waived", 100)]
)
def test_a_transfer_moves_a_component_from_one_key_to_another(component: Any, liability: int) -> None:
    old, new = key(payee=1), key(payee=2)
    assert transfer_entry(component, old, new, 100) == (
        Posting(old, "refund_liability", component, -liability),
        Posting(new, "refund_liability", component, liability),
    )


@given(st.sampled_from(KINDS), amounts)
def test_every_entry_balances_and_tells_its_amount_back(kind: Any, amount: int) -> None:
    sides = entry(kind, key(), amount)
    check_balanced(list(sides))
    assert component_amount(sides[0].component, sides[0].amount) == amount
    taken_back = entry(kind, key(), -amount)
    assert sum(side.amount for side in (*sides, *taken_back) if side.ledger_account == "refund_liability") == 0


@given(st.sampled_from(["accrued", "adjusted", "settled", "waived"]), amounts)
def test_every_opening_entry_balances_and_tells_its_amount_back(component: Any, amount: int) -> None:
    sides = opening_entry(component, key(), amount)
    check_balanced(list(sides))
    assert component_amount(component, sides[0].amount) == amount


def test_what_is_owed_is_accrued_and_adjusted_less_settled_and_waived() -> None:
    sides = [
        *entry("accrue", key(), 100),
        *entry("release", key(), -10),
        *entry("adjust", key(), 5),
        *entry("settle", key(), 60),
        *entry("waive", key(), 35),
    ]
    assert sum(side.amount for side in sides if side.ledger_account == "refund_liability") == 0


def test_a_transaction_that_does_not_balance_is_refused() -> None:
    debit, credit = entry("accrue", key(), 100)
    for wrong in ([debit], [debit, credit, credit], [debit, credit._replace(amount=99)]):
        with pytest.raises(IntegrityError, match="does not balance"):
            check_balanced(wrong)
    check_balanced([])


def test_currencies_balance_each_for_itself() -> None:
    debit, _ = entry("accrue", key(), 100)
    _, credit = entry("accrue", key(currency="CHF"), 100)
    with pytest.raises(IntegrityError, match=r"'EUR': -100, 'CHF': 100"):
        check_balanced([debit, credit])
    check_balanced([*entry("accrue", key(), 100), *entry("settle", key(currency="CHF"), 7)])
