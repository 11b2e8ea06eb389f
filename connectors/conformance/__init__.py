"""What every adapter must pass. For authors of adapters: subclass, supply a harness, run pytest.

    import pytest

    from connectors.conformance import AdapterConformance, Harness

    class TestMine(AdapterConformance):
        @pytest.fixture
        def harness(self, tmp_path):
            return MyHarness(tmp_path)

`MyHarness` builds the adapter against a source under its control and seeds it. What it cannot do it leaves to the
base class, which skips the test with a reason. pytest is needed to run the suite, not to run an adapter.
"""

import pytest

_GROUPS = ("checks", "connecting", "reading", "writing")
pytest.register_assert_rewrite(*(f"{__name__}.{group}" for group in _GROUPS))  # before they are imported

from connectors.conformance.checks import assert_equal, cursor_of, records_of, within_hierarchy  # noqa: E402
from connectors.conformance.harness import Harness, Seed, cannot  # noqa: E402
from connectors.conformance.samples import sample_key, sample_request, unbalanced  # noqa: E402
from connectors.conformance.suite import AdapterConformance  # noqa: E402

__all__ = [
    "AdapterConformance",
    "Harness",
    "Seed",
    "assert_equal",
    "cannot",
    "cursor_of",
    "records_of",
    "sample_key",
    "sample_request",
    "unbalanced",
    "within_hierarchy",
]
