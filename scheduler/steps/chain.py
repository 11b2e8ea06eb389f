"""The whole chain, once: pull, match, accrue, propose, approve what approves itself, write back, reconcile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from core.errors import RebatedError, RefusedError
from core.ledger import proposals, registry, review
from core.ledger.accruals import Accrued
from core.ledger.accruals import accrue as accrue_book
from core.ledger.columns import utc_now
from core.ledger.owing import AlarmLimits
from core.ledger.proposing import Proposed
from core.ledger.proposing import propose as propose_book
from core.ledger.tables import run as run_table
from scheduler.config_sections import route
from scheduler.context import Context, log, new_run_id
from scheduler.steps.matching import Matched, match_accounts
from scheduler.steps.programs import import_programs
from scheduler.steps.pull import Pulled, pull
from scheduler.steps.reconcile import Reconciled, reconcile
from scheduler.steps.write_back import write_back
from scheduler.steps.written import Written


@dataclass(slots=True)
class Run:
    """What one run of the chain did."""

    run_id: str
    programs: list[str] = field(default_factory=list)
    pulled: list[Pulled] = field(default_factory=list)
    matched: list[Matched] = field(default_factory=list)
    accrued: Accrued = field(default_factory=Accrued)
    proposed: Proposed = field(default_factory=Proposed)
    approved: int = 0
    written: Written = field(default_factory=Written)
    reconciled: Reconciled = field(default_factory=Reconciled)
    failures: list[str] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        stopped = [item.failure for item in self.pulled] + [item.failure for item in self.matched]
        return "failed" if self.failures or any(stopped) else "done"


def accrue(context: Context) -> Accrued:
    """Count, entitle and accrue as of the context's business day."""
    return accrue_book(
        context.book,
        context.engine,
        as_of=context.as_of,
        actor=context.actor,
        claim=context.fence,
        run=context.run_id,
        progress=context.progress,
    )


def propose(context: Context) -> Proposed:
    """Propose what is due as of the context's business day."""
    alarms = context.config.alarms
    limits = AlarmLimits(alarms.percent_of_base, alarms.times_last_period, alarms.first_for_account)
    return propose_book(
        context.book,
        as_of=context.as_of,
        actor=context.actor,
        claim=context.fence,
        limits=limits,
        run=context.run_id,
        takes_both_signs=lambda entity: _takes_both_signs(context, entity),
    )


def _takes_both_signs(context: Context, entity: str) -> bool:
    """Whether the system that issues an entity's documents takes lines of both signs on one; so does none at all."""
    target = route(context.config.write_back.credit_notes, entity)
    return target not in context.config.connections or context.adapter(target).capabilities.negative_lines


def approve_automatically(context: Context) -> int:
    """Approve what a program approves by itself, unless an alarm, a hold or a limit asks for a person."""
    approved = 0
    with context.book.batch("review", actor=proposals.DAEMON, claim=context.fence, run=context.run_id) as batch:
        automatic = {
            item.program.id
            for item in registry.current(batch.connection).values()
            if item.program.settlement.approval == "automatic"
        }
        for item in proposals.in_states(batch.connection, ("proposed",), "live"):
            if item.program not in automatic or item.content["alarms"] or item.content["incomplete"]:
                continue
            try:
                review.approve(batch, item, item.content_hash, context.config.review, context.as_of, automatic=True)
                approved += 1
            except RefusedError as error:
                log.info("waits for a person", key=item.key, reason=error.message)
    return approved


def run_once(context: Context) -> Run:
    """Run every step. A step that fails is told and ends the run; what came before it is kept."""
    result = Run(new_run_id())
    context.run_id = result.run_id
    _begin(context)
    steps: list[tuple[str, Callable[[], Any]]] = [
        ("programs", lambda: import_programs(context)),
        ("pulled", lambda: pull(context)),
        ("matched", lambda: match_accounts(context)),
        ("accrued", lambda: accrue(context)),
        ("proposed", lambda: propose(context)),
        ("approved", lambda: approve_automatically(context)),
        ("written", lambda: write_back(context)),
        ("reconciled", lambda: Reconciled() if context.rehearsing else reconcile(context)),
    ]
    try:
        for name, step in steps:
            setattr(result, name, step())
            log.info("step done", step=name, run=result.run_id)
    except RebatedError as error:
        result.failures.append(f"{name}: {error.message}")
        log.error("step failed", step=name, error=error.message, run=result.run_id)
        _end(context, result)
        raise
    _end(context, result)
    return result


def _begin(context: Context) -> None:
    with context.book.write() as connection:
        connection.execute(
            run_table.insert().values(
                id=context.run_id, actor=context.actor, started_at=utc_now(), outcome="running", steps={}
            )
        )


def _end(context: Context, result: Run) -> None:
    steps = summary(result)
    with context.book.write() as connection:
        connection.execute(
            run_table.update()
            .where(run_table.c.id == result.run_id)
            .values(finished_at=utc_now(), outcome=result.outcome, steps=steps)
        )


def summary(result: Run) -> dict[str, Any]:
    """A run as plain data."""
    accrued = asdict(result.accrued)
    accrued["net_change"] = [[*key, amount] for key, amount in sorted(result.accrued.net_change.items())]
    accrued["tier_changes"] = len(result.accrued.tier_changes)
    pulled = []
    for item in result.pulled:
        values = asdict(item)
        values["landed"]["own_keys"] = sorted(item.landed.own_keys)
        pulled.append(values)
    return {
        "run_id": result.run_id,
        "programs": result.programs,
        "pulled": pulled,
        "matched": [asdict(item) for item in result.matched],
        "accrued": accrued,
        "proposed": asdict(result.proposed),
        "approved": result.approved,
        "written": asdict(result.written),
        "reconciled": asdict(result.reconciled),
        "failures": result.failures,
        "outcome": result.outcome,
    }
