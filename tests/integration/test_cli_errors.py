"""Errors as people meet them: readable, with a hint, the right exit code, nothing changed. And who may approve what."""

from __future__ import annotations

import pytest

from scheduler import context
from tests.helpers import crash_states
from tests.helpers.crash_checks import fingerprint, rows
from tests.helpers.workspace import Workspace, call, sale

DAY = ("--as-of", "2025-04-20")


@pytest.fixture(scope="module")
def states(tmp_path_factory):
    return crash_states.make(tmp_path_factory.mktemp("states") / "workspace")


READING = [
    "status",
    "review list",
    "quarantine list",
    "sweep list",
    "program list",
    "verify",
    "doctor",
    "export balances",
]


@pytest.mark.parametrize("command", READING)
def test_no_configuration(tmp_path, command):
    workspace = Workspace(tmp_path)
    done = call(workspace, *command.split(), code=2)
    assert "rebated.toml: there is no such file" in done.err and "→ rebated init writes one" in done.err


@pytest.mark.parametrize("command", READING)
def test_no_book_yet(tmp_path, command):
    workspace = Workspace.make(tmp_path / "workspace")
    done = call(workspace, *command.split(), code=2)
    assert "there is no book at" in done.err and "→ `rebated pull` or `rebated run` creates it" in done.err
    assert not workspace.book.exists(), "reading made one"


def test_a_book_that_is_no_database(tmp_path):
    workspace = Workspace.make(tmp_path / "workspace")
    workspace.book.write_bytes(b"not a database at all, but long enough to be read as one" * 50)
    done = call(workspace, "status", code=2)
    assert "cannot be used" in done.err and "→" in done.err


def test_a_folder_of_the_book_that_cannot_be_made(tmp_path):
    workspace = Workspace.make(tmp_path / "workspace", more='[book]\nurl = "sqlite:////proc/none/rebated.db"\n')
    done = call(workspace, "pull", code=2)
    assert "/proc/none/rebated.db cannot be made" in done.err and "→ check book.url" in done.err


def test_a_cache_whose_folder_cannot_be_made(tmp_path):
    workspace = Workspace.make(tmp_path / "workspace", more='[cache]\npath = "/proc/none/cache.duckdb"\n')
    done = call(workspace, "run", "--once", code=2)
    assert "/proc/none" in done.err


def test_a_cache_that_is_broken_is_made_anew(tmp_path):
    workspace = Workspace.make(tmp_path / "workspace", programs=("bonus",))
    workspace.sales(1, sale("INV-1"))
    first = call(workspace, "run", "--once", *DAY, "--json").json
    (workspace.folder / "var" / "cache.duckdb").write_bytes(b"broken" * 1000)
    again = call(workspace, "run", "--once", *DAY, "--json").json
    assert again["accrued"]["facts"] == first["accrued"]["facts"] == 1
    assert again["accrued"]["changed"] == 0


def test_wrong_options(states):
    assert "No such option" in call(states, "run", "--onse", code=2).err
    assert "No such command" in call(states, "runn", code=2).err
    assert "Missing" in call(states, "review", "reject", code=2).err
    assert "does not match" in call(states, "run", "--once", "--as-of", "yesterday", code=2).err
    assert "go with --once" in " ".join(call(states, "run", "--dry-run", code=2).err.split())
    assert "--all-without-alarms" in call(states, "review", "approve", code=2).err


REFUSED = [
    ("review show RB-ZZZZZZZZZZZZ", "no proposal has the key", "review list"),
    ("review show nonsense", "no proposal has the key", "review list"),
    ("explain RB-ZZZZZZZZZZZZ", "no proposal has the key", "review list"),
    ("explain bonus/C-999/2025-Q1", "C-999", ""),
    ("explain nonsense", "nonsense", ""),
    ("status C-999", "no account is called 'C-999'", ""),
    ("program live nothing --settle-from 2025-01-01", "no program is called 'nothing'", "program import"),
    ("program live bonus --settle-from 2025-01-01", "is live", ""),
    ("program shadow nothing --reason x", "nothing is not live", ""),
    ("program shadow bonus --reason x", "is approved", "settled first"),
    ("export journal 2025-13", "'2025-13' is not a month", ""),
    ("export journal Mai", "'Mai' is not a month", ""),
    ("export journal 2999-01", "is not over", ""),
    ("review reject {settled} --reason x", "is settled: only", "explain"),
    ("review hold {held} --reason x", "is held: only", "explain"),
    ("review release {proposed} --reason x", "is proposed: only", "explain"),
    ("review waive {approved} --reason x", "is approved: only", "explain"),
    ("review adjust {settled} 1.00 --reason x", "is settled: only", "explain"),
    ("review adjust {proposed} -500.00 --reason x", "would leave", "reject"),
    ("review adjust {proposed} 0 --reason x", "an adjustment of nothing", ""),
    ("review adjust {proposed} 1.005 --reason x", "1.005 has more than 2 digits", ""),
    ("review adjust {proposed} much --reason x", "'much' is not a number", ""),
    ("review reissue {settled} --reason x", "only voided or differing", ""),
    ("review accept {proposed} --reason x", "only voided or differing", ""),
    ("quarantine release 99 --reason x", "is unknown, not open", ""),
    ("sweep confirm 99", "sweep 99 is unknown", ""),
    ("doctor close 99 --reason x", "alarm 99 is not open", ""),
    ("opening import nothing.csv", "nothing.csv cannot be read", ""),
]


@pytest.mark.parametrize(("command", "message", "hint"), REFUSED, ids=[command for command, *_ in REFUSED])
def test_what_is_refused_in_the_present_state(states, command, message, hint):
    before = fingerprint(states)
    done = call(states, *crash_states.words(states, command), code=3)
    assert message in done.err
    assert not hint or (hint in done.err.partition("→")[2])
    after = fingerprint(states)
    assert {name for name in before if before[name] != after[name]} <= {"claim"}


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("review approve RB-ZZZZZZZZZZZZ", "no proposal has the key"),
        ("review approve {held}", "is held: only"),
        ("review approve {settled}", "is settled: only"),
        ("review approve {proposed} --hash 0123", "has changed since you read it"),
    ],
)
def test_approvals_that_are_refused(states, command, message):
    done = call(states, *crash_states.words(states, command), code=3)
    assert "refused" in done.out and message in done.out
    assert call(states, *crash_states.words(states, command), "--json", code=3).json[0]["state"] == "refused"


def test_wrong_rows_of_opening_balances_are_all_told_and_nothing_is_imported(states):
    text = "program,account,entity,period,component,amount\nbonus,C-1,DE01,2025-Q1,settled,1.00\n"
    text += "nothing,C-1,DE01,2025-Q1,settled,1.00\nbonus,C-999,DE01,2025-Q1,settled,1.00\n"
    text += "bonus,C-1,DE01,2025-Q9,settled,1.00\nbonus,C-1,DE01,2025-Q1,lent,1.00\nbonus,C-1,DE01,2025-Q1,settled,x\n"
    (states.folder / "opening.csv").write_text(text)
    before = fingerprint(states)
    done = call(states, "opening", "import", "opening.csv", code=3)
    assert [number for number in range(2, 8) if f"row {number}" in done.err] == [3, 4, 5, 6, 7]
    after = fingerprint(states)
    assert {name for name in before if before[name] != after[name]} <= {"claim"}


# ------------------------------------------------------------ who may approve


@pytest.fixture
def person(monkeypatch):
    """Work as another account of the operating system."""

    def become(name: str) -> None:
        monkeypatch.setattr(context, "operating_system_account", lambda: name)

    become("anna")
    return become


def made_by_anna(tmp_path, **limits: int) -> tuple[Workspace, str]:
    """A proposal of 5.00 whose definition anna imported."""
    workspace = Workspace.make(tmp_path / "workspace", programs=("bonus",), **limits)
    workspace.sales(1, sale("INV-1"))
    call(workspace, "pull")
    call(workspace, "program", "live", "bonus", "--settle-from", "2025-01-01")
    call(workspace, "run", "--once", *DAY)
    return workspace, crash_states.keys(workspace)["C-1"]


def state(workspace: Workspace) -> str:
    return rows(workspace, "select state from proposal_event order by id desc limit 1")[0][0]


def test_above_the_limit_the_maker_does_not_approve(tmp_path, person):
    workspace, key = made_by_anna(tmp_path, second=4)
    refused = call(workspace, "review", "approve", key, code=3)
    assert "needs another approver than its maker anna" in refused.out
    assert state(workspace) == "proposed"
    person("berta")
    call(workspace, "review", "approve", key)
    assert state(workspace) == "approved"


def test_below_the_limit_the_maker_may_approve(tmp_path, person):
    workspace, key = made_by_anna(tmp_path, second=5)
    call(workspace, "review", "approve", key)
    assert state(workspace) == "approved"


def test_whoever_adjusts_becomes_the_maker(tmp_path, person):
    workspace, key = made_by_anna(tmp_path, second=4)
    person("berta")
    call(workspace, "review", "adjust", key, "1.00", "--reason", "agreed")
    assert call(workspace, "review", "show", key, "--json").json["maker"] == "berta"
    call(workspace, "review", "approve", key, code=3)
    person("anna")
    call(workspace, "review", "approve", key)
    assert state(workspace) == "approved"


def test_above_the_second_limit_two_sign(tmp_path, person):
    workspace, key = made_by_anna(tmp_path, second=4, two=4)
    person("berta")
    assert "a second approver is needed" in call(workspace, "review", "approve", key).out
    assert "must sign too" in call(workspace, "review", "approve", key, code=3).out
    call(workspace, "write-back", *DAY)
    assert state(workspace) == "proposed", "one signature sends nothing"
    person("clara")
    call(workspace, "review", "approve", key)
    assert state(workspace) == "approved"


def test_signatures_are_for_one_content(tmp_path, person):
    workspace, key = made_by_anna(tmp_path, second=4, two=4)
    person("berta")
    call(workspace, "review", "approve", key)
    workspace.sales(2, sale("INV-2"))
    call(workspace, "run", "--once", *DAY)
    person("clara")
    assert "a second approver is needed" in call(workspace, "review", "approve", key).out
    assert state(workspace) == "proposed"


def test_the_account_is_not_taken_from_the_environment(monkeypatch):
    before = context.operating_system_account()
    for name in ("USER", "LOGNAME", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert context.operating_system_account() == before
