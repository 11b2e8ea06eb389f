"""Creating, writing and deleting records of any model, with the commands of x2many fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tests.helpers.odoo_server.faults import DatabaseRefusal, MissingError, UserError, ValidationError
from tests.helpers.odoo_server.fields import X2MANY, Field
from tests.helpers.odoo_server.html import sanitised
from tests.helpers.odoo_server.session import Session
from tests.helpers.odoo_server.store import Record

CREATE, UPDATE, DELETE, UNLINK, LINK, CLEAR, SET = range(7)
ADDRESS = ("street", "street2", "city", "zip", "country_id")
AUTOMATIC = ("id", "display_name", "create_date", "create_uid", "write_date", "write_uid")


def create(session: Session, model: str, values: Mapping[str, Any]) -> int:
    """A record with defaults; x2many commands of one2many fields are carried out after it exists."""
    fields = session.registry[model].fields
    for name in values:
        if name not in fields:
            raise ValueError(
                f"Invalid field '{name}' in '{model}'" if model != "account.move.line" else _on_model(name, model)
            )
    identifier = session.store.next_id(model)
    record: Record = {"id": identifier, "create_date": session.stamp, "create_uid": session.uid}
    record |= {"write_date": session.stamp, "write_uid": session.uid}
    if "active" in fields:
        record["active"] = True
    if model == "res.partner":
        parent = session.find("res.partner", values.get("parent_id") or None)
        record |= {"type": "contact", "lang": parent.get("lang") or session.user.get("lang")}
    own = {name: value for name, value in values.items() if fields[name].type != "one2many"}
    record |= {
        name: stored(session, model, fields[name], value) for name, value in own.items() if name not in AUTOMATIC
    }
    _require(session, model, record)
    session.store.put(model, identifier, record)
    session.names.pop((model, identifier), None)
    for name, value in values.items():
        if fields[name].type == "one2many":
            apply(session, model, identifier, fields[name], value)
    _after(session, model, identifier)
    return identifier


def write(session: Session, model: str, ids: Iterable[int], values: Mapping[str, Any], *, bump: bool = True) -> None:
    """Change records; every one of them gets the transaction's start as its `write_date`."""
    fields = session.registry[model].fields
    for name in values:
        if name not in fields:
            raise KeyError(name)
    for one in ids:
        record = dict(session.one(model, one))
        for name, value in values.items():
            if fields[name].type != "one2many" and name not in AUTOMATIC:
                record[name] = stored(session, model, fields[name], value, record.get(name))
        if bump:
            record |= {"write_date": session.stamp, "write_uid": session.uid}
        _require(session, model, record)
        session.store.put(model, one, record)
        for name, value in values.items():
            if fields[name].type == "one2many":
                apply(session, model, one, fields[name], value)
        _after(session, model, one)
        if model == "res.partner" and "name" in values:
            _rename(session, one)
    session.names.clear()


def unlink(session: Session, model: str, ids: Iterable[int]) -> None:
    """Delete records and the external ids and messages that lead to them."""
    for one in ids:
        session.one(model, one)
        session.store.drop(model, one)
        for name in session.store.where("ir.model.data", "target", f"{model},{one}"):
            session.store.drop("ir.model.data", name)
        for message in session.store.where("mail.message", "res_id", one):
            if session.one("mail.message", message)["model"] == model:
                session.store.drop("mail.message", message)


def stored(session: Session, model: str, field: Field, value: Any, before: Any = None) -> Any:
    """`value` as it is kept. Raises what the server would for one of the wrong type."""
    if field.type == "many2many":
        return _many(session, field, value, before or [])
    if value is None or value is False:
        return False if field.type == "boolean" else None
    if field.type == "many2one":
        identifier = int(value[0] if isinstance(value, list | tuple) else value)
        if session.store.get(field.relation, identifier) is None:
            raise MissingError(field.relation, identifier, session.uid)
        return identifier
    if field.type == "boolean":
        return bool(value)
    if field.type in ("integer", "many2one_reference"):
        return int(value)
    if field.type in ("float", "monetary"):
        digits = session.options.price_digits if field.name == "price_unit" and session.version < (19, 0) else None
        return float(value) if digits is None else round(float(value), digits)
    if field.type == "date":
        return datetime.strptime(str(value)[:10], "%Y-%m-%d").replace(tzinfo=UTC).date().isoformat()
    if field.type == "datetime":
        return datetime.fromisoformat(str(value)).strftime("%Y-%m-%d %H:%M:%S.%f")
    if field.type == "selection":
        if str(value) not in dict(field.selection) and field.name != "lang":
            raise ValueError(f"Wrong value for {model}.{field.name}: {value!r}")
        return value
    if field.type in ("json", "binary"):
        return value
    text = str(value)
    if field.type == "html":
        return sanitised(text)
    return text


def apply(session: Session, model: str, parent: int, field: Field, commands: Sequence[Any] | None) -> None:
    """Carry out the commands of a one2many field."""
    make: Callable[..., int] = CREATORS.get(field.relation, create)
    for command in commands or ():
        code = command[0]
        if code == CREATE:
            make(session, field.relation, {**command[2], field.inverse: parent})
        elif code == UPDATE:
            change: Callable[..., None] = WRITERS.get(field.relation, write)
            change(session, field.relation, [command[1]], command[2])
        elif code in (DELETE, UNLINK):
            unlink(session, field.relation, [command[1]])
        elif code == LINK:
            write(session, field.relation, [command[1]], {field.inverse: parent})
        elif code in (CLEAR, SET):
            keep = set(command[2]) if code == SET else set()
            gone = set(session.store.where(field.relation, field.inverse, parent)) - keep
            unlink(session, field.relation, sorted(gone))


def _many(session: Session, field: Field, value: Any, before: Sequence[int]) -> list[int]:
    ids = [one for one in before if session.store.get(field.relation, one)]
    if not value:
        return []
    for command in value:
        if isinstance(command, int):
            ids = [*(one for one in value if isinstance(one, int))]
            break
        code = command[0]
        if code == CREATE:
            ids.append(create(session, field.relation, command[2]))
        elif code == UPDATE:
            write(session, field.relation, [command[1]], command[2])
        elif code in (DELETE, UNLINK):
            ids = [one for one in ids if one != command[1]]
        elif code == LINK:
            ids = ids if command[1] in ids else [*ids, command[1]]
        elif code == CLEAR:
            ids = []
        elif code == SET:
            ids = list(command[2])
    for one in ids:
        if session.store.get(field.relation, one) is None:
            raise DatabaseRefusal(
                "Another model is using the record you are trying to delete.\n\nThe troublemaker is: Unknown\n"
                f"Thanks to the following constraint: {field.relation.replace('.', '_')}_rel_fkey\n"
                "How about archiving the record instead?"
            )
    return ids


def _require(session: Session, model: str, record: Record) -> None:
    if model == "res.partner" and not record.get("name") and record.get("type", "contact") in (None, "contact"):
        raise DatabaseRefusal("Contacts require a name")
    for field in session.registry[model].fields.values():
        if field.required and field.type not in (*X2MANY, "boolean", "selection") and record.get(field.name) is None:
            if field.type in ("float", "integer", "monetary") or field.name in DEFAULTED.get(model, ()):
                continue
            label = session.registry[model].label
            raise DatabaseRefusal(
                f"Missing required value for the field '{field.string}' ({field.name}).\nModel: '{label}' ({model})\n"
                "- create/update: a mandatory field is not set\n- delete: another model requires the record being "
                "deleted, you can archive it instead\n",
                field=field.name,
            )


def _after(session: Session, model: str, identifier: int) -> None:
    if model == "res.partner":
        _commercial(session, identifier)
    elif model == "ir.model.data":
        record = session.one(model, identifier)
        derived = {
            "complete_name": f"{record['module']}.{record['name']}",
            "target": f"{record['model']},{record['res_id']}",
        }
        session.store.put(model, identifier, {**record, **derived})
    elif model == "res.partner.category":
        _no_cycle(session, model, identifier)


def _commercial(session: Session, identifier: int) -> None:
    """The commercial partner: the nearest company upwards, or the top. Contacts share its tax id, and their parent's
    address and language."""
    record = session.one("res.partner", identifier)
    root, seen = record, {identifier}
    above = record.get("parent_id")
    while above:
        if above in seen:
            raise ValidationError("You cannot create recursive Partner hierarchies.")
        seen.add(above)
        above = session.one("res.partner", above).get("parent_id")
    while not root.get("is_company") and root.get("parent_id"):
        root = session.one("res.partner", root["parent_id"])
    shared = {"commercial_partner_id": root["id"]}
    if root["id"] != identifier:
        shared["vat"] = root.get("vat")
    parent = session.find("res.partner", record.get("parent_id"))
    if parent and record.get("type") == "contact":
        shared |= {name: parent.get(name) for name in ADDRESS if parent.get(name)}
    if any(record.get(name) != value for name, value in shared.items()):
        session.store.put("res.partner", identifier, {**record, **shared})
    for child in session.store.where("res.partner", "parent_id", identifier):
        _commercial(session, child)


def _rename(session: Session, partner: int) -> None:
    """Documents carry the partner's name: writing it, even the same, moves their `write_date`."""
    for one, move in list(session.store.table("account.move").items()):
        if move.get("partner_id") == partner:
            shown = {"invoice_partner_display_name": session.one("res.partner", partner)["name"]}
            session.store.put("account.move", one, {**move, **shown, "write_date": session.stamp})


def _no_cycle(session: Session, model: str, identifier: int) -> None:
    above, seen = session.one(model, identifier).get("parent_id"), {identifier}
    while above:
        if above in seen:
            raise UserError("Recursion Detected.")
        seen.add(above)
        above = session.one(model, above).get("parent_id")


def _on_model(name: str, model: str) -> str:
    return f"Invalid field '{name}' on model '{model}'"


# Filled by the modules that know more about a model, so that this one need not know them.
CREATORS: dict[str, Callable[..., int]] = {}
WRITERS: dict[str, Callable[..., None]] = {}
DEFAULTED = {
    "account.move": ("name",),
    "account.move.line": ("currency_id",),
    "product.product": ("uom_id",),
    "res.partner": (),
}
