"""The plugin of pytest for `make mutation`: properties try a few examples, the same ones each time, and leave failing
ones as large as they are. Faults are many; each is looked for in about a second."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

from core import money

os.environ.setdefault("REBATED_EXAMPLES", "2")
settings.register_profile(
    "mutation",
    max_examples=20,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("mutation")


def pytest_sessionstart() -> None:
    """Forget the numbers that were read before the fault was there."""
    money._scaled_text.cache_clear()
