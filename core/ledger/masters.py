"""Master data as counting needs it: the states of each account and of each item, with the days they hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from core.engine.plan import AccountState, ItemState
from core.ledger.accounts import GROUPS, Alias, aliases, group_accounts, owner
from core.ledger.lineage import Above, Parent, lineage
from core.ledger.tables import account_identity, effect, item, personal_data, record, record_head, record_version
from core.period import FOREVER, day_date, day_number

_ALWAYS = -1_000_000
_NEVER = day_number(FOREVER)


Product = tuple[str, str, str]
"""Source, company and id of a product."""


class Profile(NamedTuple):
    """What people and documents need to know of an account; personal fields empty where erased or unknown."""

    account_id: int
    external_id: str
    source: str
    company: str
    content: dict[str, Any]
    personal: dict[str, str]

    @property
    def name(self) -> str:
        return self.personal.get("name") or self.external_id


def current(
    connection: Connection, kind: str, *, accounts: set[int] | None = None, known_batch: int | None = None
) -> Iterable[sa.Row[Any]]:
    """The records of a kind that there are, as they stand now or as they were known at a batch, oldest first."""
    version = record_version.c
    query = (
        sa.select(
            record.c.source, record.c.company, record.c.external_id, version.id, version.account_id, version.content
        )
        .where(record.c.kind == kind)
        .order_by(record.c.id)
    )
    if known_batch is None:
        query = (
            query.join(record_head, record_head.c.record_id == record.c.id)
            .join(record_version, version.id == record_head.c.version_id)
            .where(record_head.c.present)
        )
    else:
        newest = (
            sa.select(sa.func.max(effect.c.id))
            .join(record, record.c.id == effect.c.record_id)
            .where(record.c.kind == kind, effect.c.batch <= known_batch)
            .group_by(effect.c.record_id)
        )
        query = (
            query.join(effect, effect.c.record_id == record.c.id)
            .join(record_version, version.id == effect.c.version_id)
            .where(effect.c.id.in_(newest), effect.c.sign >= 0)
        )
    return connection.execute(query if accounts is None else query.where(version.account_id.in_(accounts)))


def dated(contents: list[dict[str, Any]]) -> list[tuple[int, int, dict[str, Any]]]:
    """(from, to, content) of the states of one thing: each holds until the next begins. Before the first nothing is
    known of it."""
    dated = sorted(
        ((day_number(date.fromisoformat(c["valid_from"])) if c.get("valid_from") else _ALWAYS, c) for c in contents),
        key=lambda pair: pair[0],
    )
    ends = [start for start, _ in dated[1:]] + [_NEVER]
    found = [(start, end, content) for (start, content), end in zip(dated, ends, strict=True) if start < end]
    if found and found[0][0] > _ALWAYS:
        found.insert(0, (_ALWAYS, found[0][0], {}))
    return found


class _Account(NamedTuple):
    """What accounts are known by: their ids with the days they are theirs from on, and the states of their masters."""

    place: tuple[str, str]
    ids: list[tuple[int, str]]
    contents: list[dict[str, Any]]


def account_states(connection: Connection, known_batch: int | None = None) -> dict[int, list[AccountState]]:
    """Every account that is known, by id: now, or at a batch. Accounts that stand for buying groups have none."""
    found: dict[int, _Account] = {}
    own: dict[tuple[str, str, str], int] = {}
    table = account_identity.c
    query = sa.select(table.account_id, table.source, table.company, table.external_id, table.valid_from)
    if known_batch is not None:
        query = query.where(table.batch <= known_batch)
    query = query.where(table.source != GROUPS).order_by(table.id)
    for account_id, source, company, external_id, start in connection.execute(query):
        known_from = _ALWAYS if start is None else day_number(start)
        item = found.setdefault(account_id, _Account((source, company), [], []))
        item.ids.append((known_from, external_id))
        own.setdefault((source, company, external_id), account_id)
    for row in current(connection, "account", known_batch=known_batch):
        if row.account_id in found:
            found[row.account_id].contents.append(row.content)
    merged = [item for item in aliases(connection) if known_batch is None or item.batch <= known_batch]
    enrolments = _enrolments(connection, merged, known_batch)
    above = lineage(_parents(found, own, merged))
    groups = group_accounts(connection)
    return {
        account_id: list(_states(item, found, enrolments.get(account_id, []), above.get(account_id, []), groups))
        for account_id, item in found.items()
    }


def _states(
    item: _Account,
    accounts: Mapping[int, _Account],
    enrolments: Sequence[tuple[int, int, str]],
    above: Sequence[Above],
    groups: Mapping[str, int],
) -> Iterator[AccountState]:
    cuts = [known_from for known_from, _ in item.ids]
    cuts += [day for start, end, _ in enrolments for day in (start, end)]
    cuts += [span.from_day for span in above]
    for start, end, content in dated(item.contents or [{}]):
        group = content.get("group")
        for first, last in _cut(start, end, cuts):
            state = AccountState(
                first,
                last,
                tuple(dict.fromkeys(external_id for known_from, external_id in item.ids if known_from <= first)),
                content.get("segment"),
                content.get("country"),
                group,
                content.get("channel"),
                parent=content.get("parent"),
                tags=_tags(content.get("tags")),
                enrolled=tuple(sorted({program for begin, until, program in enrolments if begin <= first < until})),
                group_id=groups.get(group) if group else None,
            )
            over = next((span for span in above if span.from_day <= first < span.to_day), None)
            if over is not None and over.parent is not None:
                name = accounts[over.parent].ids[0][1]
                state = state._replace(parent=name, parent_id=over.parent, top_id=over.top)
            yield state


def _tags(text: str | None) -> tuple[str, ...]:
    """Labels without repetition, in the order they are written."""
    return tuple(dict.fromkeys(filter(None, map(str.strip, text.split(";"))))) if text else ()


def _enrolments(
    connection: Connection, merged: Sequence[Alias], known_batch: int | None
) -> dict[int, list[tuple[int, int, str]]]:
    """(from, to, program) of the memberships of each account; those of a merged account go on as the other's."""
    found: dict[int, list[tuple[int, int, str]]] = {}
    for row in current(connection, "enrolment", known_batch=known_batch):
        first = day_number(date.fromisoformat(row.content["since"]))
        until = row.content.get("until")
        end = day_number(date.fromisoformat(until)) + 1 if until else _NEVER
        if first < end:
            found.setdefault(row.account_id, []).append((first, end, row.content["program"]))
    for alias in merged:
        start = _ALWAYS if alias.start is None else day_number(alias.start)
        taken = [(max(first, start), end, program) for first, end, program in found.get(alias.old, ()) if end > start]
        if taken:
            found.setdefault(alias.new, []).extend(taken)
    return found


def _parents(
    accounts: Mapping[int, _Account], own: Mapping[tuple[str, str, str], int], merged: Sequence[Alias]
) -> dict[int, list[Parent]]:
    """The parents of the accounts that state one, by the account it is on each day."""
    cuts = [day_number(alias.start) for alias in merged if alias.start is not None]
    found = {}
    for account_id, known in accounts.items():
        if not any(content.get("parent") for content in known.contents):
            continue
        spans = []
        for start, end, content in dated(known.contents):
            parent = own.get((*known.place, content.get("parent") or ""))
            for first, last in _cut(start, end, cuts):
                day = date.min if first == _ALWAYS else day_date(first)
                spans.append(Parent(first, last, None if parent is None else owner(merged, parent, day)))
        found[account_id] = spans
    return found


def _cut(start: int, end: int, days: list[int]) -> list[tuple[int, int]]:
    """The days from `start` to `end` in pieces, one beginning at each of `days`."""
    bounds = [start, *sorted({day for day in days if start < day < end}), end]
    return list(pairwise(bounds))


def products(connection: Connection, known_batch: int | None) -> dict[Product, list[dict[str, Any]]]:
    """The states of each product as its master has them."""
    found: dict[Product, list[dict[str, Any]]] = {}
    for row in current(connection, "product", known_batch=known_batch):
        sku = row.content.get("id", row.external_id)
        found.setdefault((row.source, row.company, sku), []).append(row.content)
    return found


def item_states(connection: Connection, known_batch: int | None = None) -> dict[int, list[ItemState]]:
    """Every item (product, kind of line, invoice or return) that stands on a line, by id."""
    known = products(connection, known_batch)
    states = {}
    for row in connection.execute(sa.select(item).order_by(item.c.id)):
        contents = known.get((row.source, row.company, row.product), [{}])
        states[row.id] = [
            ItemState(
                start,
                end,
                row.product,
                content.get("category"),
                content.get("brand"),
                row.line_kind or content.get("line_kind") or "goods",
                row.is_return,
                content.get("unit", ""),
                tuple((unit, Fraction(text)) for unit, text in sorted((content.get("units") or {}).items())),
            )
            for start, end, content in dated(contents)
        ]
    return states


def profiles(connection: Connection, account_ids: Iterable[int] | None = None) -> dict[int, Profile]:
    """What is known of accounts: their latest master record and their first external id. Those that stand for buying
    groups come first: in a table by external id an account of the same name takes the place."""
    wanted = None if account_ids is None else set(account_ids)
    if wanted is not None and len(wanted) > 500:
        wanted = None
    table = account_identity.c
    query = sa.select(table.account_id, table.external_id, table.source, table.company)
    query = query.order_by(table.source != GROUPS, table.id)
    found: dict[int, Profile] = {}
    for row in connection.execute(query if wanted is None else query.where(table.account_id.in_(wanted))):
        if row.account_id not in found:
            found[row.account_id] = Profile(row.account_id, row.external_id, row.source, row.company, {}, {})
    versions = {}
    for state in current(connection, "account", accounts=wanted):
        profile = found.get(state.account_id)
        if profile is None:
            continue
        if (profile.content.get("valid_from") or "") <= (state.content.get("valid_from") or ""):
            found[state.account_id] = profile._replace(content=state.content)
            versions[state.account_id] = state.id
    by_version = {version: account_id for account_id, version in versions.items()}
    known = sa.select(personal_data.c.version_id, personal_data.c.content)
    for version_id, personal in connection.execute(
        known if wanted is None else known.where(personal_data.c.version_id.in_(by_version))
    ):
        account_id = by_version.get(version_id)
        if account_id is not None and personal:
            found[account_id] = found[account_id]._replace(personal=personal)
    return found
