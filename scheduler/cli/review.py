"""`rebated review`: what people decide about proposals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from core.errors import RefusedError
from core.ledger import proposals
from core.ledger import review as decisions
from core.ledger.book import Batch
from core.ledger.masters import profiles
from core.ledger.proposals import Stored
from core.ledger.references import find_proposal
from core.money import minor_units, percent_text
from scheduler.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DryRunOption,
    JsonOption,
    ReasonOption,
    counted,
    err,
    money,
    out,
    print_json,
    say,
    session,
    table,
    writing,
)
from scheduler.context import Context
from scheduler.steps import reconcile

app = typer.Typer(help="Review proposals: approve, reject, hold, release, adjust, waive, settle.", no_args_is_help=True)

KeyArgument = Annotated[str, typer.Argument(help="The key of the proposal: RB-…")]


def summary(item: Stored, name: str) -> dict[str, Any]:
    """A proposal in a row, as data."""
    return {
        "key": item.key,
        "state": item.state,
        "book": item.book,
        "program": item.program,
        "payee": item.content["payee"],
        "name": name,
        "entity": item.entity,
        "period": item.period_label,
        "currency": item.currency,
        "kind": item.content.get("kind", "credit_note"),
        "net": item.net,
        "tax": item.tax,
        "gross": item.net + item.tax,
        "hash": item.content_hash,
        "alarms": item.content["alarms"],
        "incomplete": item.content["incomplete"],
        "reason": item.state_reason,
        "maker": item.maker,
    }


@app.command("list")
def list_(
    config: ConfigOption = DEFAULT_CONFIG,
    state: Annotated[
        list[str] | None,
        typer.Option("--state", "-s", help="Only these states; proposed, held and waiting where absent."),
    ] = None,
    program: Annotated[str | None, typer.Option("--program", "-p", help="Only this program.")] = None,
    shadow: Annotated[bool, typer.Option("--shadow", help="Proposals of programs in shadow.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List proposals, the largest first.

    Example: rebated review list --state held
    """
    with session(config, create=False, quiet=as_json) as context, context.book.read() as reading:
        items = proposals.in_states(reading, state or proposals.UNDECIDED, "shadow" if shadow else "live", program)
        names = profiles(reading, {item.payee for item in items})
    items.sort(key=lambda item: (item.state, item.currency, -item.net))
    if as_json:
        print_json([summary(item, names[item.payee].name) for item in items])
        return
    rows = [
        (
            item.key,
            item.state,
            f"{names[item.payee].name} ({item.content['payee']})",
            item.program,
            item.period_label,
            money(item.net, item.currency),
            money(item.net + item.tax, item.currency),
            "; ".join([*item.content["alarms"], item.state_reason] if item.state_reason else item.content["alarms"]),
        )
        for item in items
    ]
    columns = [
        ("key", ""), ("state", ""), ("account", ""), ("program", ""), ("period", ""), ("net", "right"),
        ("gross", "right"), ("look at", ""),
    ]  # fmt: skip
    out.print(table(counted(len(items), "shadow proposal" if shadow else "proposal"), columns, rows))
    if not items and not shadow and state is None:
        say("Programs in shadow have theirs apart: `rebated review list --shadow`.")
    if items and not shadow:
        say("`rebated explain KEY` shows how one was computed; `rebated review approve KEY …` approves.")


@app.command()
def show(key: KeyArgument, config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Show one proposal: its lines by tax code, its parts, its life.

    Example: rebated review show RB-ABCDEFGHIJKL
    """
    with session(config, create=False, quiet=as_json) as context, context.book.read() as reading:
        item = find_proposal(reading, key)
        name = profiles(reading, {item.payee})[item.payee].name
        life = proposals.life(reading, item)
    if as_json:
        events = [{"state": row.state, "actor": row.actor, "at": row.at, "reason": row.reason} for row in life]
        print_json({**summary(item, name), "content": item.content, "events": events})
        return
    say(f"{item.key}  {item.state}  {name} ({item.content['payee']})", "bold")
    kind = item.content.get("kind", "credit_note").replace("_", " ")
    say(f"{kind}: {item.content['text']}, {item.period_label}, issued by {item.entity}")
    columns = [("tax", ""), ("rate", "right"), ("net", "right"), ("tax amount", "right")]
    rows = [
        (line["category"], f"{percent_text(line['rate'])} %", money(line["net"], item.currency),
         money(line["tax"], item.currency))
        for line in item.content["lines"]
    ]  # fmt: skip
    rows.append(("total", "", money(item.net, item.currency), money(item.tax, item.currency)))
    out.print(table("Document", columns, rows))
    parts = [
        (
            " of ".join(filter(None, (part["kind"], part.get("program")))),
            part["beneficiary"],
            part["period"],
            money(part["amount"], item.currency),
            part["reason"],
        )
        for part in item.content["parts"]
    ]
    columns = [("part", ""), ("account", ""), ("period from", ""), ("amount", "right"), ("reason", "")]
    out.print(table("Parts", columns, parts))
    events_shown = [(f"{row.at:%Y-%m-%d %H:%M}", row.state, row.actor, row.reason) for row in life]
    out.print(table("Life (UTC)", [("when", ""), ("state", ""), ("who", ""), ("why", "")], events_shown))
    for alarm in item.content["alarms"]:
        say(f"look at: {alarm}", "yellow")


@app.command()
def approve(
    keys: Annotated[list[str] | None, typer.Argument(help="Keys of proposals.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    content_hash: Annotated[
        str | None, typer.Option("--hash", help="The content hash you read; refused if it has changed since.")
    ] = None,
    all_without_alarms: Annotated[
        bool, typer.Option("--all-without-alarms", help="Every proposed one that no alarm asks you to look at.")
    ] = False,
    program: Annotated[str | None, typer.Option("--program", "-p", help="With --all-without-alarms: only it.")] = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Approve proposals: what is signed is the hash of their content.

    Examples: rebated review approve RB-ABCDEFGHIJKL · rebated review approve --all-without-alarms
    """
    if not keys and not all_without_alarms:
        raise typer.BadParameter("name proposals, or say --all-without-alarms")
    results: list[dict[str, str]] = []
    with writing(config, dry_run=dry_run, quiet=as_json) as context:
        for key in keys or _without_alarms(context, program):
            results.append(_approve(context, key, content_hash))
    _tell(results, as_json)


def _without_alarms(context: Context, program: str | None) -> list[str]:
    with context.book.read() as reading:
        found = proposals.in_states(reading, ("proposed",), "live", program)
    return [item.key for item in found if not item.content["alarms"] and not item.content["incomplete"]]


def _approve(context: Context, key: str, content_hash: str | None) -> dict[str, str]:
    try:
        with _batch(context, key) as batch:
            item = find_proposal(batch.connection, key)
            signed = content_hash or item.content_hash
            state = decisions.approve(batch, item, signed, context.config.review, context.as_of)
    except RefusedError as error:
        return {"key": key, "state": "refused", "reason": error.message}
    reason = "" if state == "approved" else "signed; a second approver is needed"
    return {"key": key, "state": state, "reason": reason}


def _batch(context: Context, key: str) -> Any:
    return context.book.batch("review", actor=context.actor, claim=context.fence, note=key)


def _tell(results: list[dict[str, str]], as_json: bool) -> None:
    if as_json:
        print_json(results)
    else:
        refused = [row for row in results if row["state"] == "refused"]
        if len(results) > 20:
            say(f"{len(results) - len(refused)} approved, {len(refused)} refused")
        for row in refused if len(results) > 20 else results:
            say(f"{row['key']}: {row['state']}" + (f" ({row['reason']})" if row["reason"] else ""))
        if not results:
            say("nothing to approve")
    if any(row["state"] == "refused" for row in results):
        raise typer.Exit(3)


def _decide(config: Path, key: str, act: Any, done: str, dry_run: bool) -> None:
    with writing(config, dry_run=dry_run) as context, _batch(context, key) as batch:
        item = find_proposal(batch.connection, key)
        act(context, batch, item)
    say(f"{key}: {done}")


@app.command()
def reject(
    key: KeyArgument, reason: ReasonOption, config: ConfigOption = DEFAULT_CONFIG, dry_run: DryRunOption = False
) -> None:
    """End a proposal without a document. The same content is not proposed again until something changes.

    Example: rebated review reject RB-ABCDEFGHIJKL --reason "agreed otherwise"
    """
    _decide(config, key, lambda context, batch, item: decisions.reject(batch, item, reason), "rejected", dry_run)


@app.command()
def hold(
    key: KeyArgument, reason: ReasonOption, config: ConfigOption = DEFAULT_CONFIG, dry_run: DryRunOption = False
) -> None:
    """Hold a proposal, or suspend an approved one that is not being sent yet.

    Example: rebated review hold RB-ABCDEFGHIJKL --reason "waits for the contract"
    """
    _decide(config, key, lambda context, batch, item: decisions.hold(batch, item, reason), "held", dry_run)


@app.command()
def release(
    key: KeyArgument, reason: ReasonOption, config: ConfigOption = DEFAULT_CONFIG, dry_run: DryRunOption = False
) -> None:
    """Release a held proposal by name.

    Example: rebated review release RB-ABCDEFGHIJKL --reason "checked"
    """
    _decide(config, key, lambda context, batch, item: decisions.release(batch, item, reason), "released", dry_run)


@app.command(context_settings={"ignore_unknown_options": True})
def adjust(
    key: KeyArgument,
    amount: Annotated[str, typer.Argument(help="Net amount in major units, such as 12.50 or -12.50.")],
    reason: ReasonOption,
    config: ConfigOption = DEFAULT_CONFIG,
    dry_run: DryRunOption = False,
) -> None:
    """Add an adjustment line. A new proposal takes the place of the old one, and you become its maker.

    Example: rebated review adjust RB-ABCDEFGHIJKL -12.50 --reason "agreed by phone"
    """

    def act(_: Context, batch: Batch, item: Stored) -> None:
        decisions.adjust(batch, item, minor_units(amount, item.currency, path="amount"), reason)

    _decide(config, key, act, f"adjusted by {amount}", dry_run)


@app.command()
def waive(
    key: KeyArgument, reason: ReasonOption, config: ConfigOption = DEFAULT_CONFIG, dry_run: DryRunOption = False
) -> None:
    """Give up what a proposal claims: posted, and never proposed again.

    Example: rebated review waive RB-ABCDEFGHIJKL --reason "customer declined"
    """
    _decide(
        config, key, lambda context, batch, item: decisions.waive(batch, item, reason, context.as_of), "waived", dry_run
    )


def _settlement(config: Path, key: str, choice: str, reason: str, dry_run: bool) -> None:
    with writing(config, dry_run=dry_run) as context, _batch(context, key) as batch:
        state = reconcile.decide(context, batch, key, choice, reason, context.as_of)
    say(f"{key}: {state}")
    if choice == "reissue":
        err.print("the next `rebated propose` proposes it again under a new key")


@app.command()
def reissue(
    key: KeyArgument, reason: ReasonOption, config: ConfigOption = DEFAULT_CONFIG, dry_run: DryRunOption = False
) -> None:
    """A voided credit note is owed again: it will be proposed under a new key.

    Example: rebated review reissue RB-ABCDEFGHIJKL --reason "deleted by mistake"
    """
    _settlement(config, key, "reissue", reason, dry_run)


@app.command()
def accept(
    key: KeyArgument, reason: ReasonOption, config: ConfigOption = DEFAULT_CONFIG, dry_run: DryRunOption = False
) -> None:
    """A voided or differing credit note counts as settled, as the other system has it.

    Example: rebated review accept RB-ABCDEFGHIJKL --reason "agreed by phone"
    """
    _settlement(config, key, "accept", reason, dry_run)


@app.command("write-off")
def write_off(
    key: KeyArgument, reason: ReasonOption, config: ConfigOption = DEFAULT_CONFIG, dry_run: DryRunOption = False
) -> None:
    """A voided or differing credit note is given up.

    Example: rebated review write-off RB-ABCDEFGHIJKL --reason "not worth it"
    """
    _settlement(config, key, "write-off", reason, dry_run)


@app.command()
def settle(
    key: KeyArgument,
    reference: Annotated[str, typer.Option("--reference", help="The number of the customer's invoice.")],
    config: ConfigOption = DEFAULT_CONFIG,
    dry_run: DryRunOption = False,
) -> None:
    """Record the customer's invoice for a service: what was approved is settled by it, without a document of ours.

    Example: rebated review settle RB-ABCDEFGHIJKL --reference "RE-2025-118"
    """
    _decide(
        config,
        key,
        lambda context, batch, item: decisions.settle_service(batch, item, reference, context.as_of),
        f"settled by {reference}",
        dry_run,
    )


def add_to(root: typer.Typer) -> None:
    root.add_typer(app, name="review")
