"""What speaks against taking a reply for what it seems to say: that it holds a list of so many, or of none.

A list that is empty, and one that stands somewhere else since the service was changed, look the same to an expression.
The second must never be read as "there is nothing": what is not there is written anew, or taken for deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from connectors.declarative.wire import MISSING
from connectors.http.redaction import plain
from connectors.soap_erp.replies.shape import Message, Shape


def doubts(body: Any, message: Message, found: Sequence[Any], opened: Collection[str] = ()) -> str:
    """Why the reply cannot be taken to hold just what was found in it; empty where nothing speaks against it.

    `found` are the records. The tables around them must have what their schema requires. Where there are no records,
    they must not hold anything else that the schema does not know either. `opened`: names of elements whose text was
    decoded, which no schema knows.
    """
    lacking = dict.fromkeys(_lacking(body, {id(record) for record in found}))
    if lacking:
        return f"it lacks {_listed(lacking)}, which its schema requires"
    strange = dict.fromkeys(_strange(body, message.shape, opened)) if not found else {}
    return f"it holds {_listed(strange)}, which its schema does not know there" if strange else ""


def _listed(names: dict[str, None]) -> str:
    return ", ".join(plain(name, longest=60) for name in list(names)[:5])


def _lacking(body: Any, records: set[int]) -> Iterator[str]:
    """What the tables around the records lack. What lists hold are records themselves, and a list of none is a list,
    also where a schema wants one at least (as Dynamics NAV's does)."""
    if isinstance(body, dict) and id(body) not in records:
        missing = body.get(MISSING)
        yield from (name for name in missing if body.get(name) != []) if isinstance(missing, list) else ()
        for value in body.values():
            yield from _lacking(value, records)


def _strange(value: Any, shape: Shape, opened: Collection[str], name: str = "a text") -> Iterator[str]:
    """What stands where the schema knows no such thing. A single value does no harm: it is no record."""
    if shape.kind == "array" and not isinstance(value, list) and value not in (None, "", {}):
        yield name
    if shape.kind != "table":
        return
    if value and isinstance(value, (list, str)) and not (isinstance(value, str) and value.isspace()):
        yield name
    if isinstance(value, dict) and isinstance(value.get("_type"), str):
        named = shape.owner.derived(shape, value["_type"])
        if named is None or named.kind != "table":
            return
        shape = named
    if not isinstance(value, dict) or shape.is_open:
        return
    if shape.content is None and value.get("_value"):
        yield name
    for inner, held in value.items():
        field = shape.fields.get(inner)
        if inner in opened:
            continue
        if field is None:
            if isinstance(held, (dict, list)) and held and inner != MISSING:
                yield inner
        elif not (field[1] and isinstance(held, list)):
            yield from _strange(held, field[3], opened, inner)
