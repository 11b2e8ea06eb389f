"""`rebated connector inspect`: what a SOAP service offers, and settings to begin with."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.tree import Tree

from connectors.http.settings import HttpSettings
from connectors.secrets import SecretReference
from core.errors import RefusedError
from scheduler.cli.common import DEFAULT_CONFIG, ConfigOption, JsonOption, counted, out, print_json, say
from scheduler.config import load_config

_USUAL_CACHE = Path("var/wsdl")


def inspect(
    source: Annotated[
        str, typer.Argument(help="File or URL of a WSDL, or the name of a connection whose WSDLs are shown.")
    ],
    operation: Annotated[
        str, typer.Option("--operation", "-o", help="Show this operation alone, with its messages.")
    ] = "",
    depth: Annotated[int, typer.Option("--depth", min=0, max=12, help="How deep messages are shown.")] = 4,
    starter: Annotated[
        bool, typer.Option("--starter", help="Write settings to begin with: a stream over the likeliest operation.")
    ] = False,
    save: Annotated[
        Path | None,
        typer.Option(
            "--save", help="Keep a WSDL from a URL in this folder, with every schema it imports from anywhere."
        ),
    ] = None,
    connection: Annotated[str, typer.Option("--name", help="Name of the connection the settings are for.")] = "erp",
    user: Annotated[str, typer.Option("--user", help="User name, where a URL asks for one.")] = "",
    password: Annotated[
        str, typer.Option("--password-env", help="Environment variable that holds the password of --user.")
    ] = "",
    authorities: Annotated[
        Path | None,
        typer.Option("--ca-file", help="Certificate authorities to trust instead of the public ones (PEM)."),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Show what a WSDL describes: services, ports, operations, and the messages of each as a tree.

    Nothing is asked of the service itself. Example: rebated connector inspect orders.wsdl --operation ListOrders
    """
    described = (
        [_from_address(source, save, user, password, authorities)]
        if _is_source(source)
        else _configured(config, source)
    )
    if starter:
        documents = described[0][1]
        _services(documents, 0, operation)
        text = _module("wsdl.beginning").beginning(
            _module("wsdl.tree").tree(documents, depth=8),
            connection=connection,
            source=source,
            sha256=documents.digest(),
            operation=operation,
            cache="" if save in (None, _USUAL_CACHE) else str(save),
        )
        typer.echo(text, nl=False)
        return
    shown = [(name, documents, _services(documents, depth, operation)) for name, documents in described]
    if as_json:
        print_json({name: {"sha256": documents.digest(), "services": tree} for name, documents, tree in shown})
        return
    for name, documents, services in shown:
        out.rule(f"[bold]{escape(name)}[/bold]", align="left")
        say(f"sha256 {documents.digest()}", "dim")
        for service in services:
            if operation and not any(port.operations for port in service.ports):
                continue
            out.print(_service(service, bool(operation)))
    if save is not None:
        say(f"kept in {save}; a connection finds it there with wsdl_cache = {str(save)!r}")
    if not operation:
        say("`--operation NAME` shows the messages of one, `--starter` writes settings to begin with", "dim")


def _module(name: str) -> Any:
    try:
        return import_module(f"connectors.soap_erp.{name}")
    except ImportError as error:
        raise RefusedError(
            f"a package is needed that is not there: {error.name}", hint="install rebated[soap]"
        ) from None


def _is_source(source: str) -> bool:
    return "://" in source or Path(source).is_file()


def _from_address(
    source: str, save: Path | None, user: str, password: str, authorities: Path | None
) -> tuple[str, Any]:
    secret = SecretReference(env=password) if password else None
    loading = _module("wsdl.loading").Loading(source, HttpSettings(ca_file=authorities), user, secret)
    documents = _module("wsdl.documents").Documents(
        source, cache=save, fetch=loading.fetch, refresh=save is not None, other_hosts=save is not None
    )
    return documents.name, documents


def _configured(config: Path, name: str) -> list[tuple[str, Any]]:
    if Path(name).suffix or Path(name).name != name:
        raise RefusedError(f"{name}: there is no such file")
    loaded = load_config(config)
    if name not in loaded.connections:
        there = ", ".join(loaded.connections) or "none"
        raise RefusedError(f"{name!r} is no file, no URL, and no connection", hint=f"connections there are: {there}")
    wire: Any = getattr(getattr(loaded.adapter(name), "client", None), "wire", None)
    if not hasattr(wire, "documents"):
        raise RefusedError(f"the connection {name!r} does not speak SOAP", hint='it needs adapter = "soap_erp"')
    return [(f"{name}: wsdl.{wsdl}", documents) for wsdl, documents in wire.documents()]


def _services(documents: Any, depth: int, operation: str) -> Any:
    services = _module("wsdl.tree").tree(documents, depth=depth, only=operation)
    if operation and not any(port.operations for service in services for port in service.ports):
        every = _module("wsdl.tree").tree(documents, depth=0)
        names = sorted({one.name for service in every for port in service.ports for one in port.operations})
        raise RefusedError(f"there is no operation {operation!r}; there are: {', '.join(names)}")
    return services


# ---------------------------------------------------------------- what a person sees


def _service(service: Any, whole: bool) -> Tree:
    tree = Tree(f"service [bold]{escape(service.name)}[/bold]")
    for port in (port for port in service.ports if port.operations or not whole):
        there = tree.add(
            f"port [bold]{escape(port.name)}[/bold]  SOAP {port.version}  {escape(port.address)}  "
            f"({counted(len(port.operations), 'operation')})"
        )
        for one in port.operations:
            kind = f"{one.style}/{'encoded' if one.encoded else 'literal'}"
            branch = there.add(f"[cyan]{escape(one.name)}[/cyan]" + (f"  {kind}" if whole else _arguments(one)))
            if whole:
                for what in ("headers", "input", "output", "faults"):
                    _messages(branch, what, getattr(one, what))
    return tree


def _arguments(one: Any) -> str:
    """The names of the arguments, in one line."""
    names = [node.name if node.minimum else f"{node.name}?" for node in one.arguments]
    more = ", …" if len(names) > 8 else ""
    return f"[dim]({escape(', '.join(names[:8]))}{more})[/dim]"


def _messages(branch: Tree, what: str, nodes: Any) -> None:
    if nodes:
        there = branch.add(f"[dim]{what}[/dim]")
        for node in nodes:
            _node(there, node)


def _node(branch: Tree, node: Any) -> None:
    there = branch.add(_line(node))
    for child in (*node.attributes, *node.children):
        _node(there, child)


def _line(node: Any) -> str:
    least, most = node.minimum, "*" if node.maximum is None else node.maximum
    often = "" if (least, most) == (1, 1) else " ?" if (least, most) == (0, 1) else f" {least}..{most}"
    said = [node.type] if node.type else []
    said += [f"at most {node.longest} characters"] if node.longest else []
    said += ["a list"] if node.array else []
    said += ["nillable"] if node.nillable else []
    said += [f"one of {', '.join(node.values[:8])}{', …' if len(node.values) > 8 else ''}"] if node.values else []
    said += [f"_type is one of {', '.join(node.derived[:8])}"] if node.derived else []
    return f"{escape(node.name)}{often}" + (f"  [dim]{escape('; '.join(said))}[/dim]" if said else "")
