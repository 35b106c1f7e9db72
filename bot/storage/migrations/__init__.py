"""Migrations by Alembic, run at start under a lock; skipped, and Alembic not even imported, when the head matches."""

from typing import Final

HEAD: Final = "0001"
"""The newest revision in `versions/`; a test holds it against Alembic's own view."""
