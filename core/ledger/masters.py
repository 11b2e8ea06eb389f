"""Master data as counting needs it: the states of each account and of each item, with the days they hold."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from core.engine.plan import AccountState, ItemState
from core.keys import content_hash
from core.ledger.tables import account_identity, item, personal_data, record, record_head, record_version
from core.period import FOREVER, day_number

_ALWAYS = -1_000_000
_NEVER = day_number(FOREVER)


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


def _current(connection: Connection, kind: str, accounts: set[int] | None = None) -> Iterable[sa.Row[Any]]:
    query = (
        sa.select(
            record.c.source,
            record.c.company,
            record.c.external_id,
            record_version.c.id,
            record_version.c.account_id,
            record_version.c.content,
        )
        .join(record_head, record_head.c.record_id == record.c.id)
        .join(record_version, record_version.c.id == record_head.c.version_id)
        .where(record.c.kind == kind, record_head.c.present)
        .order_by(record.c.id)
    )
    return connection.execute(query if accounts is None else query.where(record_version.c.account_id.in_(accounts)))


def _days(contents: list[dict[str, Any]]) -> list[tuple[int, int, dict[str, Any]]]:
    """(from, to, content) of the states of one thing: each holds until the next begins."""
    dated = sorted(
        ((day_number(date.fromisoformat(c["valid_from"])) if c.get("valid_from") else _ALWAYS, c) for c in contents),
        key=lambda pair: pair[0],
    )
    ends = [start for start, _ in dated[1:]] + [_NEVER]
    found = [(start, end, content) for (start, content), end in zip(dated, ends, strict=True) if start < end]
    if found and found[0][0] > _ALWAYS:
        found.insert(0, (_ALWAYS, found[0][0], {}))
    return found


def account_states(connection: Connection) -> dict[int, list[AccountState]]:
    """Every account that is known, by id."""
    external: dict[int, list[tuple[int, str]]] = {}
    table = account_identity.c
    for account_id, external_id, start in connection.execute(
        sa.select(table.account_id, table.external_id, table.valid_from).order_by(table.id)
    ):
        known_from = _ALWAYS if start is None else day_number(start)
        external.setdefault(account_id, []).append((known_from, external_id))
    contents: dict[int, list[dict[str, Any]]] = {}
    for row in _current(connection, "account"):
        contents.setdefault(row.account_id, []).append(row.content)
    states = {}
    for account_id, ids in external.items():
        states[account_id] = [
            AccountState(
                first,
                last,
                tuple(dict.fromkeys(external_id for known_from, external_id in ids if known_from <= first)),
                content.get("segment"),
                content.get("country"),
                content.get("group"),
                content.get("channel"),
            )
            for start, end, content in _days(contents.get(account_id, [{}]))
            for first, last in _cut(start, end, [known_from for known_from, _ in ids])
        ]
    return states


def _cut(start: int, end: int, days: list[int]) -> list[tuple[int, int]]:
    """The days from `start` to `end` in pieces, one beginning at each of `days`."""
    bounds = [start, *sorted({day for day in days if start < day < end}), end]
    return list(pairwise(bounds))


def _products(connection: Connection) -> dict[tuple[str, str, str], list[dict[str, Any]]]:
    products: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in _current(connection, "product"):
        sku = row.content.get("id", row.external_id)
        products.setdefault((row.source, row.company, sku), []).append(row.content)
    return products


def item_states(connection: Connection) -> dict[int, list[ItemState]]:
    """Every item (product, kind of line, invoice or return) that stands on a line, by id."""
    products = _products(connection)
    states = {}
    for row in connection.execute(sa.select(item).order_by(item.c.id)):
        contents = products.get((row.source, row.company, row.product), [{}])
        states[row.id] = [
            ItemState(
                start,
                end,
                row.product,
                content.get("category"),
                content.get("brand"),
                row.line_kind or content.get("line_kind") or "goods",
                row.is_return,
            )
            for start, end, content in _days(contents)
        ]
    return states


class Units(NamedTuple):
    """How quantities become base units: by (source, company, product) the base unit and what others hold of it."""

    by_product: dict[tuple[str, str, str], tuple[str, dict[str, tuple[int, int]]]]
    hash: str

    def ratio(self, product: tuple[str, str, str], unit: str) -> tuple[int, int] | None:
        """Base units in one `unit` as (numerator, denominator); None where it is not known."""
        base, others = self.by_product.get(product, ("", {}))
        if not unit or unit == base:
            return 1, 1
        if not base and not others:
            return None
        return others.get(unit)


def units(connection: Connection) -> Units:
    """The unit definitions of the present product master."""
    by_product = {}
    plain = []
    for product, contents in _products(connection).items():
        content = contents[-1]
        others = {}
        for unit, text in (content.get("units") or {}).items():
            whole, _, fraction = str(text).partition(".")
            others[unit] = (int(whole + fraction), 10 ** len(fraction))
        by_product[product] = (content.get("unit", ""), others)
        if others or content.get("unit"):
            plain.append([*product, content.get("unit", ""), content.get("units")])
    return Units(by_product, content_hash(sorted(plain, key=str)))


def profiles(connection: Connection, account_ids: Iterable[int] | None = None) -> dict[int, Profile]:
    """What is known of accounts: their latest master record and their first external id."""
    wanted = None if account_ids is None else set(account_ids)
    if wanted is not None and len(wanted) > 500:
        wanted = None
    table = account_identity.c
    query = sa.select(table.account_id, table.external_id, table.source, table.company).order_by(table.id)
    found: dict[int, Profile] = {}
    for row in connection.execute(query if wanted is None else query.where(table.account_id.in_(wanted))):
        if row.account_id not in found:
            found[row.account_id] = Profile(row.account_id, row.external_id, row.source, row.company, {}, {})
    versions = {}
    for state in _current(connection, "account", wanted):
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
