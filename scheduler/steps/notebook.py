"""The notes there are: under which key an event is told to whom, and whether it was."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from core.keys import notice_key
from core.ledger.columns import text_within
from core.ledger.masters import Profile
from core.ledger.tables import outbox
from core.period import add_months

_KIND = "account_note"


class Notebook:
    """Every note in the outbox, in whatever state: what stands there is told, or will be."""

    def __init__(self, reading: sa.Connection) -> None:
        at = text_within(reading, outbox.c.request, "at")
        rows = reading.execute(sa.select(outbox.c.key, outbox.c.account_id, at).where(outbox.c.kind == _KIND))
        self._told: dict[str, date] = {}
        self._taken: dict[str, int] = {}
        """Whose each key is: of what is told, and of what was asked about."""
        for key, account_id, told in rows:
            self._told[key], self._taken[key] = date.fromisoformat(told[:10]), account_id

    def key_to_tell(
        self, target: str, profile: Profile, event: str, event_id: str, today: date, months: int = 0
    ) -> str | None:
        """The key to tell an event under; None where it is told.

        It names our account and not the target's, so that a match that is pointed elsewhere tells nothing anew. With
        `months` an event may be told again so many months after it was told last.
        """
        number = 0
        while True:
            number += 1
            key = self._key(target, profile, event, f"{event_id}:{number}" if months else event_id)
            told = self._told.get(key)
            if told is None:
                return key
            if not months or today < months_after(told, months):
                return None

    def _key(self, target: str, profile: Profile, event: str, event_id: str) -> str:
        key = notice_key(target, profile.external_id, event, event_id)
        other = notice_key(target, qualified(profile), event, event_id)
        if other in self._told or self._taken.setdefault(key, profile.account_id) != profile.account_id:
            return other
        return key


def qualified(profile: Profile) -> str:
    """An account by its source too, for where another source has an account of the same id."""
    return f"{profile.source}/{profile.company}/{profile.external_id}"


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the first of the month after where that month is shorter."""
    first, following = add_months(day, months), add_months(day, months + 1)
    return min(date.fromordinal(first.toordinal() + day.day - 1), following)
