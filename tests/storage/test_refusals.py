"""A database that refuses us is told from one that is only away."""

import asyncio
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.storage.engine import Database, DatabaseError
from bot.storage.refusals import mend_of

AT = 'connection failed: connection to server at "db.example", port 5432 failed: '


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (AT + 'FATAL:  password authentication failed for user "paybot"', "password"),
        (AT + 'FATAL:  role "paybot" does not exist', "password"),
        (AT + 'FATAL:  role "paybot" is not permitted to log in', "password"),
        (AT + 'FATAL:  Peer authentication failed for user "paybot"', "password"),
        (AT + "fe_sendauth: no password supplied", "password"),
        (AT + 'FATAL:  database "paybot" does not exist', "database"),
        (AT + 'FATAL:  no pg_hba.conf entry for host "1.2.3.4", user "paybot", no encryption', "pg_hba"),
        (AT + "Connection refused\n" + AT + 'FATAL:  password authentication failed for user "a"', "password"),
    ],
)
def test_what_the_operator_has_to_mend(text: str, part: str) -> None:
    """By the driver's words, as it has no SQLSTATE for a connection that failed."""
    mend = mend_of(text, None)
    assert mend is not None
    assert part in mend


@pytest.mark.parametrize(
    "text",
    [
        AT + "Connection refused",
        AT + "FATAL:  the database system is starting up",
        AT + "FATAL:  the database system is not yet accepting connections",
        AT + "FATAL:  the database system is shutting down",
        AT + "FATAL:  sorry, too many clients already",
        AT + "server closed the connection unexpectedly",
        "failed to resolve host 'db.example': Name or service not known",
        "connection timeout expired",
    ],
)
def test_what_passes_is_waited_for(text: str) -> None:
    """A server that starts or has no room is no mistake of the operator's."""
    assert mend_of(text, None) is None


@pytest.mark.parametrize(("state", "wrong"), [("28P01", True), ("28000", True), ("3D000", True), ("57P03", False)])
def test_the_code_goes_first_where_there_is_one(state: str, wrong: bool) -> None:
    """Whatever language the server speaks."""
    assert (mend_of("Passwort-Authentifizierung fehlgeschlagen", state) is not None) is wrong


@pytest.mark.parametrize(
    ("before", "after", "part"),
    [("postgres:@", "nobody:very-secret@", "refuses the user"), ("?host=", "_not?host=", "no such database")],
)
async def test_the_real_server_says_so(postgres_url: str, before: str, after: str, part: str) -> None:
    """In one line, without what it was given; by every way of opening."""
    url = postgres_url.replace(before, after)
    assert url != postgres_url
    database = Database(url)
    for way in (database.open, database.open_existing, database.open_beside):
        with pytest.raises(DatabaseError, match=part) as refused:
            await way()
        assert str(refused.value).startswith("DATABASE_URL: ")
        assert "secret" not in str(refused.value)


async def test_a_password_that_is_refused(postgres_url: str, postgres: Any) -> None:
    """By a server that asks for one."""
    hba = Path(postgres.pgdata) / "pg_hba.conf"
    before = hba.read_text()
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("CREATE ROLE keeper LOGIN SUPERUSER PASSWORD 'right-one'")
        try:
            hba.write_text("local all keeper scram-sha-256\n" + before)
            admin.execute("SELECT pg_reload_conf()")
            for password in ("wrong-one", ""):
                refused = await _refused(postgres_url.replace("postgres:@", f"keeper:{password}@"))
                assert "password" in refused
                assert "wrong-one" not in refused
        finally:
            hba.write_text(before)
            admin.execute("SELECT pg_reload_conf()")
            admin.execute("DROP ROLE keeper")


async def _refused(url: str) -> str:
    """What is said, once the server has read its rules anew."""
    async with asyncio.timeout(10):
        while True:
            database = Database(url)
            try:
                await database.open()
            except DatabaseError as error:
                return str(error)
            await database.close()
