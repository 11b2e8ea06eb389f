"""All tests an adapter must pass."""

from __future__ import annotations

from connectors.conformance.connecting import ConnectingTests
from connectors.conformance.reading import ReadingTests
from connectors.conformance.writing import WritingTests


class AdapterConformance(ConnectingTests, ReadingTests, WritingTests):
    """The tests. Subclasses supply the fixture `harness`."""
