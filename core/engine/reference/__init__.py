"""The oracle: the same results by plain loops, for tests and for whoever wants to check a figure by hand.

Nothing here is shared with the engine but the definitions and the records: lines are matched one by one, money is
exact fractions, tiers are looked up from their definition for each date. It is slow on purpose.
"""

from core.engine.reference._old import Fact, Key, entitlements, level_on

__all__ = ["Fact", "Key", "entitlements", "level_on"]
