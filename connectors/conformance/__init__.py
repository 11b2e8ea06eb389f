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

_GROUPS = ("batches", "checks", "connecting", "failing", "moving", "reading", "secrecy", "writing")
pytest.register_assert_rewrite(*(f"{__name__}.{group}" for group in _GROUPS))  # before they are imported

from connectors.conformance.campaign import Campaign  # noqa: E402
from connectors.conformance.checks import (  # noqa: E402
    assert_equal,
    assert_nothing_new,
    assert_repeats_alike,
    cursor_of,
    ids_of,
    matches,
    records_of,
    within_hierarchy,
)
from connectors.conformance.faults import FAULTS, Answer, Fault, afterwards, instead, redirect  # noqa: E402
from connectors.conformance.harness import Harness, Seed, cannot  # noqa: E402
from connectors.conformance.messages import Request  # noqa: E402
from connectors.conformance.network import NetworkHarness  # noqa: E402
from connectors.conformance.proxy import Passed, Proxy  # noqa: E402
from connectors.conformance.recovery import Delivery, deliver  # noqa: E402
from connectors.conformance.samples import sample_by_key, sample_key, sample_request, unbalanced  # noqa: E402
from connectors.conformance.stranger import Stranger  # noqa: E402
from connectors.conformance.suite import AdapterConformance  # noqa: E402

__all__ = [
    "FAULTS",
    "AdapterConformance",
    "Answer",
    "Campaign",
    "Delivery",
    "Fault",
    "Harness",
    "NetworkHarness",
    "Passed",
    "Proxy",
    "Request",
    "Seed",
    "Stranger",
    "afterwards",
    "assert_equal",
    "assert_nothing_new",
    "assert_repeats_alike",
    "cannot",
    "cursor_of",
    "deliver",
    "ids_of",
    "instead",
    "matches",
    "records_of",
    "redirect",
    "sample_by_key",
    "sample_key",
    "sample_request",
    "unbalanced",
    "within_hierarchy",
]
