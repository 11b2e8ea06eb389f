"""Counting with DuckDB: the lines of the cache into cells, and into the sums that tiers need.

Only integers go in and come out, whole columns at a time. Amounts are minor units, quantities 10^-6 base units, days
numbers since 1970-01-01.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy
import pyarrow

from core.engine import queries
from core.engine.block import Block, Column, Group
from core.engine.cache import FACT, FactCache, table
from core.engine.counting import Counting
from core.engine.fetched import block_of, bounds_of, by_day, columns_of, converted, ratios_in, resolved
from core.engine.plan import Plan
from core.engine.queries import shape_of
from core.engine.slots import Span
from core.errors import IntegrityError
from core.period import day_date
from core.programs import DEFAULT_VIEW, View

__all__ = ["FACT", "DuckEngine", "Evidence", "Line", "Standings"]

STANDING = ("program", "account", "from_day", "to_day", "level")
REACH_ROWS = 500_000
"""Up to this size what counts where is written down before counting; a larger one is joined as it goes."""


class Evidence(NamedTuple):
    """A line behind a cell group. `measure`, `net`, `times`, `over` and `level` are as in a cell."""

    document: int
    line: int
    slice: int
    measure: int
    net: int
    tax: int
    day: int = 0
    payee: int = 0
    item: int = 0
    level: int = -1
    times: int = 1
    over: int = 1


class Line(NamedTuple):
    """A line as it stands, whether it counts or not. Amounts are as in a fact."""

    document: int
    line: int
    account: int
    item: int
    tax: int
    day: int
    net: int
    quantity: int | None


Standings: TypeAlias = pyarrow.Table | Iterable[tuple[int, int, int, int, int]] | None
"""Rows (index of the tier program, account, from_day, to_day, level); days without a row have the lowest level."""


class DuckEngine(FactCache):
    """Counts lines into cells. One process uses it, one call at a time: read a count to its end before the next."""

    def __init__(
        self, path: str | Path | None = None, *, memory_limit: str = "512MB", threads: int | None = None
    ) -> None:
        super().__init__(path, memory_limit=memory_limit, threads=threads)
        self._held: dict[str, pyarrow.Table] = {}

    def count(
        self,
        plan: Plan,
        programs: Iterable[int],
        *,
        standings: Standings = None,
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
        standings: Standings = None,
        known_batch: int | None = None,
        since: int | None = None,
        accounts: Iterable[int] = (),
    ) -> Iterator[Block]:
        """The cells of rebate programs of one stratum, in an order that depends on nothing but them.

        `standings` are needed for programs that use the tier of the line's day: rows (index of the tier program,
        account, from_day, to_day, level); days without a row have the lowest level. `known_batch` counts only what was
        known then. `since` counts only groups that later batches have lines in, and every group of `accounts` (or to
        which their lines belong): their cells are whole sums all the same. A group whose lines all cancelled is there
        too, with `lines` of 0.
        """
        alike: dict[Counting, list[int]] = {}
        for i in sorted(set(programs)):
            if plan.programs[i].is_tier:
                raise ValueError(f"{plan.programs[i].id} gives a tier: it has sums, not cells")
            alike.setdefault(plan.countings[i], []).append(i)
        held, named = _standings(standings), list(accounts)
        for how, chosen in sorted(alike.items(), key=lambda pair: (pair[0].grain, pair[0].level, pair[1])):
            self._choose(plan, chosen)
            if how.level or how.others:
                self.put("standing", held)
            if since is not None:
                self._touch(since, named, how.beneficiary != "account")
            query = queries.count(shape_of(plan, chosen), since is not None, known_batch is not None)
            yield from self._blocks(plan, chosen, query, _known(known_batch) | _giver(plan, how))

    def day_sums(
        self,
        plan: Plan,
        program: int,
        taxes: Iterable[int],
        *,
        known_batch: int | None = None,
        since: int | None = None,
    ) -> Iterator[tuple[int, list[tuple[int, Any]]]]:
        """What each beneficiary bought, for the timeline of a tier program: (account, [(day, measure)]).

        The day is the first of the month for a rolling window. Only lines under one of the tax keys `taxes` count.
        A measure is an integer, or a Fraction where it was converted; what nobody can convert is left out. `since`
        gives only accounts that later batches have lines of.
        """
        status = plan.programs[program].status
        if status is None:
            raise ValueError(f"{plan.programs[program].id} gives no tier")
        how = plan.countings[program]
        self._choose(plan, [program])
        self.put("counted_tax", table(("tax",), [(tax,) for tax in taxes]))
        if since is not None:
            self._touch(since, (), how.beneficiary != "account")
        mixed = how.items is not None or how.taxes is not None
        moment = "month" if status.window == "rolling" else "day"
        shape = shape_of(plan, [program])._replace(payee=False, grain="period")
        query = queries.sums(shape, moment, since is not None, known_batch is not None)
        carried: tuple[int, list[tuple[int, Any]]] | None = None
        for batch in self.read(query, _known(known_batch)):
            fetched = columns_of(batch)
            rows = list(zip(fetched["moment"].tolist(), converted(plan, how, fetched), strict=True))
            bounds = bounds_of(fetched["beneficiary"])
            heads = fetched["beneficiary"][bounds[:-1]].tolist()
            for account, (first, last) in zip(heads, pairwise(bounds.tolist()), strict=True):
                part = rows[first:last]
                if carried is not None:
                    if carried[0] == account:
                        part = carried[1] + part
                    else:
                        yield carried[0], by_day(carried[1]) if mixed else carried[1]
                carried = account, part
        if carried is not None:
            yield carried[0], by_day(carried[1]) if mixed else carried[1]

    def evidence(
        self,
        plan: Plan,
        program: int,
        account: int,
        period: int,
        *,
        standings: Standings = None,
        known_batch: int | None = None,
    ) -> list[Evidence]:
        """The lines, as they stand now, behind the cells of one (program, beneficiary, period)."""
        places = [i for i, span in enumerate(plan.spans) if (span.program, span.period) == (program, period)]
        if not places:
            return []
        self._choose(plan, [program])
        how = plan.countings[program]
        if how.level or how.others:
            self.put("standing", _standings(standings))
        query = queries.evidence(shape_of(plan, [program])._replace(payee=False), known_batch is not None)
        parameters = {"account": account, "period": plan.groups[places[0]]} | _known(known_batch) | _giver(plan, how)
        found = []
        for batch in self.read(query, parameters):
            fetched = columns_of(batch)
            if not how.plain:
                fetched = resolved(plan.order([program]), fetched)
            times, over = ratios_in(plan, how, fetched)
            columns = [fetched[name].tolist() for name in ("document", "line", "span", "measure", "net", "tax")]
            columns += [fetched[name].tolist() for name in ("day", "account", "item", "level")]
            for document, line, span, *rest in zip(*columns, times.tolist(), over.tolist(), strict=True):
                found.append(Evidence(document, line, plan.spans[span].slice, *rest))
        return sorted(found)

    def lines(
        self,
        accounts: Iterable[int],
        first: int,
        end: int,
        view: View = DEFAULT_VIEW,
        *,
        known_batch: int | None = None,
    ) -> list[Line]:
        """All lines of some accounts on the days from `first` up to, not including, `end`, as they stand now."""
        self.fact(view)
        self.put("named", table(("account",), [(account,) for account in accounts]))
        parameters = {"first": first, "end": end} | _known(known_batch)
        found = []
        for batch in self.read(queries.lines(view, known_batch is not None), parameters):
            found += [Line(*row) for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)]
        return found

    def _blocks(self, plan: Plan, programs: Sequence[int], query: str, parameters: dict[str, int]) -> Iterator[Block]:
        """The whole groups of one counting statement."""
        how = plan.countings[programs[0]]
        groups = numpy.array(plan.groups, numpy.int64)
        spans = numpy.array(plan.spans, numpy.int64).reshape(-1, len(Span._fields)).T
        carried: dict[str, Column] | None = None
        for batch in self.read(query, parameters):
            fetched = columns_of(batch)
            if not how.plain:
                fetched = resolved(plan.order(programs), fetched)
                if not len(fetched["span"]):
                    continue
            if carried is not None:
                fetched = {name: numpy.concatenate((carried[name], column)) for name, column in fetched.items()}
            bounds = bounds_of(fetched["beneficiary"], groups[fetched["span"]])
            # The last group may go on in the next batch.
            carried = {name: column[bounds[-2] :] for name, column in fetched.items()}
            if len(bounds) > 2:
                whole = {name: column[: bounds[-2]] for name, column in fetched.items()}
                yield block_of(plan, how, spans, whole, bounds[:-1])
        if carried is not None:
            yield block_of(plan, how, spans, carried, numpy.array([0, len(carried["span"])]))

    def _choose(self, plan: Plan, programs: Sequence[int]) -> None:
        """Make `matched` the lines of these programs, which are counted alike."""
        first, end = self.horizon()
        if end and (first < plan.start or end > plan.end):
            raise IntegrityError(
                f"lines lie between {day_date(first)} and {day_date(end - 1)}, outside of the plan's horizon"
            )
        how = plan.countings[programs[0]]
        if how.plain:
            reach, told_apart = self._plain_reach(plan, programs)
            classes = (plan.account_class, plan.item_class)
        else:
            ordered = plan.order(programs)
            self._hold("reach_rows", ordered.rows)
            reach, told_apart = "SELECT * FROM reach_rows", ordered.told_apart
            classes = (ordered.account_class, ordered.item_class)
        self._hold("days", plan.days)
        self._hold("account_class", classes[0])
        self._hold("item_class", classes[1])
        for name, kind in (("rolled", how.beneficiary), ("holder", how.level), ("other_holder", how.others_level)):
            if kind in plan.rolled:
                self._hold(name, plan.rolled[kind])
        if "product" in how.grain:
            self._hold("item_product", plan.products)
        if how.items is not None:
            self._hold("item_ratio", plan.item_ratios[how.items].rows)
        if how.taxes is not None:
            self._hold("tax_ratio", plan.tax_ratios[how.taxes].rows)
        self.run(f"CREATE OR REPLACE TEMP VIEW reach AS {reach}")
        matching = queries.Matching(*told_apart, how.beneficiary != "account", not how.plain)
        self.run(f"CREATE OR REPLACE TEMP VIEW matched AS {queries.matched(self.fact(how.view), matching)}")

    def _plain_reach(self, plan: Plan, programs: Sequence[int]) -> tuple[str, tuple[bool, bool]]:
        """What counts where, and whether accounts and items are to be told apart."""
        for name in ("account_member", "item_member", "calendar"):
            self._hold(name, getattr(plan, name))
        self.put("chosen", table(("program",), [(program,) for program in programs]))
        reach = queries.statement("reach")
        if sum(plan.reach[program] for program in programs) <= REACH_ROWS:
            self.run(f"CREATE OR REPLACE TEMP TABLE reach_rows AS {reach}")
            self._held.pop("reach_rows", None)
            reach = "SELECT * FROM reach_rows"
        bits = sum(1 << program for program in programs)
        accounts, items = (len({mask & bits for mask in masks}) > 1 for masks in (plan.account_masks, plan.item_masks))
        return reach, (accounts, items)

    def _hold(self, name: str, rows: pyarrow.Table) -> None:
        """Put a table unless it is there already."""
        if self._held.get(name) is not rows:
            self.put(name, rows)
            self._held[name] = rows

    def _touch(self, since: int, accounts: Iterable[int], rolled: bool) -> None:
        self.put("named", table(("account",), [(account,) for account in accounts]))
        self.run(f"CREATE OR REPLACE TEMP TABLE touched AS {queries.touched(rolled)}", {"since": since})


def _standings(rows: Standings) -> pyarrow.Table:
    return table(STANDING, () if rows is None else rows)


def _known(known_batch: int | None) -> dict[str, int]:
    return {} if known_batch is None else {"known": known_batch}


def _giver(plan: Plan, how: Counting) -> dict[str, int]:
    return {"giver": plan.index.get(how.others, -1)} if how.others else {}
