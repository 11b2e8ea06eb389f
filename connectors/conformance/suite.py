"""All tests an adapter must pass."""

from __future__ import annotations

from connectors.conformance.batches import BatchTests
from connectors.conformance.connecting import ConnectingTests
from connectors.conformance.failing import FailingTests
from connectors.conformance.moving import MovingTests
from connectors.conformance.reading import ReadingTests
from connectors.conformance.secrecy import SecrecyTests
from connectors.conformance.writing import WritingTests


class AdapterConformance(
    ConnectingTests, ReadingTests, MovingTests, WritingTests, BatchTests, FailingTests, SecrecyTests
):
    """The tests. Subclasses supply the fixture `harness`."""
