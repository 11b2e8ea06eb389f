"""`load`: records from rows of text, created or updated by external id, all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.helpers.odoo_server import reading, writing
from tests.helpers.odoo_server.conversion import Refused, converted
from tests.helpers.odoo_server.faults import (
    DatabaseRefusal,
    OdooFault,
    SerializationFailure,
    UserError,
    check_violation,
)
from tests.helpers.odoo_server.rights import CREATE, WRITE, check
from tests.helpers.odoo_server.session import Session
from tests.helpers.odoo_server.store import Held

DATA = "ir.model.data"
Path = tuple[str, ...]


@dataclass(slots=True)
class Raw:
    """One record of the rows: raw values by field, sub-records of one2many fields, and the rows it spans."""

    first: int
    last: int
    xmlid: str = ""
    database_id: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    paths: dict[str, Path] = field(default_factory=dict)
    children: dict[str, list[Raw]] = field(default_factory=dict)


class Prepared(NamedTuple):
    """A record ready to be kept. `identifier` is 0 unless a database id was given."""

    xmlid: str
    identifier: int
    values: dict[str, Any]
    info: dict[str, Any]


def load(session: Session, model: str, fields: Sequence[str], data: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """What `load` answers: ids, or False with messages. Raises ValueError for an unknown field."""
    paths = [tuple(name.split("/")) for name in fields]
    _check_paths(session, model, paths)
    raws = list(_extracted(session, model, paths, data))
    messages: list[dict[str, Any]] = []
    prepared: list[Prepared] = []
    for index, raw in enumerate(raws):
        info = {"rows": {"from": raw.first, "to": raw.last}, "record": index}
        refusals: list[dict[str, Any]] = []
        identifier = _database_id(session, model, raw, refusals)
        values = _values(session, model, raw, refusals)
        messages.extend({**info, **refusal} for refusal in refusals)
        if not refusals:
            prepared.append(Prepared(raw.xmlid, identifier, values, info))
    ids = _kept(session, model, prepared, messages)
    failed = any(message["type"] == "error" for message in messages)
    return {"ids": False if failed else ids, "messages": messages, "nextrow": 0}


# -------------------------------------------------------------------- rows to records


def _database_id(session: Session, model: str, raw: Raw, refusals: list[dict[str, Any]]) -> int:
    """The id in the column `.id`; 0 where there is none."""
    if not raw.database_id:
        return 0
    if raw.database_id.isdigit() and (found := reading.search(session, model, [["id", "=", int(raw.database_id)]])):
        return found[0]
    told = {"type": "error", "field": ".id", "message": f"Unknown database identifier '{raw.database_id}'"}
    refusals.append(told)
    return 0


def _check_paths(session: Session, model: str, paths: Sequence[Path]) -> None:
    for path in paths:
        at = model
        for name in path:
            if name in ("id", ".id"):
                break
            one = session.registry[at].fields.get(name)
            if one is None:
                raise ValueError(f"Invalid field name {name!r}")
            at = one.relation


def _extracted(
    session: Session, model: str, paths: Sequence[Path], data: Sequence[Sequence[Any]], first: int = 0
) -> Iterator[Raw]:
    """Records of consecutive rows: a row whose own columns are all empty goes on with the record above."""
    fields = session.registry[model].fields

    def many(path: Path) -> bool:
        return path[0] in fields and fields[path[0]].type == "one2many"

    own = [column for column, path in enumerate(paths) if not many(path)]
    start = 0
    while start < len(data):
        end = start + 1
        while end < len(data) and not any(data[end][column] for column in own) and any(data[end]):
            end += 1
        span = data[start:end]
        raw = Raw(first + start, first + end - 1)
        for column in own:
            path, value = paths[column], span[0][column]
            if path[0] == "id":
                raw.xmlid = str(value or "")
            elif path[0] == ".id":
                raw.database_id = str(value or "")
            else:
                raw.values[path[0]], raw.paths[path[0]] = value, path[1:]
        for name in dict.fromkeys(path[0] for path in paths if many(path)):
            columns = [column for column, path in enumerate(paths) if path[0] == name]
            rows = [[row[column] for column in columns] for row in span]
            rows = [row for row in rows if any(row)]
            below = [paths[column][1:] for column in columns]
            raw.children[name] = list(_extracted(session, fields[name].relation, below, rows))
        yield raw
        start = end


# -------------------------------------------------------------------- records to values


def _values(session: Session, model: str, raw: Raw, refusals: list[dict[str, Any]]) -> dict[str, Any]:
    """Converted values; what cannot be converted is told in `refusals`, one for each field."""
    fields = session.registry[model].fields
    values: dict[str, Any] = {}
    names = dict.fromkeys((*raw.values, *raw.children))
    for name in sorted(names, key=lambda name: bool(raw.paths.get(name)) or name in raw.children):
        one = fields[name]
        try:
            if name in raw.children:
                if raw.children[name]:
                    values[name] = [_command(session, one.relation, child, one.string) for child in raw.children[name]]
            else:
                values[name] = converted(session, one, raw.paths[name], raw.values[name])
        except Refused as refused:
            refusals.append({"field": name, **refused.told(one.string)})
    return values


def _command(session: Session, model: str, child: Raw, label: str) -> list[Any]:
    refusals: list[dict[str, Any]] = []
    values = _values(session, model, child, refusals)
    if refusals:
        inner = refusals[0]
        name = inner.get("field_name", "")
        raise Refused(inner["message"].replace(f"'{name}'", f"'{label}/{name}'"), inner.get("moreinfo"))
    if child.database_id:
        return [writing.UPDATE, int(child.database_id), values]
    return [writing.CREATE, child.xmlid, values]


# -------------------------------------------------------------------- keeping


def _kept(
    session: Session,
    model: str,
    prepared: Sequence[Prepared],
    messages: list[dict[str, Any]],
) -> list[int]:
    """All at once; where that fails one by one, to tell which record it was. Nothing stays after an error."""
    start = session.store.savepoint()
    ids: list[int] = []
    whole: dict[str, Any] | None = None
    try:
        for one in prepared:
            ids.append(_keep(session, model, one))
        if not any(message["type"] == "error" for message in messages):
            return ids
        _back(session, start)
        return []
    except Held:
        raise
    except DatabaseRefusal:
        whole = None
    except UserError as error:
        whole = {**prepared[0].info, "type": "error", "message": error.message}
    except (SerializationFailure, OdooFault, ValueError, KeyError, TypeError):
        whole = None
    _back(session, start)
    before = len(messages)
    for one in prepared:
        info = one.info
        try:
            _keep(session, model, one)
        except SerializationFailure as error:
            messages.append({**info, "type": "error", "message": str(error)})
        except DatabaseRefusal as error:
            field_named = {"field": error.field} if error.field else {}
            messages.append({**info, "type": "error", "message": error.quoted, **field_named})
        except UserError as error:
            messages.append({**info, "type": "error", "message": error.message})
        except (OdooFault, ValueError, KeyError, TypeError) as error:
            text = f"Unknown error during import: {type(error)}: {error}"
            messages.append({**info, "type": "error", "message": text, "moreinfo": "Resolve other errors first"})
        else:
            continue
        _back(session, start)
    if whole is not None and len(messages) > before and whole not in messages:
        messages.insert(0, whole)
    _back(session, start)
    return []


def _back(session: Session, start: int) -> None:
    session.store.rollback(start)
    session.names.clear()


def _keep(session: Session, model: str, one: Prepared) -> int:
    """Create the record, or update the one the external or database id leads to."""
    resolved, named = _resolved(session, model, one.values)
    xmlid = one.xmlid
    known = session.external(_complete(xmlid)) if xmlid else None
    if known or one.identifier:
        if known and known["model"] != model:
            raise UserError(
                f"For external id {xmlid} when trying to create/update a record of model {model} found record of "
                f"different model {known['model']} ({known['res_id']})"
            )
        identifier = int(known["res_id"]) if known else one.identifier
        session.must_be_mine(model, identifier)
        check(session, model, WRITE)
        change: Callable[..., None] = writing.WRITERS.get(model, writing.write)
        change(session, model, [identifier], resolved)
    else:
        check(session, model, CREATE)
        make: Callable[..., int] = writing.CREATORS.get(model, writing.create)
        identifier = make(session, model, resolved)
    for field_name, names in named.items():
        _name_children(session, model, identifier, field_name, names)
    if xmlid and not known:
        _name(session, xmlid, model, identifier)
    return identifier


def _resolved(session: Session, model: str, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Commands of sub-records whose external id is known become updates; the names of the others come along."""
    resolved, named = dict(values), {}
    for name, value in values.items():
        one = session.registry[model].fields[name]
        if one.type != "one2many" or not value:
            continue
        commands, fresh = [], []
        for code, reference, inner in value:
            known = session.external(_complete(reference)) if code == writing.CREATE and reference else None
            if known:
                commands.append([writing.UPDATE, known["res_id"], inner])
            else:
                commands.append([code, reference if code == writing.UPDATE else 0, inner])
                fresh.append(reference if code == writing.CREATE else "")
        resolved[name], named[name] = commands, fresh
    return resolved, named


def _name_children(session: Session, model: str, parent: int, field_name: str, names: Sequence[str]) -> None:
    """The sub-records just made have the highest ids of their kind, in the order of the rows."""
    one = session.registry[model].fields[field_name]
    made = session.store.created().get(one.relation, [])
    children = [
        child
        for child in made
        if (record := session.store.get(one.relation, child))
        and record.get(one.inverse) == parent
        and record.get("kind") not in ("tax", "payment_term")
    ]
    for child, name in zip(children[-len(names) :] if names else (), names, strict=True):
        if name:
            _name(session, name, one.relation, child)


def _name(session: Session, xmlid: str, model: str, identifier: int) -> None:
    module, _, name = _complete(xmlid).partition(".")
    if " " in name:
        row = {"id": identifier, "name": name, "module": module, "model": model}
        raise check_violation("ir_model_data", "ir_model_data_name_nospaces", row, "External IDs cannot contain spaces")
    values = {"module": module, "name": name, "model": model, "res_id": identifier, "noupdate": False}
    writing.create(session, DATA, values)


def _complete(xmlid: str) -> str:
    return xmlid if "." in xmlid else f"__import__.{xmlid}"
