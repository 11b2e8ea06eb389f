"""Agreements that combine what the cookbook shows one by one, with figures worked by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.examples import Stage, run_examples

FILES = sorted((Path(__file__).parent / "combined").glob("*.toml"))


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage() as found:
        yield found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_combined(stage: Stage, path: Path) -> None:
    results = list(run_examples(stage, path))
    assert results
    assert not [problem for result in results for problem in result.problems]
