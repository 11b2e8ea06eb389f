"""Half deliveries, empty full files and wrong settings: nothing is wiped, nothing runs on a wrong configuration."""

from __future__ import annotations

import pytest

from tests.helpers.crash_checks import fingerprint, rows
from tests.helpers.workspace import Workspace, call, csv_text, sale

MONTHLY = 'mode = "full"\ncovers = "sales-(?P<year>[0-9]{4})(?P<month>[0-9]{2})"'


def present(workspace: Workspace, kind: str = "invoice") -> set[str]:
    query = "select external_id from record join record_head on record_id = record.id where present and kind = ?"
    return {name for (name,) in rows(workspace, query, kind)}


def monthly(workspace: Workspace) -> Workspace:
    """The pattern of documents holds whole months: what is missing from a file does not exist any more."""
    text = workspace.config.read_text()
    workspace.config.write_text(text.replace('mode = "delta"', MONTHLY))
    return workspace


def month(workspace: Workspace, *numbers: int) -> None:
    sales = [sale(f"INV-{number:03d}", f"C-{number % 4 + 1}") for number in numbers]
    workspace.put("sales-202502.csv", csv_text(sales))


def pulled(workspace: Workspace) -> dict:
    (only,) = call(workspace, "pull", "--json").json
    return only


@pytest.fixture
def workspace(tmp_path):
    return Workspace.make(tmp_path / "workspace", accounts=4, programs=("bonus",))


# ------------------------------------------------------------ whole files


def test_a_document_missing_from_a_whole_month_is_deleted(workspace):
    monthly(workspace)
    month(workspace, *range(1, 200))
    pulled(workspace)
    month(workspace, *range(1, 199))
    assert pulled(workspace)["deleted"] == 1
    assert len(present(workspace)) == 198


HALVES = {
    "nothing": "",
    "the header alone": csv_text([]),
    "half a row at the end": csv_text([sale("INV-001")])[:-20],
    "another file": "a,b\n1,2\n",
    "a bad document": csv_text([sale("INV-001"), sale("INV-002", net=5)]).replace(",0.05,", ",x,"),
}


@pytest.mark.parametrize("content", HALVES.values(), ids=HALVES)
def test_half_a_file_wipes_nothing(workspace, content):
    monthly(workspace)
    month(workspace, *range(1, 60))
    pulled(workspace)
    workspace.put("sales-202502.csv", content)
    found = pulled(workspace)
    assert (found["deleted"], len(present(workspace))) == (0, 59)


def test_too_much_missing_waits_for_a_person(workspace):
    monthly(workspace)
    month(workspace, *range(1, 60))
    pulled(workspace)
    month(workspace, *range(1, 20))
    found = pulled(workspace)
    assert (found["deleted"], len(present(workspace)), len(found["sweeps_waiting"])) == (0, 59, 1)
    (sweep,) = call(workspace, "sweep", "list", "--json").json
    assert sweep["missing"][0] == "INV-020"
    assert rows(workspace, "select kind from alarm where closed_at is null") == [("mass_deletion",)]
    assert call(workspace, "doctor", "--json", code=5).json


@pytest.mark.parametrize(("act", "left"), [("confirm", 19), ("discard", 59)])
def test_a_person_decides_about_what_is_missing(workspace, act, left):
    monthly(workspace)
    month(workspace, *range(1, 60))
    pulled(workspace)
    month(workspace, *range(1, 20))
    (sweep,) = pulled(workspace)["sweeps_waiting"]
    call(workspace, "sweep", act, str(sweep))
    assert len(present(workspace)) == left
    assert rows(workspace, "select kind from alarm where closed_at is null") == []
    call(workspace, "sweep", act, str(sweep), code=3)
    call(workspace, "verify", "--deep")


def test_a_later_whole_file_withdraws_what_waits(workspace):
    monthly(workspace)
    month(workspace, *range(1, 60))
    pulled(workspace)
    month(workspace, *range(1, 20))
    assert pulled(workspace)["sweeps_waiting"]
    month(workspace, *range(1, 61))
    pulled(workspace)
    assert call(workspace, "sweep", "list", "--json").json == []
    assert rows(workspace, "select kind from alarm where closed_at is null") == []


def test_an_empty_file_of_accounts_takes_no_account_away(workspace):
    pulled(workspace)
    before = present(workspace, "account")
    workspace.put("accounts.csv", "id,name,segment,country\n")
    pulled(workspace)
    assert present(workspace, "account") == before == {"C-1", "C-2", "C-3", "C-4"}


def test_a_file_is_read_once_its_marker_is_there(tmp_path):
    workspace = Workspace.make(tmp_path / "workspace", pattern='marker = "{name}.ok"')
    path = workspace.sales(1, sale("INV-1"))
    half = path.read_text()
    path.write_text(half[: len(half) // 2])  # still being written
    pulled(workspace)
    assert present(workspace) == set() and rows(workspace, "select * from quarantine") == []
    workspace.put("sales-0001.csv", half)
    workspace.put("sales-0001.csv.ok", "")
    pulled(workspace)
    assert present(workspace) == {"INV-1"}


def test_a_file_cut_off_is_quarantined_and_the_whole_one_lands_later(workspace):
    text = csv_text([sale("INV-1"), sale("INV-2", "C-2"), sale("INV-3", "C-3")])
    workspace.put("sales-0001.csv", text[: text.index("INV-3") + 30])
    assert pulled(workspace)["landed"]["quarantined"] >= 1
    assert present(workspace) == {"INV-1"}, "the row cut off may be a line of the document above it"
    workspace.put("sales-0001.csv", text)
    pulled(workspace)
    assert present(workspace) == {"INV-1", "INV-2", "INV-3"}
    assert call(workspace, "quarantine", "list", "--json").json == []


# ------------------------------------------------------------ wrong settings


WRONG_CONFIG = [
    ('adapter = "files"', 'adapter = "fax"', "connections.erp.adapter"),
    ('time_zone = "Europe/Berlin"', 'time_zone = "Europe/Nowhere"', "business.time_zone"),
    ("write = true", 'write = "yes"', "connections.erp.write"),
    ('mode = "delta"', 'mode = "some"', "mode"),
    ('id = "number"', 'number = "number"', "columns"),
    ('folder = "inbox"', 'folder = "inbox"\nfoulder = "x"', "foulder"),
    ("[business]", "[busyness]", "busyness"),
    ("[business]", "[business", "not valid TOML"),
    ('journal = "erp"', 'journal = "erp"\n[schedule]\npull = "sometimes"', "schedule.pull"),
    ('journal = "erp"', 'journal = "erp"\n[book]\nurl = "mysql://x/y"', "book.url"),
]


@pytest.mark.parametrize(("old", "new", "path"), WRONG_CONFIG, ids=[new[-30:] for _, new, _ in WRONG_CONFIG])
@pytest.mark.parametrize("command", [("run", "--once"), ("run",), ("pull",)], ids=" ".join)
def test_a_wrong_setting_ends_with_2_and_nothing_runs(workspace, old, new, path, command):
    workspace.sales(1, sale("INV-1"))
    text = workspace.config.read_text()
    assert old in text
    workspace.config.write_text(text.replace(old, new, 1))
    done = call(workspace, *command, code=2)
    assert "rebated.toml" in done.err and path in done.err
    assert not workspace.book.exists(), "nothing ran"


WRONG_PROGRAM = [
    ("percent = 1 }", "percent = 101 }", "percent"),
    ("from = 2000", "from = 100", "bands"),
    ('currency = "EUR"', 'currency = "EURO"', "currency"),
    ('period = "quarter"', 'period = "fortnight"', "period"),
    ("[scale]", "[scales]", "scales"),
    ("percent = 1 }", "percent = 1e999999 }", "percent"),
    ("percent = 1 }", "percent = nan }", "percent"),
    ("from = 2000", "from = 1e999999", "from"),
    ("[scale]", "[tier]\nprogram = 'nobody'\nlevels = { gold = { percent = 1 } }\n[scale]", "nobody"),
    ('id = "bonus"', 'id = "bonus"\nid = "again"', "TOML"),
]


@pytest.mark.parametrize(("old", "new", "path"), WRONG_PROGRAM, ids=[new for _, new, _ in WRONG_PROGRAM])
def test_a_wrong_program_ends_with_2_and_nothing_runs(workspace, old, new, path):
    call(workspace, "pull")
    workspace.sales(1, sale("INV-1"))
    program = workspace.folder / "programs" / "bonus.toml"
    assert old in program.read_text()
    program.write_text(program.read_text().replace(old, new, 1))
    before = fingerprint(workspace)
    for command in (("run", "--once"), ("run",), ("program", "check")):
        done = call(workspace, *command, code=2)
        assert path in done.err
    after = fingerprint(workspace)
    assert {name for name in before if before[name] != after[name]} <= {"run", "claim"}


def test_two_files_with_one_program_end_with_an_error_and_nothing_runs(workspace):
    text = (workspace.folder / "programs" / "bonus.toml").read_text()
    (workspace.folder / "programs" / "other.toml").write_text(text)
    workspace.sales(1, sale("INV-1"))
    call(workspace, "run", "--once", code=None)
    assert present(workspace) == set()
