"""Alembic's way in: migrations run in the transaction that ``database.py`` opened."""

from __future__ import annotations

from alembic import context

from isinglass.service.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
