"""What the oracle is asked about: programs, master data, signed lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from core.programs import Program


class Fact(NamedTuple):
    """One signed line, as in `core.engine.duck.FACT`. Documents and lines count from 1: 0 stands for any of them."""

    document: int
    line: int
    account: int
    item: int
    tax: int
    day: int
    net: int
    tax_amount: int
    quantity: int | None
    sign: int
    batch: int


class World(NamedTuple):
    """Everything that what is earned follows from.

    `accounts` and `items` are dated states as in `core.engine.plan`, `lines` the signed lines of each view of the
    documents (`Basis.view`), `currencies` tells the currency of each tax key, `exchange` is as `core.engine.plan` says,
    and `enrolled` the first day of each account's enrolment by program.
    """

    programs: Sequence[Program]
    accounts: Mapping[int, Sequence[Any]]
    items: Mapping[int, Sequence[Any]]
    lines: Mapping[Any, Sequence[Fact]]
    currencies: Mapping[int, str]
    as_of: date = date(9999, 12, 31)
    exchange: Any = None
    enrolled: Mapping[str, Mapping[int, date]] = {}
    known_batch: int | None = None

    def program(self, name: str) -> Program:
        """The program of an id."""
        return next(program for program in self.programs if program.id == name)

    def known(self, program: Program) -> list[Fact]:
        """The lines a program could count: those of its view that stand, as it was known then."""
        lines = self.lines.get(program.basis.view, ())
        return standing(line for line in lines if self.known_batch is None or line.batch <= self.known_batch)

    def account(self, line: Fact) -> Any:
        """The state of a line's account on its day; None where nothing is known."""
        return _on(self.accounts.get(line.account, ()), line.day)

    def item(self, line: Fact) -> Any:
        """The state of a line's item on its day; None where nothing is known."""
        return _on(self.items.get(line.item, ()), line.day)


def standing(lines: Iterable[Fact]) -> list[Fact]:
    """What is left of signed lines when those that were taken back are gone."""
    alike: dict[tuple[int | bool, ...], list[Fact]] = {}
    for line in lines:
        key = (line.document, line.line, line.account, line.item, line.tax, line.day, line.quantity is None)
        alike.setdefault(key, []).append(line)
    found = []
    for members in alike.values():
        sign = sum(line.sign for line in members)
        whole = members[0]._replace(
            net=sum(line.net for line in members),
            tax_amount=sum(line.tax_amount for line in members),
            quantity=None if members[0].quantity is None else sum(line.quantity or 0 for line in members),
            sign=sign,
        )
        if sign or whole.net or whole.tax_amount or whole.quantity:
            found.append(whole)
    return found


def _on(states: Sequence[Any], day: int) -> Any:
    return next((state for state in states if state.from_day <= day < state.to_day), None)
