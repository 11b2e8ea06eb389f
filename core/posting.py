"""Double entry: every transaction balances per currency, and each posting tells which balance it moves.

The liability side carries the component (accrued, settled, adjusted, waived): what is owed to an account under one
entitlement key is read from it. Amounts are minor units; a credit is negative.

    accrue       debit rebate expense       credit refund liability
    settle       debit refund liability     credit receivable
    adjust       debit rebate expense       credit refund liability
    settle       debit refund liability     credit payable              (a service: the customer invoices it)
    waive        debit refund liability     credit rebate expense       (write_off: what is owed back, the other way)
    opening      debit opening balance      credit refund liability     (accrued before rebated)
                 debit refund liability     credit opening balance      (settled before rebated)
    transfer     refund liability of one account against that of another (accounts merged): every component by itself
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from core.errors import IntegrityError

TransactionKind = Literal[
    "opening",
    "accrue",
    "release",
    "adjust",
    "settle",
    "reverse",
    "waive",
    "write_off",
    "transfer",
    "expire",
    "redeem",
    "fx_difference",
]
Component = Literal["accrued", "settled", "adjusted", "waived"]
COMPONENTS: tuple[Component, ...] = ("accrued", "adjusted", "settled", "waived")
LedgerAccount = Literal["rebate_expense", "refund_liability", "receivable", "payable", "opening_balance"]


class Key(NamedTuple):
    """What balances are netted by: entitlement key, payee and issuing legal entity. `period` is its first day
    in ISO form; `beneficiary` and `payee` are account ids."""

    program: str
    beneficiary: int
    payee: int
    entity: str
    period: str
    currency: str


class Posting(NamedTuple):
    """One side of a transaction."""

    key: Key
    ledger_account: LedgerAccount
    component: Component
    amount: int


_SIDES: dict[str, tuple[LedgerAccount, int]] = {
    # transaction kind -> the account against the liability, and the sign of the amount on the liability side
    "accrue": ("rebate_expense", -1),
    "release": ("rebate_expense", -1),
    "adjust": ("rebate_expense", -1),
    "settle": ("receivable", 1),
    "reverse": ("receivable", 1),
    "waive": ("rebate_expense", 1),
    "write_off": ("rebate_expense", 1),
}
_COMPONENTS: dict[str, Component] = {
    "accrue": "accrued",
    "release": "accrued",
    "adjust": "adjusted",
    "settle": "settled",
    "reverse": "settled",
    "waive": "waived",
    "write_off": "waived",
}


def entry(
    kind: TransactionKind, key: Key, amount: int, against: LedgerAccount | None = None
) -> tuple[Posting, Posting]:
    """Both sides of a transaction that moves the component of `kind` by `amount` (negative: takes it back).

    `against` is the account on the other side where it is not the usual one.
    """
    usual, sign = _SIDES[kind]
    against = against or usual
    component = _COMPONENTS[kind]
    return (
        Posting(key, "refund_liability", component, sign * amount),
        Posting(key, against, component, -sign * amount),
    )


def opening_entry(component: Component, key: Key, amount: int) -> tuple[Posting, Posting]:
    """An opening balance: what another system had accrued, settled, adjusted or waived before rebated."""
    sign = -1 if component in ("accrued", "adjusted") else 1
    return (
        Posting(key, "refund_liability", component, sign * amount),
        Posting(key, "opening_balance", component, -sign * amount),
    )


def transfer_entry(component: Component, old: Key, new: Key, amount: int) -> tuple[Posting, Posting]:
    """The balance of a component goes over from one key to another."""
    sign = -1 if component in ("accrued", "adjusted") else 1
    return (
        Posting(old, "refund_liability", component, -sign * amount),
        Posting(new, "refund_liability", component, sign * amount),
    )


def component_amount(component: str, liability: int) -> int:
    """The value of a balance from the sum of its liability side."""
    return -liability if component in ("accrued", "adjusted") else liability


def check_balanced(postings: list[Posting]) -> None:
    """Raise IntegrityError unless the postings sum to zero per currency."""
    sums: dict[str, int] = {}
    for posting in postings:
        sums[posting.key.currency] = sums.get(posting.key.currency, 0) + posting.amount
    wrong = {currency: amount for currency, amount in sums.items() if amount}
    if wrong:
        raise IntegrityError(f"a transaction does not balance: {wrong} (minor units)")
