"""Stamps as other systems write them: read exactly, sent no finer than they can say, never later than what was met."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.declarative.stamps import Stamps, instant_of, micros, zone_of
from core.errors import ConfigError, DataError

AT = micros(datetime(2026, 7, 1, 10, 20, 30, 123_456, tzinfo=UTC))


@pytest.mark.parametrize(
    ("form", "zone", "since", "until"),
    [
        ("iso", "UTC", "2026-07-01T10:20:30Z", "2026-07-01T10:20:31Z"),
        ("iso", "Europe/Berlin", "2026-07-01T12:20:30", "2026-07-01T12:20:31"),
        ("epoch", "UTC", 1_782_901_230, 1_782_901_231),
        ("epoch_ms", "UTC", 1_782_901_230_123, 1_782_901_230_124),
        ("epoch_us", "UTC", 1_782_901_230_123_456, 1_782_901_230_123_456),
        ("http", "UTC", "Wed, 01 Jul 2026 10:20:30 GMT", "Wed, 01 Jul 2026 10:20:31 GMT"),
        ("date", "UTC", "2026-07-01", "2026-07-02"),
        ("date", "Pacific/Auckland", "2026-07-01", "2026-07-02"),
        ("date", "Pacific/Kiritimati", "2026-07-02", "2026-07-03"),
        ("%Y-%m-%d %H:%M:%S", "UTC", "2026-07-01 10:20:30", "2026-07-01 10:20:31"),
        ("%Y-%m-%d %H:%M", "UTC", "2026-07-01 10:20", "2026-07-01 10:21"),
        ("%Y-%m-%d %H:%M:%S.%f", "Asia/Kolkata", "2026-07-01 15:50:30.123456", "2026-07-01 15:50:30.123456"),
        ("%d.%m.%Y", "UTC", "01.07.2026", "02.07.2026"),
    ],
)
def test_the_beginning_is_rounded_down_and_the_end_up(form: str, zone: str, since: Any, until: Any) -> None:
    stamps = Stamps("iso", form, zone)
    assert (stamps.since(AT), stamps.until(AT)) == (since, until)


def test_an_instant_is_sent_as_its_parts() -> None:
    sent = Stamps("parts").since(AT)
    assert sent == {
        "year": 2026,
        "month": 7,
        "day": 1,
        "hour": 10,
        "minute": 20,
        "second": 30,
        "microsecond": 123_456,
    }
    assert Stamps("parts").read(sent) == AT


@settings(deadline=None)
@given(
    moment=st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    form=st.sampled_from(["iso", "epoch", "epoch_ms", "epoch_us", "http", "date", "parts", "%Y-%m-%d %H:%M:%S"]),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"]),
)
def test_what_is_sent_reaches_at_least_as_far(moment: datetime, form: str, zone: str) -> None:
    stamps = Stamps(form, form, zone)
    at = micros(moment)
    since, until = stamps.read(stamps.since(at)), stamps.read(stamps.until(at))
    assert since is not None
    assert until is not None
    assert since <= at <= until + stamps.twice(until) + stamps.twice(at)
    assert instant_of(at) == moment


@pytest.mark.parametrize("value", [None, ""])
def test_no_stamp_is_none(value: Any) -> None:
    assert Stamps("iso").read(value) is None


@pytest.mark.parametrize("value", ["soon", 7, [], {}, True, "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00x"])
def test_what_is_no_stamp_is_told(value: Any) -> None:
    with pytest.raises(DataError):
        Stamps("iso").read(value)


def test_a_local_time_that_comes_twice_is_the_earlier_one() -> None:
    stamps = Stamps("iso", "", "Europe/Berlin")
    twice = stamps.read("2026-10-25T02:30:00")
    assert twice == micros(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    assert stamps.twice(twice) == 3600 * 10**6
    for once in ("2026-10-25T01:59:59", "2026-10-25T03:00:00", "2026-03-29T02:30:00"):
        found = stamps.read(once)
        assert found is not None
        assert stamps.twice(found) == 0


def test_a_zone_that_does_not_exist_is_told() -> None:
    for name in ("Mars/Olympus", "../etc/passwd", ""):
        with pytest.raises(ConfigError, match="time_zone"):
            zone_of(name)
