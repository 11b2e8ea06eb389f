"""Reading ahead over a real server: when an item is handed over, and when the next is asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from connectors.http.ahead import ahead
from tests.unit.http.server import Answer

LONG = 30
"""Seconds; what takes so long is never going to happen."""


class Pages:
    """Three pages of a server that keeps its replies back: a test says when a page is asked for and answered."""

    def __init__(self, serve, session) -> None:
        self.may_ask = [threading.Event() for _ in range(3)]
        self.may_answer = [threading.Event() for _ in range(3)]
        self.server = serve(self._answer)
        self.session = session()

    def _answer(self, asked) -> Answer:
        number = int(asked.path.strip("/"))
        assert self.may_answer[number].wait(LONG)
        return Answer(body=str(number).encode())

    def read(self) -> Iterator[bytes]:
        for number in range(3):
            assert self.may_ask[number].wait(LONG)
            yield self.session.request("GET", f"{self.server.url}/{number}").body

    def let(self, *events: list[threading.Event]) -> None:
        for some in events:
            for event in some:
                event.set()


@pytest.fixture
def pages(serve, session) -> Iterator[Pages]:
    made = Pages(serve, session)
    yield made
    made.let(made.may_ask, made.may_answer)


def test_a_page_is_handed_over_once_the_next_is_asked_for_and_before_it_is_answered(pages):
    handed = threading.Event()

    def take_one() -> None:
        taken.append(next(reading))
        handed.set()

    taken: list[bytes] = []
    reading = ahead(pages.read())
    pages.let(pages.may_ask[:1], pages.may_answer[:1])
    taker = threading.Thread(target=take_one)
    taker.start()
    assert not handed.wait(0.3)  # the second is not asked for yet
    pages.let(pages.may_ask[1:2])
    assert handed.wait(LONG)
    assert taken == [b"0"]
    assert not pages.may_answer[1].is_set()
    pages.let(pages.may_ask, pages.may_answer)
    taker.join()
    assert [*taken, *reading] == [b"0", b"1", b"2"]


def test_a_page_is_handed_over_where_the_next_cannot_be_read(serve, session):
    def read() -> Iterator[bytes]:
        yield b"0"
        raise ValueError("no more")

    reading = ahead(read())
    assert next(reading) == b"0"
    with pytest.raises(ValueError, match="no more"):
        next(reading)


def test_what_makes_no_request_is_read_to_its_end():
    assert list(ahead(iter(range(5)))) == [0, 1, 2, 3, 4]
