"""States: what is true of an account or an item on some days, and where exchange rates come from."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Literal, NamedTuple, Protocol, TypeVar

BEGINNING, END = -(2**31), 2**31 - 1
"""Day numbers for states that were always true, or still are."""


class AccountState(NamedTuple):
    """What is true of an account on the days from `from_day` up to, not including, `to_day`."""

    from_day: int
    to_day: int
    external_ids: tuple[str, ...] = ()
    segment: str | None = None
    country: str | None = None
    group: str | None = None
    channel: str | None = None
    parent: str | None = None
    """The parent account's id of the source."""
    tags: tuple[str, ...] = ()
    enrolled: tuple[str, ...] = ()
    """Ids of the programs the account is enrolled in."""
    group_id: int | None = None
    """The account that stands for the buying group."""
    parent_id: int | None = None
    top_id: int | None = None
    """The account at the top of the parents."""


class ItemState(NamedTuple):
    """What is true of an item (a product, as one kind of line on one kind of document) on those days."""

    from_day: int
    to_day: int
    sku: str | None = None
    category: str | None = None
    brand: str | None = None
    line_kind: str = "goods"
    is_return: bool = False
    """Whether the item stands for lines of credit notes."""
    base_unit: str = ""
    units: tuple[tuple[str, Fraction], ...] = ()
    """Other units, and how many base units one of each holds."""


State = TypeVar("State", AccountState, ItemState)


class Exchange(Protocol):
    """Where exchange rates come from."""

    def ratio(
        self,
        base: str,
        quote: str,
        day: date,
        rule: Literal["document", "month_average", "period_end"],
        provider: str,
        period_end: date,
    ) -> Fraction | None:
        """Major units of `quote` for one of `base`, exactly; None where no rate is known."""
