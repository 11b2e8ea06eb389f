"""What holds for all tests."""

from __future__ import annotations

import os
import sys

from hypothesis import settings

# An ordinary run tries the same examples each time, so that what fails was broken by a change. REBATED_EXAMPLES asks
# for others, and for more of them.
settings.register_profile("steady", derandomize=True)
if "REBATED_EXAMPLES" not in os.environ:
    settings.load_profile("steady")


def pytest_runtest_teardown() -> None:
    """Servers of tests take free ports, and these come again: how one was limited must say nothing of the next."""
    throttle = sys.modules.get("connectors.declarative.throttle")
    if throttle is not None:
        throttle._traffic.clear()
