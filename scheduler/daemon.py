"""The daemon: the steps on schedule, one holder at a time, a clean stop on SIGTERM, health and metrics beside it.

Triggers come from the configuration and stand in memory; a slot that was missed runs once, late. Before any work the
claim on the book is taken; while another process holds it the slot is left to the next. (design.md section 9)
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType

import structlog
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from core.errors import Busy, RebatedError, RetryableError
from scheduler import health, metrics
from scheduler.config import Config
from scheduler.context import Context, claimed, log, new_run_id, opened
from scheduler.logs import set_up_logs
from scheduler.steps import chain
from scheduler.steps.journal import close_and_export, month_before
from scheduler.steps.matching import match_accounts
from scheduler.steps.programs import import_programs
from scheduler.steps.pull import pull
from scheduler.steps.reconcile import reconcile
from scheduler.steps.write_back import write_back


def _compute(context: Context) -> None:
    import_programs(context)
    metrics.accrued(chain.accrue(context))
    metrics.proposed(chain.propose(context))
    chain.approve_automatically(context)


def _pull(context: Context) -> None:
    failures = []
    for item in pull(context):
        metrics.pulled(item)
        if item.failure:
            failures.append(f"{item.source}: {item.failure}")
    failures += [f"{item.target}: {item.failure}" for item in match_accounts(context) if item.failure]
    if failures:
        raise RetryableError("; ".join(failures))


def _journal(context: Context) -> None:
    if context.config.write_back.journal:
        close_and_export(context, month_before(context.as_of))
        write_back(context)


JOBS: dict[str, Callable[[Context], object]] = {
    "pull": _pull,
    "compute": _compute,
    "write_back": lambda context: metrics.written(write_back(context)),
    "reconcile": lambda context: metrics.reconciled(reconcile(context)),
    "journal": _journal,
}


def work(config: Config, name: str, stopping: threading.Event | None = None) -> None:
    """Do one job of the schedule, holding the claim on the book. Never raises one of our own errors.

    Nothing is begun any more once `stopping` is set.
    """
    stopping = stopping or threading.Event()
    if stopping.is_set():
        return
    run_id = new_run_id()
    with structlog.contextvars.bound_contextvars(run=run_id, job=name):
        try:
            with opened(config) as context, claimed(context, wait=60, stopping=stopping):
                context.run_id = run_id
                with metrics.timed(name):
                    JOBS[name](context)
                metrics.open_work(context)
            health.succeeded(name)
            log.info("job done")
        except Busy as error:
            log.warning("job left to the next slot", reason=error.message)
        except RebatedError as error:
            metrics.failed(name)
            health.failed(name, error.message)
            log.error("job failed", error=error.message, hint=error.hint)


def serve(config: Config) -> int:
    """Run until SIGTERM or SIGINT; the unit at work is finished first. Returns the exit code."""
    set_up_logs(config.log.level, config.log.format)
    with opened(config) as context, claimed(context, wait=60):
        import_programs(context)  # a wrong program file stops the daemon before it serves anything
    stop = threading.Event()

    def stopped(number: int, _: FrameType | None) -> None:
        log.info("stopping", signal=signal.Signals(number).name)
        stop.set()

    signal.signal(signal.SIGTERM, stopped)
    signal.signal(signal.SIGINT, stopped)
    scheduler = BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(1)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        timezone=config.business.zone,
    )
    scheduler.add_listener(_unexpected, EVENT_JOB_ERROR)
    for name in JOBS:
        trigger = config.schedule.trigger(name, config.business.zone)
        if trigger is not None:
            scheduler.add_job(work, trigger, args=[config, name, stop], id=name, name=name)
    server = health.serve(config.health.host, config.health.port, config)
    scheduler.start()
    log.info("serving", jobs=[job.id for job in scheduler.get_jobs()], health=config.health.listen)
    while not stop.wait(1):
        pass  # a signal that another thread was given is seen by this one only when it wakes
    scheduler.shutdown(wait=True)
    server.shutdown()
    log.info("stopped")
    return 0


def _unexpected(event: JobExecutionEvent) -> None:
    metrics.failed(event.job_id)
    health.failed(event.job_id, "unexpected error")
    log.error("job failed unexpectedly", job=event.job_id, error=repr(event.exception), traceback=event.traceback)
