"""How the results of the steps are shown to people."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from core.ledger.accruals import Accrued
from core.ledger.proposing import Proposed
from scheduler.cli.common import money, table
from scheduler.steps.chain import Run
from scheduler.steps.matching import Matched
from scheduler.steps.pull import Pulled
from scheduler.steps.reconcile import Reconciled
from scheduler.steps.written import Written

_TWO = [("what", ""), ("", "right")]


def pulled(results: list[Pulled]) -> Table:
    columns = [("connection", "")] + [
        (name, "right")
        for name in ("read", "new", "changed", "same", "older", "lines", "parked", "quarantined", "deleted")
    ]
    rows = [
        (
            item.source,
            f"{item.landed.read:,}",
            f"{item.landed.new:,}",
            f"{item.landed.changed:,}",
            f"{item.landed.unchanged:,}",
            f"{item.landed.older:,}",
            f"{item.landed.lines:,}",
            f"{item.landed.parked:,}",
            f"{item.landed.quarantined:,}",
            f"{item.deleted:,}",
        )
        for item in results
    ]
    return table("Pulled and landed", columns, rows)


def matched(results: list[Matched]) -> Table:
    names = ("matched", "ambiguous", "stale", "unmatched", "changed")
    rows = [(item.target, *(f"{getattr(item, name):,}" for name in names)) for item in results]
    told = [f"{item.target}: {note}" for item in results for note in item.notes]
    if any(item.ambiguous or item.stale for item in results):
        told.append("`rebated account matches --state ambiguous` and `--state stale` show what waits for a person")
    columns = [("connection", ""), *((name, "right") for name in names)]
    return table("Accounts matched", columns, rows, escape("\n".join(told)))


def accrued(result: Accrued) -> Table:
    rows: list[tuple[str, str]] = [
        ("lines counted anew", f"{result.facts:,}"),
        ("entitlements looked at", f"{result.groups:,}"),
        ("entitlements changed", f"{result.changed:,}"),
        ("accrual postings", f"{result.transactions:,}"),
        ("tier standings changed", f"{result.standings:,}"),
    ]
    if result.waiting:
        rows.append(("entitlements with lines that wait", f"{result.waiting:,}"))
    for (program, currency), amount in sorted(result.net_change.items()):
        rows.append((f"accrued for {program}", money(amount, currency)))
    return table("Counted, entitled, accrued", _TWO, rows)


def proposed(result: Proposed) -> Table:
    rows = [
        ("new proposals", f"{result.new:,}"),
        ("changed (the older ones superseded)", f"{result.changed:,}"),
        ("unchanged", f"{result.unchanged:,}"),
        ("withdrawn", f"{result.withdrawn:,}"),
        ("held", f"{result.held:,}"),
        ("owed back, waiting to be netted", f"{result.carried:,}"),
    ]
    return table("Proposed", _TWO, rows)


def written(result: Written) -> Table:
    rows = [
        ("documents, notes and tiers sent", f"{result.sent:,}"),
        ("found already there", f"{result.recovered:,}"),
        ("notes", f"{result.notes:,}"),
        ("tier updates", f"{result.tiers:,}"),
        ("refused", f"{result.refused:,}"),
        ("suspended", f"{result.suspended:,}"),
        ("waiting for a later attempt; `rebated doctor` tells why", f"{result.waiting:,}"),
        ("not sent: write = false", f"{result.blocked:,}"),
    ]
    rows += [(f"credited net in {currency}", money(net, currency)) for currency, net in sorted(result.net.items())]
    rows += [("", message) for message in result.messages]
    return table("Written back", _TWO, [row for row in rows if row[1] != "0"] or [("nothing was due", "")])


def reconciled(result: Reconciled) -> Table:
    rows: list[tuple[str | Text, str]] = [
        ("documents compared", f"{result.compared:,}"),
        ("receipts completed", f"{result.completed:,}"),
    ]
    rows += [(Text("gone or cancelled", "red"), key) for key in result.voided]
    rows += [(Text("differs", "red"), key) for key in result.differing]
    rows += [("", message) for message in result.messages]
    return table("Reconciled", _TWO, rows)


def run(result: Run) -> list[Table]:
    """Every step of a run that did something."""
    tables = [pulled(result.pulled), *([matched(result.matched)] if result.matched else [])]
    tables += [accrued(result.accrued), proposed(result.proposed)]
    return [*tables, written(result.written), reconciled(result.reconciled)]
