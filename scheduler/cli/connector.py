"""`rebated connector`: systems rebated knows by a preset, how to begin with one, and a trial of a connection."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from connectors.spi import let_go
from core.errors import DataError, RefusedError
from scheduler.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DryRunOption,
    JsonOption,
    counted,
    out,
    print_json,
    say,
    table,
)
from scheduler.cli.inspecting import inspect
from scheduler.config import load_config

app = typer.Typer(help="Systems rebated knows by a preset, and how to connect one.", no_args_is_help=True)
app.command()(inspect)
Preset = Annotated[str, typer.Argument(help="Name of a preset, as `rebated connector list` shows it.")]


def _module(module: str) -> Any:
    """A module about connections described by settings. It rests on packages of the extras `rest` and `soap`."""
    try:
        return import_module(f"connectors.declarative.{module}")
    except ImportError as error:
        hint = "install rebated[rest]"
        raise RefusedError(f"a package is needed that is not there: {error.name}", hint=hint) from None


def _about(name: str) -> Any:
    try:
        return _module("starter").about(name)
    except ValueError as error:
        raise RefusedError(str(error), hint="`rebated connector list` shows them") from None


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """Show the presets: the system, what it can be used as, and whether it was tried on a running one.

    Example: rebated connector list
    """
    told = {name: _about(name) for name in _module("starter").preset_names()}
    if as_json:
        print_json({name: item.model_dump(mode="json") for name, item in told.items()})
        return
    rows = [
        (
            name,
            " ".join(filter(None, (item.title, item.version))),
            ", ".join(role.upper() for role in item.roles),
            item.tried_on or "on no running system yet",
            "" if item.sunset is None else f"ends {item.sunset.on:%Y-%m-%d}",
        )
        for name, item in told.items()
    ]
    columns = [("preset", ""), ("system", ""), ("as", ""), ("tried", ""), ("", "")]
    out.print(
        table("Presets", columns, rows, "`rebated connector show NAME` tells more, `new NAME` writes a beginning")
    )


@app.command()
def show(
    name: Preset,
    toml: Annotated[bool, typer.Option("--toml", help="Print the preset itself, as a file to learn from.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Tell what a preset needs and does: rights, limits, fields to add, and how a second document is kept out.

    Example: rebated connector show hubspot
    """
    told = _about(name)
    if toml:
        typer.echo(_module("starter").preset_text(name), nl=False)
        return
    if as_json:
        print_json(told.model_dump(mode="json"))
        return
    rows: list[tuple[Any, ...]] = [("used as", ", ".join(role.upper() for role in told.roles))]
    rows.append(("one document", told.uniqueness))
    if told.sunset is not None:
        rows.append(("ends", f"{told.sunset.on:%Y-%m-%d}: {told.sunset.notice}"))
    rows.append(("tried on", told.tried_on or "no running system yet"))
    for heading, items in (
        ("verified", told.verified),
        ("not verified", told.unverified),
        ("rights", told.rights),
        ("limits", told.limits),
        ("fields to add", tuple(f"{field.on}: {field.name} ({field.type}): {field.why}" for field in told.fields)),
        ("credentials", tuple(f"{key}: {text}" for key, text in told.credentials.items())),
        ("values", tuple(f"{key}: {value.title}. {value.description}" for key, value in told.values.items())),
    ):
        rows += [(heading if number == 0 else "", item) for number, item in enumerate(items)]
    title = " ".join(filter(None, (told.title, told.version)))
    out.print(table(title, [("", ""), ("", "")], rows, f"set-up step by step: docs/connectors/{name}.md"))


@app.command()
def new(
    name: Preset,
    connection: Annotated[str, typer.Option("--name", help="Name of the connection.")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    append: Annotated[bool, typer.Option("--append", help="Append it to the configuration file.")] = False,
    dry_run: DryRunOption = False,
) -> None:
    """Write the settings a connection begins with: what the preset asks for, each with its meaning.

    Printed on standard output, or appended to the configuration with --append. Example: rebated connector new hubspot
    """
    told = _about(name)
    connection = connection or next(iter(told.roles), name)
    if not connection.replace("_", "").replace("-", "").isalnum():
        raise RefusedError(f"{connection!r} is no name for a connection", hint="letters, digits, `-` and `_`")
    text = _module("starter").starter(name, connection)
    if not append or dry_run:
        typer.echo(text, nl=False)
        return
    _append(config, connection, text)
    say(f"appended [connections.{connection}] to {config}")
    say(f"Next: fill in what is empty, then run `rebated check` and `rebated connector try {connection}`.")


def _append(config: Path, connection: str, text: str) -> None:
    try:
        present = config.read_text("utf-8")
    except OSError as error:
        raise RefusedError(f"{config} cannot be read: {error.strerror}", hint="`rebated init` writes one") from None
    if f"[connections.{connection}]" in present:
        raise RefusedError(f"{config} has a connection {connection!r} already", hint="choose another: --name")
    with config.open("a", encoding="utf-8") as file:
        file.write(("" if present.endswith("\n") else "\n") + "\n" + text)


@app.command("try")
def try_(
    name: Annotated[str, typer.Argument(help="Name of the connection.")],
    config: ConfigOption = DEFAULT_CONFIG,
    stream: Annotated[str, typer.Option("--stream", help="Read this stream alone.")] = "",
    account: Annotated[
        str, typer.Option("--account", help="Account the trial of a write is for; the first one read where absent.")
    ] = "",
    currency: Annotated[str, typer.Option("--currency", help="Currency of the trial document.")] = "EUR",
    tax: Annotated[str, typer.Option("--tax", help="Its tax category and rate in percent.")] = "S 19",
    as_json: JsonOption = False,
) -> None:
    """Read one page of each stream, and show the exact requests of each write without sending them.

    Secrets are not shown. Nothing is kept or changed. Over REST and SOAP requests and replies are shown, of each list
    in a reply the first element; of other connections what comes is.
    Example: rebated connector try crm
    """
    loaded = load_config(config)
    if name not in loaded.connections:
        there = ", ".join(loaded.connections) or "none"
        raise RefusedError(f"no connection is called {name!r}; there are: {there}")
    trial = _module("trial")
    adapter = loaded.adapter(name)
    try:
        if stream and stream not in adapter.streams():
            raise RefusedError(f"there is no stream {stream!r}; there are: {', '.join(adapter.streams())}")
        reads = [
            trial.read_once(adapter, each, loaded.connections[name].source)
            for each in ([stream] if stream else adapter.streams())
        ]
        account = account or _account(reads)
        entity = next(iter(loaded.entities), "ENTITY")
        kinds = [] if stream else sorted(adapter.capabilities.writes - {"journal"})
        try:
            samples = [trial.sample(kind, account, entity, currency, tax) for kind in kinds]
            writes = [
                trial.write_dry(adapter, each) for each in samples if isinstance(adapter, trial.DeclarativeAdapter)
            ]
        except DataError as error:
            raise RefusedError(error.message, hint="give --currency and --tax such as `EUR` and `S 19`") from None
    finally:
        let_go(adapter)
    if as_json:
        print_json({"reads": reads, "writes": writes})
    else:
        for read in reads:
            _show_read(read)
        for written in writes:
            _show_write(written)
    if any(read.failure for read in reads) or any(written.failure for written in writes):
        raise typer.Exit(3)


_WHOSE = ("counterpart", "account")


def _account(reads: Iterable[Any]) -> str:
    """The first account that was read, or that something else was read for."""
    records = [record for read in reads for record in read.records]
    own = (record.external_id for record in records if record.kind in _WHOSE)
    named = (str(record.fields["account"]) for record in records if record.fields.get("account"))
    return next(own, "") or next(named, "ACCOUNT")


def _show_read(read: Any) -> None:
    out.rule(f"[bold]read {escape(read.stream)}[/bold]", align="left")
    for request in read.requests:
        _show_request(request)
    if read.failure:
        _show_failure(read)
        return
    say(f"{counted(len(read.records), 'record')} on the first page, {len(read.bad)} more cannot be read")
    if read.quarantined:
        say(f"{len(read.quarantined)} of them would go to quarantine, such as {read.quarantined[0]}", "yellow")
    for record in read.records[:1]:
        rows = [(field, value) for field, value in record.fields.items()]
        rows += [
            (f"line {number}", ", ".join(f"{field} {value}" for field, value in line.items()))
            for number, line in enumerate(record.lines[:3], 1)
        ]
        out.print(table(f"{record.kind} {record.external_id}", [("field", ""), ("value", "")], rows))
    for bad in read.bad[:3]:
        say(f"{bad.kind or 'record'} {bad.external_id or '?'}: {bad.message}", "yellow")


def _show_write(written: Any) -> None:
    out.rule(f"[bold]write {escape(written.kind)}[/bold], not sent", align="left")
    for request in written.requests:
        _show_request(request)
    if written.failure:
        _show_failure(written)


def _show_request(request: Any) -> None:
    answered = f"   answered {request.status}" if request.status else ""
    what = f"{request.what}: " if request.what else ""
    say(f"{what}{request.method} {request.url}{answered}", "cyan")
    for name, value in request.headers.items():
        say(f"  {name}: {value}", "dim")
    for text in (request.body, request.reply):
        if text:
            say("  " + text.replace("\n", "\n  "), "" if text is request.body else "dim")


def _show_failure(item: Any) -> None:
    say(item.failure, "red")
    if item.hint:
        say(f"→ {item.hint}")
