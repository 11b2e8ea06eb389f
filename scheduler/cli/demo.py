"""`rebated demo`: the whole way of the data on an invented distributor, in under a minute."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from core.errors import RefusedError
from core.ledger import proposals, quarantine, registry, review
from core.ledger.masters import profiles
from core.ledger.proposals import Stored
from core.ledger.verify import verify
from scheduler.cli import shown
from scheduler.cli.common import err, money, out, say, table, writing
from scheduler.cli.explain import explained, show_proposal
from scheduler.cli.status import overview, show_overview
from scheduler.context import Context
from scheduler.steps import chain
from scheduler.steps.journal import close_and_export, month_of
from scheduler.steps.programs import go_live, import_programs
from scheduler.steps.reconcile import reconcile
from scheduler.steps.write_back import write_back

AS_OF = date(2026, 1, 31)


def demo(
    folder: Annotated[Path, typer.Argument(help="Where to write; made where it is absent.")] = Path("demo-out"),
    seed: Annotated[int, typer.Option("--seed", help="Another seed gives another year.")] = 2025,
    fresh: Annotated[
        bool, typer.Option("--fresh/--keep", help="Begin anew where the folder holds an earlier demo.")
    ] = True,
) -> None:
    """Run the whole chain on an invented distributor: files in, credit notes and notes out.

    Everything stays in one folder; nothing leaves this machine. Example: rebated demo /tmp/demo
    """
    _clear(folder, fresh)
    from scheduler.demo.generate import generate  # writes Excel, which no other command has to load

    said = generate(folder, seed)
    say("1. A distributor's year", "bold")
    say(
        f"   {said.accounts} accounts, {said.products} products, {said.documents:,} documents with {said.lines:,} "
        f"lines: {said.returns} returns, {said.cancellations} cancellations, {said.corrections} corrected and "
        f"{said.late} late documents, {len(said.bad)} bad ones. The files lie in {folder}/inbox."
    )
    with writing(said.config) as context:
        context.as_of = AS_OF
        _play(context, folder)


def _clear(folder: Path, fresh: bool) -> None:
    if not (folder / "rebated.toml").exists():
        if folder.exists() and any(folder.iterdir()):
            raise RefusedError(f"{folder} holds other files", hint="choose an empty folder")
        return
    if not fresh:
        raise RefusedError(f"{folder} holds an earlier demo", hint="leave out --keep, or choose another folder")
    if not (folder / "inbox" / "accounts.xlsx").exists():
        raise RefusedError(f"{folder} holds a rebated.toml that is no demo's", hint="choose an empty folder")
    shutil.rmtree(folder)


def _play(context: Context, folder: Path) -> None:
    say("\n2. Import the programs and start their live book", "bold")
    import_programs(context)
    with context.book.read() as reading:
        programs = [item.program for item in registry.current(reading).values()]
    for program in programs:
        go_live(context, program.id, date(2025, 1, 1), "demo")
        say(f"   {program.id}: {program.program.name} ({program.program.kind}, by {program.program.period})")
    say("\n3. Pull, land, count, entitle, accrue, propose", "bold")
    result = chain.run_once(context)
    for made in (shown.pulled(result.pulled), shown.accrued(result.accrued), shown.proposed(result.proposed)):
        out.print(made)
    _bad_records(context)
    say("\n4. Finance reviews", "bold")
    chosen = _review(context)
    say("\n5. Write back and reconcile", "bold")
    written = write_back(context)
    out.print(shown.written(written))
    close_and_export(context, month_of("2025-12"))
    write_back(context)
    out.print(shown.reconciled(reconcile(context)))
    with context.book.read() as reading:
        faults = list(verify(reading, deep=True))
    say(
        "   The book is whole." if not faults else f"   The book has {len(faults)} faults!",
        "green" if not faults else "red",
    )
    if chosen is not None:
        say("\n6. One cent explained", "bold")
        show_proposal(explained(context, chosen.key), all_lines=False)
    say("\n7. Where everything stands", "bold")
    with context.book.read() as reading:
        show_overview(overview(reading))
    _next(folder, chosen)


def _bad_records(context: Context) -> None:
    with context.book.read() as reading:
        rows = quarantine.open_rows(reading)
    columns = [("record", ""), ("why it did not land", ""), ("where", "")]
    out.print(table("In quarantine", columns, [(f"{r.kind} {r.external_id}", r.message, r.origin) for r in rows]))


def _review(context: Context) -> Stored | None:
    """Approve what no limit and no hold keeps from one person; reject one, adjust one. Returns one to explain."""
    with context.book.read() as reading:
        items = proposals.in_states(reading, ("proposed",), "live")
        held = proposals.in_states(reading, ("held",), "live")
        names = profiles(reading)
    items.sort(key=lambda item: -item.net)
    approved: dict[str, list[int]] = {}
    above = 0
    rejected = items[-1] if items else None
    for item in items:
        if item is rejected:
            continue
        try:
            with _batch(context, item.key) as batch:
                review.approve(batch, item, item.content_hash, context.config.review, context.as_of)
            approved.setdefault(item.program, []).append(item.net)
        except RefusedError:
            above += 1
    if rejected is not None:
        with _batch(context, rejected.key) as batch:
            review.reject(batch, rejected, "demo: too small to be worth a document")
    rows: list[tuple[Any, ...]] = [
        (program, f"{len(nets):,}", money(sum(nets), "EUR")) for program, nets in sorted(approved.items())
    ]
    out.print(table("Approved", [("program", ""), ("proposals", "right"), ("net", "right")], rows))
    if rejected is not None:
        say(f"   {rejected.key} over {money(rejected.net, rejected.currency)} was rejected.")
    say(f"   {above} proposals are above the limit from which another person than the importer approves.")
    if held:
        rows = [
            (item.key, names[item.payee].name, money(item.net, item.currency), item.state_reason) for item in held[:6]
        ]
        columns = [("key", ""), ("account", ""), ("net", "right"), ("held because", "")]
        out.print(table(f"{len(held)} held", columns, rows))
    candidates = [item for item in items if item.program == "annual-bonus" and item is not rejected]
    with context.book.read() as reading:
        states = {item.key for item in proposals.in_states(reading, ("approved",), "live")}
    several = [item for item in candidates if item.key in states and len(item.content["lines"]) > 1]
    return next(iter(several or candidates or items), None)


def _batch(context: Context, key: str) -> Any:
    return context.book.batch("review", actor=context.actor, claim=context.fence, note=key)


def _next(folder: Path, chosen: Stored | None) -> None:
    key = chosen.key if chosen is not None else "RB-…"
    say("\nWhere to look next", "bold")
    say(f"   cd {folder}")
    say("   outbox/credit-notes/           the credit notes as UBL XML, and their register")
    say("   outbox/account-notes.csv       what the accounts are told; tiers.csv beside it; journal/ for the ledger")
    for command, what in (
        ("rebated status", "balances, what waits, alarms"),
        (f"rebated explain {key}", "the credit note above, again"),
        ("rebated review list", "what still waits for an approver"),
        ("rebated quarantine list", "the bad records"),
        ("rebated run --once --as-of 2026-01-31", "again: nothing is posted twice"),
    ):
        say(f"   {command:<40}{what}")
    err.print("[dim]the command is .venv/bin/rebated in a checkout[/dim]")


def add_to(app: typer.Typer) -> None:
    app.command()(demo)
