"""A year of a wholesaler's real invoices through the whole chain, against a computation by hand.

The data: Online Retail II, UCI Machine Learning Repository, D. Chen, CC BY 4.0 (525,461 lines, with what real data
has: returns without a link, lines without a customer, fees and freight among the goods, bad debt, contradictions).
"""

from __future__ import annotations

import hashlib
import inspect
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from core.ledger import entitlements, postings, proposals, quarantine, review, standings
from core.ledger.explaining import explain_proposal
from core.ledger.facts import sync_facts
from core.ledger.masters import profiles
from core.ledger.references import find_proposal
from core.ledger.setting import setting
from core.ledger.tables import batch, line, record_version
from core.period import period_of
from scheduler.cli.main import app
from scheduler.config import load_config
from scheduler.context import Context, claimed, opened
from scheduler.steps.chain import Run, run_once
from scheduler.steps.programs import go_live, import_programs
from scheduler.steps.write_back import Written, write_back
from tests.helpers.credit_notes import Note, read_notes
from tests.helpers.retail import AS_OF, LIVE, RETAIL, SETTLE_FROM, make_folder
from tests.helpers.retail_by_hand import OUT, Amounts, ByHand, quarter, rounded, year

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not RETAIL.exists(), reason=f"the real data is not at {RETAIL} (REBATED_SHARED names its folder)"
    ),
]
TAX = Fraction(20, 100)
PERIODS = {"year-bonus": "year", "family-quarter": "quarter", "club-cashback": "quarter"}


@dataclass
class Year:
    """The year, landed, computed, approved and written once for all tests of this module."""

    config: Path
    hand: ByHand
    first: Run
    held: dict[tuple[str, str, str], str]
    written: Written

    @property
    def out(self) -> Path:
        return self.config.parent / "outbox"

    def opened(self) -> AbstractContextManager[Context]:
        return opened(load_config(self.config), as_of=AS_OF, create=False)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Year:
    config = make_folder(tmp_path_factory.mktemp("retail") / "work")
    with opened(load_config(config), as_of=AS_OF) as context, claimed(context):
        import_programs(context)
        for program in LIVE:
            go_live(context, program, SETTLE_FROM)
        first = run_once(context)
        held = _approve_all(context)
        written = write_back(context)
    return Year(config, ByHand(RETAIL), first, held, written)


def _approve_all(context: Context) -> dict[tuple[str, str, str], str]:
    """Release what is held, by name, then approve everything. Returns what was held and why."""
    held = {}
    with context.book.batch("review", actor="finance", claim=context.fence) as opened_batch:
        for item in proposals.in_states(opened_batch.connection, ("held",), "live"):
            held[item.program, item.content["payee"], item.period_label] = item.state_reason
            review.release(opened_batch, item, "looked at the documents on paper")
    with context.book.batch("review", actor="head of finance", claim=context.fence) as opened_batch:
        for item in proposals.in_states(opened_batch.connection, ("proposed",), "live"):
            review.approve(opened_batch, item, item.content_hash, context.config.review, AS_OF)
    return held


@pytest.fixture(scope="module")
def notes(done: Year) -> list[Note]:
    return read_notes(done.out / "credit-notes")


def every_line_lands_or_is_in_quarantine_or_parked(done: Year) -> None:
    hand, landed = done.hand, done.first.pulled[0].landed
    rows = sum(len(found.rows) for found in hand.documents.values())
    assert rows == 525_461
    assert landed.read == len(hand.documents) and landed.new == len(hand.documents) - len(hand.contradictory)
    assert landed.quarantined == len(hand.contradictory) == 41
    assert landed.lines == rows - sum(len(found.rows) for found in hand.contradictory.values())
    assert landed.parked == len(hand.parked)
    with done.opened() as context, context.book.read() as reading:
        open_rows = quarantine.open_rows(reading)
        without_account = reading.execute(
            sa.select(sa.func.count())
            .select_from(line)
            .join(record_version, record_version.c.id == line.c.version_id)
            .where(record_version.c.account_id.is_(None))
        ).scalar_one()
    assert {row.external_id: row.reason for row in open_rows} == dict.fromkeys(hand.contradictory, "contradictory")
    assert without_account == sum(len(found.rows) for found in hand.parked.values()) > 100_000


def what_is_in_quarantine_holds_the_periods_of_its_accounts(done: Year) -> None:
    wanted = set()
    for found in done.hand.contradictory.values():
        labels = {"year-bonus": year(found.day), "family-quarter": quarter(found.day)}
        labels["club-cashback"] = labels["family-quarter"]
        wanted |= {(program, found.account, label) for program, label in labels.items()}
    held = wanted & set(done.hand.credit_notes)
    assert len(held) > 10 and set(done.held) == held
    assert all("contradictory" in reason for reason in done.held.values())


def every_entitlement_agrees_with_the_computation_by_hand(done: Year) -> None:
    found: Amounts = {}
    lines: Counter[str] = Counter()
    with done.opened() as context, context.book.read() as reading:
        names = _names(reading)
        for program, length in PERIODS.items():
            for stored in entitlements.latest(reading, "live", program):
                label = period_of(stored.period, length).label
                found[program, names[stored.beneficiary], label] = stored.amount
                lines[program] += sum(cell.lines for cell in stored.cells)
        accrued = {
            (key.program, names[key.beneficiary], _label(key.program, key.period)): value.accrued
            for key, value in postings.balances(reading, "live").items()
        }
    hand = done.hand
    assert {key: amount for key, amount in found.items() if amount} == hand.entitlements
    assert {key: amount for key, amount in accrued.items() if amount} == hand.entitlements
    assert {account for _, account, _ in found} <= hand.accounts and len(hand.accounts) > 4000
    goods = [row.code for document in hand.counted for row in document.rows if row.code not in OUT]
    families = sum(code.startswith(("21", "22")) for code in goods)
    assert lines == {"year-bonus": len(goods), "club-cashback": len(goods), "family-quarter": families}


def _label(program: str, first: str) -> str:
    return period_of(date.fromisoformat(first), PERIODS[program]).label


def _names(reading: sa.Connection) -> dict[int, str]:
    return {account_id: item.external_id for account_id, item in profiles(reading).items()}


def tiers_move_and_stand_where_the_computation_by_hand_has_them(done: Year) -> None:
    hand = done.hand
    with done.opened() as context, context.book.read() as reading:
        names = _names(reading)
        now = {names[account]: row.tier for (_, account), row in standings.latest(reading, "live", "club").items()}
    assert now == {account: hand.tier(account, AS_OF) for account in hand.buyers}
    seen: dict[str, set[str]] = defaultdict(set)
    for document in hand.counted:
        seen[document.account].add(hand.tier(document.account, document.day))
    assert sum(len(tiers) > 1 for tiers in seen.values()) > 100, "the window gives no movement to test with"


def the_credit_notes_are_those_by_hand_and_nothing_else(done: Year, notes: list[Note]) -> None:
    assert {(note.program, note.account, note.period): note.net for note in notes} == done.hand.credit_notes
    assert len({note.key for note in notes}) == len(notes) == done.written.sent > 300
    assert {note.program for note in notes} == set(PERIODS)
    for note in notes:
        assert sum(note.lines) == note.net and note.gross == note.net + note.tax
        assert note.taxes == (("20", note.net, rounded(note.net * TAX)),) and note.tax == note.taxes[0][2]


def what_is_settled_is_what_was_written(done: Year, notes: list[Note]) -> None:
    with done.opened() as context, context.book.read() as reading:
        balances = postings.balances(reading, "live")
        reserved = proposals.reserved(reading, "live")
        still_open = proposals.in_states(reading, proposals.OPEN, "live")
    settled = sum(balance.settled for balance in balances.values())
    assert settled == sum(note.net for note in notes) == done.written.net["GBP"] > 0
    assert reserved == {} and still_open == []
    left = {(key.program, key.payee): 0 for key in balances}
    for key, balance in balances.items():
        left[key.program, key.payee] += balance.accrued - balance.settled
    assert all(amount <= 0 for amount in left.values()) and any(left.values()), "only what is owed back may be open"


def a_credit_note_leads_back_to_its_lines(done: Year, notes: list[Note]) -> None:
    hand = done.hand
    chosen = [note for note in notes if note.net != hand.entitlements[note.program, note.account, note.period]]
    assert chosen, "the data has returns that are netted against the next quarter"
    with done.opened() as context:
        assert sync_facts(context.book, context.engine) == 0
        ground = setting(context.book, AS_OF, horizon=context.engine.horizon())
        with context.book.read() as reading:
            for note in chosen + notes[:: len(notes) // 12]:
                _check_evidence(
                    done.hand, note, explain_proposal(reading, context.engine, ground, find_proposal(reading, note.key))
                )


def _check_evidence(hand: ByHand, note: Note, found: dict[str, Any]) -> None:
    assert sum(part["amount"] for part in found["parts"]) == note.net
    for part in found["parts"]:
        entitlement = part["entitlement"]
        key = (note.program, note.account, entitlement["period"])
        assert entitlement["agrees"] and entitlement["amount"] == part["amount"] == hand.entitlements[key]
        assert sum(row["amount"] for row in entitlement["taxes"]) == part["amount"]
        lines = entitlement["lines"]
        assert not {row["product"] for row in lines} & OUT
        label = year if note.program == "year-bonus" else quarter
        own = [
            (str(found.day), row.code, row.pence)
            for found in hand.counted
            if found.account == note.account and label(found.day) == entitlement["period"]
            for row in found.rows
            if row.code not in OUT and (note.program != "family-quarter" or row.code.startswith(("21", "22")))
        ]
        assert sorted((str(row["day"]), row["product"], row["measure"]) for row in lines) == sorted(own)


@pytest.fixture(scope="module")
def again(done: Year) -> Iterator[tuple[Run, int, int, str, str]]:
    """A second run of everything: batches and bytes of the out folder before and after."""
    with done.opened() as context, claimed(context):
        before, bytes_before = _batches(context), _fingerprint(done.out)
        second = run_once(context)
        yield second, before, _batches(context), bytes_before, _fingerprint(done.out)


def _batches(context: Context) -> int:
    with context.book.read() as reading:
        return reading.execute(sa.select(sa.func.count()).select_from(batch)).scalar_one()


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def a_second_run_posts_nothing_and_writes_nothing(again: tuple[Run, int, int, str, str], notes: list[Note]) -> None:
    second, before, after, bytes_before, bytes_after = again
    assert after == before and bytes_after == bytes_before
    assert second.outcome == "done" and second.programs == []
    assert second.pulled[0].landed.read == second.accrued.facts == second.accrued.changed == second.written.sent == 0
    assert second.proposed.new == second.proposed.changed == second.proposed.withdrawn == 0
    assert second.reconciled.compared == len(notes) and not second.reconciled.voided + second.reconciled.differing


def the_book_is_whole(done: Year, again: tuple[Run, int, int, str, str]) -> None:
    result = CliRunner().invoke(app, ["verify", "--deep", "--config", str(done.config)])
    assert result.exit_code == 0, result.output
    assert "the book is whole" in result.output


CHECKS: tuple[Callable[..., None], ...] = (
    every_line_lands_or_is_in_quarantine_or_parked,
    what_is_in_quarantine_holds_the_periods_of_its_accounts,
    every_entitlement_agrees_with_the_computation_by_hand,
    tiers_move_and_stand_where_the_computation_by_hand_has_them,
    the_credit_notes_are_those_by_hand_and_nothing_else,
    what_is_settled_is_what_was_written,
    a_credit_note_leads_back_to_its_lines,
    a_second_run_posts_nothing_and_writes_nothing,
    the_book_is_whole,
)
"""In their order: the last ones let the chain run again."""


def test_a_year_of_real_invoices(request: pytest.FixtureRequest, subtests: pytest.Subtests) -> None:
    """One test, since what all checks rest on takes more than a minute for each worker that gets one of them."""
    for check in CHECKS:
        with subtests.test(check.__name__):
            check(**{name: request.getfixturevalue(name) for name in inspect.signature(check).parameters})
