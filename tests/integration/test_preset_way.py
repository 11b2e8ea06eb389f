"""The way from an invoice in an ERP over REST to a posted credit note and back, by preset."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.crash_checks import rows
from tests.helpers.stand_ins.business_central import BusinessCentral
from tests.helpers.stand_ins.dolibarr import Dolibarr
from tests.helpers.stand_ins.erpnext import ErpNext
from tests.helpers.stand_ins.netsuite import NetSuite
from tests.helpers.stand_ins.preset_workspace import DAY, LINES, PresetWorkspace
from tests.helpers.stand_ins.table import Row
from tests.helpers.workspace import call

ALARMS = "select kind, subject from alarm where closed_at is null order by id"
KEYS = "select key from proposal join account_identity name on name.account_id = payee order by key"
INVOICED = date(2026, 2, 3)


@dataclass(slots=True)
class Erp:
    """A stand-in with three customers' invoices, and how its documents of ours are found and undone."""

    workspace: PresetWorkspace
    documents: Callable[[str], list[Row]]
    net: Callable[[Row], int]
    undo: Callable[[Row], None]
    tiers: Callable[[], list[Any]]
    notes: Callable[[str], int]


@contextmanager
def dolibarr(folder: Path) -> Iterator[Erp]:
    with Dolibarr("Europe/Berlin") as server:
        server.attributes = {"rebated_tier": "varchar"}
        saw = server.add_product("SAW-3", "Saw")
        customers = [server.add_customer(f"Customer {number}", country_code="DE") for number in range(3)]
        for customer in customers:
            lines = [{"subprice": price, "qty": qty, "tva_tx": percent} for price, qty, percent in LINES]
            lines[0]["fk_product"] = int(saw.id)
            server.add_document(int(customer.id), lines, INVOICED)
        settings = {
            "preset": "dolibarr",
            "auth": {"key": {"file": "key"}},
            "values": {"url": server.url, "entity": "DE01", "time_zone": "Europe/Berlin"},
        }
        workspace = PresetWorkspace.connected(
            folder,
            settings,
            {"key": server.key},
            writes={"credit_notes", "account_notes", "tiers"},
            time_zone="Europe/Berlin",
        )
        yield Erp(
            workspace,
            documents=lambda key: server.invoices.where(ref_ext=key),
            net=lambda row: -int(row.values["total_ht"] * 100),
            undo=server.invoices.delete,
            tiers=lambda: [(row.extra.get("options") or {}).get("rebated_tier") for row in customers],
            notes=lambda key: len(server.events.where(ref_ext=key)),
        )


@contextmanager
def erpnext(folder: Path) -> Iterator[Erp]:
    with ErpNext("Asia/Kolkata") as server:
        server.add_custom("Sales Invoice", "custom_rebated_key", unique=True)
        server.add_custom("Customer", "custom_rebated_tier")
        for item in ("SAW-3", "REBATE"):
            server.add_item(item)
        taxes = {percent: server.add_tax(percent) for percent in (19, 7)}
        customers = [server.add_customer(f"Customer {number}") for number in range(3)]
        for customer in customers:
            lines = [
                {"item_code": "SAW-3", "rate": price, "qty": qty, "item_tax_template": taxes[percent][1]}
                for price, qty, percent in LINES
            ]
            server.add_invoice(customer.id, lines, INVOICED)
        settings = {
            "preset": "erpnext",
            "auth": {"key": {"file": "key"}},
            "values": {
                "url": server.url,
                "company": server.company,
                "entity": "DE01",
                "time_zone": "Asia/Kolkata",
            },
            "maps": {
                "item_tax_templates": {f"S {percent}": template for percent, (_, template) in taxes.items()},
                "tax_accounts": {f"S {percent}": account for percent, (account, _) in taxes.items()},
            },
        }
        workspace = PresetWorkspace.connected(
            folder,
            settings,
            {"key": f"{server.api_key}:{server.api_secret}"},
            writes={"credit_notes", "account_notes", "tiers"},
            time_zone="Asia/Kolkata",
        )
        comments, invoices = server.tables["Comment"], server.tables["Sales Invoice"]
        yield Erp(
            workspace,
            documents=lambda key: invoices.where(custom_rebated_key=key),
            net=lambda row: -int(row.values["net_total"] * 100),
            undo=lambda row: server.update("Sales Invoice", row, {"docstatus": 2}),
            tiers=lambda: [row.values["custom_rebated_tier"] for row in customers],
            notes=lambda key: sum(key in row.values["content"] for row in comments),
        )


@contextmanager
def business_central(folder: Path) -> Iterator[Erp]:
    with BusinessCentral() as server:
        server.tax_codes = {"VAT19": Decimal(19), "VAT7": Decimal(7)}
        server.add_item("SAW-3", "Saw")
        for number in range(3):
            lines = [
                {"lineObjectNumber": "SAW-3", "unitPrice": price, "quantity": qty, "taxCode": f"VAT{percent}"}
                for price, qty, percent in LINES
            ]
            server.add_invoice(server.add_customer(f"C-{number}", f"Customer {number}"), lines, INVOICED)
        settings = {
            "preset": "business_central",
            "base_url": f"{server.url}{server.api}",
            "auth": {
                "token_url": f"{server.url}/tenant/oauth2/v2.0/token",
                "client_id": server.client_id,
                "client_secret": {"file": "key"},
            },
            "values": {"tenant": "tenant", "company": server.api[-37:-1], "entity": "DE01", "line_number": "8730"},
            "maps": {"tax_codes": {"S 19": "VAT19", "S 7": "VAT7"}},
            "write": {"credit_note": {"lookup_lag": 0}},
        }
        workspace = PresetWorkspace.connected(
            folder, settings, {"key": server.client_secret}, writes={"credit_notes"}, time_zone="UTC"
        )
        memos = server.tables["salesCreditMemos"]
        yield Erp(
            workspace,
            documents=lambda key: memos.where(externalDocumentNumber=key),
            net=lambda row: int(row.values["totalAmountExcludingTax"] * 100),
            undo=memos.delete,
            tiers=lambda: ["silver"],
            notes=lambda key: 1,
        )


@contextmanager
def netsuite(folder: Path) -> Iterator[Erp]:
    with NetSuite() as server:
        server.tax_codes = {"19": Decimal(19), "7": Decimal(7)}
        saw, rebate = server.add_item("SAW-3"), server.add_item("REBATE")
        for number in range(3):
            lines = [
                {"item": saw.id, "rate": price, "quantity": qty, "taxCode": str(percent)}
                for price, qty, percent in LINES
            ]
            server.add_invoice(server.add_customer(f"Customer {number}"), lines, INVOICED)
        settings = {
            "preset": "netsuite",
            "base_url": f"{server.url}/services/rest",
            "auth": {
                "token_url": f"{server.url}/services/rest/auth/oauth2/v1/token",
                "client_id": server.client_id,
                "key_id": server.certificate,
                "private_key": {"file": "key"},
            },
            "values": {"host": "1", "entity": "DE01", "item": rebate.id, "time_zone": "America/Los_Angeles"},
            "maps": {"tax_codes": {"S 19": "19", "S 7": "7"}},
            "write": {"credit_note": {"lookup_lag": 0}},
        }
        workspace = PresetWorkspace.connected(
            folder, settings, {"key": server.private_key}, writes={"credit_notes"}, time_zone="UTC"
        )
        yield Erp(
            workspace,
            documents=lambda key: server.transactions.where(externalId=key),
            net=lambda row: int(row.values["subtotal"] * 100),
            undo=server.transactions.delete,
            tiers=lambda: ["silver"],
            notes=lambda key: 1,
        )


@pytest.fixture(params=[dolibarr, erpnext, business_central, netsuite], ids=lambda made: made.__name__)
def erp(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Erp]:
    with request.param(tmp_path / "workspace") as made:
        yield made


def test_from_the_invoice_to_the_credit_note_and_back(erp: Erp) -> None:
    workspace = erp.workspace
    found = call(workspace, "check", "--json").json
    assert [one for one in found if one["level"] == "error"] == []
    workspace.written()
    assert call(workspace, "quarantine", "list", "--json").json == []
    keys = [key for (key,) in rows(workspace, KEYS)]
    assert len(set(keys)) == 3
    for key in keys:
        (document,) = erp.documents(key)
        assert erp.net(document) == 1001, "1 % of what is above 500 of 1,500.55"
    assert set(erp.tiers()) == {"silver"}
    notes = [key for key, kind in rows(workspace, "select key, kind from outbox") if kind == "account_note"]
    assert {erp.notes(key) for key in notes} <= {1}

    entitled = rows(workspace, "select id, amount from entitlement")
    again = call(workspace, "run", "--once", *DAY, "--json").json
    assert rows(workspace, "select id, amount from entitlement") == entitled, "our own credit notes count for nothing"
    assert (again["proposed"]["new"], again["written"]["sent"], again["failures"]) == (0, 0, [])
    assert call(workspace, "quarantine", "list", "--json").json == []
    reconciled = call(workspace, "reconcile", "--json").json
    assert (reconciled["compared"], reconciled["voided"], reconciled["differing"]) == (3, [], [])
    call(workspace, "verify", "--deep")
    assert rows(workspace, ALARMS) == []


def test_a_credit_note_stays_ours_whatever_people_write_into_its_reference(tmp_path: Path) -> None:
    with dolibarr(tmp_path) as erp:
        workspace = erp.workspace
        workspace.written()
        entitled = rows(workspace, "select id, amount from entitlement")
        for (key,) in rows(workspace, KEYS):
            (row,) = erp.documents(key)
            row.values["ref_ext"] = "seen by Mary"
        assert call(workspace, "run", "--once", *DAY, "--json").json["failures"] == []
        assert rows(workspace, "select id, amount from entitlement") == entitled
        call(workspace, "verify", "--deep")


def test_what_people_undo_is_told_and_not_written_again(erp: Erp) -> None:
    erp.workspace.written()
    key = sorted(key for (key,) in rows(erp.workspace, KEYS))[0]
    erp.undo(erp.documents(key)[0])
    found = call(erp.workspace, "reconcile", "--json", code=5).json
    assert found["voided"] == [key]
    assert rows(erp.workspace, ALARMS) == [("voided", key)]
    again = call(erp.workspace, "run", "--once", *DAY, "--json", code=None).json
    assert (again["proposed"]["new"], again["written"]["sent"]) == (0, 0)
