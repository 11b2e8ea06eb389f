"""The schema of the book, by Alembic migrations."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from core.errors import FatalError
from core.ledger.book import no_book

MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def prepare(engine: Engine, *, create: bool) -> None:
    """Bring the schema to this program's version. Raises FatalError where it is newer, or absent and not `create`."""
    config = alembic_config()
    script = ScriptDirectory.from_config(config)
    head = script.get_current_head()
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        connection.rollback()
    if current == head:
        return
    if current is None and not create:
        raise no_book(engine.url)
    if current is not None and current not in {item.revision for item in script.walk_revisions()}:
        raise FatalError(
            f"the book at {engine.url.render_as_string()} was written by a newer rebated (schema {current})",
            hint="install that version or a later one",
        )
    with engine.connect().execution_options(rebated_write=True) as connection:
        config.attributes["connection"] = connection
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(sa.text("select pg_advisory_xact_lock(7226583)"))
            command.upgrade(config, "head")
