"""A new database, made as the newest revision without going through those before it."""

from sqlalchemy import Connection, text

from bot.storage.migrations import HEAD
from bot.storage.tables import metadata


def create_all(connection: Connection) -> None:
    """All tables, and the revision as Alembic notes it. Fails where any of them is there already."""
    metadata.create_all(connection, checkfirst=False)
    connection.execute(
        text(
            "CREATE TABLE alembic_version"
            " (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
        )
    )
    connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})
