"""Counting with DuckDB: the lines of the cache into cells, and into the sums that tiers need.

Only integers go in and come out, whole columns at a time. Amounts are minor units, quantities 10^-6 base units, days
numbers since 1970-01-01.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy
import pyarrow

from core.engine import queries
from core.engine.block import Block, Column, Group
from core.engine.cache import FACT, FactCache, table
from core.engine.plan import Plan, Span
from core.errors import IntegrityError
from core.period import day_date
from core.programs.basis import View

__all__ = ["FACT", "DuckEngine", "Evidence"]

STANDING = ("program", "account", "from_day", "to_day", "level")
REACH_ROWS = 500_000
"""Up to this size what counts where is written down before counting; a larger one is joined as it goes."""


class Evidence(NamedTuple):
    """A line behind a cell group. `measure` and `net` are as in a cell."""

    document: int
    line: int
    slice: int
    measure: int
    net: int
    tax: int


class DuckEngine(FactCache):
    """Counts lines into cells. One process uses it, one call at a time: read a count to its end before the next."""

    _plan: Plan | None = None

    def count(
        self,
        plan: Plan,
        programs: Iterable[int],
        *,
        standings: pyarrow.Table | Iterable[tuple[int, int, int, int, int]] | None = None,
        known_batch: int | None = None,
        since: int | None = None,
        accounts: Iterable[int] = (),
    ) -> Iterator[Group]:
        """The groups of `blocks`, one by one."""
        for block in self.blocks(
            plan, programs, standings=standings, known_batch=known_batch, since=since, accounts=accounts
        ):
            yield from block.groups()

    def blocks(
        self,
        plan: Plan,
        programs: Iterable[int],
        *,
        standings: pyarrow.Table | Iterable[tuple[int, int, int, int, int]] | None = None,
        known_batch: int | None = None,
        since: int | None = None,
        accounts: Iterable[int] = (),
    ) -> Iterator[Block]:
        """The cells of rebate programs of one stratum, in an order that depends on nothing but them.

        `standings` are rows (index of the tier program, account, from_day, to_day, level), needed for programs that
        use the tier at the document; days without a row have the lowest level. `known_batch` counts only what was
        known then. `since` counts only groups that later batches have lines in, and every group of `accounts`: their
        cells are whole sums all the same. A group whose lines all cancelled is there too, with `lines` of 0.
        """
        alike: dict[tuple[View, str, bool], list[int]] = {}
        for i in sorted(set(programs)):
            program = plan.programs[i]
            if program.is_tier:
                raise ValueError(f"{program.id} gives a tier: it has sums, not cells")
            use = program.slices()[0].tier
            at_document = use is not None and use.at == "document"
            alike.setdefault((program.basis.view, program.basis.accumulate, at_document), []).append(i)
        held, named = table(STANDING, standings or ()), list(accounts)
        for (_, accumulate, at_document), chosen in sorted(alike.items()):
            self._choose(plan, chosen)
            if at_document:
                self.put("standing", held)
            if since is not None:
                self._touch(since, named)
            query = queries.count(
                _measure(plan, chosen), accumulate, at_document, since is not None, known_batch is not None
            )
            yield from self._blocks(plan, query, known_batch)

    def day_sums(
        self,
        plan: Plan,
        program: int,
        taxes: Iterable[int],
        *,
        known_batch: int | None = None,
        since: int | None = None,
    ) -> Iterator[tuple[int, list[tuple[int, int]]]]:
        """What each account bought, for the timeline of a tier program: (account, [(day, measure)]).

        The day is the first of the month for a rolling window. Only lines under one of the tax keys `taxes` (those
        in the program's currency) count. `since` gives only accounts that later batches have lines of.
        """
        status = plan.programs[program].status
        if status is None:
            raise ValueError(f"{plan.programs[program].id} gives no tier")
        self._choose(plan, [program])
        self.put("counted_tax", table(("tax",), [(tax,) for tax in taxes]))
        if since is not None:
            self._touch(since, ())
        query = queries.sums(_measure(plan, [program]), status.window, since is not None, known_batch is not None)
        carried: tuple[int, list[tuple[int, int]]] | None = None
        for batch in self.read(query, {} if known_batch is None else {"known": known_batch}):
            accounts, moments, measures = (column.to_numpy() for column in batch.columns)
            rows = list(zip(moments.tolist(), measures.tolist(), strict=True))
            bounds = _bounds(accounts)
            heads = accounts[bounds[:-1]].tolist()
            for account, (first, last) in zip(heads, pairwise(bounds.tolist()), strict=True):
                part = rows[first:last]
                if carried is not None:
                    if carried[0] == account:
                        part = carried[1] + part
                    else:
                        yield carried
                carried = account, part
        if carried is not None:
            yield carried

    def evidence(
        self, plan: Plan, program: int, account: int, period: int, *, known_batch: int | None = None
    ) -> list[Evidence]:
        """The lines, as they stand now, behind the cells of one (program, beneficiary, period)."""
        places = [i for i, span in enumerate(plan.spans) if (span.program, span.period) == (program, period)]
        if not places:
            return []
        self._choose(plan, [program])
        number = plan.groups[places[0]]
        query = queries.evidence(_measure(plan, [program]), known_batch is not None)
        parameters = {"account": account, "period": number}
        if known_batch is not None:
            parameters["known"] = known_batch
        found = []
        for batch in self.read(query, parameters):
            for document, line, span, measure, net, tax in zip(*_lists(batch), strict=True):
                found.append(Evidence(document, line, plan.spans[span].slice, measure, net, tax))
        return found

    def _blocks(self, plan: Plan, query: str, known_batch: int | None) -> Iterator[Block]:
        """The whole groups of one counting statement."""
        groups = numpy.array(plan.groups, numpy.int64)
        spans = numpy.array(plan.spans, numpy.int64).reshape(-1, len(Span._fields)).T
        carried: tuple[Column, ...] | None = None
        for batch in self.read(query, {} if known_batch is None else {"known": known_batch}):
            fetched = tuple(column.to_numpy() for column in batch.columns)
            if carried is not None:
                fetched = tuple(map(numpy.concatenate, zip(carried, fetched, strict=True)))
            bounds = _bounds(fetched[0], groups[fetched[1]])
            # The last group may go on in the next batch.
            carried = tuple(column[bounds[-2] :] for column in fetched)
            if len(bounds) > 2:
                yield _block(spans, tuple(column[: bounds[-2]] for column in fetched), bounds[:-1])
        if carried is not None:
            yield _block(spans, carried, numpy.array([0, len(carried[0])]))

    def _choose(self, plan: Plan, programs: Sequence[int]) -> None:
        """Make `matched` the lines of these programs, which look at lines alike."""
        first, end = self.horizon()
        if end and (first < plan.start or end > plan.end):
            raise IntegrityError(
                f"lines lie between {day_date(first)} and {day_date(end - 1)}, outside of the plan's horizon"
            )
        if plan is not self._plan:
            for name in ("account_class", "item_class", "account_member", "item_member", "days", "calendar"):
                self.put(name, getattr(plan, name))
            self._plan = plan
        self.put("chosen", table(("program",), [(program,) for program in programs]))
        reach = queries.statement("reach")
        if sum(plan.reach[program] for program in programs) <= REACH_ROWS:
            self.run(f"CREATE OR REPLACE TEMP TABLE reach_rows AS {reach}")
            reach = "SELECT * FROM reach_rows"
        self.run(f"CREATE OR REPLACE TEMP VIEW reach AS {reach}")
        bits = sum(1 << program for program in programs)
        told_apart = (len({mask & bits for mask in masks}) > 1 for masks in (plan.account_masks, plan.item_masks))
        fact = self.fact(plan.programs[programs[0]].basis.view)
        self.run(f"CREATE OR REPLACE TEMP VIEW matched AS {queries.matched(fact, *told_apart)}")

    def _touch(self, since: int, accounts: Iterable[int]) -> None:
        self.put("named", table(("account",), [(account,) for account in accounts]))
        self.run(f"CREATE OR REPLACE TEMP TABLE touched AS {queries.statement('touched')}", {"since": since})


def _block(spans: Column, fetched: tuple[Column, ...], bounds: Column) -> Block:
    """Fetched columns as columns of cells."""
    account, span, tax, level, document, line, *sums = fetched
    program, period, settle, slices = (column[span] for column in spans)
    return Block((program, account, account, period, settle, slices, level, tax, document, line, *sums), bounds)


def _bounds(*columns: Column) -> Column:
    """The positions where a run of equal values begins, and the end of the columns."""
    changes = numpy.ones(len(columns[0]) + 1, bool)
    changes[1:-1] = False
    for column in columns:
        changes[1:-1] |= column[1:] != column[:-1]
    return numpy.flatnonzero(changes)


def _lists(batch: Any) -> list[list[int]]:
    return [column.to_numpy().tolist() for column in batch.columns]


def _measure(plan: Plan, programs: Iterable[int]) -> str:
    """What the programs measure, or `mixed`."""
    found = {plan.programs[program].basis.measure for program in programs}
    return found.pop() if len(found) == 1 else "mixed"
