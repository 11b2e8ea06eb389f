"""Settings to begin with, from a WSDL: an operation that lists invoices, its arguments, and a guess at the fields.

A guess goes by names, and stands beside the places that were not understood, so that a person has something to mend.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from connectors.soap_erp.wsdl import likely
from connectors.soap_erp.wsdl.tree import Node, OperationTree, PortTree, ServiceTree

_NEEDED = ("id", "account", "issued", "currency")
_KEYWORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class _Found(NamedTuple):
    """A list in a reply: the expression that finds it, and one of its records."""

    path: str
    record: Node


def beginning(
    services: Sequence[ServiceTree], *, connection: str, source: str, sha256: str, operation: str = "", cache: str = ""
) -> str:
    """The tables of a connection, as TOML. `operation` is the one that lists; empty: the likeliest.

    `source` is where the WSDL lies, `cache` the folder it was kept in, where that is not the usual one.
    """
    service, port, one = _chosen(services, operation)
    head = f"connections.{connection}.settings"
    lines = [
        f"[connections.{connection}]",
        'adapter = "soap_erp"',
        "write = false            # true once `rebated check` and `rebated connector try` show what you expect",
        "",
        f"[{head}.wsdl.{_name(service.name)}]",
        f"source = {_text(source)}",
        f'sha256 = "{sha256}"',
    ]
    lines += [f"service = {_text(service.name)}"] if len(services) > 1 else []
    lines += [f"port = {_text(port.name)}"] if len(service.ports) > 1 else []
    lines.append(f"# address = {_text(port.address)}    # where requests go; the WSDL may name an internal one")
    if cache:
        lines[3:3] = ["", f"[{head}]", f"wsdl_cache = {_text(cache)}"]
    lines += [
        "",
        f"[{head}.auth]",
        'kind = "none"           # basic, ntlm, bearer, oauth2, username_token, session ...',
        "",
    ]
    lines += _stream(f"{head}.read.invoices", one)
    return "\n".join(lines) + "\n"


def _chosen(services: Sequence[ServiceTree], operation: str) -> tuple[ServiceTree, PortTree, OperationTree]:
    every = [(service, port, one) for service in services for port in service.ports for one in port.operations]
    if operation:
        every = [found for found in every if found[2].name == operation] or every
    return max(every, key=lambda found: _likely(found[2]))


def _likely(one: OperationTree) -> int:
    """How likely an operation lists invoices."""
    found = _best(_lists(one.output))
    points = 4 * bool(likely.INVOICES.search(one.name)) + 2 * bool(likely.LISTS.search(one.name))
    points += 0 if found is None else 3 + _records(found)
    return points - 6 * bool(likely.CHANGES.search(one.name))


def _best(lists: Iterable[_Found]) -> _Found | None:
    """The list that looks most like one of documents; of equals the first, which is the highest."""
    return max(lists, key=_records, default=None)


def _records(found: _Found) -> int:
    named = f"{found.record.name} {found.record.type}"
    return (
        3 * bool(likely.INVOICES.search(named))
        - 3 * bool(likely.LINES.search(named))
        - 4 * bool(likely.TOLD.search(found.path))
    )


def _stream(head: str, one: OperationTree) -> Iterator[str]:
    arguments = _inputs(one)
    used = " ".join(text for _, text, _ in arguments)
    yield "# ------------------------------------------------- a first guess: compare it with `rebated connector try`"
    yield f"[{head}]"
    yield 'kind = "invoice"'
    found = _best(_lists(one.output))
    if found is None:
        yield "# No list was found in the reply: say where it stands."
        yield 'records = "@"'
    else:
        yield f"records = {_text(found.path)}"
    total = _total(one.output)
    total = f"total = {_text(total)}" if total else ""
    stop = 'stop = "empty"'
    if "page.number" in used:
        yield f'pages = {{ kind = "number", size = 100, {total or stop} }}'
    elif "page.offset" in used:
        yield f'pages = {{ kind = "offset", size = 100{f", {total}" if total else ""} }}'
    elif "page.after" in used:
        yield 'pages = { kind = "keyset", field = "...", start = "", size = 100 }    # the key the list is ordered by'
    elif "page.cursor" in used and found is not None:
        yield f'pages = {{ kind = "cursor", path = {_text(f"{found.path}[-1].Key")}, size = 100 }}'
    else:
        yield "# pages = ...            # how the list is divided; without, everything comes at once"
    changed = _changed(found) if "window.since" in used else None
    if changed is not None:
        yield f"window = {{ field = {_text(_step(changed))}, overlap = 300 }}    # the change stamp in a record"
    elif "window.since" in used:
        yield '# window = { field = "...", format = "iso" }    # the change stamp in a record'
    yield ""
    yield f"[{head}.request]"
    yield f"operation = {_text(one.name)}"
    yield ""
    yield f"[{head}.request.arguments]"
    for name, value, hint in arguments:
        named = "page." in value or (changed is not None and "window." in value)
        mark = "" if named or (value and hint.startswith("needed")) else "# "
        yield f"{f'{mark}{_key(name)} = {_text(value)}':<50} # {hint}"
    yield from _fields(head, found.record if found is not None else Node("", ""))


def _inputs(one: OperationTree) -> list[tuple[str, str, str]]:
    """Each argument: its name, what it might be, and whether it is needed."""
    found = []
    for node in one.arguments:
        plain = _bare(node.name)
        value = next((value for pattern, value in likely.ARGUMENTS if re.fullmatch(pattern, plain)), "")
        kind = "a list" if node.array else "a table" if node.children else node.type or "text"
        many = ", may come several times" if node.maximum != 1 else ""
        values = f": {', '.join(node.values[:6])}" if node.values else ""
        found.append((node.name, value, f"{'needed' if node.minimum else 'optional'}, {kind}{values}{many}"))
    return found


def _fields(head: str, record: Node) -> Iterator[str]:
    lines = next((found for found in _lists(record.children, "") if likely.LINES.search(found.path)), None)
    names = _names(record)
    names = [name for name in names if lines is None or not lines.path.startswith(name)]
    guessed = _guessed(likely.DOCUMENT, names)
    yield ""
    yield f"[{head}.fields]"
    yield 'entity = { value = "DE01" }                        # the legal entity that issued them'
    for field in likely.DOCUMENT:
        if field in guessed:
            yield f"{field} = {_text(_place(record, guessed[field]))}{_may_be(record, guessed[field])}"
        elif field in _NEEDED:
            yield f'# {field} = "..."'
    rest = [name for name in names if name not in guessed.values()]
    if rest:
        yield f"# also there: {', '.join(rest[:40])}{', …' if len(rest) > 40 else ''}"
    if lines is None:
        return
    names = _names(lines.record)
    guessed = _guessed(likely.LINE, names)
    yield ""
    yield f"[{head}.lines]"
    yield f"records = {_text(lines.path)}"
    yield ""
    yield f"[{head}.lines.fields]"
    yield from (f"{field} = {_text(_place(lines.record, name))}" for field, name in guessed.items())
    rest = [name for name in names if name not in guessed.values()]
    if rest:
        yield f"# also there: {', '.join(rest[:40])}{', …' if len(rest) > 40 else ''}"


def _names(record: Node) -> list[str]:
    return [child.name.removeprefix("@") for child in (*record.attributes, *record.children)]


def _place(record: Node, name: str) -> str:
    """Where a record holds what is called so: a text with attributes is a table."""
    beside = any(node.attributes and not node.children for node in record.children if node.name == name)
    return f"{_step(name)}._value" if beside else _step(name)


def _may_be(record: Node, name: str) -> str:
    values = next((node.values for node in record.children if node.name == name), ())
    return f"    # one of {', '.join(values[:8])}{', …' if len(values) > 8 else ''}" if values else ""


def _changed(found: _Found | None) -> str | None:
    """The instant a record was changed at."""
    nodes = found.record.children if found is not None else ()
    return next(
        (each.name for each in nodes if each.type == "dateTime" and re.fullmatch(likely.CHANGED, _bare(each.name))),
        None,
    )


def _total(nodes: Sequence[Node], path: str = "", depth: int = 0) -> str:
    """Where a reply tells how many records there are, outside of any list; empty where nothing looks like it."""
    for node in nodes:
        here = "" if depth == 0 and len(nodes) == 1 else _joined(path, node.name)
        if node.maximum != 1 or node.array:
            continue
        if not node.children and re.fullmatch(likely.TOTAL, _bare(node.name)):
            return here
        below = _total(node.children, here, depth + 1) if depth < 5 else ""
        if below:
            return below
    return ""


def _guessed(patterns: dict[str, str], names: Sequence[str]) -> dict[str, str]:
    """A name for each field, each used once; of several the one whose pattern names it first."""
    guessed: dict[str, str] = {}
    for field, pattern in patterns.items():
        for alternative in _alternatives(pattern):
            name = next((name for name in names if re.fullmatch(alternative, _bare(name))), None)
            if name is not None and name not in guessed.values():
                guessed[field] = name
                break
    return guessed


def _alternatives(pattern: str) -> Iterator[str]:
    """The parts between the outermost bars of a pattern."""
    depth, part = 0, ""
    for sign in pattern:
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and depth == 0:
            yield part
            part = ""
        else:
            part += sign
    yield part


def _lists(nodes: Sequence[Node], path: str = "", depth: int = 0) -> Iterator[_Found]:
    """The lists of records below: the highest first. A reply's one element is left out of paths."""
    for node in nodes:
        here = "" if depth == 0 and not path and len(nodes) == 1 and node.maximum == 1 else _joined(path, node.name)
        if node.array and node.children[0].children:
            yield _Found(here, node.children[0])
        elif node.maximum != 1 and (node.children or node.derived):
            yield _Found(here, node)
        elif node.children and depth < 5:
            yield from _lists(node.children, here, depth + 1)


def _joined(path: str, name: str) -> str:
    return f"{path}.{_step(name)}" if path else _step(name)


def _step(name: str) -> str:
    """A name as JMESPath has it."""
    return name if _KEYWORD.fullmatch(name) else f'"{name}"'


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _name(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "service"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
