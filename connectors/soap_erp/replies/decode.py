"""Payloads inside of a text of a reply: XML or JSON."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Literal

from connectors.declarative.json_reply import NotJson
from connectors.declarative.json_reply import read as read_json
from connectors.soap_erp.replies.markup import NotSoap, parsed
from connectors.soap_erp.replies.values import Values


def decode(body: Any, path: str, form: Literal["xml", "json"], *, lists: Collection[str] = (), nesting: int) -> Any:
    """What was read, with the texts at a path replaced by what they hold; the same object, changed in place.

    `path` is names with dots; of a list on the way every item is meant. XML is read without a schema: what the one
    outer element holds is the value, the elements named by `lists` are always lists, others where they come several
    times. A text that is empty, or not there, becomes None. Raises NotSoap, naming the path.
    """
    return _replaced(body, path.split("."), lambda text: _decoded(text, path, form, lists, nesting), path)


def _replaced(value: Any, names: Sequence[str], read: Callable[[str], Any], path: str) -> Any:
    if isinstance(value, list):
        value[:] = [_replaced(item, names, read, path) for item in value]
        return value
    if names:
        if isinstance(value, dict) and names[0] in value:
            value[names[0]] = _replaced(value[names[0]], names[1:], read, path)
        return value
    if value is None or isinstance(value, str):
        return read(value) if value and value.strip() else None
    raise NotSoap(f"{path} holds no text that could be decoded")


def _decoded(text: str, path: str, form: str, lists: Collection[str], nesting: int) -> Any:
    content = text.encode("utf-8", "replace")
    try:
        if form == "json":
            return read_json(content, nesting=nesting)
        root = parsed(content, encoding="utf-8")
        return Values(root, nesting=nesting, lists=lists).of(root)
    except (NotJson, NotSoap) as error:
        reason = str(error)
    raise NotSoap(f"{path}: {reason}")
