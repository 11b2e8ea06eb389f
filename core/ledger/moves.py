"""Documents that move from one account to another: a correction, or two accounts merged in the ERP.

A single invoice that went to the wrong customer is an ordinary delta. But where the account that lost documents has
been paid, the other one would be paid for them again: an alarm opens, and until a person says which of the two it was,
proposals of both accounts are held and nothing is sent for them. (design.md section 6)
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy import Connection

from core.ledger import postings, proposals
from core.ledger.accounts import MERGED, Alias, Identity, aliases, identities, known_accounts, origins, owner
from core.ledger.alarms import close_alarm, open_alarm, open_alarms
from core.ledger.book import Batch
from core.ledger.tables import account_identity, act, effect, record_head, record_version

ALARM = "account_moved"
KEPT = "account_kept"
"""The kind of act that says of moved documents that they were corrections."""

Change = tuple[int | None, date | None, int | None, date | None]
"""Account and day that a document named before, and those it names now."""


def subject(old: int, new: int) -> str:
    """What alarms and acts about documents that moved from `old` to `new` are filed under."""
    return f"{old}>{new}"


def pair(text: str) -> tuple[int, int]:
    """The accounts of a subject."""
    old, _, new = text.partition(">")
    return int(old), int(new)


def note(batch: Batch, changes: Sequence[Change]) -> int:
    """Look at documents that name another account than before. Returns how many count for another one now."""
    if not changes:
        return 0
    merged = aliases(batch.connection)
    pairs: list[tuple[int, int]] = []
    for old, old_day, new, new_day in changes:
        if old is None or new is None:
            continue
        before, after = owner(merged, old, old_day), owner(merged, new, new_day)
        if before != after:
            pairs.append((before, after))
    alarmed = {row.subject for row in open_alarms(batch.connection) if row.kind == ALARM}
    for old, new in dict.fromkeys(pairs):
        if subject(new, old) in alarmed:
            _look_again(batch, merged, new, old)
        elif subject(old, new) in alarmed or has_been_paid(batch.connection, old):
            message = _message(batch.connection, old, new, len(moved_days(batch.connection, merged, old, new)))
            open_alarm(batch, ALARM, subject(old, new), message, old)
    return len(pairs)


def ask_about(batch: Batch, old: int, external_id: str, key: str) -> bool:
    """A credit note of ours to account `old` stands under another account in the ERP: were the two merged?

    Returns whether a person is asked; not where the other account is unknown, or the two are known to be two.
    """
    mine = identities(batch.connection, [old])[old]
    new = known_accounts(batch.connection, mine.source, mine.company, [external_id]).get(external_id)
    if new is None:
        return False
    decided = sa.select(act.c.id).where(act.c.kind == KEPT, act.c.subject == subject(old, new))
    if new == old or batch.connection.execute(decided.limit(1)).scalar() is not None:
        return False
    what = f"our credit note {key} to account {mine.external_id} stands under account {external_id} now"
    open_alarm(batch, ALARM, subject(old, new), _question(batch.connection, old, new, what), old)
    return True


def _look_again(batch: Batch, merged: Sequence[Alias], old: int, new: int) -> None:
    """Documents have gone back before anybody decided."""
    left = len(moved_days(batch.connection, merged, old, new))
    if left:
        open_alarm(batch, ALARM, subject(old, new), _message(batch.connection, old, new, left), old)
    else:
        close_alarm(batch, ALARM, subject(old, new), "the documents went back")


def has_been_paid(connection: Connection, account_id: int) -> bool:
    """Whether anything of an account is settled, waived or reserved in the live book."""
    found = postings.balances(connection, "live", account=account_id).values()
    if any(balance.settled or balance.waived for balance in found):
        return True
    return any(account_id in (key.payee, key.beneficiary) for key in proposals.reserved(connection, "live"))


def moved_days(connection: Connection, merged: Sequence[Alias], old: int, new: int) -> list[date]:
    """The days of the documents that counted for `old` and now count for `new`, since a person last decided."""
    decided = connection.execute(
        sa.select(sa.func.max(act.c.batch)).where(act.c.kind.in_([MERGED, KEPT]), act.c.subject == subject(old, new))
    ).scalar()
    before, now = record_version.alias(), record_version.alias()
    query = (
        sa.select(before.c.record_id, before.c.account_id, before.c.day, now.c.account_id, now.c.day)
        .distinct()
        .select_from(before)
        .join(effect, sa.and_(effect.c.version_id == before.c.id, effect.c.sign == -1))
        .join(record_head, sa.and_(record_head.c.record_id == before.c.record_id, record_head.c.present))
        .join(now, now.c.id == record_head.c.version_id)
        .where(
            before.c.account_id.in_(origins(merged, {old})),
            now.c.account_id.in_(origins(merged, {new})),
            effect.c.batch > (decided or 0),
        )
    )
    found: dict[int, date] = {}
    for record_id, account_id, day, account_now, day_now in connection.execute(query):
        if day is not None and owner(merged, account_id, day) == old and owner(merged, account_now, day_now) == new:
            found[record_id] = day
    return sorted(found.values())


def undecided(connection: Connection) -> dict[int, str]:
    """Why proposals wait, by account: documents have moved, and nobody has said what that was."""
    subjects = [row.subject for row in open_alarms(connection) if row.kind == ALARM]
    if not subjects:
        return {}
    merged = aliases(connection)
    found: dict[int, list[str]] = {}
    for old, new in map(pair, subjects):
        names = identities(connection, (old, new))
        words = command_words(connection, names[old], names[new])
        reason = (
            f"documents of account {names[old].external_id} have moved to {names[new].external_id}: "
            f"`rebated account merge {words}` or `rebated account keep {words}` decides"
        )
        for account_id in dict.fromkeys((old, new, owner(merged, old), owner(merged, new))):
            found.setdefault(account_id, []).append(reason)
    return {account_id: "; ".join(reasons) for account_id, reasons in found.items()}


def command_words(connection: Connection, old: Identity, new: Identity) -> str:
    """The words that name two accounts on the command line, as the shell reads them."""
    words = [old.external_id, new.external_id]
    table = account_identity.c
    alike = sa.select(table.account_id).distinct().where(table.external_id.in_(words))
    if set(connection.execute(alike).scalars()) > {old.account_id, new.account_id}:
        words += ["--source", old.source, *(["--company", old.company] if old.company else [])]
    return shlex.join(words)


def _message(connection: Connection, old: int, new: int, count: int) -> str:
    names = identities(connection, (old, new))
    documents = "1 document" if count == 1 else f"{count} documents"
    before, now = names[old].external_id, names[new].external_id
    what = f"{documents} of account {before}, which has been paid, moved to account {now}"
    return _question(connection, old, new, what)


def _question(connection: Connection, old: int, new: int, what: str) -> str:
    names = identities(connection, (old, new))
    words = command_words(connection, names[old], names[new])
    return (
        f"{what}. Were the two merged in the ERP: `rebated account merge {words} --reason …`. Was this a correction: "
        f"`rebated account keep {words} --reason …`. Until then proposals of both are held and nothing is sent for them"
    )
