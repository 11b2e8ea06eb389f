"""The oracle: the same results by plain loops, for tests and for whoever wants to check a figure by hand.

Nothing here is shared with the engine but the definitions and the records: lines are matched one by one, money is
exact fractions, tiers are looked up from their definition for each date. It is slow on purpose.
"""

from core.engine.reference.computing import Entitlement, Key, entitlements, of_program
from core.engine.reference.tiers import level_on
from core.engine.reference.world import Fact, World

__all__ = ["Entitlement", "Fact", "Key", "World", "entitlements", "level_on", "of_program"]
