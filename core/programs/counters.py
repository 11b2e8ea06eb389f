"""Counters: what the engine has to count for a program, each as a program of its own.

Most programs have one: the measure they pay on. A version slice with another audience or scope, a qualifier, the
products of a condition and the period a growth is compared with are counted apart, each as a definition derived from
the program's, so that the engine knows nothing of what they are for.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from typing import Any, Literal, NamedTuple

from core.period import Calendar, add_months
from core.programs.baseline import Baseline
from core.programs.basis import COUNTED, DEFAULT_VIEW, Basis, Scope, View
from core.programs.head import LAST_YEAR
from core.programs.program import Program

Role = str
"""`paid`, `qualifier`, `baseline`, or `condition.<number>`."""


Granularity = Literal["period", "document", "line", "day", "product"]

_YEARS_BEFORE = 5


class Counter(NamedTuple):
    """One thing to count: a derived program, what it is for, and the number of the program's slice it begins with."""

    program: Program
    of: str
    role: Role
    first_slice: int = 0
    by: Granularity = "period"
    """What cells are told apart by, beyond what matters for every program. `day`: by the month where every calculation
    period begins with one."""
    calendar: Calendar | None = None
    """The calculation periods of the program, where those of the counter are others."""
    view: View = DEFAULT_VIEW
    """How the lines are looked at: as by the program, even where the counter leaves its returns out."""


def derived(original: Program, **parts: Any) -> Program:
    """The program with some of its parts replaced, unchecked."""
    values = {name: getattr(original, name) for name in type(original).model_fields}
    return Program.model_construct(**(values | {"example": ()} | parts))


def counters(program: Program) -> list[Counter]:
    """Everything to be counted for a program; the paid measure comes first."""
    view = program.basis.view
    return [counter._replace(view=view) for counter in _counters(program)]


def _counters(program: Program) -> list[Counter]:
    found = _paid(program)
    if program.qualifier is not None:
        basis = _side(program, program.qualifier.measure, program.qualifier.unit)
        start = program.program.valid_from
        if program.qualifier.months is not None:
            start = add_months(start, -program.qualifier.months)
        head = _head(program, "qualifier", start, program.program.valid_to)
        if program.qualifier.months is not None:  # whole months are added up to windows afterwards
            head = head.model_copy(update={"period": "month", "ranges": ()})
        counter = _counter(program, "qualifier", head, basis, program.qualifier.scope)
        found.append(counter._replace(calendar=program.calendar))
    for number, condition in enumerate(program.condition):
        role = f"condition.{number}"
        head = _head(program, role, program.program.valid_from, program.program.valid_to)
        basis = _side(program, condition.measure, condition.unit)
        found.append(_counter(program, role, head, basis, condition.scope))
    if program.baseline is not None and program.baseline.against != "target":
        found.append(_baseline(program))
    return found


def _paid(program: Program) -> list[Counter]:
    """The paid measure: one counter for each run of slices that agree in audience and scope.

    Orders are invoices: credit notes are left out of their count.
    """
    parts: dict[str, Any] = {}
    if program.basis.measure == COUNTED[0] and program.basis.returns != "exclude":
        parts["basis"] = program.basis.model_copy(update={"returns": "exclude"})
    numbered = enumerate(program.slices())
    runs = [list(run) for _, run in groupby(numbered, key=lambda pair: (pair[1].audience, pair[1].scope))]
    if len(runs) == 1:
        counted = derived(program, **parts) if parts else program
        return [Counter(counted, program.id, "paid", by=_by(program.basis))]
    found = []
    for i, run in enumerate(runs):
        first, part = run[0]
        last = program.program.valid_to
        if i + 1 < len(runs):
            last = runs[i + 1][0][1].start - timedelta(days=1)
        changes = tuple(program.change[number - 1] for number, _ in run[1:])
        scale = part.scales[""]
        head = _head(program, f"paid.{i}", part.start, last)
        parts |= {"audience": part.audience, "scope": part.scope, "scale": scale, "tier": part.tier, "change": changes}
        found.append(Counter(derived(program, program=head, **parts), program.id, "paid", first, _by(program.basis)))
    return found


def _baseline(program: Program) -> Counter:
    """The paid measure day by day, from some years before the program on: what a growth is compared with, and when
    an account began to buy."""
    start = add_months(program.calendar.of(program.program.valid_from).start, -12 * _YEARS_BEFORE)
    head = _head(program, "baseline", start, date(LAST_YEAR, 12, 31))
    head = head.model_copy(update={"period": "program", "ranges": ()})
    basis = program.basis.model_copy(update={"net_of": ()})
    if basis.measure == COUNTED[0]:
        basis = basis.model_copy(update={"returns": "exclude"})
    counter = _counter(program, "baseline", head, basis, program.slices()[-1].scope, program.baseline)
    return counter._replace(by="day", calendar=program.calendar)


def _counter(
    program: Program, role: Role, head: Any, basis: Basis, scope: Scope, baseline: Baseline | None = None
) -> Counter:
    same_periods = (head.period, head.ranges) == (program.program.period, program.program.ranges)
    every = program.settlement.every if same_periods and role != "baseline" else None  # interim steps cut it too
    plain = {
        "qualifier": None, "condition": (), "baseline": baseline, "tier": None, "change": (), "combination": None,
        "settlement": program.settlement.model_copy(update={"every": every}),
    }  # fmt: skip
    return Counter(derived(program, program=head, basis=basis, scope=scope, **plain), program.id, role, 0, _by(basis))


def _by(basis: Basis) -> Granularity:
    """Orders are told apart by document, distinct products by product; the rest as the program accumulates."""
    counted: dict[str, Granularity] = {"orders": "document", "products": "product"}
    return counted.get(basis.measure, basis.accumulate)


def _side(program: Program, measure: str, unit: str) -> Basis:
    """The basis of a side measure: as the program's, for another figure, over the whole period."""
    returns = "exclude" if measure == COUNTED[0] else program.basis.returns
    parts = {"measure": measure, "unit": unit, "accumulate": "period", "net_of": (), "returns": returns}
    return program.basis.model_copy(update=parts)


def _head(program: Program, role: Role, first: date, last: date | None) -> Any:
    return program.program.model_copy(update={"id": f"{program.id}:{role}", "valid_from": first, "valid_to": last})
