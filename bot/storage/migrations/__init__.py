"""Migrations by Alembic, run at start under a lock, where the database is older than the head; one that is new is made
as the head at once, so that Alembic need not even be imported."""

from typing import Final

HEAD: Final = "0001"
"""The newest revision in `versions/`; a test holds it against Alembic's own view."""
