"""Debit invoices and services through the commands and the files that other systems read."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from tests.helpers.workspace import Workspace, call, sale

CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
Q1, Q3 = ("--as-of", "2025-04-20"), ("--as-of", "2025-10-20")


def workspace(folder: Path, settlement: str) -> Workspace:
    """One account that bought for 1,000.00, and a live program that pays 1 % each quarter."""
    made = Workspace.make(folder / "workspace", accounts=1, programs=())
    (made.folder / "programs" / "bonus.toml").write_text(
        '[program]\nid = "bonus"\nname = "Bonus"\ncurrency = "EUR"\nvalid_from = 2025-01-01\nperiod = "quarter"\n'
        f"[scale]\npercent = 1\n[settlement]\n{settlement}\n"
    )
    made.sales(1, sale("INV-1"))
    call(made, "pull")
    call(made, "program", "import")
    call(made, "program", "live", "bonus", "--settle-from", "2025-01-01")
    return made


def test_a_debit_invoice_leaves_as_a_file_and_comes_back_as_ours(tmp_path: Path) -> None:
    shop = workspace(tmp_path, 'clawback = "debit"')
    call(shop, "run", "--once", *Q1)
    call(shop, "review", "approve", "--all-without-alarms")
    call(shop, "run", "--once", *Q1)
    shop.sales(2, sale("CN-1", net=-40_000, day="2025-02-20", kind="credit note"))
    call(shop, "run", "--once", *Q3)
    (item,) = call(shop, "review", "list", "--json").json
    assert (item["kind"], item["net"], item["tax"], item["gross"]) == ("debit_invoice", -400, -76, -476)
    assert item["alarms"] == ["it is a debit invoice: the customer has to pay"]
    assert "debit invoice: Bonus" in call(shop, "review", "show", item["key"]).out
    call(shop, "review", "approve", item["key"])
    call(shop, "run", "--once", *Q3)
    (path,) = (shop.outbox / "debit-invoices").glob("RB-*.xml")
    assert path.stem == item["key"]
    root = etree.parse(path).getroot()
    assert root.tag.endswith("}Invoice")
    assert [node.text for node in root.iter(f"{CBC}TaxExclusiveAmount", f"{CBC}TaxInclusiveAmount")] == ["4.00", "4.76"]
    (settled,) = [row for row in call(shop, "review", "list", "--state", "settled", "--json").json if row["net"] < 0]
    assert settled["key"] == item["key"]
    assert "6.00" in call(shop, "account", "show", "C-1").out, "10.00 credited less 4.00 invoiced"
    call(shop, "reconcile")
    call(shop, "verify", "--deep")
    shop.sales(3, sale(item["key"], net=400, day="2025-10-20"))
    call(shop, "run", "--once", "--as-of", "2026-01-20")
    assert call(shop, "review", "list", "--json").json == [], "ours is in no measure when it comes back"


def test_a_service_is_asked_for_and_settled_by_the_customer_s_invoice(tmp_path: Path) -> None:
    shop = workspace(tmp_path, 'document = "service"\ntext = "shelf space"')
    call(shop, "run", "--once", *Q1)
    call(shop, "review", "approve", "--all-without-alarms")
    call(shop, "run", "--once", *Q1)
    (item,) = call(shop, "review", "list", "--state", "approved", "--json").json
    assert (item["kind"], item["net"], item["tax"]) == ("service", 1000, 0)
    assert not list(shop.outbox.rglob("RB-*.xml"))
    notes = "".join(path.read_text() for path in shop.outbox.rglob("*") if path.is_file() and "note" in str(path))
    assert f"an invoice over 10.00 EUR net for shelf space, 2025-Q1. Reference {item['key']}." in notes
    call(shop, "review", "settle", item["key"], "--reference", "RE-118")
    (settled,) = call(shop, "review", "list", "--state", "settled", "--json").json
    assert settled["reason"] == "RE-118"
    call(shop, "review", "settle", item["key"], "--reference", "RE-119", code=3)
    assert "RE-118" in call(shop, "explain", item["key"]).out
    call(shop, "reconcile")
    call(shop, "verify", "--deep")


@pytest.mark.parametrize("command", ["list", "show"])
def test_a_rehearsal_of_settling_changes_nothing(tmp_path: Path, command: str) -> None:
    shop = workspace(tmp_path, 'document = "service"')
    call(shop, "run", "--once", *Q1)
    call(shop, "review", "approve", "--all-without-alarms")
    (item,) = call(shop, "review", "list", "--state", "approved", "--json").json
    call(shop, "review", "settle", item["key"], "--reference", "RE-118", "--dry-run")
    words = ("--state", "approved") if command == "list" else (item["key"],)
    assert item["key"] in call(shop, "review", command, *words).out
