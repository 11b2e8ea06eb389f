"""A book with a program, accounts, tax codes and proposals put in by hand."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any

from core.documents import RawRecord
from core.keys import SettlementKey
from core.ledger import postings, proposals, registry
from core.ledger.accounts import known_accounts
from core.ledger.book import Batch, Book
from core.ledger.landing import Landed, land
from core.ledger.postings import Balance
from core.ledger.proposals import PartRow, Stored
from core.ledger.tables import tax_code
from core.posting import Key
from core.programs import Program
from core.source import SourceRules
from core.tax import TaxCode, tax_lines
from tests.unit.core.settling import a_program

TODAY = date(2025, 4, 15)
RULES = SourceRules(totals="none")
CODES = {
    1: TaxCode("DE01", "DE01", "S", 190_000, "EUR"),
    2: TaxCode("DE01", "DE01", "S", 70_000, "EUR"),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits in minor units."""

    second: int = 10**12
    two: int = 10**12

    def needs_second_person(self, net: int, currency: str) -> bool:
        return abs(net) > self.second

    def needs_two_approvers(self, net: int, currency: str) -> bool:
        return abs(net) > self.two


class Shelf:
    """A book and what stands in it."""

    def __init__(self, book: Book) -> None:
        self.book = book
        with book.write() as connection:
            connection.execute(tax_code.insert(), [{"id": i, **code._asdict()} for i, code in CODES.items()])

    def by(self, actor: str) -> AbstractContextManager[Batch]:
        """A batch of this person."""
        return self.book.batch("test", actor=actor, claim=None)

    def define(self, program: Program | None = None, actor: str = "controller") -> Program:
        program = program or a_program("quarter")
        with self.by(actor) as batch:
            registry.register(batch, program, "test")
        return program

    def land(self, *records: RawRecord, source: str = "erp", rules: SourceRules = RULES, **options: Any) -> Landed:
        with self.by("rebated") as batch:
            return land(batch, source, rules, list(records), **options)

    def account(self, name: str = "C-1", source: str = "erp") -> int:
        """The id of an account, opened where it is new."""
        self.land(RawRecord("account", name, {"id": name}, order=1), source=source)
        with self.book.read() as connection:
            return known_accounts(connection, source, "", [name])[name]

    def propose(
        self,
        split: Mapping[int, int],
        *,
        program: Program | None = None,
        book: str = "live",
        state: str = "proposed",
        incomplete: tuple[str, ...] = (),
        maker: str = "controller",
    ) -> Stored:
        """A proposal over the first quarter of 2025, as the daemon would make it."""
        program = self.define(program)
        payee = self.account()
        key = Key(program.id, payee, payee, "DE01", "2025-01-01", "EUR")
        amount = sum(split.values())
        lines = tax_lines([split], CODES, program.program.rounding)
        content = {
            "program": program.id,
            "payee": "C-1",
            "net": amount,
            "tax": sum(line.tax for line in lines),
            "lines": [{"code": line.code, "net": line.net, "tax": line.tax} for line in lines],
            "parts": [{"kind": "entitlement", "amount": amount}],
            "incomplete": list(incomplete),
            "alarms": [],
            "rests_on": {"definition": program.hash()},
        }
        with self.by("rebated") as batch:
            made = proposals.insert(
                batch,
                book=book,
                identity=SettlementKey(program.id, "C-1", "DE01", "2025-Q1", "EUR"),
                generation=1,
                payee=payee,
                period=(date(2025, 1, 1), date(2025, 4, 1)),
                net=amount,
                tax=content["tax"],
                content=content,
                rows=[PartRow("entitlement", key, amount, dict(split), None, "")],
                supersedes=None,
                maker=maker,
                state=state,
                reason="; ".join(incomplete),
                actor=proposals.DAEMON,
            )
        return self.see(made)

    def see(self, proposal_id: int) -> Stored:
        """A proposal as it stands now."""
        with self.book.read() as connection:
            return proposals.by_id(connection, proposal_id)

    def states(self, item: Stored) -> list[str]:
        """The life of a proposal."""
        with self.book.read() as connection:
            return [event.state for event in proposals.events(connection, item.id)]

    def parts(self, item: Stored) -> list[PartRow]:
        with self.book.read() as connection:
            return proposals.parts(connection, [item.id])[item.id]

    def balance(self) -> Balance:
        """The only balance of the live book."""
        with self.book.read() as connection:
            found = postings.balances(connection, "live")
        assert len(found) < 2
        return next(iter(found.values()), Balance())
