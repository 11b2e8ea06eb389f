"""Accounts are ours; external ids point to them, and an account may become another one's.

The first identity of an external id is its own: it says whose the documents are that name it. A later identity of the
same id is an alias, which a person confirmed: from a batch on, documents that name the id count for another account,
all of them or those from a day on. Versions keep the account their source named, so the book goes on saying what it
was told; who a line, a balance or a proposal belongs to is looked up here. (design.md section 6)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from core.errors import RefusedError
from core.ledger.book import Batch
from core.ledger.tables import account, account_identity, act

CHUNK = 500
MERGED = "account_merged"
"""The kind of act that makes an alias. Its value names `old` and `new` by external id, and `from`."""
GROUPS = "group"
"""The source of the accounts that stand for buying groups. Nobody invoices them, and nobody is paid as one: their
external id is the name of the group."""


class Identity(NamedTuple):
    """An account by the id its source gave it."""

    account_id: int
    source: str
    company: str
    external_id: str


class Alias(NamedTuple):
    """From `batch` on, what is `old`'s on days from `start` on (always, where None) is `new`'s."""

    old: int
    new: int
    start: date | None
    batch: int

    def covers(self, day: date | None) -> bool:
        """Whether a day is concerned; None stands for today and later."""
        return self.start is None or day is None or day >= self.start


def resolve_accounts(batch: Batch, source: str, company: str, external_ids: Iterable[str]) -> dict[str, int]:
    """The account of each external id of a source; unknown ones are opened."""
    wanted = list(dict.fromkeys(external_ids))
    found = known_accounts(batch.connection, source, company, wanted)
    new = [external_id for external_id in wanted if external_id not in found]
    if new:
        first = batch.next_id("account", len(new))
        identity = batch.next_id("account_identity", len(new))
        batch.add(account, [{"id": first + i} for i in range(len(new))])
        batch.add(
            account_identity,
            [
                {
                    "id": identity + i,
                    "account_id": first + i,
                    "source": source,
                    "company": company,
                    "external_id": external_id,
                    "valid_from": None,
                    "valid_to": None,
                }
                for i, external_id in enumerate(new)
            ],
        )
        found.update({external_id: first + i for i, external_id in enumerate(new)})
    return found


def known_accounts(connection: Connection, source: str, company: str, wanted: list[str]) -> dict[str, int]:
    """The accounts of those external ids that are known: their own, whatever these have become."""
    found: dict[str, int] = {}
    table = account_identity.c
    for start in range(0, len(wanted), CHUNK):
        rows = connection.execute(
            sa.select(table.external_id, table.account_id)
            .where(
                table.source == source,
                table.company == company,
                table.external_id.in_(wanted[start : start + CHUNK]),
            )
            .order_by(table.id.desc())
        )
        found.update(dict(rows.all()))
    return found


def identities(connection: Connection, accounts: Iterable[int] | None = None) -> dict[int, Identity]:
    """The own identity of each account, which is its first."""
    table = account_identity.c
    query = sa.select(table.account_id, table.source, table.company, table.external_id).order_by(table.id.desc())
    if accounts is not None:
        query = query.where(table.account_id.in_(list(accounts)))
    return {row.account_id: Identity(*row) for row in connection.execute(query)}


def find_account(
    connection: Connection, external_id: str, source: str | None = None, company: str | None = None
) -> Identity:
    """The account with this id; a buying group only where `source` says so. Raises RefusedError where there is none,
    or more than one."""
    table = account_identity.c
    query = sa.select(table.account_id, table.source, table.company, table.external_id)
    rows = connection.execute(query.where(table.external_id == external_id).order_by(table.id.desc()))
    own = {(row.source, row.company): Identity(*row) for row in rows if row.source != GROUPS or source == GROUPS}
    found = [
        item
        for item in own.values()
        if (source is None or item.source == source) and (company is None or item.company == company)
    ]
    if not found:
        place = f" in {source}" if source else ""
        raise RefusedError(f"no account is called {external_id!r}{place}", hint="`rebated account list` shows them")
    if len(found) > 1:
        places = ", ".join(" ".join(filter(None, (item.source, item.company))) for item in found)
        raise RefusedError(
            f"{external_id!r} names {len(found)} accounts ({places})", hint="say which: --source, and --company"
        )
    return found[0]


def group_accounts(connection: Connection) -> dict[str, int]:
    """The account that stands for each buying group, by its name."""
    table = account_identity.c
    query = sa.select(table.external_id, table.account_id).where(table.source == GROUPS)
    return dict(connection.execute(query).all())


def own_identities() -> sa.ScalarSelect[int]:
    """The ids of the identities that are no aliases: one of each account."""
    table = account_identity.c
    return sa.select(sa.func.min(table.id)).group_by(table.source, table.company, table.external_id).scalar_subquery()


def aliases(connection: Connection) -> list[Alias]:
    """What accounts have become, in the order of the acts."""
    new, own = account_identity.alias(), account_identity.alias()
    query = (
        sa.select(new.c.id, own.c.account_id.label("old"), new.c.account_id.label("new"), new.c.valid_from, new.c.batch)
        .select_from(act)
        .join(new, new.c.batch == act.c.batch)
        .join(
            own,
            sa.and_(
                own.c.source == new.c.source,
                own.c.company == new.c.company,
                own.c.external_id == new.c.external_id,
                own.c.id < new.c.id,
            ),
        )
        .where(act.c.kind == MERGED)
        .order_by(new.c.id, own.c.id)
    )
    found: dict[int, Alias] = {}
    for row in connection.execute(query):
        found.setdefault(row.id, Alias(row.old, row.new, row.valid_from, row.batch))
    return list(found.values())


def owner(known: Sequence[Alias], account_id: int, day: date | None = None) -> int:
    """Whose that is which was an account's on a day; today where None."""
    for alias in known:
        if alias.old == account_id and alias.covers(day):
            account_id = alias.new
    return account_id


def successors(connection: Connection) -> dict[str, set[str]]:
    """What ids of accounts have become other ids: all that each may stand as in another system now."""
    known = aliases(connection)
    names = identities(connection, {account_id for alias in known for account_id in (alias.old, alias.new)})
    found: dict[str, set[str]] = {}
    for number, alias in enumerate(known):
        for earlier in origins(known[:number], {alias.old}):
            found.setdefault(names[earlier].external_id, set()).add(names[alias.new].external_id)
    return found


def rebased(connection: Connection) -> Mapping[int, int]:
    """Accounts that were merged from a day on, and whose they are now.

    What they bought before that day stays theirs. Growth of the new account is compared with what both bought, so the
    baseline of each is added to that of the one it became. What was merged for always counts for the new one anyway.
    """
    known = aliases(connection)
    return {alias.old: owner(known, alias.old) for alias in known if alias.start is not None}


def origins(known: Sequence[Alias], accounts: Iterable[int]) -> set[int]:
    """These accounts, and all that may have become one of them."""
    found = set(accounts)
    for alias in reversed(known):
        if alias.new in found:
            found.add(alias.old)
    return found
