"""The commands for the reference, read from the application itself."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer


def commands_page(app: typer.Typer, name: str = "rebated") -> Iterator[str]:
    """Each command with its help, arguments and options, as Markdown."""
    yield "# Commands"
    root = typer.main.get_command(app)
    yield from _command(root, name, 1)


def _command(command: Any, path: str, depth: int) -> Iterator[str]:
    if getattr(command, "hidden", False):
        return
    if depth > 1:
        yield f"## `{path}`"
    help_text = _plain(command.help or command.short_help or "")
    if help_text:
        yield help_text
    children: dict[str, Any] = getattr(command, "commands", {})
    arguments = [one for one in command.params if one.param_type_name == "argument" and not one.hidden]
    options = [one for one in command.params if one.param_type_name == "option" and not one.hidden]
    if not children:
        usage = [path, *(_usage(one) for one in arguments), *(["[options]"] if options else [])]
        yield "```\n" + " ".join(usage) + "\n```"
    rows = [f"| `{_name(one)}` | {_cell(one.help)} |" for one in arguments]
    rows += [f"| {_flags(one)} | {_cell(one.help)}{_default(one)} |" for one in options]
    if rows:
        yield "\n".join(["| argument or option | meaning |", "|---|---|", *rows])
    for child_name in sorted(children):
        yield from _command(children[child_name], f"{path} {child_name}", depth + 1)


def _name(argument: Any) -> str:
    return str(argument.metavar or argument.name).upper()


def _usage(argument: Any) -> str:
    name = _name(argument) + ("..." if argument.nargs != 1 else "")
    return name if argument.required else f"[{name}]"


def _flags(option: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    if option.is_flag:
        return names
    choices = _choices(option)
    value = "\\|".join(choices) if choices else str(option.metavar or option.name).upper()
    return f"{names} *{value}*"


def _choices(option: Any) -> list[str]:
    """What the option may be, where that is a closed list. Typer keeps it as a type of its own, or of click."""
    annotation = getattr(getattr(option, "type_descriptor", None), "annotation", None)
    if get_origin(annotation) is Literal:
        return [str(one) for one in get_args(annotation)]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [str(one.value) for one in annotation]
    return [str(getattr(one, "value", one)) for one in getattr(getattr(option, "type", None), "choices", ())]


def _default(option: Any) -> str:
    default = option.default
    if option.required:
        return " (needed)"
    default = default.value if isinstance(default, Enum) else default
    plain = isinstance(default, (str, int, Path)) and not isinstance(default, bool)
    return f" (default: `{default}`)" if plain and str(default) else ""


def _cell(text: str | None) -> str:
    return " ".join(_plain(text or "").split()).replace("|", "\\|")


def _plain(text: str) -> str:
    return text.replace("\b", "").replace("\f", "").strip()
