"""What `load` makes of the text of one cell, and how it refuses one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from tests.helpers.odoo_server.computed import display_name
from tests.helpers.odoo_server.fields import Field
from tests.helpers.odoo_server.session import Session

TRUE, FALSE = ("1", "true", "yes"), ("", "0", "false", "no")


class Refused(Exception):
    """`message` may hold {field}, the label of the field."""

    def __init__(self, message: str, moreinfo: Any = None, *, bare: bool = False) -> None:
        super().__init__(message)
        self._message, self._moreinfo, self._bare = message, moreinfo, bare

    def told(self, label: str) -> dict[str, Any]:
        told: dict[str, Any] = {"type": "error", "message": self._message.replace("{field}", label)}
        if self._moreinfo is not None:
            told["moreinfo"] = self._moreinfo
        return told if self._bare else {**told, "field_name": label}


def converted(session: Session, field: Field, path: Sequence[str], value: Any) -> Any:
    """The value of a cell; False for an empty one. Raises Refused."""
    if value in ("", None, False):
        return False
    if field.type == "many2one":
        return _reference(session, field, path, value)
    if field.type == "many2many":
        return [[6, 0, [_reference(session, field, path, one) for one in str(value).split(",")]]]
    if field.type in ("integer", "many2one_reference"):
        return _number(int, "an integer", value)
    if field.type in ("float", "monetary"):
        return _number(float, "a number", value)
    if field.type == "boolean":
        return _boolean(value)
    if field.type == "selection":
        return _selection(field, value)
    if field.type == "date":
        return _day(date.fromisoformat, "date", "2012-12-31", value)
    if field.type == "datetime":
        return _day(datetime.fromisoformat, "datetime", "2012-12-31 23:59:59", value)
    if field.type == "json":
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError:
            raise Refused(f"'{value}' does not seem to be a valid JSON for field '{{field}}'") from None
    return value


def _number(kind: Any, what: str, value: Any) -> Any:
    try:
        return kind(value)
    except ValueError:
        raise Refused(f"'{value}' does not seem to be {what} for field '{{field}}'") from None


def _day(parse: Any, what: str, example: str, value: Any) -> str:
    try:
        parse(str(value))
    except ValueError:
        raise Refused(
            f"'{value}' does not seem to be a valid {what} for field '{{field}}'", f"Use the format '{example}'"
        ) from None
    return str(value)


def _boolean(value: Any) -> bool:
    text = str(value).lower()
    if text not in (*TRUE, *FALSE):
        raise Refused(f"Unknown value '{value}' for boolean field '{{field}}'", "Use '1' for yes and '0' for no")
    return text in TRUE


def _selection(field: Field, value: Any) -> str:
    for key, label in field.selection:
        if str(value).lower() in (key.lower(), label.lower()):
            return key
    labels = [label for _, label in field.selection]
    raise Refused(f"Value '{value}' not found in selection field '{{field}}'", labels)


def _reference(session: Session, field: Field, path: Sequence[str], value: Any) -> int:
    """The id of the record a cell names: by database id, by external id, or by its name."""
    how = path[0] if path else ""
    if how == ".id":
        try:
            identifier = int(value)
        except ValueError:
            raise Refused(f"Invalid database id '{value}' for the field '{{field}}'", _window(field)) from None
        if session.store.get(field.relation, identifier) is None:
            raise Refused(f"No matching record found for database id '{value}' in field '{{field}}'", _window(field))
        return identifier
    if how == "id":
        known = session.look_up(str(value))
        if known is None:
            raise Refused(f"No matching record found for external id '{value}' in field '{{field}}'", _window(field))
        if known["model"] != field.relation:
            raise Refused(
                f"Invalid external ID {value}: expected model {field.relation!r}, found {known['model']!r}", bare=True
            )
        return int(known["res_id"])
    for identifier, record in session.store.table(field.relation).items():
        if record.get("active", True) and display_name(session, field.relation, identifier) == value:
            return identifier
    raise Refused(f"No matching record found for name '{value}' in field '{{field}}'", _window(field, by_name=True))


def _window(field: Field, *, by_name: bool = False) -> dict[str, Any]:
    window = {
        "name": "Possible Values",
        "type": "ir.actions.act_window",
        "target": "new",
        "view_mode": "list,form",
        "views": [[False, "list"], [False, "form"]],
        "context": {"create": False},
        "help": "See all possible values",
        "res_model": field.relation if by_name else "ir.model.data",
    }
    return window if by_name else {**window, "domain": [["model", "=", field.relation]]}
