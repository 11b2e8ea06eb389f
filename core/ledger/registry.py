"""Program definitions as the book knows them: registered by the hash of their content."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from core.errors import RefusedError
from core.ledger.book import Batch
from core.ledger.tables import posting_transaction, program_version
from core.programs import Program, program_from


class Registered(NamedTuple):
    """A registered definition: its hash, since which batch it is known, and who imported it."""

    program: Program
    hash: str
    known_from: int
    actor: str


def register(batch: Batch, program: Program, source: str) -> bool:
    """Register a definition. Returns whether it is new.

    Raises RefusedError where the same version of the program was registered with other content and anything of it
    was settled.
    """
    digest = program.hash()
    table = program_version.c
    rows = batch.connection.execute(
        sa.select(table.hash, table.version, table.batch, table.content)
        .where(table.program == program.id)
        .order_by(table.batch.desc(), table.at.desc())
    ).all()
    if rows and program_from(rows[0].content, program.id).hash() == digest:
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


def current(connection: Connection, known_batch: int | None = None) -> dict[str, Registered]:
    """The latest definition of each program, or the latest known at a batch."""
    table = program_version.c
    query = sa.select(table.hash, table.program, table.content, table.batch, table.actor).order_by(table.batch)
    if known_batch is not None:
        query = query.where(table.batch <= known_batch)
    return {
        row.program: Registered(program_from(row.content, row.program), row.hash, row.batch, row.actor)
        for row in connection.execute(query)
    }


def by_hash(connection: Connection, digest: str) -> Program:
    """The definition registered under a hash. Raises RefusedError where there is none."""
    content = connection.execute(sa.select(program_version.c.content).where(program_version.c.hash == digest)).scalar()
    if content is None:
        raise RefusedError(f"no definition is registered under {digest[:12]}")
    return program_from(content, digest[:12])
