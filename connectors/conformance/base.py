"""What the groups of tests share: the harness, the kinds written, a pull."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

import pytest

from connectors.conformance.harness import Harness
from connectors.spi import Page, Window, WriteKind


class Base:
    """The fixtures. Subclasses supply `harness`, and may say what the adapter writes, so that no tests are made that
    would only be skipped: all `kinds`, those of them that only state how something is, and those written in batches."""

    kinds: ClassVar[tuple[WriteKind, ...]] = ("credit_note", "debit_invoice", "account_note", "tier", "journal")
    states: ClassVar[tuple[WriteKind, ...]] = ()
    in_batches: ClassVar[tuple[WriteKind, ...] | None] = None

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """A test for each kind it is about."""
        if "kind" not in metafunc.fixturenames:
            return
        kinds = self.kinds
        if "batched" in metafunc.fixturenames and self.in_batches is not None:
            kinds = self.in_batches
        elif "keyed" in metafunc.fixturenames:
            kinds = tuple(kind for kind in kinds if kind not in self.states)
        metafunc.parametrize("kind", kinds, indirect=True)

    @pytest.fixture
    def harness(self) -> Harness:
        """The author's harness: override this fixture."""
        raise NotImplementedError("override the fixture `harness`")

    @pytest.fixture
    def kind(self, request: pytest.FixtureRequest, harness: Harness) -> WriteKind:
        """Each kind the adapter writes; the others are skipped."""
        kind: WriteKind = request.param
        if kind not in harness.build().capabilities.writes:
            pytest.skip(f"the adapter does not write {kind}")
        return kind

    @pytest.fixture
    def keyed(self, kind: WriteKind, harness: Harness) -> WriteKind:
        """Each kind written under a key; those that only say how something is are skipped."""
        if kind in harness.build().capabilities.repeatable:
            pytest.skip(f"a {kind} is written again as often as one likes, and not found by a key")
        return kind

    @staticmethod
    def pull(harness: Harness, cursor: Mapping[str, Any] | None = None, *, until: datetime | None = None) -> list[Page]:
        """All pages of the stream under test, by a fresh adapter, up to now where no instant is given."""
        window = Window(until or harness.now())
        return list(harness.build().pull(harness.stream(), window, cursor or {}))
