"""`rebated status`: where everything stands."""

from __future__ import annotations

from typing import Annotated, Any

import sqlalchemy as sa
import typer

from core.errors import RefusedError
from core.ledger import acts, entitlements, postings, proposals, quarantine, registry, standings, sweeps
from core.ledger.alarms import open_alarms
from core.ledger.masters import profiles
from core.ledger.tables import batch, outbox, record_head, run
from core.tiers import Figures, figures
from scheduler.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    amount,
    money,
    out,
    print_json,
    say,
    session,
    table,
)


def overview(reading: sa.Connection) -> dict[str, Any]:
    """Everything a person wants to see first, as plain data."""
    modes = acts.modes(reading)
    programs = []
    for name, item in sorted(registry.current(reading).items()):
        mode = modes.get(name, acts.Mode())
        currency = item.program.program.currency
        totals = {"accrued": 0, "adjusted": 0, "settled": 0, "waived": 0}
        for balance in postings.balances(reading, mode.book, name).values():
            for component in totals:
                totals[component] += getattr(balance, component)
        reserved = sum(proposals.reserved(reading, mode.book, name).values())
        waiting = proposals.in_states(reading, proposals.OPEN, mode.book, name)
        programs.append(
            {
                "program": name,
                "kind": item.program.program.kind,
                "mode": mode.mode,
                "currency": currency,
                **totals,
                "reserved": reserved,
                "open_proposals": len(waiting),
                "open_net": sum(entry.net for entry in waiting),
                "liability": totals["accrued"] + totals["adjusted"] - totals["settled"] - totals["waived"],
            }
        )
    last = reading.execute(sa.select(run).order_by(run.c.started_at.desc()).limit(1)).one_or_none()
    states = reading.execute(sa.select(outbox.c.state, sa.func.count()).group_by(outbox.c.state)).all()
    return {
        "records": reading.execute(
            sa.select(sa.func.count()).select_from(record_head).where(record_head.c.present)
        ).scalar_one(),
        "batches": reading.execute(sa.select(sa.func.count()).select_from(batch)).scalar_one(),
        "last_run": None if last is None else {"id": last.id, "at": last.started_at, "outcome": last.outcome},
        "books_closed_through": acts.closed_through(reading),
        "quarantine": len(quarantine.open_rows(reading)),
        "sweeps_waiting": len(sweeps.waiting(reading)),
        "outbox": dict(states),
        "alarms": [
            {"id": row.id, "kind": row.kind, "subject": row.subject, "message": row.message, "opened": row.opened_at}
            for row in open_alarms(reading)
        ],
        "programs": programs,
    }


def account_view(reading: sa.Connection, external_id: str) -> dict[str, Any]:
    """One account: its tiers, entitlements and settlements. Raises RefusedError where it is unknown."""
    known = {item.external_id: item for item in profiles(reading).values()}
    if external_id not in known:
        raise RefusedError(f"no account is called {external_id!r}")
    profile, programs = known[external_id], registry.current(reading)
    tiers = [
        {
            "program": row.program, "tier": row.tier, "since": row.since, "valid_until": row.valid_until,
            "measure": row.measure, "to_next": row.to_next, "next_tier": row.next_tier, "to_keep": row.to_keep,
            "currency": row.currency, "unit": measured.unit, "digits": measured.digits,
            "is_money": measured.is_money, "book": book,
        }
        for book in ("live", "shadow")
        for (program, account_id), row in sorted(standings.latest(reading, book).items())
        if account_id == profile.account_id and program in programs
        for measured in [figures(programs[program].program)]
    ]  # fmt: skip
    earned = []
    for name, item in sorted(programs.items()):
        for book in ("live", "shadow"):
            for stored in entitlements.latest(reading, book, name, profile.account_id):
                label = item.program.calendar.of(stored.period).label
                earned.append(
                    {
                        "program": name,
                        "period": label,
                        "amount": stored.amount,
                        "currency": stored.currency,
                        "book": book,
                    }
                )
    notes = [
        {"key": item.key, "program": item.program, "period": item.period_label, "net": item.net, "state": item.state,
         "currency": item.currency}
        for item in proposals.in_states(reading, (*proposals.OPEN, *proposals.FROZEN))
        if item.payee == profile.account_id
    ]  # fmt: skip
    return {"account": external_id, "name": profile.name, "tiers": tiers, "earned": earned, "documents": notes}


def status(
    account: Annotated[str | None, typer.Argument(help="One account by its id; everything where absent.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Where everything stands: programs with their balances, what waits for people, alarms. Or one account.

    Examples: rebated status · rebated status C-1001
    """
    with session(config, create=False, quiet=as_json) as context, context.book.read() as reading:
        found = overview(reading) if account is None else account_view(reading, account)
    if as_json:
        print_json(found)
    elif account is None:
        show_overview(found)
    else:
        show_account(found)


def show_overview(found: dict[str, Any]) -> None:
    """Print the overview."""
    last = found["last_run"]
    said = f"last run {last['id']} ({last['outcome']})" if last else "no run yet"
    say(f"{found['records']:,} records, {found['batches']:,} batches in the book, {said}")
    if found["books_closed_through"]:
        say(f"Accounting is closed through {found['books_closed_through']}.")
    names = ("accrued", "settled", "reserved", "waived", "liability")
    columns = [("program", ""), ("mode", ""), ("", "")] + [(name, "right") for name in (*names, "to review", "net")]
    rows = [
        (item["program"], item["mode"], "", *("" for _ in names), "", "")
        if item["kind"] == "tier"
        else (
            item["program"],
            item["mode"],
            item["currency"],
            *(amount(item[name], item["currency"]) for name in names),
            item["open_proposals"],
            amount(item["open_net"], item["currency"]),
        )
        for item in found["programs"]
    ]
    out.print(table("Programs", columns, rows))
    waits = [
        ("records in quarantine", found["quarantine"], "rebated quarantine list"),
        ("sweeps that wait", found["sweeps_waiting"], "rebated sweep list"),
        (
            "in the outbox, not sent",
            sum(found["outbox"].get(s, 0) for s in ("queued", "sending", "unknown")),
            "rebated write-back",
        ),
        ("need a person", sum(found["outbox"].get(s, 0) for s in ("refused", "person", "differs")), "rebated doctor"),
        ("alarms", len(found["alarms"]), "rebated doctor"),
    ]
    waits = [row for row in waits if row[1]]
    if waits:
        out.print(table("Waiting", [("what", ""), ("how many", "right"), ("look with", "")], waits))
    for row in found["alarms"][:10]:
        say(f"alarm {row['id']}: {row['message']}", "yellow")


def show_account(found: dict[str, Any]) -> None:
    """Print one account."""
    say(f"{found['name']} ({found['account']})", "bold")
    rows = [
        (row["program"], row["tier"], row["since"], row["valid_until"], measured.shown(row["measure"]),
         f"{measured.shown(row['to_next'])} to {row['next_tier']}" if row["next_tier"] else "", row["book"])
        for row in found["tiers"]
        for measured in [Figures(row["unit"], row["digits"], row["is_money"])]
    ]  # fmt: skip
    columns = [
        ("program", ""),
        ("tier", ""),
        ("since", ""),
        ("valid until", ""),
        ("measure", "right"),
        ("next", "right"),
        ("book", ""),
    ]
    out.print(table("Tiers", columns, rows))
    earned = [
        (row["program"], row["period"], money(row["amount"], row["currency"]), row["book"]) for row in found["earned"]
    ]
    out.print(table("Earned", [("program", ""), ("period", ""), ("amount", "right"), ("book", "")], earned))
    documents = [
        (row["key"], row["program"], row["period"], money(row["net"], row["currency"]), row["state"])
        for row in found["documents"]
    ]
    columns = [("key", ""), ("program", ""), ("period", ""), ("net", "right"), ("state", "")]
    out.print(table("Proposals and credit notes", columns, documents))


def add_to(app: typer.Typer) -> None:
    app.command()(status)
