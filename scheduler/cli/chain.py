"""The steps by hand, and `run`, which does them all: once, or on schedule."""

from __future__ import annotations

from typing import Annotated

import typer

from scheduler import daemon
from scheduler.cli import shown
from scheduler.cli.common import (
    DEFAULT_CONFIG,
    AsOfOption,
    ConfigOption,
    DryRunOption,
    JsonOption,
    err,
    out,
    print_json,
    say,
    writing,
)
from scheduler.config import load_config
from scheduler.steps import chain as steps
from scheduler.steps.matching import Matched, match_accounts
from scheduler.steps.programs import import_programs
from scheduler.steps.pull import Pulled
from scheduler.steps.pull import pull as pull_step
from scheduler.steps.reconcile import reconcile as reconcile_step
from scheduler.steps.write_back import write_back as write_back_step


def _failures(pulled: list[Pulled], matched: list[Matched]) -> None:
    failures = [(item.source, item.failure, item.hint) for item in pulled if item.failure]
    failures += [(item.target, item.failure, item.hint) for item in matched if item.failure]
    for place, failure, hint in failures:
        text = f"{place}: {failure}" + (f"\n→ {hint}" if hint else "")
        err.print(text, style="red", markup=False, highlight=False, soft_wrap=True)
    if failures:
        raise typer.Exit(4)


def pull(
    connection: Annotated[str | None, typer.Argument(help="One connection; all where absent.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Read from the connections and land what is new; then match accounts with those of a CRM.

    Example: rebated pull erp --dry-run
    """
    with writing(config, dry_run=dry_run, quiet=as_json) as context:
        results = pull_step(context, connection)
        matched = match_accounts(context)
    if as_json:
        print_json(results)
    else:
        out.print(shown.pulled(results))
        if matched:
            out.print(shown.matched(matched))
        for item in results:
            for note in item.notes:
                say(f"{item.source}: {note}", "dim")
            for sweep_id in item.sweeps_waiting:
                say(f"sweep {sweep_id} waits: too much is missing at once, see `rebated sweep list`", "yellow")
    _failures(results, matched)


def accrue(
    config: ConfigOption = DEFAULT_CONFIG,
    as_of: AsOfOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Count the lines, compute tiers and entitlements, and post what has changed.

    Example: rebated accrue --as-of 2026-06-30 --dry-run
    """
    with writing(config, as_of=as_of, dry_run=dry_run, quiet=as_json) as context:
        import_programs(context)
        result = steps.accrue(context)
    if as_json:
        print_json(result)
    else:
        out.print(shown.accrued(result))


def propose(
    config: ConfigOption = DEFAULT_CONFIG,
    as_of: AsOfOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Turn what is due into proposals; what has changed supersedes the older ones.

    Example: rebated propose --as-of 2026-07-15
    """
    with writing(config, as_of=as_of, dry_run=dry_run, quiet=as_json) as context:
        result = steps.propose(context)
        approved = steps.approve_automatically(context)
    if as_json:
        print_json({"proposed": result, "approved_automatically": approved})
    else:
        out.print(shown.proposed(result))
        if approved:
            out.print(f"{approved} approved automatically")


def write_back(
    config: ConfigOption = DEFAULT_CONFIG,
    as_of: AsOfOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Send approved credit notes, notes and tier fields; recover what an earlier run left open.

    Example: rebated write-back --dry-run
    """
    with writing(config, as_of=as_of, dry_run=dry_run, quiet=as_json) as context:
        result = write_back_step(context)
    if as_json:
        print_json(result)
    else:
        out.print(shown.written(result))


def reconcile(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Read back what was written and compare it with the book.

    Exits with 5 where a document is gone or differs. Example: rebated reconcile --json
    """
    with writing(config, quiet=as_json) as context:
        result = reconcile_step(context)
    if as_json:
        print_json(result)
    else:
        out.print(shown.reconciled(result))
    if result.voided or result.differing:
        raise typer.Exit(5)


def run(
    config: ConfigOption = DEFAULT_CONFIG,
    once: Annotated[bool, typer.Option("--once", help="Do the whole chain once and end.")] = False,
    as_of: AsOfOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Do the whole chain: on the schedule of the configuration until stopped, or once.

    Examples: rebated run --once · rebated run --once --as-of 2026-07-01 --dry-run · rebated run
    """
    if not once:
        if dry_run or as_of is not None:
            raise typer.BadParameter("--dry-run and --as-of go with --once")
        raise typer.Exit(daemon.serve(load_config(config)))
    with writing(config, as_of=as_of, dry_run=dry_run, quiet=as_json) as context:
        result = steps.run_once(context)
    if as_json:
        print_json(steps.summary(result))
    else:
        for made in shown.run(result):
            out.print(made)
        if result.programs:
            out.print(f"programs registered: {', '.join(result.programs)}")
        if result.approved:
            out.print(f"{result.approved} approved automatically")
    _failures(result.pulled, result.matched)
    if result.reconciled.voided or result.reconciled.differing:
        raise typer.Exit(5)


def add_to(app: typer.Typer) -> None:
    app.command()(run)
    app.command()(pull)
    app.command()(accrue)
    app.command()(propose)
    app.command("write-back")(write_back)
    app.command()(reconcile)
