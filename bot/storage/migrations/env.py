"""Alembic's entry: it runs this file; the connection and its transaction come from `run.upgrade`."""

from alembic import context

from bot.storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
