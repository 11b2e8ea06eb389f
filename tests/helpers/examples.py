"""How many made-up stories a test of a whole book tells: each takes a second or so, so there are few, and none shrinks.

REBATED_EXAMPLES asks for more than in an ordinary run.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings


def stories(ordinary: int) -> settings:
    """Settings for `ordinary` examples."""
    return settings(
        max_examples=int(os.environ.get("REBATED_EXAMPLES", ordinary)),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
    )
