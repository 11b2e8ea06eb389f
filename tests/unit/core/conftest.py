"""Worked examples of other systems, and a book of one's own."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from core.ledger.book import Book
from tests.unit.core.shelf import Shelf

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


@pytest.fixture(scope="session")
def empty_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty book: to copy it is faster than to create one."""
    path = tmp_path_factory.mktemp("book") / "empty.db"
    Book.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def book(empty_book: Path, tmp_path: Path) -> Iterator[Book]:
    """An empty book of one's own."""
    path = shutil.copy(empty_book, tmp_path / "book.db")
    opened = Book.open(f"sqlite:///{path}")
    yield opened
    opened.close()


@pytest.fixture
def shelf(book: Book) -> Shelf:
    """An empty book to put things into by hand."""
    return Shelf(book)
