"""Exchange rates that the configuration states: landed like any others, replaced when they change."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.ledger.exchange import Exchange
from scheduler.config import parse_config
from scheduler.context import Context
from scheduler.steps.pull import pull
from tests.helpers.books import CONFIG, small_book

DAY = date(2026, 1, 2)
RATE = '\n[[exchange_rates]]\nbase = "USD"\nquote = "EUR"\non = 2026-01-02\nrate = {}\n'


def told(text: str, rates: list[str]) -> Fraction | None:
    """The rate that is known after each of these was pulled in turn."""
    with small_book() as book:
        for rate in rates:
            config = parse_config(text + RATE.format(rate), Path("rebated.toml"))
            context = Context(config, book.book, "finance", DAY, claim=book.claim)
            context._adapters["erp"] = book.erp  # type: ignore[assignment]
            pull(context)
        with book.book.read() as reading:
            return Exchange.read(reading).ratio("USD", "EUR", DAY, "document", "", DAY)


def test_a_stated_rate_is_known_exactly() -> None:
    assert told(CONFIG, ["0.923123456789"]) == Fraction(923123456789, 10**12)


def test_a_changed_rate_replaces_the_one_before() -> None:
    assert told(CONFIG, ["0.5", "0.9"]) == Fraction(9, 10)


def test_a_rate_of_nothing_is_refused_with_its_place() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(CONFIG + RATE.format(0), Path("rebated.toml"))
    assert [path for _, path, _ in caught.value.problems] == ["exchange_rates[1].rate"]
