"""Every command: its help, its JSON, its dry run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from scheduler.cli.main import app, main
from tests.helpers import crash_states
from tests.helpers.crash_checks import fingerprint
from tests.helpers.crm import add_crm, deliver
from tests.helpers.workspace import call, sale


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its words."""
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))
    if path and (not hasattr(group, "commands") or group.invoke_without_command):
        yield path, group


ALL = dict(commands(typer.main.get_command(app)))
OPTIONS = {path: {word for parameter in command.params for word in parameter.opts} for path, command in ALL.items()}
WITH_JSON = [path for path, options in OPTIONS.items() if "--json" in options]
WITH_DRY_RUN = [path for path, options in OPTIONS.items() if "--dry-run" in options]

WSDL = Path(__file__).parent.parent / "helpers" / "wsdl" / "small_orders.wsdl"
# What each command is called with; `{voided}` and the like are keys of proposals in that state.
CALLS: dict[str, tuple[str, int]] = {
    "check": ("", 0),
    "run": ("--once --as-of 2025-07-20", 0),
    "pull": ("", 0),
    "accrue": ("--as-of 2025-07-20", 0),
    "propose": ("--as-of 2025-07-20", 0),
    "write-back": ("--as-of 2025-04-20", 0),
    "reconcile": ("", 0),
    "status": ("C-1", 0),
    "explain": ("{proposed}", 0),
    "verify": ("--deep", 0),
    "doctor": ("", 5),
    "review list": ("", 0),
    "review show": ("{settled}", 0),
    "review approve": ("{proposed}", 0),
    "review reject": ("{proposed} --reason x", 0),
    "review hold": ("{approved} --reason x", 0),
    "review release": ("{held} --reason x", 0),
    "review adjust": ("{proposed} -1.50 --reason x", 0),
    "review waive": ("{proposed} --reason x", 0),
    "review reissue": ("{voided} --reason x", 0),
    "review accept": ("{voided} --reason x", 0),
    "review write-off": ("{voided} --reason x", 0),
    "review settle": ("{approved} --reference INV-7", 3),
    "replay": ("--known-on 2030-01-01 --as-of 2025-07-20", 0),
    "export journal": ("2025-03", 0),
    "doctor close": ("1 --reason x", 0),
    "connector list": ("", 0),
    "connector show": ("hubspot", 0),
    "connector new": ("hubspot --name hubspot --append", 0),
    "connector try": ("erp", 0),
    "connector inspect": (f"{WSDL} --operation GetOrders", 0),
    "doctor adopt": ("{unknown} --reason x", 0),
    "doctor disown": ("{unknown} --reason x", 0),
    "doctor erase": ("", 0),
    "account list": ("", 0),
    "account show": ("C-5", 0),
    "account merge": ("C-5 C-6 --reason x --yes", 0),
    "account keep": ("C-5 C-6 --reason x --yes", 3),
    "account matches": ("", 0),
    "account match": ("C-5 72 --reason x", 0),
    "account unmatch": ("C-6 --reason x", 0),
    "tier list": ("", 0),
    "tier show": ("C-5", 0),
    "tier override": ("C-5 club gold --until 2030-12-31 --reason x", 0),
    "tier release": ("C-6 club --reason x", 0),
    "program import": ("", 0),
    "program list": ("", 0),
    "program show": ("bonus", 0),
    "program test": ("", 0),
    "program diff": ("bonus programs/bonus.toml", 0),
    "program live": ("bonus --settle-from 2025-01-01", 3),
    "program shadow": ("club --reason x", 0),
    "quarantine list": ("", 0),
    "quarantine retry": ("", 0),
    "quarantine release": ("1 --reason x", 0),
    "quarantine discard": ("1 --reason x", 0),
    "sweep list": ("", 0),
    "sweep confirm": ("1", 0),
    "sweep discard": ("1", 0),
    "opening import": ("opening.csv", 0),
}
OPENING = "program,account,entity,period,component,amount\nbonus,C-1,DE01,2025-Q1,settled,1.00\n"


@pytest.fixture(scope="module")
def states(tmp_path_factory):
    made = crash_states.make(tmp_path_factory.mktemp("states") / "workspace")
    (made.folder / "opening.csv").write_text(OPENING)
    add_crm(made)
    deliver(made, 1, {"id": "72", "key": "C-6"}, {"id": "73", "key": "C-6"})
    call(made, "pull")
    call(made, "tier", "override", "C-6", "club", "silver", "--until", "2099-12-31", "--reason", "x")
    return made


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_help_tells_what_it_does_with_an_example(path, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["rebated", *path, "--help"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"Usage: rebated {' '.join(path)}" in shown
    assert "Example" in shown and f"rebated {' '.join(path)}" in shown.partition("Example")[2]


def test_help_states_the_exit_codes(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["rebated", "--help"])
    with pytest.raises(SystemExit):
        main()
    shown = capsys.readouterr().out
    assert "Exit codes" in shown
    for code in range(6):
        assert f" {code} " in shown.partition("Exit codes")[2]


def test_no_command_is_left_out():
    assert {" ".join(path) for path in (*WITH_JSON, *WITH_DRY_RUN)} == set(CALLS)


def called(states, path, *more):
    template, code = CALLS[" ".join(path)]
    return call(states, *path, *crash_states.words(states, template), *more, code=code)


@pytest.mark.parametrize("path", WITH_JSON, ids=" ".join)
def test_json_is_json_and_nothing_else(states, tmp_path, path):
    workspace = crash_states.copy(states, tmp_path / "workspace")
    assert isinstance(json.loads(called(workspace, path, "--json").out), list | dict)


@pytest.mark.parametrize("path", WITH_DRY_RUN, ids=" ".join)
def test_a_dry_run_changes_nothing_and_the_real_one_does(states, tmp_path, path):
    workspace = crash_states.copy(states, tmp_path / "workspace")
    if path in STEPS:
        workspace.sales(9, sale("INV-99", "C-6"))
        for earlier in STEPS[: STEPS.index(path)]:
            called(workspace, earlier)
    before, files = fingerprint(workspace), written(workspace)
    called(workspace, path, "--dry-run")
    after = fingerprint(workspace)
    assert {name for name in before if before[name] != after[name]} == set()
    assert written(workspace) == files
    if " ".join(path) not in UNCHANGING:
        called(workspace, path)
        real = fingerprint(workspace)
        assert {name for name in before if before[name] != real[name]} - {"claim"}, "the dry run tested nothing"


STEPS = [("pull",), ("accrue",), ("propose",)]
UNCHANGING = {
    "account keep",
    "review settle",
    "program live",
    "program import",
    "quarantine retry",
    "connector new",
    "doctor erase",
}


def written(workspace) -> dict[str, bytes]:
    """What lies in the workspace but for the database and the counting cache."""
    paths = (path for path in workspace.folder.rglob("*") if path.is_file() and path.parent.name != "var")
    return {str(path.relative_to(workspace.folder)): path.read_bytes() for path in paths}


def test_a_dry_run_of_the_chain_shows_what_the_real_one_does(states, tmp_path):
    workspace = crash_states.copy(states, tmp_path / "workspace")
    rehearsed = called(workspace, ("run",), "--json", "--dry-run").json
    real = called(workspace, ("run",), "--json").json
    del rehearsed["accrued"]["facts"], real["accrued"]["facts"]  # it counts all of them, in memory
    for step in ("pulled", "accrued", "proposed"):
        assert rehearsed[step] == real[step]
    assert rehearsed["written"]["net"] == real["written"]["net"]
