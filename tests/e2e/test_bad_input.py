"""The table of bad input in the design, row by row: what comes, and what happens. Through the real command."""

from __future__ import annotations

import json

import pytest

from tests.helpers.crash_checks import fingerprint, rows
from tests.helpers.workspace import HEADER, Line, Sale, Workspace, call, csv_text, rows_text, sale

DAY = ("--as-of", "2025-04-20")
GOOD = (sale("INV-1"), sale("INV-2", "C-2"))


@pytest.fixture
def workspace(tmp_path):
    return Workspace.make(tmp_path / "workspace", accounts=4, programs=("bonus",))


def live(workspace: Workspace) -> None:
    call(workspace, "program", "live", "bonus", "--settle-from", "2025-01-01")


def run(workspace: Workspace, code: int = 0) -> dict:
    return call(workspace, "run", "--once", *DAY, "--json", code=code).json


def pull(workspace: Workspace) -> dict:
    (only,) = call(workspace, "pull", "--json").json
    return only["landed"]


def review(workspace: Workspace, *states: str) -> dict[str, dict]:
    """Open proposals by payee."""
    chosen = [word for state in states for word in ("--state", state)]
    return {row["payee"]: row for row in call(workspace, "review", "list", "--json", *chosen).json}


def quarantine(workspace: Workspace) -> list[dict]:
    return call(workspace, "quarantine", "list", "--json").json


def spoiled(one: Sale, **values: str) -> str:
    """A file with two good documents and, between them, one with wrong cells."""
    middle = [{**row, **values} for row in one.rows()]
    return rows_text([*GOOD[0].rows(), *middle, *GOOD[1].rows()])


BAD_CELLS = [
    ({"customer": ""}, "missing"),
    ({"date": "31.02.2025"}, "not_a_date"),
    ({"date": "2025-02-30"}, "not_a_date"),
    ({"date": "0001-01-01T00:00:00+14:00"}, "not_a_date"),
    ({"date": "9999-12-31T23:59:59-12:00"}, "not_a_date"),
    ({"date": ""}, "missing"),
    ({"currency": "EURO"}, "not_a_currency"),
    ({"entity": ""}, "missing"),
    ({"net": "1,000.00"}, "not_a_number"),
    ({"net": "NaN"}, "not_a_number"),
    ({"net": "Infinity"}, "not_a_number"),
    ({"net": "1e3"}, "not_a_number"),
    ({"net": "0.001"}, "too_fine"),
    ({"net": "9" * 30}, "too_large"),
    ({"net": "=SUM(A1:A9)"}, "not_a_number"),
    ({"quantity": "two"}, "not_a_number"),
    ({"tax_percent": "190"}, "not_a_rate"),
    ({"tax_percent": ""}, "missing"),
    ({"tax": "1.00"}, "tax_differs"),
    ({"tax_total": "1.00"}, "tax_differs"),
    ({"net_total": "999.99"}, "totals_differ"),
    ({"net_total": ""}, "missing"),
    ({"state": "perhaps"}, "unknown_state"),
    ({"sku": "A\x01"}, "control_character"),
    ({"text": "x" * 5000}, "too_long"),
    ({"revision": "one"}, "bad_order"),
    ({"revision": "9" * 40}, "bad_order"),
]


@pytest.mark.parametrize(("cells", "reason"), BAD_CELLS, ids=[f"{cells}"[:40] for cells, _ in BAD_CELLS])
def test_a_malformed_document_is_quarantined_and_the_rest_lands(workspace, cells, reason):
    workspace.put("sales-0001.csv", spoiled(sale("INV-BAD"), **cells))
    landed = pull(workspace)
    (bad,) = quarantine(workspace)
    assert (landed["quarantined"], bad["reason"], bad["external_id"]) == (1, reason, "INV-BAD")
    assert set(document_ids(workspace)) == {"INV-1", "INV-2"}
    shown = call(workspace, "quarantine", "show", str(bad["id"])).json
    first = next(iter(cells.values()))
    assert json.dumps(first[:9])[1:-1] in json.dumps(shown["raw"], ensure_ascii=False), "the raw record is kept"


def document_ids(workspace: Workspace) -> list[str]:
    return [name for (name,) in rows(workspace, "select external_id from record where kind = 'invoice'")]


def test_a_contradictory_document_is_quarantined(workspace):
    first, second = sale("INV-BAD").rows(), sale("INV-BAD", "C-3").rows()
    workspace.put("sales-0001.csv", rows_text([*first, *second, *GOOD[0].rows()]))
    pull(workspace)
    (bad,) = quarantine(workspace)
    assert (bad["reason"], bad["external_id"]) == ("contradictory", "INV-BAD")
    assert document_ids(workspace) == ["INV-1"]


def test_an_amount_too_large_in_sum_is_quarantined(workspace):
    """Each line alone is an amount; all of them together are beyond 64 bits."""
    huge = Sale("INV-BAD", "C-1", "2025-02-03", (Line("A-1", 1, 10**15, 0),) * 9_300)
    workspace.sales(1, huge, *GOOD)
    assert pull(workspace)["quarantined"] == 1
    assert quarantine(workspace)[0]["reason"] == "too_large"
    assert set(document_ids(workspace)) == {"INV-1", "INV-2"}


def test_the_older_version_goes_on_counting_and_proposals_wait(workspace):
    workspace.sales(1, *GOOD)
    run(workspace)
    live(workspace)
    run(workspace)
    before = rows(workspace, "select max(id), amount from entitlement where book = 'live' group by beneficiary")
    bad = sale("INV-1", net=900_000, revision=2)
    workspace.put("sales-0002.csv", spoiled(bad, net_total="1.00"))
    run(workspace)
    after = rows(workspace, "select max(id), amount from entitlement where book = 'live' group by beneficiary")
    assert after == before
    found = review(workspace)
    assert found["C-1"]["state"] == "held" and "INV-1 is in quarantine" in found["C-1"]["reason"]
    assert found["C-2"]["state"] == "proposed"
    refused = call(workspace, "review", "approve", found["C-1"]["key"], code=3)
    assert "is held" in refused.out


def test_a_held_proposal_is_released_by_name(workspace):
    workspace.put("sales-0001.csv", spoiled(sale("INV-3"), net_total="1.00"))
    run(workspace)
    live(workspace)
    run(workspace)
    held = review(workspace)["C-1"]
    call(workspace, "review", "release", held["key"], "--reason", "checked by phone")
    assert review(workspace)["C-1"]["state"] == "proposed"
    run(workspace)
    assert review(workspace)["C-1"]["state"] == "proposed", "a release lasts while nothing changes"
    call(workspace, "review", "approve", held["key"])
    assert run(workspace)["written"]["net"] == {"EUR": 500}


@pytest.mark.parametrize("act", ["release", "discard"])
def test_a_quarantined_record_is_released_or_discarded_by_number(workspace, act):
    workspace.put("sales-0001.csv", spoiled(sale("INV-3"), net_total="1.00"))
    run(workspace)
    live(workspace)
    assert run(workspace)["proposed"]["held"] == 1
    (bad,) = quarantine(workspace)
    call(workspace, "quarantine", act, str(bad["id"]), "--reason", "known")
    assert quarantine(workspace) == []
    run(workspace)
    assert review(workspace)["C-1"]["state"] == "proposed"
    call(workspace, "quarantine", act, str(bad["id"]), "--reason", "again", code=3)


def test_a_good_version_solves_it(workspace):
    workspace.put("sales-0001.csv", spoiled(sale("INV-3"), net_total="1.00"))
    pull(workspace)
    workspace.sales(2, sale("INV-3", revision=2))
    pull(workspace)
    assert quarantine(workspace) == []
    assert set(document_ids(workspace)) == {"INV-1", "INV-2", "INV-3"}


def test_it_is_tried_again_when_the_rules_change(workspace):
    workspace.put("sales-0001.csv", spoiled(sale("INV-3"), net_total=""))
    pull(workspace)
    assert len(quarantine(workspace)) == 1
    text = workspace.config.read_text()
    workspace.config.write_text(
        text.replace("[connections.erp.settings]", 'totals = "none"\n[connections.erp.settings]')
    )
    pull(workspace)
    assert quarantine(workspace) == []
    assert "INV-3" in document_ids(workspace)


def test_it_is_tried_again_by_hand(workspace):
    workspace.put("sales-0001.csv", spoiled(sale("INV-3"), net_total="1.00"))
    pull(workspace)
    again = call(workspace, "quarantine", "retry", "--json").json
    assert again["erp"]["quarantined"] == 1 and len(quarantine(workspace)) == 1
    assert rows(workspace, "select attempts from quarantine") == [(2,)]


def test_a_cancellation_is_never_blocked_by_content(workspace):
    workspace.sales(1, *GOOD)
    run(workspace)
    bad = {"state": "cancelled", "revision": "2", "net_total": "x", "date": "never", "currency": "", "tax": "?"}
    workspace.put("sales-0002.csv", rows_text({**row, **bad} for row in sale("INV-1").rows()))
    run(workspace)
    assert quarantine(workspace) == []
    query = "select cancelled from record_version where id in (select version_id from record_head)"
    assert (1,) in rows(workspace, f"{query} and record_id = (select id from record where external_id = 'INV-1')")


def test_a_missing_exchange_rate_holds_and_the_document_lands(workspace):
    workspace.sales(1, sale("INV-1"), sale("INV-3", currency="USD"), sale("INV-2", "C-2"))
    run(workspace)
    live(workspace)
    run(workspace)
    found = review(workspace)
    assert len(document_ids(workspace)) == 3
    assert found["C-1"]["state"] == "held" and "USD" in found["C-1"]["reason"]
    assert found["C-2"]["state"] == "proposed"


def test_an_unknown_unit_holds_and_the_document_lands(tmp_path):
    workspace = Workspace.make(tmp_path / "workspace", accounts=4, programs=())
    (workspace.folder / "programs" / "bonus.toml").write_text(
        '[program]\nid = "bonus"\nname = "By piece"\ncurrency = "EUR"\nvalid_from = 2025-01-01\nperiod = "quarter"\n'
        '[basis]\nmeasure = "quantity"\n[scale]\nper_unit = 0.5\n'
    )
    workspace.sales(1, *GOOD)
    run(workspace)
    live(workspace)
    run(workspace)
    assert all(row["state"] == "held" and "unit" in row["reason"] for row in review(workspace).values())


def test_a_duplicate_delivery_has_no_effect(workspace):
    workspace.sales(1, *GOOD)
    run(workspace)
    before = fingerprint(workspace)
    names = ("record_version", "effect", "entitlement", "posting", "proposal", "quarantine", "batch")
    workspace.sales(2, *GOOD)  # the same documents in another file
    workspace.sales(1, *reversed(GOOD))  # the same file with other bytes
    assert run(workspace)["pulled"][0]["landed"]["unchanged"] == 4
    after = fingerprint(workspace)
    assert {name for name in names if before[name] != after[name]} == set()


INSTANTS = [
    ("2025-03-30T02:30:00", "2025-03-30"),  # an hour that does not exist in Berlin
    ("2025-03-31T21:59:59Z", "2025-03-31"),  # summer time since yesterday
    ("2025-03-31T22:00:00Z", "2025-04-01"),
    ("2025-03-29T22:59:59Z", "2025-03-29"),  # winter time still
    ("2025-03-29T23:00:00Z", "2025-03-30"),
    ("2025-10-26T02:30:00+02:00", "2025-10-26"),  # the hour that comes twice
    ("2025-10-26T02:30:00+01:00", "2025-10-26"),
    ("2025-10-25T21:59:59Z", "2025-10-25"),
    ("2025-10-25T22:00:00Z", "2025-10-26"),
    ("2025-10-26T22:59:59Z", "2025-10-26"),
    ("2025-10-26T23:00:00Z", "2025-10-27"),
    ("2025-12-31T23:00:00Z", "2026-01-01"),
    ("2025-12-31T23:30:00-05:00", "2026-01-01"),
]


def test_instants_become_days_of_the_source_around_the_change_of_the_clock(workspace):
    sales = [sale(f"INV-{number}", day=instant) for number, (instant, _) in enumerate(INSTANTS)]
    workspace.sales(1, *sales)
    assert pull(workspace)["quarantined"] == 0
    query = (
        "select external_id, day from record join record_version version on record_id = record.id"
        " where record.kind = 'invoice'"
    )
    days = dict(rows(workspace, query))
    assert days == {f"INV-{number}": day for number, (_, day) in enumerate(INSTANTS)}


def test_the_later_version_wins_in_the_hour_that_comes_twice(workspace):
    first, second = "2025-10-26T02:30:00+02:00", "2025-10-26T02:10:00+01:00"
    later = csv_text([sale("INV-1", net=200_000)]).replace("invoice,INV-1,1,", f"invoice,INV-1,{second},")
    sooner = csv_text([sale("INV-1")]).replace("invoice,INV-1,1,", f"invoice,INV-1,{first},")
    assert HEADER[2] == "revision" and second in later and first in sooner
    workspace.put("sales-0001.csv", later)
    pull(workspace)
    workspace.put("sales-0002.csv", sooner)
    assert pull(workspace)["older"] == 1
    query = "select net from record_version where id in (select version_id from record_head) and net <> 0"
    assert rows(workspace, query) == [(200_000,)]


def test_an_absurd_quantity_does_not_stop_the_count(workspace):
    """A quantity times its unit may be beyond 64 bits: such lines wait, everything else is counted."""
    text = workspace.config.read_text()
    pattern = '[[connections.erp.settings.patterns]]\nname = "products"\nfiles = "products.csv"\nkind = "product"\n'
    columns = 'columns = { id = "sku", unit = "unit", units = "units" }\n\n'
    workspace.config.write_text(text.replace("[[connections", pattern + columns + "[[connections", 1))
    workspace.put("products.csv", f"sku,unit,units\nA-1,piece,pallet={10**14}\n")
    huge = [{**row, "quantity": "999999999", "unit": "pallet"} for row in sale("INV-3", "C-3").rows()]
    workspace.put("sales-0001.csv", rows_text([*GOOD[0].rows(), *huge]))
    found = run(workspace)
    assert found["pulled"][0]["landed"]["quarantined"] == 0
    assert found["accrued"]["facts"] == 2
