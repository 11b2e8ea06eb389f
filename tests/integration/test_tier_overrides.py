"""Tiers that people decide: listed with their reason, counted by the next run, ended by their last day or a release."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.crash_checks import rows
from tests.helpers.workspace import Workspace, call, sale

DAY = ("--as-of", "2025-05-20")

CARTONS = """\
[program]
id = "cartons"
name = "Cartons"
kind = "tier"
currency = "EUR"
valid_from = 2025-01-01
[basis]
measure = "quantity"
[status]
window = "anniversary"
levels = [{ name = "base", from = 0 }, { name = "plus", from = 2.5 }, { name = "top", from = 1000 }]
"""
ORDERS = """\
[program]
id = "orders"
name = "Orders"
kind = "tier"
currency = "EUR"
valid_from = 2025-01-01
[basis]
measure = "orders"
[status]
window = "lifetime"
levels = [{ name = "base", from = 0 }, { name = "regular", from = 2 }, { name = "loyal", from = 5 }]
"""


@pytest.fixture
def club(tmp_path: Path) -> Workspace:
    """One account, a tier program and the rebate that pays by it, both live."""
    workspace = Workspace.make(tmp_path / "workspace", accounts=1, programs=("bonus", "club", "cashback"))
    settings = workspace.folder / "rebated.toml"
    settings.write_text(settings.read_text().replace('\nunit = "unit"', ""))  # quantities are in base units
    workspace.sales(1, sale("INV-1", net=200_000), sale("INV-2", net=50_000, day="2025-04-03"))
    call(workspace, "pull")
    call(workspace, "program", "live", "club", "--settle-from", "2025-01-01")
    return workspace


def standing(workspace: Workspace) -> dict[str, Any]:
    call(workspace, "accrue", *DAY)
    found = json.loads(call(workspace, "tier", "show", "C-1", "--json").out)
    (tier,) = [tier for tier in found["tiers"] if tier["program"] == "club"]
    return dict(tier)


def override(workspace: Workspace, level: str, start: str, until: str, *more: str, code: int = 0) -> Any:
    words = ("C-1", "club", level, "--from", start, "--until", until, "--reason", "status match")
    return call(workspace, "tier", "override", *words, *more, code=code)


def test_a_decided_level_holds_on_its_days_and_what_was_earned_afterwards(club: Workspace) -> None:
    assert standing(club)["tier"] == "bronze"
    override(club, "gold", "2025-05-01", "2025-05-20")
    found = standing(club)
    assert (found["tier"], found["since"], found["valid_until"]) == ("gold", "2025-05-01", "2025-05-20")
    call(club, "accrue", "--as-of", "2025-05-21")
    assert rows(club, "select tier from standing order by id desc limit 1") == [("bronze",)]


def test_a_release_lets_what_was_earned_hold_from_its_day_on(club: Workspace) -> None:
    override(club, "gold", "2025-05-01", "2025-12-31")
    assert standing(club)["tier"] == "gold"
    call(club, "tier", "release", "C-1", "club", "--from", "2025-05-20", "--reason", "agreed otherwise")
    assert standing(club)["tier"] == "bronze"
    call(club, "tier", "release", "C-1", "club", "--from", "2026-01-01", "--reason", "again", code=3)
    shown = json.loads(call(club, "tier", "show", "C-1", "--json").out)["decided"]
    assert [(act["level"], act["from"], act["until"], act["reason"]) for act in shown] == [
        ("gold", "2025-05-01", "2025-12-31", "status match"),
        (None, "2025-05-20", None, "agreed otherwise"),
    ]
    assert all(act["actor"] for act in shown)


def test_what_is_decided_pays(club: Workspace) -> None:
    """Cashback by the tier of the document's day: a quarter of a percent as bronze, one percent as gold."""
    latest = "select period, amount from entitlement where program = 'cashback' order by id desc limit 2"
    call(club, "accrue", *DAY)
    assert sorted(rows(club, latest)) == [("2025-01-01", 500), ("2025-04-01", 125)]
    override(club, "gold", "2025-04-01", "2025-12-31")
    call(club, "accrue", *DAY)
    assert rows(club, latest)[0] == ("2025-04-01", 500)


def test_a_dry_run_decides_nothing(club: Workspace) -> None:
    override(club, "gold", "2025-05-01", "2025-12-31", "--dry-run")
    assert standing(club)["tier"] == "bronze"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("C-9", "club", "gold", "--until", "2025-12-31", "--reason", "x"), "no account is called 'C-9'"),
        (("C-1", "bonus", "gold", "--until", "2025-12-31", "--reason", "x"), "no tier program is called 'bonus'"),
        (("C-1", "club", "diamond", "--until", "2025-12-31", "--reason", "x"), "bronze, silver, gold"),
        (("C-1", "club", "gold", "--from", "2025-02-01", "--until", "2025-01-31", "--reason", "x"), "would hold from"),
        (("C-1", "club", "gold", "--until", "2999-12-31", "--reason", "x"), "past 2200"),
        (("C-1", "club", "gold", "--until", "2099-12-31", "--reason", " "), "needs a reason"),
    ],
)
def test_what_cannot_be_decided_is_refused(club: Workspace, words: tuple[str, ...], said: str) -> None:
    assert said in call(club, "tier", "override", *words, code=3).err


def test_quantities_and_orders_are_shown_in_their_unit(club: Workspace) -> None:
    (club.folder / "programs" / "cartons.toml").write_text(CARTONS)
    (club.folder / "programs" / "orders.toml").write_text(ORDERS)
    call(club, "program", "import")
    call(club, "accrue", *DAY)
    shown = call(club, "tier", "show", "C-1").out
    assert "2 orders" in shown and "3 orders to loyal" in shown
    assert "2 units" in shown and "0.5 units to plus" in shown
    (found,) = json.loads(call(club, "tier", "list", "cartons", "--json").out)
    assert (found["measure"], found["to_next"], found["unit"], found["digits"]) == (2_000_000, 500_000, "units", 6)
    assert "2 orders" in call(club, "status", "C-1").out


def test_a_tier_measured_in_orders_is_told_in_orders(club: Workspace) -> None:
    (club.folder / "programs" / "orders.toml").write_text(ORDERS)
    call(club, "program", "import")
    call(club, "program", "live", "orders", "--settle-from", "2025-01-01")
    call(club, "run", "--once", *DAY)
    requests = [json.loads(request) for (request,) in rows(club, "select request from outbox where kind = 'tier'")]
    (told,) = [request for request in requests if request["program"] == "orders"]
    assert (told["measure"], told["to_next"], told["unit"], told["digits"]) == (2, 3, "orders", 0)
    register = (club.folder / "outbox" / "tiers.csv").read_text()
    assert ",orders,regular," in register and ",2,3,loyal,0,orders," in register
