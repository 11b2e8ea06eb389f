"""What sales are told: each event once, in the account's language, and nothing that was so before."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.crash_checks import fingerprint, register, rows
from tests.helpers.workspace import Workspace, call, sale

APRIL, MAY, NOVEMBER = "2025-04-20", "2025-05-20", "2025-11-25"
NEXT_AUTUMN, NEXT_DECEMBER = "2026-10-20", "2026-12-01"
LANGUAGES = {"C-1": "en", "C-2": "de_DE", "C-3": "fr"}


def make(folder: Path, more: str = "", programs: tuple[str, ...] = ("club",)) -> Workspace:
    """Three customers who read three languages."""
    workspace = Workspace.make(folder, accounts=0, programs=programs, more=more)
    text = workspace.config.read_text()
    text = text.replace('segment = "segment", country', 'segment = "segment", language = "language", country')
    workspace.config.write_text(text)
    lines = [f"{name},Customer {name},dealer,DE,{code}" for name, code in LANGUAGES.items()]
    workspace.put("accounts.csv", "\n".join(["id,name,segment,country,language", *lines]) + "\n")
    return workspace


def live(workspace: Workspace) -> None:
    call(workspace, "pull")
    for path in sorted((workspace.folder / "programs").glob("*.toml")):
        call(workspace, "program", "live", path.stem, "--settle-from", "2025-01-01")


def run(workspace: Workspace, day: str) -> None:
    """Two runs: whatever the first one tells, the second tells nothing."""
    call(workspace, "run", "--once", "--as-of", day)
    before = fingerprint(workspace)["outbox"]
    call(workspace, "run", "--once", "--as-of", day)
    assert fingerprint(workspace)["outbox"] == before


def notes(workspace: Workspace, seen: int = 0) -> list[tuple[str, str, str]]:
    """Account, event and text of the notes after those that were seen."""
    found = register(workspace.outbox / "account-notes.csv")
    return sorted((row["account"], row["event"], row["text"]) for row in found[seen:])


@pytest.fixture
def club(tmp_path: Path) -> Workspace:
    """A tier program that is live, and its first standings: bronze with 2,000.00 for all."""
    workspace = make(tmp_path / "workspace")
    workspace.sales(1, *(sale(f"INV-{name}", name, net=200_000) for name in LANGUAGES))
    live(workspace)
    run(workspace, APRIL)
    assert notes(workspace) == []
    return workspace


def test_a_tier_reached_is_told_in_the_language_of_the_account(club: Workspace):
    club.sales(2, *(sale(f"INV-2-{name}", name, "2025-05-05", net=120_000) for name in LANGUAGES))
    run(club, MAY)
    assert notes(club) == [
        ("C-1", "tier_reached", "Club: the account has tier silver since 2025-05-06 (before: bronze). "
         "It is valid until 2026-12-31."),
        ("C-2", "tier_reached", "Club: Der Kunde hat seit 2025-05-06 die Stufe silver (zuvor: bronze). "
         "Sie gilt bis 2026-12-31."),
        ("C-3", "tier_reached", "Club : le compte est au niveau silver depuis le 2025-05-06 (auparavant : bronze). "
         "Ce niveau est valable jusqu'au 2026-12-31."),
    ]  # fmt: skip


def test_back_and_forth_in_one_window_is_told_once_each_way(club: Workspace):
    def invoice(number: int, revision: int, state: str) -> None:
        club.sales(number, sale("INV-2", "C-1", "2025-05-05", net=120_000, revision=revision, state=state))
        run(club, MAY)

    for number, state in enumerate(("posted", "cancelled", "posted", "cancelled", "posted"), 2):
        invoice(number, number, state)
    assert [event for _, event, _ in notes(club)] == ["tier_lost", "tier_reached"]
    assert rows(club, "select count(distinct tier) from standing where book = 'live' and account_id = 1") == [(2,)]
    lost, _ = notes(club)
    assert lost[2] == "Club: the account has fallen to tier bronze since 2025-01-01 (before: silver)."


def test_a_next_tier_that_is_near_is_told_once_in_a_window(club: Workspace):
    club.sales(2, sale("INV-2", "C-1", "2025-05-05", net=69_999), sale("INV-3", "C-2", "2025-05-05", net=70_000))
    run(club, MAY)
    text = "Club: Zur Stufe silver fehlen noch 300.00 EUR (bisher: 2,700.00 EUR)."
    assert notes(club) == [("C-2", "near_tier", text)], "10 % of 3,000.00 are missing, and not a cent more"
    club.sales(3, sale("INV-4", "C-2", "2025-05-06", net=10_000))
    run(club, MAY)
    assert len(notes(club)) == 1, "nearer still is not told"
    club.sales(4, sale("INV-5", "C-2", "2026-02-02", net=290_000))
    run(club, "2026-02-20")
    assert [event for _, event, _ in notes(club, 1)] == ["near_tier"], "another year is another window"


def test_a_tier_at_risk_is_told_when_its_end_is_near(club: Workspace):
    club.sales(2, sale("INV-2", "C-1", "2025-05-05", net=120_000), sale("INV-3", "C-2", "2025-05-05", net=120_000))
    run(club, MAY)
    run(club, NOVEMBER)
    assert len(notes(club)) == 2, "what was earned this year is kept through the next"
    club.sales(3, sale("INV-4", "C-1", "2026-10-01", net=123_450), sale("INV-5", "C-2", "2026-10-01", net=300_000))
    run(club, NEXT_AUTUMN)
    assert len(notes(club)) == 2, "its end is too far away"
    run(club, NEXT_DECEMBER)
    text = "Club: tier silver ends on 2026-12-31; 1,765.50 EUR is still missing to keep it."
    assert notes(club, 2) == [("C-1", "tier_at_risk", text)]
    run(club, "2027-01-05")
    found = notes(club, 3)
    assert [(account, event) for account, event, _ in found] == [("C-1", "tier_lost")]


def test_what_was_so_before_it_went_live_is_not_told(tmp_path: Path):
    workspace = make(tmp_path / "workspace")
    workspace.sales(1, sale("INV-1", "C-1", net=290_000), sale("INV-2", "C-2", net=400_000))
    call(workspace, "pull")
    call(workspace, "run", "--once", "--as-of", APRIL)
    workspace.sales(2, sale("INV-3", "C-3", "2025-05-05", net=900_000))
    call(workspace, "run", "--once", "--as-of", MAY)
    live(workspace)
    run(workspace, MAY)
    run(workspace, NEXT_DECEMBER)
    assert {event for _, event, _ in notes(workspace)} == {"tier_at_risk"}, "near and reached were so before"
    workspace.sales(3, sale("INV-4", "C-1", "2026-12-02", net=310_000))
    run(workspace, "2026-12-10")
    assert ("C-1", "tier_reached") in {(account, event) for account, event, _ in notes(workspace)}


def test_what_was_so_before_notes_were_routed_is_not_told(tmp_path: Path):
    workspace = make(tmp_path / "workspace", programs=("bonus", "club"))
    text = workspace.config.read_text()
    workspace.config.write_text(text.replace('account_notes = "erp"\n', ""))
    workspace.sales(1, sale("INV-1", "C-1", net=280_000), sale("INV-2", "C-2", net=280_000))
    live(workspace)
    run(workspace, APRIL)
    call(workspace, "review", "approve", "--all-without-alarms")
    workspace.sales(2, sale("INV-3", "C-1", "2025-04-10", net=100_000))
    run(workspace, MAY)
    workspace.config.write_text(text)
    run(workspace, MAY)
    assert notes(workspace) == [], "credit notes, the tier of one and that another one is near it were so before"
    workspace.sales(3, sale("INV-4", "C-2", "2025-05-10", net=100_000))
    run(workspace, "2025-05-25")
    assert [(account, event) for account, event, _ in notes(workspace)] == [("C-2", "tier_reached")]


def test_a_new_account_that_begins_above_the_lowest_tier_is_told(club: Workspace):
    club.sales(2, sale("INV-9", "C-9", "2025-05-05", net=900_000))
    run(club, MAY)
    assert [(account, event) for account, event, _ in notes(club)] == [("C-9", "tier_reached")]


def test_only_the_events_that_are_wanted_are_told(tmp_path: Path):
    more = '\n[notices]\nevents = ["near_tier"]\nnear_percent = 50\n'
    workspace = make(tmp_path / "workspace", more=more, programs=("bonus", "club"))
    workspace.sales(1, sale("INV-1", "C-1", net=100_000), sale("INV-2", "C-2", net=200_000))
    live(workspace)
    run(workspace, APRIL)
    call(workspace, "review", "approve", "--all-without-alarms")
    workspace.sales(2, sale("INV-3", "C-1", "2025-05-05", net=60_000), sale("INV-4", "C-2", "2025-05-05", net=500_000))
    run(workspace, MAY)
    found = [(account, event) for account, event, _ in notes(workspace)]
    assert found == [("C-1", "near_tier"), ("C-2", "near_tier")]
    workspace.config.write_text(workspace.config.read_text().replace('["near_tier"]', '["tier_reached", "near_tier"]'))
    run(workspace, MAY)
    assert len(notes(workspace)) == 2, "what is told from now on begins with now"


def test_a_credit_note_is_told_in_the_language_of_the_account(tmp_path: Path):
    workspace = make(tmp_path / "workspace", programs=("bonus",))
    program = workspace.folder / "programs" / "bonus.toml"
    program.write_text(program.read_text() + '[settlement]\ntexts = { de = "Quartalsbonus" }\n')
    workspace.sales(1, *(sale(f"INV-{name}", name, net=100_000) for name in LANGUAGES))
    live(workspace)
    run(workspace, APRIL)
    call(workspace, "review", "approve", "--all-without-alarms")
    run(workspace, APRIL)
    numbers = [row["number"] for row in register(workspace.outbox / "credit-notes" / "register.csv")]
    found = notes(workspace)
    assert [(account, event) for account, event, _ in found] == [(name, "credit_note_issued") for name in LANGUAGES]
    assert all(any(number in text for number in numbers) for _, _, text in found)
    english, german, french = (text for _, _, text in found)
    assert english.endswith("over 5.00 EUR net (5.95 EUR with tax) was issued: Quarterly bonus, 2025-Q1.")
    assert german.endswith("über 5.00 EUR netto (5.95 EUR mit Steuer) wurde ausgestellt: Quartalsbonus, 2025-Q1.")
    assert french.startswith("L'avoir ") and french.endswith("Quarterly bonus, 2025-Q1.")
