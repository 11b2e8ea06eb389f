"""Claims on SQLite and on a real PostgreSQL: one holder at a time, and a stalled one commits nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from threading import Barrier

import pytest

from core.errors import LostClaim, RefusedError
from core.ledger import claims, review
from core.ledger.book import Book
from core.ledger.claims import Claim
from core.ledger.tables import account
from tests.helpers.book_by_hand import CASH, CLUB, FAMILY, YEAR
from tests.helpers.books import Doc, SmallBook, small_book
from tests.helpers.databases import BOTH, empty_database, everything

TODAY = date(2025, 4, 5)
DOC = Doc("1001", (("A1", 40_000, 19), ("B1", 3_333, 7)), date(2025, 1, 20))
MANY = 6


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with empty_database(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def book(url: str) -> Iterator[SmallBook]:
    with small_book(YEAR, FAMILY, CLUB, CASH, url=url) as found:
        yield found


def _taken_over(book: SmallBook) -> Claim:
    """Our lease has run out, and somebody else has the claim now."""
    claims.extend(book.book, book.claim, seconds=-1)
    return claims.take(book.book, holder="another:1:?:2")


STEPS: dict[str, Callable[[SmallBook], object]] = {
    "land": lambda book: book.land(DOC._replace(order=2, lines=(("A1", 1, 19),))),
    "land something new": lambda book: book.land(DOC._replace(id="1002")),
    "accrue": lambda book: book.accrue(TODAY),
    "propose": lambda book: book.propose(TODAY),
    "define": lambda book: book.define(YEAR.replace('name = "Year"', 'name = "Another name"')),
    "write back": lambda book: book.write_back(TODAY),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_stalled_holder_commits_nothing(book: SmallBook, step: str) -> None:
    book.land(DOC)
    if step == "write back":
        book.propose(TODAY)
        for item in book.in_states("proposed"):
            book.act(item, review.approve, item.content_hash, book.config.review, TODAY)
    _taken_over(book)
    before = everything(book.book)
    with pytest.raises(LostClaim):
        STEPS[step](book)
    assert everything(book.book) == before
    assert book.erp.documents == {}


def test_a_holder_that_stalls_in_the_middle_of_a_batch_keeps_others_out(book: SmallBook) -> None:
    """The token is checked inside the transaction and stays locked until it ends."""
    with ThreadPoolExecutor(1) as others, book.batch() as batch:
        claim_after = others.submit(_taken_over_by_another, str(book.book.engine.url.render_as_string(False)))
        batch.add(account, [{"id": batch.next_id("account")}])
        assert not claim_after.done()
    with pytest.raises(RefusedError):
        claim_after.result()


def _taken_over_by_another(url: str) -> Claim:
    book = Book.open(url, create=False)
    try:
        return claims.take(book, holder="another:1:?:2")
    finally:
        book.close()


def test_a_claim_is_extended_and_given_back_by_its_holder_only(book: SmallBook) -> None:
    mine = book.claim
    theirs = _taken_over(book)
    assert theirs.token > mine.token
    with pytest.raises(LostClaim):
        claims.extend(book.book, mine)
    claims.release(book.book, mine)
    with pytest.raises(RefusedError, match="another"):
        claims.take(book.book)
    claims.release(book.book, theirs)
    assert claims.take(book.book).token == theirs.token + 1


@pytest.mark.parametrize("known", [False, True], ids=["the very first", "one that was given back"])
def test_of_many_threads_exactly_one_gets_the_claim(url: str, known: bool) -> None:
    first = Book.open(url)
    if known:
        claims.release(first, claims.take(first, "contended"))
    barrier = Barrier(MANY)

    def contend(number: int) -> Claim | None:
        book = Book.open(url, create=False)
        try:
            barrier.wait()
            return claims.take(book, "contended", holder=f"host:{number}:?:{number}")
        except RefusedError:
            return None
        finally:
            book.close()

    with ThreadPoolExecutor(MANY) as pool:
        got = [claim for claim in pool.map(contend, range(MANY)) if claim is not None]
    assert len(got) == 1
    claims.extend(first, got[0])
    first.close()


CONTEND = """
import sys
from core.errors import RefusedError
from core.ledger import claims
from core.ledger.book import Book
book = Book.open(sys.argv[1], create=False)
print("ready", flush=True)
sys.stdin.readline()
try:
    print("token", claims.take(book, "contended").token, flush=True)
except RefusedError:
    print("refused", flush=True)
sys.stdin.readline()
"""


def _process(url: str) -> subprocess.Popen[str]:
    root = Path(__file__).resolve().parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", CONTEND, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )


def _answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_of_two_processes_one_gets_the_claim_and_a_dead_one_is_taken_over(url: str) -> None:
    book = Book.open(url)
    processes = [_process(url) for _ in range(2)]
    try:
        assert [_answer(process) for process in processes] == ["ready", "ready"]
        for process in processes:
            _go_on(process)
        answers = {process: _answer(process) for process in processes}
        assert sorted(answers.values()) == ["refused", "token 1"]
        with pytest.raises(RefusedError):
            claims.take(book, "contended")
        holder = next(process for process, answer in answers.items() if answer != "refused")
        holder.kill()
        holder.wait()
        assert claims.take(book, "contended").token == 2
    finally:
        for process in processes:
            process.kill()
            process.communicate()
        book.close()
