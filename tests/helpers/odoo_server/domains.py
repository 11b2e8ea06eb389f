"""Search domains: from the polish notation to a predicate over records."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from tests.helpers.odoo_server.computed import COMPUTED, display_name, value_of
from tests.helpers.odoo_server.fields import X2MANY, Field
from tests.helpers.odoo_server.session import Session
from tests.helpers.odoo_server.store import Record

Predicate = Callable[[Record], bool]
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
}
LIKE = ("like", "ilike", "=like", "=ilike", "not like", "not ilike")
OPERATORS = ("=", "!=", "<>", "==", "in", "not in", "child_of", "parent_of", "=?", *COMPARE, *LIKE)


def compiled(session: Session, model: str, domain: Any) -> Predicate:
    """A predicate of `domain`. Raises ValueError or TypeError in the server's words."""
    if not isinstance(domain, list | tuple):
        raise TypeError(f"Domain() invalid argument type for domain: {domain!r}")
    stack: list[Predicate] = []
    try:
        for term in reversed(domain):
            if term == "!":
                inner = stack.pop()
                stack.append(lambda record, inner=inner: not inner(record))  # type: ignore[misc]
            elif term in ("&", "|"):
                stack.append(_both(stack.pop(), stack.pop(), any_of=term == "|"))
            else:
                stack.append(_leaf(session, model, term))
    except IndexError:
        raise ValueError(f"Domain() malformed domain {domain!r}") from None
    if not stack:
        return lambda record: True
    if len(stack) == 1:
        return stack[0]
    return lambda record: all(one(record) for one in reversed(stack))


def candidates(session: Session, model: str, domain: Sequence[Any]) -> list[int] | None:
    """Ids outside of which nothing can match, where an index tells; None where it does not."""
    best: list[int] | None = None
    if any(term in ("|", "!") for term in domain if isinstance(term, str)):
        return None
    for term in domain:
        if isinstance(term, str) or term[1] not in ("=", "in"):
            continue
        name, values = term[0], term[2] if isinstance(term[2], list | tuple) else [term[2]]
        if not all(isinstance(value, int) and value for value in values):
            continue
        if name == "id":
            ids = sorted({int(value) for value in values})
        elif session.store.indexed(model, str(name)):
            ids = sorted({found for value in values for found in session.store.where(model, name, value)})
        else:
            continue
        if best is None or len(ids) < len(best):
            best = ids
    return best


def mentions(domain: Sequence[Any], name: str) -> bool:
    return any(not isinstance(term, str) and term[0] == name for term in domain)


def _both(first: Predicate, second: Predicate, *, any_of: bool) -> Predicate:
    if any_of:
        return lambda record: first(record) or second(record)
    return lambda record: first(record) and second(record)


def _leaf(session: Session, model: str, term: Any) -> Predicate:
    if not isinstance(term, list | tuple) or len(term) != 3:
        raise ValueError(f"Domain() invalid item in domain: {term!r}")
    name, operator, value = term
    if not isinstance(name, str):
        return lambda record: bool(name == value) == (operator == "=")
    if operator not in OPERATORS:
        raise ValueError(f"Invalid operator in condition {(name, operator, value)!r}")
    operator = str({"<>": "!=", "==": "="}.get(operator, operator))
    head, _, rest = name.partition(".")
    field = session.registry[model].fields.get(head)
    if field is None:
        raise ValueError(f"Invalid field {model}.{head} in condition {(name, operator, value)!r}")
    read = _reader(session, model, field)
    if rest and not field.relational:
        raise ValueError(f"Invalid field property {rest!r} on {model}.{head}")
    if rest:
        inner = _leaf(session, field.relation, [rest, operator, value])
        return lambda record: any(inner(session.find(field.relation, one)) for one in _several(read(record)))
    if operator in ("child_of", "parent_of"):
        return _family(session, model, field, operator, value, read)
    return _condition(session, field, operator, None if value is False and field.type != "boolean" else value, read)


def _reader(session: Session, model: str, field: Field) -> Callable[[Record], Any]:
    if field.stored and field.type != "one2many" and (model, field.name) not in COMPUTED:
        return lambda record, name=field.name: record.get(name)  # type: ignore[misc]
    return lambda record: value_of(session, model, field, record)


def _several(value: Any) -> Sequence[int]:
    return value if isinstance(value, list) else [value] if value else []


def _condition(session: Session, field: Field, operator: str, value: Any, read: Callable[[Record], Any]) -> Predicate:
    if field.relational:
        return _related(session, field, operator, value, read)
    if operator in LIKE:
        matches = _pattern(operator, value)
        return lambda record: matches(read(record))
    normal = _normal(session, field)
    if operator in ("in", "not in") or isinstance(value, list | tuple):
        wanted = (
            {normal(one if one is not False else None) for one in value} if isinstance(value, list | tuple) else set()
        )
        if operator in ("in", "="):
            return lambda record: normal(read(record)) in wanted
        return lambda record: normal(read(record)) not in wanted
    bound = normal(value)
    if operator == "=":
        return lambda record: normal(read(record)) == bound
    if operator == "!=":
        return lambda record: normal(read(record)) != bound
    if operator == "=?":
        return lambda record: bound is None or normal(read(record)) == bound
    compare = COMPARE[operator]

    def holds(record: Record) -> bool:
        found = normal(read(record))
        return found is not None and bound is not None and compare(found, bound)

    return holds


def _normal(session: Session, field: Field) -> Callable[[Any], Any]:
    """How values of the field are compared. Datetimes: to the whole second from 19 on, by the microsecond before."""
    if field.type == "boolean":
        return bool
    if field.type in ("integer", "many2one_reference"):
        return lambda value: int(value) if value else 0
    if field.type in ("float", "monetary"):
        return lambda value: float(value) if value else 0.0
    if field.type == "date":
        return lambda value: _date(value)
    if field.type == "datetime":
        whole = session.version >= (19, 0)
        return lambda value: _instant(value, whole=whole)
    return lambda value: value if value not in (False, "") else None


def _date(value: Any) -> str | None:
    if not value:
        return None
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        raise ValueError(f"Invalid term {value!r} in expression date: {value!r}") from None


def _instant(value: Any, *, whole: bool) -> str | None:
    if not value:
        return None
    if len(value) == 26 and value[10] == " ":
        return str(value[:19] if whole else value)
    try:
        return datetime.fromisoformat(str(value)).strftime("%Y-%m-%d %H:%M:%S" if whole else "%Y-%m-%d %H:%M:%S.%f")
    except ValueError:
        raise ValueError(f"Invalid term {value!r} in expression date: {value!r}") from None


def _pattern(operator: str, value: Any) -> Callable[[Any], bool]:
    text = str(value or "")
    if not operator.startswith("="):
        text = f"%{text}%"
    body = "".join(".*" if one == "%" else "." if one == "_" else re.escape(one) for one in text)
    found = re.compile(body, re.DOTALL | (re.IGNORECASE if "ilike" in operator else 0))
    if operator.startswith("not"):
        return lambda value: found.fullmatch(str(value or "")) is None
    return lambda value: bool(value) and found.fullmatch(str(value)) is not None


def _related(session: Session, field: Field, operator: str, value: Any, read: Callable[[Record], Any]) -> Predicate:
    """Relations compare by id, or by name where the value is text."""
    values = value if isinstance(value, list | tuple) else [value]
    if any(isinstance(one, str) for one in values):
        return _related_by_name(session, field, operator, values, read)
    wanted = {one or None for one in values}
    negative = operator in ("!=", "not in")
    if field.type in X2MANY:
        return lambda record: (
            (any(one in wanted for one in _several(read(record))) or (None in wanted and not read(record))) != negative
        )
    if operator in COMPARE:
        compare = COMPARE[operator]
        return lambda record: bool(read(record)) and compare(read(record), value)
    return lambda record: ((read(record) or None) in wanted) != negative


def _related_by_name(
    session: Session, field: Field, operator: str, values: Sequence[Any], read: Callable[[Record], Any]
) -> Predicate:
    like = operator.removeprefix("not ") if "like" in operator else "=like"
    patterns = [_pattern(like, one) for one in values]
    negative = operator.startswith("not") or operator == "!="

    def holds(record: Record) -> bool:
        names = [display_name(session, field.relation, one) for one in _several(read(record))]
        return any(pattern(name) for pattern in patterns for name in names) != negative

    return holds


def _family(
    session: Session, model: str, field: Field, operator: str, value: Any, read: Callable[[Record], Any]
) -> Predicate:
    relation = field.relation or model
    table = session.store.table(relation)
    wanted = {one for one in (value if isinstance(value, list | tuple) else [value]) if one}
    while operator == "child_of":
        more = {one for one, record in table.items() if record.get("parent_id") in wanted} - wanted
        if not more:
            break
        wanted |= more
    for one in list(wanted) if operator == "parent_of" else ():
        while (one := session.find(relation, one).get("parent_id")) and one not in wanted:
            wanted.add(one)
    return lambda record: any(one in wanted for one in _several(read(record)))
