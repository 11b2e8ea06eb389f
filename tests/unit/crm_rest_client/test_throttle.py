"""How much is asked at once, in a second and in a day, and what replies tell about it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.declarative.limit_headers import LONGEST, asked_wait, used_up
from connectors.declarative.settings.request import Request
from connectors.declarative.settings.throttle import LimitHeaders, Rate, Throttle
from connectors.declarative.throttle import Deferred, Gate, Traffic
from connectors.spi import UnknownOutcome
from core.errors import RetryableError
from tests.unit.crm_rest_client.clock import TestClock
from tests.unit.crm_rest_client.conftest import reply

GET = Request(path="/x")
SEARCH = Request(path="/search", route="search")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


# ---------------------------------------------------------------- rates


def test_requests_are_spaced_out_after_the_burst(serve, connect, clock):
    client = connect(serve(lambda asked: reply({})), throttle={"rate": {"per_second": "2", "burst": 3}})
    for _ in range(7):
        client.call(GET)
    assert clock.slept == [0.5] * 4
    clock.advance(60)
    for _ in range(4):
        client.call(GET)
    assert clock.slept == [0.5] * 5


def test_a_route_has_a_limit_beside_that_of_all(serve, connect, clock):
    throttle = {"rate": {"per_second": 10, "burst": 10}, "routes": {"search": {"per_second": "0.5"}}}
    client = connect(serve(lambda asked: reply({})), throttle=throttle)
    client.call(SEARCH)
    client.call(GET)
    assert clock.slept == []
    client.call(SEARCH)
    assert clock.slept == [2.0]
    client.call(GET)
    assert clock.slept == [2.0]


def test_connections_of_one_key_to_one_host_share_a_limit_and_others_do_not(serve, connect, clock):
    server = serve(lambda asked: reply({}))
    shared = {"throttle": {"rate": {"per_second": 1}}, "auth": {"kind": "bearer", "token": {"env": "SECRET"}}}
    connect(server, **shared).call(GET)
    connect(server, **{**shared, "auth": {"kind": "bearer", "token": {"env": "SECOND"}}}).call(GET)
    connect(serve(lambda asked: reply({})), **shared).call(GET)
    assert clock.slept == []
    connect(server, **shared).call(GET)
    assert clock.slept == [1.0]


def test_threads_take_turns(serve, connect, clock):
    client = connect(serve(lambda asked: reply({})), throttle={"rate": {"per_second": 100}, "concurrency": 8})
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: client.call(GET), range(50)))
    assert clock.monotonic() - 1000 >= 0.48  # 49 spaces of a hundredth, but for what is rounded


def test_a_wait_that_is_too_long_is_put_off(serve, connect, clock):
    throttle = {"rate": {"per_second": "0.01"}, "longest_wait": 60}
    client = connect(server := serve(lambda asked: reply({})), throttle=throttle)
    client.call(GET)
    with pytest.raises(Deferred, match="used up for 100 s") as caught:
        client.call(GET)
    assert caught.value.after == 100 and clock.slept == [] and len(server.asked) == 1
    clock.advance(50)
    client.call(GET, during="write")
    assert clock.slept == [50.0]


# ---------------------------------------------------------------- at once, and in a day


def test_no_more_are_under_way_than_may_be(serve, connect):
    turn, under_way, most = threading.Lock(), 0, 0

    def answer(asked):
        nonlocal under_way, most
        with turn:
            under_way += 1
            most = max(most, under_way)
        threading.Event().wait(0.02)
        with turn:
            under_way -= 1
        return reply({})

    server = serve(answer)
    clients = [connect(server, throttle={"concurrency": 2}) for _ in range(2)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: clients[number % 2].call(GET), range(24)))
    assert most == 2


def test_who_waits_in_vain_for_a_place_is_put_off(serve, connect):
    held, go_on = threading.Event(), threading.Event()

    def answer(asked):
        held.set()
        go_on.wait(10)
        return reply({})

    client = connect(serve(answer), throttle={"concurrency": 1, "longest_wait": 0, "default_wait": 7})
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(client.call, GET)
        held.wait(10)
        with pytest.raises(Deferred, match="1 requests are under way") as caught:
            client.call(GET)
        go_on.set()
        assert caught.value.after == 7 and first.result().meaning == "fine"
    assert client.call(GET).meaning == "fine"


def test_the_budget_of_a_day_ends_at_midnight_utc(serve, connect, clock):
    client = connect(server := serve(lambda asked: reply({})), throttle={"per_day": 25})
    costly = Request(path="/x", cost=20)
    client.call(costly)
    with pytest.raises(Deferred, match=r"20 of throttle\.per_day = 25") as caught:
        client.call(costly, during="write")
    assert caught.value.after == 12 * 3600 and "midnight UTC" in caught.value.hint
    for _ in range(5):
        client.call(GET)
    with pytest.raises(Deferred):
        client.call(GET)
    client.call(Request(path="/x", cost=0))
    clock.advance(12 * 3600)
    client.call(costly)
    assert len(server.asked) == 8


# ---------------------------------------------------------------- what replies tell


def test_a_read_waits_as_long_as_it_is_asked_to(serve, connect, clock):
    answers = [reply({}, 429, Retry_After="7"), reply({}, 503, Retry_After="3"), reply({"a": 1})]
    client = connect(serve(lambda asked: answers.pop(0)))
    assert client.call(GET).body == {"a": 1} and clock.slept == [7, 3]


def test_a_write_that_was_throttled_is_left_to_the_caller_and_known_not_to_be_done(serve, connect, clock):
    client = connect(server := serve(lambda asked: reply({"m": "slow down"}, 429)), error_message="m")
    with pytest.raises(RetryableError, match="slow down") as caught:
        client.call(GET, during="write")
    assert not isinstance(caught.value, UnknownOutcome)
    assert caught.value.after == 10 and clock.slept == [] and len(server.asked) == 1
    server.answer = lambda asked: reply({})
    client.call(GET, during="write")
    assert clock.slept == [10]


def test_a_long_wait_is_put_off_for_all(serve, connect, clock):
    client = connect(server := serve(lambda asked: reply({}, 429, Retry_After="900")))
    with pytest.raises(RetryableError) as caught:
        client.call(GET)
    assert caught.value.after == 900 and clock.slept == []
    with pytest.raises(Deferred) as caught:
        client.call(GET)
    assert caught.value.after == 900 and len(server.asked) == 1


def test_a_server_that_always_throttles_is_given_up(serve, connect, clock):
    client = connect(server := serve(lambda asked: reply({}, 429, Retry_After="1")))
    with pytest.raises(RetryableError) as caught:
        client.call(GET)
    assert caught.value.after == 1 and len(server.asked) == 3 and clock.slept == [1, 1]


def test_a_route_that_was_throttled_does_not_hold_up_the_others(serve, connect, clock):
    throttle = {"routes": {"search": {"per_second": 100, "burst": 100}}}
    client = connect(server := serve(), throttle=throttle)
    server.answer = lambda asked: reply({}, 429 if asked.path == "/search" else 200, Retry_After="900")
    with pytest.raises(RetryableError):
        client.call(SEARCH)
    assert client.call(GET).meaning == "fine"
    with pytest.raises(Deferred):
        client.call(SEARCH)
    assert len(server.asked) == 2 and clock.slept == []


def test_a_rule_can_call_a_refusal_throttling(serve, connect, clock):
    rules = [{"status": [403], "path": "[0].errorCode", "matches": "REQUEST_LIMIT", "then": "throttle"}]
    answers = [reply([{"errorCode": "REQUEST_LIMIT_EXCEEDED"}], 403), reply({"a": 1})]
    client = connect(serve(lambda asked: answers.pop(0)), errors=rules, throttle={"default_wait": 4})
    assert client.call(GET).body == {"a": 1} and clock.slept == [4]


def test_what_is_left_is_left_to_others_in_time(serve, connect, clock):
    told = {"remaining": ["X-Left"], "at": ["X-Reset"], "at_format": "seconds", "reserve": 5}
    left = iter([6, 5, 100, 100])
    client = connect(serve(lambda asked: reply({}, X_Left=str(next(left)), X_Reset="9")), throttle={"headers": told})
    for _ in range(4):
        client.call(GET)
    assert clock.slept == [9]


HEADERS = LimitHeaders(
    after=("Retry-After", "X-Wait"), at=("X-At", "X-At-2"), remaining=("X-Left", "X-Left-2"), at_format="epoch"
)


@pytest.mark.parametrize(
    ("headers", "at_format", "seconds"),
    [
        ({"Retry-After": "7"}, "epoch", 7),
        ({"Retry-After": "0"}, "epoch", 0),
        ({"X-Wait": "1.2"}, "epoch", 2),
        ({"Retry-After": "soon", "X-Wait": "3"}, "epoch", 3),
        ({"Retry-After": "Sun, 01 Mar 2026 12:00:30 GMT"}, "epoch", 30),
        ({"Retry-After": "Sun, 01 Mar 2026 11:00:00 GMT"}, "epoch", 0),
        ({"Retry-After": "9" * 50}, "epoch", LONGEST),
        ({"X-At": str(int(NOW.timestamp()) + 9)}, "epoch", 9),
        ({"X-At": f"{int(NOW.timestamp()) + 9}500"}, "epoch_ms", 10),
        ({"X-At": "9"}, "epoch", 0),
        ({"X-At": "9"}, "seconds", 9),
        ({"X-At": "9" * 16}, "epoch", LONGEST),
        ({"X-At": "9" * 400}, "epoch", None),
        ({"X-At": "-5"}, "seconds", None),
        ({"X-At": "Sun, 01 Mar 2026 12:01:00 GMT"}, "http", 60),
        ({"X-At": "Sun, 01 Mar 2026 12:01:00 GMT"}, "epoch", None),
        ({"X-At": "", "X-At-2": "8"}, "seconds", 8),
        ({}, "epoch", None),
    ],
)
def test_seconds_dates_and_instants_are_understood(headers, at_format, seconds):
    assert asked_wait(HEADERS.model_copy(update={"at_format": at_format}), headers, NOW) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-Left": "0"}, 10),
        ({"X-Left": "0", "X-At": "4"}, 4),
        ({"X-Left": "1", "X-At": "4"}, 0),
        ({"X-Left-2": "0", "X-At": "4", "X-At-2": "5"}, 5),
        ({"X-Left": "0", "X-Left-2": "0", "X-At": "4", "X-At-2": "5"}, 5),
        ({"X-Left": "none"}, 0),
        ({"X-Left": "api-usage=25/5000"}, 0),
        ({"X-Left": "-1"}, 0),
        ({}, 0),
    ],
)
def test_nothing_left_means_to_wait_until_there_is_more(headers, seconds):
    assert used_up(HEADERS.model_copy(update={"at_format": "seconds"}), headers, NOW, 10) == seconds


@settings(deadline=None)
@given(st.text(max_size=40), st.sampled_from(["epoch", "epoch_ms", "seconds", "http"]))
def test_no_header_makes_us_wait_longer_than_a_day_or_fail(text, at_format):
    told = HEADERS.model_copy(update={"at_format": at_format})
    for headers in ({"Retry-After": text}, {"X-At": text}, {"X-Left": "0", "X-At": text}):
        asked = asked_wait(told, headers, NOW)
        assert asked is None or 0 <= asked <= LONGEST
        assert 0 <= used_up(told, headers, NOW, 10) <= LONGEST


@settings(deadline=None)
@given(st.integers(1, 50), st.integers(1, 5), st.lists(st.integers(0, 3000), min_size=1, max_size=60))
def test_no_stretch_of_time_sees_more_than_rate_and_burst_allow(per_second, burst, pauses):
    clock = TestClock()
    limits = Throttle(rate=Rate(per_second=Decimal(per_second), burst=burst), longest_wait=3600)
    gate = Gate(limits, Traffic(), clock, "host")
    times = []
    for pause in pauses:
        clock.advance(pause / 1000)
        with gate.passing("", 1):
            times.append(clock.monotonic())
    for first in range(len(times)):
        for last in range(first, len(times)):
            allowed = burst + (times[last] - times[first]) * per_second
            assert last - first + 1 <= allowed + 1e-6
