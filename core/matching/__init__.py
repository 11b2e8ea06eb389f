"""Which record of another system stands for an account of ours: found by rules in their order, never guessed.

    outcomes = match(accounts, counterparts, ("external_key", "vat_number"), frozenset(), said, before)

What people said comes first: a person's decision, then the mapping file. Then the first rule that finds anything. What
two records, two accounts or two rules contend for is `ambiguous` and goes to a person.
"""

from core.matching.account import Before, Counterpart, OurAccount, Outcome, Rule, Said
from core.matching.contention import match
from core.matching.domains import domains
from core.matching.register import Register
from core.matching.telling import why

__all__ = ["Before", "Counterpart", "OurAccount", "Outcome", "Register", "Rule", "Said", "domains", "match", "why"]
