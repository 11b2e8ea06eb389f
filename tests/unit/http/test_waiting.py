"""How long a server asks us to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from connectors.http.reply import Reply, retry_after

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def http_date(seconds: int) -> str:
    return format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    "value, seconds",
    [
        ("0", 0),
        ("7", 7),
        (" 7 ", 7),
        ("1.2", 2),
        ("99999", 3600),
        ("9" * 400, 3600),
        (http_date(30), 30),
        (http_date(-30), 0),
        (http_date(86_400), 3600),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("٣", None),
        ("Sun, 99 Foo 2026 99:99:99 GMT", None),
    ],
)
def test_seconds_or_a_date_up_to_a_limit(value, seconds):
    assert retry_after(value, now=NOW) == seconds


def test_the_limit_can_be_chosen():
    assert retry_after("100", longest=60) == 60


def test_a_date_is_counted_from_the_servers_own_clock():
    reply = Reply(503, {"Date": http_date(-1_000_000), "Retry-After": http_date(-999_990)}, b"")
    assert reply.retry_after() == 10
