"""Alembic's entrance. The connection is always handed in by `core.ledger.schema`."""

from alembic import context

from core.ledger.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=False, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
