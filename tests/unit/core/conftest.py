"""Worked examples of other systems, and a book of one's own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from core.ledger.book import Book

REPOSITORY = Path(__file__).parents[3]


@cache
def _examples() -> dict[str, dict[str, Any]]:
    shared = Path(os.environ.get("REBATED_SHARED", REPOSITORY.parent / "shared"))
    path = shared / "examples" / "worked_examples.json"
    if not path.is_file():
        pytest.skip(f"no worked examples at {path}: set REBATED_SHARED to the folder that holds examples/")
    return {example["id"]: example for example in json.loads(path.read_text(encoding="utf-8"))}


@pytest.fixture
def worked() -> Callable[[str], dict[str, Any]]:
    """A worked example by its id."""
    return lambda name: _examples()[name]


@pytest.fixture
def book() -> Iterator[Book]:
    """An empty book in memory."""
    opened = Book.open("sqlite://")
    yield opened
    opened.close()
