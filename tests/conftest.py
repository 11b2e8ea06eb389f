"""What holds for all tests."""

from __future__ import annotations

import os

from hypothesis import settings

# An ordinary run tries the same examples each time, so that what fails was broken by a change. REBATED_EXAMPLES asks
# for others, and for more of them.
settings.register_profile("steady", derandomize=True)
if "REBATED_EXAMPLES" not in os.environ:
    settings.load_profile("steady")
