"""What is true of a workspace at its end, read from the files and the book without the product's own code."""

from __future__ import annotations

import csv
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from defusedxml import ElementTree

from tests.helpers.workspace import Workspace

CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"

ENTITLEMENTS = """
select book, program, name.external_id, period, currency, amount, level, waiting from entitlement
join account_identity name on name.account_id = beneficiary
where entitlement.id in (select max(id) from entitlement group by book, program, beneficiary, period)
order by 1, 2, 3, 4
"""
BALANCES = """
select book, program, name.external_id, entity, period, currency, component, sum(amount) from posting
join account_identity name on name.account_id = payee
where ledger_account = 'refund_liability' group by 1, 2, 3, 4, 5, 6, 7 order by 1, 2, 3, 4, 5, 6, 7
"""
DOCUMENTS = """
select record.kind, external_id, present, version.hash, count(line.number), coalesce(sum(line.net), 0) from record
join record_head on record_head.record_id = record.id
join record_version version on version.id = record_head.version_id
left join line on line.version_id = version.id group by 1, 2, 3, 4 order by 1, 2
"""
EFFECTS = """
select record.kind, external_id, version.hash, sum(sign) from effect join record on record.id = effect.record_id
join record_version version on version.id = effect.version_id group by 1, 2, 3 order by 1, 2, 3
"""
STANDINGS = """
select program, name.external_id, tier, measure, to_next from standing
join account_identity name on name.account_id = standing.account_id
where standing.id in (select max(id) from standing where book = 'live' group by program, account_id) order by 1, 2
"""


def rows(workspace: Workspace, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """The rows of a query on the book."""
    with closing(sqlite3.connect(f"file:{workspace.book}?mode=ro", uri=True)) as database:
        return database.execute(query, parameters).fetchall()


def fingerprint(workspace: Workspace) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    names = rows(workspace, "select name from sqlite_master where type = 'table' order by 1")
    return {name: sorted(rows(workspace, f'select * from "{name}"'), key=repr) for (name,) in names}


def register(path: Path) -> list[dict[str, str]]:
    """The rows of a register; none where there is no file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def credit_notes(workspace: Workspace) -> dict[str, dict[str, str]]:
    """The credit notes as their XML files tell, by key."""
    return {
        path.stem: _amounts(ElementTree.parse(path).getroot())
        for path in sorted((workspace.outbox / "credit-notes").glob("*.xml"))
    }


def _amounts(root: Any) -> dict[str, str]:
    def first(name: str) -> str:
        found = next(root.iter(f"{CBC}{name}"), None)
        return "" if found is None else found.text or ""

    return {
        "number": first("ID"),
        "issued": first("IssueDate"),
        "currency": first("DocumentCurrencyCode"),
        "net": first("TaxExclusiveAmount"),
        "tax": first("TaxAmount"),
        "gross": first("PayableAmount"),
    }


def cents(text: str) -> int:
    whole, _, rest = text.partition(".")
    return int(whole + rest.ljust(2, "0"))


def outcome(workspace: Workspace) -> dict[str, Any]:
    """What two runs of the same life must agree in, whatever happened on the way."""
    return {
        "entitlements": rows(workspace, ENTITLEMENTS),
        "balances": rows(workspace, BALANCES),
        "documents": rows(workspace, DOCUMENTS),
        "effects": [row for row in rows(workspace, EFFECTS) if row[3]],
        "standings": rows(workspace, STANDINGS),
        "credit notes": credit_notes(workspace),
        "notes": sorted(map(tuple, (row.values() for row in register(workspace.outbox / "account-notes.csv")))),
        "tiers": sorted(map(tuple, (row.values() for row in register(workspace.outbox / "tiers.csv")))),
        "journal": {path.name: path.read_text() for path in sorted((workspace.outbox / "journal").glob("*.csv"))},
        "proposals": rows(workspace, "select key, net, tax, content_hash from proposal order by 1, 2, 4"),
        "receipts": rows(workspace, "select key, kind, remote_id, net, tax from receipt order by 1"),
        "outbox": rows(workspace, "select key, kind, state from outbox order by 1"),
        "alarms": rows(workspace, "select kind, subject, message from alarm where closed_at is null order by 1, 2"),
        "quarantine": rows(workspace, "select count(*) from quarantine"),
    }


def faults(workspace: Workspace) -> Iterator[str]:
    """What contradicts itself in the files and the book of a workspace that has come to its end."""
    notes = credit_notes(workspace)
    listed = register(workspace.outbox / "credit-notes" / "register.csv")
    yield from (f"{key} stands {count} times in the register" for key, count in _doubled(listed))
    for name in ("account-notes.csv", "tiers.csv"):
        yield from (
            f"{key} stands {count} times in {name}" for key, count in _doubled(register(workspace.outbox / name))
        )
    for row in listed:
        shown = {name: row[name] for name in ("number", "issued", "currency", "net", "tax", "gross")}
        if notes.get(row["key"]) != shown:
            yield f"the register says {shown} of {row['key']}, its file {notes.get(row['key'])}"
    yield from (f"{key} is not in the register" for key in set(notes) - {row["key"] for row in listed})
    receipts = {key: (net, tax) for key, net, tax in rows(workspace, RECEIPTS)}
    for key in notes.keys() | receipts.keys():
        amounts = (cents(notes[key]["net"]), cents(notes[key]["tax"])) if key in notes else None
        if receipts.get(key) != amounts:
            yield f"the receipt of {key} says {receipts.get(key)}, its file {amounts}"
    settled = dict(rows(workspace, SETTLED))
    if settled != {key: net for key, (net, _) in receipts.items()}:
        yield f"the postings settle {settled}, the receipts {receipts}"
    for path in workspace.outbox.glob("credit-notes/*"):
        hidden = path.name.startswith(".")  # what a death leaves of a file that was not finished yet
        if not hidden and path.name != "register.csv" and path.stem not in notes:
            yield f"{path.name} is no document"
    for key, state in rows(workspace, "select key, state from outbox where state not in ('done', 'voided')"):
        yield f"{key} is {state}"


RECEIPTS = "select key, net, tax from receipt where kind = 'credit_note'"
SETTLED = """
select reference, sum(amount) from posting join posting_transaction head on head.id = transaction_id
where head.kind = 'settle' and ledger_account = 'refund_liability' group by 1
"""


def _doubled(listed: list[dict[str, str]]) -> list[tuple[str, int]]:
    counted = Counter(row["key"] for row in listed)
    return [(key, count) for key, count in counted.items() if count > 1]
