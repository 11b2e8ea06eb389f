"""Searching, and the two shapes records are delivered in: `read` and `web_search_read`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tests.helpers.odoo_server.computed import COMPUTED, display_name, value_of
from tests.helpers.odoo_server.domains import candidates, compiled, mentions
from tests.helpers.odoo_server.faults import UserError
from tests.helpers.odoo_server.fields import X2MANY, Field
from tests.helpers.odoo_server.rights import OWNED
from tests.helpers.odoo_server.session import ADMINISTRATOR, Session
from tests.helpers.odoo_server.store import Record

# Relations that show archived records too.
ALSO_ARCHIVED = ("tax_ids", "children_tax_ids", "company_ids")
Deliver = Callable[[Record], Any]


def search(
    session: Session, model: str, domain: Any, offset: int = 0, limit: int | None = None, order: str | None = None
) -> list[int]:
    """Ids in order. Raises ValueError for a bad domain or order."""
    matches = compiled(session, model, domain)
    key = _order_key(session, model, order)
    table = session.store.table(model)
    ids = candidates(session, model, domain)
    records = table.values() if ids is None else [table[one] for one in ids if one in table]
    if _archivable(session, model) and not mentions(domain, "active"):
        records = [record for record in records if record.get("active")]
    if model in OWNED:
        companies = {*session.companies, None}
        records = [record for record in records if record.get("company_id") in companies]
    elif model == "res.company":
        companies = {*session.companies}
        records = [record for record in records if record["id"] in companies]
    elif model == "res.users.apikeys" and session.uid != ADMINISTRATOR:
        records = [record for record in records if record.get("user_id") == session.uid]
    elif model == "mail.message" and session.uid != ADMINISTRATOR:
        records = [record for record in records if record.get("model")]
    found = key([record for record in records if matches(record)])
    return [record["id"] for record in (found[offset : offset + limit] if limit else found[offset:])]


def _archivable(session: Session, model: str) -> bool:
    """Whether records of the model that are archived are left out unless asked for."""
    return "active" in session.registry[model].fields and bool(session.context.get("active_test", True))


def _order_key(session: Session, model: str, order: str | None) -> Callable[[list[Record]], list[Record]]:
    steps = []
    for term in (order or session.registry[model].order).split(","):
        name, _, direction = term.strip().partition(" ")
        field = session.registry[model].fields.get(name)
        if field is None:
            raise ValueError(f"Invalid field {name!r} on model {model!r}")
        if order and name == "display_name":
            raise ValueError(f"Cannot convert {model}.display_name to SQL because it is not stored")
        if direction.strip().lower() not in ("", "asc", "desc"):
            raise UserError(
                f'Invalid "order" specified ({order}). A valid "order" specification is a comma-separated list of '
                "valid field names (optionally followed by asc/desc for the direction)"
            )
        steps.append((_sort_value(session, model, field), direction.strip().lower().startswith("desc")))

    def arranged(records: list[Record]) -> list[Record]:
        for value, reverse in reversed(steps):
            records = sorted(records, key=value, reverse=reverse)
        return records

    return arranged


def _sort_value(session: Session, model: str, field: Field) -> Callable[[Record], Any]:
    """Empty values come last in ascending order, as in PostgreSQL."""
    if field.name == "id":
        return lambda record: record["id"]
    if field.type == "many2one":
        return _by_relation(session, field)
    if field.type in ("integer", "float", "monetary"):
        return lambda record: record.get(field.name) or 0
    if field.type == "boolean":
        return lambda record: bool(record.get(field.name))
    if field.stored:
        return lambda record: (record.get(field.name) in (None, False), record.get(field.name) or "")
    return lambda record: (False, value_of(session, model, field, record) or "")


def _by_relation(session: Session, field: Field) -> Callable[[Record], Any]:
    """By the order of the model the field leads to."""
    records = list(session.store.table(field.relation).values())
    rank = {record["id"]: place for place, record in enumerate(_order_key(session, field.relation, None)(records))}
    return lambda record: (not record.get(field.name), rank.get(record.get(field.name) or 0, 0))


def inside(
    session: Session, model: str, ids: Iterable[int], order: str | None = None, *, archived: bool = False
) -> list[int]:
    """Ids of a relation in the order of their model, with the `archived` ones where wanted."""
    table = session.store.table(model)
    ids = [one for one in ids if one in table]
    if not archived and _archivable(session, model):
        ids = [one for one in ids if table[one].get("active")]
    if len(ids) < 2 or (order is None and session.registry[model].order == "id"):
        return sorted(ids)
    records = [session.one(model, one) for one in ids]
    return [record["id"] for record in _order_key(session, model, order)(records)]


# -------------------------------------------------------------------- the shape of `read`


def read(session: Session, model: str, ids: Iterable[int], fields: Sequence[str] | None, *, names: bool = True) -> Any:
    """Records as `read` and `search_read` give them: many2one as [id, name]; records that are gone are left out."""
    chosen = list(fields) if fields else list(session.registry[model].fields)
    delivers = [
        (name, _plain(session, model, session.field(model, name), names=names)) for name in chosen if name != "id"
    ]
    rows = []
    for one in ids:
        record = session.store.get(model, one)
        if record is not None:
            row: Record = {"id": one}
            for name, deliver in delivers:
                row[name] = deliver(record)
            rows.append(row)
    return rows


def _plain(session: Session, model: str, field: Field, *, names: bool) -> Deliver:
    if field.type == "many2one" and names:
        raw = _raw(session, model, field)

        def named(record: Record) -> Any:
            value = raw(record)
            return [value, display_name(session, field.relation, value)] if value else False

        return named
    return _scalar(session, model, field)


def _raw(session: Session, model: str, field: Field) -> Deliver:
    if field.stored and field.type != "one2many" and (model, field.name) not in COMPUTED:
        return lambda record, name=field.name: record.get(name)  # type: ignore[misc]
    return lambda record: value_of(session, model, field, record)


def _scalar(session: Session, model: str, field: Field) -> Deliver:
    raw = _raw(session, model, field)
    if field.type in X2MANY:
        if field.relation not in session.registry:
            return lambda record: sorted(raw(record) or ())
        plain_order = session.registry[field.relation].order in ("id", "date desc, move_name desc, id")
        if plain_order and (field.name in ALSO_ARCHIVED or not _archivable(session, field.relation)):
            return lambda record: sorted(raw(record) or ())

        archived = field.name in ALSO_ARCHIVED

        def several(record: Record) -> list[int]:
            return inside(session, field.relation, raw(record) or (), archived=archived)

        return several
    if field.type == "boolean":
        return lambda record: bool(raw(record))
    if field.type in ("float", "monetary"):
        return lambda record: float(raw(record) or 0)
    if field.type in ("integer", "many2one_reference"):
        return lambda record: raw(record) or 0
    if field.type == "datetime":
        return lambda record: (raw(record) or "")[:19] or False

    def plain(record: Record) -> Any:
        value = raw(record)
        return False if value is None else value

    return plain


# -------------------------------------------------------------------- the shape of `web_read`


def web_read(session: Session, model: str, ids: Iterable[int], specification: Mapping[str, Any]) -> list[Record]:
    """Records as `web_search_read` gives them: a many2one is an id, or a record where the specification asks more."""
    return _rows(session, model, specification)([one for one in ids if session.store.get(model, one) is not None])


def _nested(session: Session, model: str, field: Field, inner: Mapping[str, Any]) -> Deliver:
    plain = _scalar(session, model, field)
    if not field.relational:
        return plain
    if "fields" not in inner:
        return plain
    fields = inner["fields"]
    if field.type == "many2one":
        return _nested_one(session, field, fields, plain)
    limit, order = inner.get("limit"), inner.get("order")
    raw = _raw(session, model, field)
    deliver = _rows(session, field.relation, fields)

    def several(record: Record) -> list[Record]:
        ids = inside(session, field.relation, raw(record) or (), order) if order else plain(record)
        rows = deliver(ids[:limit] if limit else ids)
        return rows + [{"id": one} for one in ids[limit:]] if limit else rows

    return several


def _nested_one(session: Session, field: Field, fields: Mapping[str, Any], plain: Deliver) -> Deliver:
    deliver = _rows(session, field.relation, fields)
    kept: dict[int, Record] = {}

    def one(record: Record) -> Any:
        value = plain(record)
        if not value:
            return False
        if value not in kept:
            kept[value] = deliver([value])[0]
        return kept[value]

    return one


def _rows(session: Session, model: str, fields: Mapping[str, Any]) -> Callable[[Sequence[int]], list[Record]]:
    """Like `web_read`, with the fields looked up once for many calls."""
    delivers = [
        (name, _nested(session, model, session.field(model, name), inner or {}))
        for name, inner in fields.items()
        if name != "id"
    ]
    table = session.store.table(model)

    def rows(ids: Sequence[int]) -> list[Record]:
        found = []
        for one in ids:
            record, row = table[one], {"id": one}
            for name, deliver in delivers:
                row[name] = deliver(record)
            found.append(row)
        return found

    return rows
