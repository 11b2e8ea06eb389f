"""Tiers: the level an account has on each day, as a pure function of what it bought.

The tier on a date is the tier at the start of that business day: a document counts from the next day on. An account
has the lowest level until it has earned a higher one. Documents, the definition, the day of enrolment and what people
have overridden decide, never the order in which anything arrived.

**Windows.** What is bought in a window earns the highest level its running measure reaches.
- calendar: years from `fiscal_start` on. anniversary: years from the account's first day on, which is the day it was
  enrolled in the tier program, else the first day on which it bought more than it returned; a year that has no 29
  February begins on 1 March for those that began then. lifetime: one window from `valid_from` on, without end.
- rolling: the n whole calendar months before the month of the date; the level changes on the first of a month only.

**Upgrade.** `at_once`: from the day after the document. `next_period`: looked at on the first of each calendar month
over what the window holds before it. `retroactive`: from the first day of the window, whenever it was earned.

**End.** A level earned is kept until its window ends (`window_end`) or until the next one ends (`next_window_end`),
and `grace_days` longer; one that would begin only after that end never does. In a rolling window each month earns
its level for the month, and `grace_days` longer. A level is not lost before `minimum_stay` whole months after it
began. With `soft_landing` a level lost is followed by the next lower one, where no better one was earned, until the
window ends in which that began (in a rolling window: for n months), and the grace days longer; then the next.

**Returns.** `protect`: a level reached stays reached until its end. `recompute`: what a return leaves of the window
decides from the day after it. What it takes back is lost at once, without grace, soft landing or minimum stay, down
to what the account would have without this window. A rolling window is always what its months add up to.

**Overrides.** On the days of an override its level holds, whatever was earned; afterwards what was earned holds, as
if nothing had been overridden.

Days are numbers since 1970-01-01, ranges are half-open, measures are in the smallest unit of the tier program: minor
units of its currency, 10^-6 units of quantity, whole orders.
"""

from __future__ import annotations

from core.tiers.figures import Figures, figures
from core.tiers.ladder import Ladder, Measure, Sums, ladder
from core.tiers.outlook import Outlook, outlook
from core.tiers.standing import Override, Standing, level_at, standing_at, tier_day, timeline

__all__ = [
    "Figures",
    "Ladder",
    "Measure",
    "Outlook",
    "Override",
    "Standing",
    "Sums",
    "figures",
    "ladder",
    "level_at",
    "outlook",
    "standing_at",
    "tier_day",
    "timeline",
]
