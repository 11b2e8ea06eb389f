"""Program definitions as the book knows them: registered by the hash of their content.

What a new definition holds for is said by its change mode. `everything`: for every period. `unsettled_only`: for
periods that were not settled yet; the others keep the definition they were settled by. `from_now` and
`from_period_start`: for documents from the day it was registered, or from the first day of the calculation period then
running; earlier documents keep the definition before, as a slice of one program. (design.md section 5)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from core.errors import RefusedError
from core.ledger.book import Batch
from core.ledger.tables import posting_transaction, program_version
from core.programs import Change, Program, program_from
from core.programs.counters import derived

_SAME = ("currency", "period", "ranges", "fiscal_start", "kind")
"""What of the head cannot differ between slices of one program."""


class Registered(NamedTuple):
    """A registered definition: its hash, since which batch it is known, and who imported it.

    `program` is what holds, composed of earlier definitions where the change mode says so.
    """

    program: Program
    hash: str
    known_from: int
    actor: str


def register(batch: Batch, program: Program, source: str) -> bool:
    """Register a definition. Returns whether it is new.

    Raises RefusedError where the same version of the program was registered with other content and anything of it
    was settled, or where it cannot follow the definition before in the way its change mode says.
    """
    digest = program.hash()
    rows = _versions(batch.connection, program.id)
    if rows and program_from(rows[-1].content, program.id).hash() == digest:
        return False
    if any(row.hash == digest for row in rows):
        raise RefusedError(
            f"program {program.id}: this content was registered before and replaced since",
            hint="give it a new program.version to return to it",
        )
    if any(row.version == program.program.version for row in rows) and _is_settled(batch.connection, program.id):
        raise RefusedError(
            f"program {program.id}: version {program.program.version!r} has been settled with other content",
            hint="state a new program.version, and what changes from which day under [[change]]",
        )
    if rows:
        _follow(_composed(rows), program, batch.at.date())
    batch.add(
        program_version,
        [
            {
                "hash": digest,
                "program": program.id,
                "version": program.program.version,
                "content": program.content(),
                "source": source,
                "actor": batch.actor,
                "at": batch.at,
            }
        ],
    )
    return True


def _is_settled(connection: Connection, program: str) -> bool:
    query = sa.select(posting_transaction.c.id).where(
        posting_transaction.c.program == program, posting_transaction.c.kind == "settle"
    )
    return connection.execute(query.limit(1)).scalar() is not None


def _versions(connection: Connection, program: str | None = None, known_batch: int | None = None) -> list[sa.Row[Any]]:
    """Every version that was registered, oldest first."""
    table = program_version.c
    query = sa.select(program_version).order_by(table.batch, table.at)
    if program is not None:
        query = query.where(table.program == program)
    if known_batch is not None:
        query = query.where(table.batch <= known_batch)
    return list(connection.execute(query))


def current(connection: Connection, known_batch: int | None = None) -> dict[str, Registered]:
    """The latest definition of each program, or the latest known at a batch."""
    by_program: dict[str, list[sa.Row[Any]]] = {}
    for row in _versions(connection, None, known_batch):
        by_program.setdefault(row.program, []).append(row)
    return {
        name: Registered(_composed(rows), rows[-1].hash, rows[-1].batch, rows[-1].actor)
        for name, rows in sorted(by_program.items(), key=lambda pair: pair[1][-1].batch)
    }


def registered(connection: Connection, program: str) -> Registered:
    """The latest definition of a program. Raises RefusedError, naming those there are."""
    found = current(connection)
    if program not in found:
        raise RefusedError(f"no program is called {program!r}; there are: {', '.join(sorted(found)) or 'none'}")
    return found[program]


def versions(connection: Connection, program: str, known_batch: int | None = None) -> list[Program]:
    """Every definition of a program that was registered, each as it stands for itself, oldest first."""
    return [program_from(row.content, program) for row in _versions(connection, program, known_batch)]


def by_hash(connection: Connection, digest: str) -> Program:
    """What held when the definition of a hash was the latest. Raises RefusedError where there is none."""
    row = connection.execute(sa.select(program_version).where(program_version.c.hash == digest)).one_or_none()
    if row is None:
        raise RefusedError(f"no definition is registered under {digest[:12]}")
    return _composed(_versions(connection, row.program, row.batch))


def _composed(rows: Sequence[sa.Row[Any]]) -> Program:
    """The last of some versions with what it takes over from those before."""
    found: Program | None = None
    for row in rows:
        program = program_from(row.content, row.program)
        found = program if found is None else _follow(found, program, row.at.date())
    assert found is not None  # noqa: S101 - nobody asks for a program without versions
    return found


def _follow(before: Program, program: Program, registered: date) -> Program:
    """What holds when a definition follows another one. Raises RefusedError where they do not go together."""
    mode = program.program.change_mode
    if mode in ("everything", "unsettled_only") or program.is_tier:
        return program
    cut = registered = program.program.change_from or registered
    if mode == "from_period_start":
        inside = min(max(registered, program.program.valid_from), program.program.valid_to or registered)
        cut = program.calendar.of(inside).start
    if cut <= before.program.valid_from:
        return program
    _check_alike(before, program)
    now = (
        max((part for part in program.slices() if part.start <= cut), key=lambda part: part.start, default=None)
        or program.slices()[0]
    )
    change = Change.model_construct(
        from_=cut, scale=now.scales[""], tier=now.tier, audience=now.audience, scope=now.scope
    )
    return derived(
        program,
        program=program.program.model_copy(update={"valid_from": before.program.valid_from}),
        audience=before.audience,
        scope=before.scope,
        scale=before.scale,
        tier=before.tier,
        change=(
            *(item for item in before.change if item.from_ < cut),
            change,
            *(item for item in program.change if item.from_ > cut),
        ),
    )


def _check_alike(before: Program, program: Program) -> None:
    other = [f"program.{name}" for name in _SAME if getattr(before.program, name) != getattr(program.program, name)]
    other += [
        name
        for name in ("basis", "qualifier", "condition", "baseline")
        if getattr(before, name) != getattr(program, name)
    ]
    first, last = before.slices()[-1], program.slices()[0]
    if (first.tier is None) != (last.tier is None):
        other.append("tier")
    if first.scales[""] is not None and last.scales[""] is None:
        other.append("scale")
    if first.audience.beneficiary != last.audience.beneficiary:
        other.append("audience.beneficiary")
    if other:
        raise RefusedError(
            f"program {program.id}: {', '.join(other)} cannot change within a period",
            hint='use change_mode = "everything" or "unsettled_only", or a program of a new id',
        )
