"""The lease: one process works, and another follows as soon as it can't."""

import asyncio
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.storage.engine import Database, DatabaseError, is_out_of_reach
from bot.storage.lease import LASTS, RENEW_EVERY, Lease
from bot.storage.tables import lease as table
from tests.storage.making import rows_of


@pytest.fixture
async def postgres_database(migrated_postgres_url: str) -> AsyncIterator[Database]:
    """PostgreSQL alone: on SQLite the lock file has made sure already."""
    opened = Database(migrated_postgres_url)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def first(postgres_database: Database) -> AsyncIterator[Lease]:
    """A process that holds the lease."""
    lease = Lease(postgres_database, "first")
    assert await lease.take()
    yield lease
    await lease.disconnect()


@pytest.fixture
async def second(postgres_database: Database) -> AsyncIterator[Lease]:
    """Another process."""
    lease = Lease(postgres_database, "second")
    yield lease
    await lease.disconnect()


async def execute(database: Database, statement: str) -> None:
    """Changes what is in the database."""
    async with database.begin() as tx:
        await tx.execute(text(statement))


async def expire(database: Database) -> None:
    """Lets time pass for the lease, without sleeping."""
    await execute(database, "UPDATE lease SET expires_at = clock_timestamp() - interval '1 millisecond'")


async def cut_connection(database: Database) -> None:
    """What a killed process leaves behind: its connection is gone."""
    async with database.begin() as tx:
        await tx.execute(text("SELECT pg_terminate_backend(backend_pid, 5000) FROM lease"))


def set_clock(monkeypatch: pytest.MonkeyPatch, *times: float) -> None:
    """What the process's own clock tells from here on, once each, the last for good."""
    left = list(times)
    clock = SimpleNamespace(monotonic=lambda: left.pop(0) if len(left) > 1 else left[0])
    monkeypatch.setattr("bot.storage.lease.time", clock)


def test_a_lease_outlives_missed_renewals() -> None:
    """Two may fail, and another process has it within 15 seconds of a standstill all the same."""
    assert 3 * RENEW_EVERY.total_seconds() < LASTS.total_seconds() <= 12


async def test_one_of_two_holds_it(first: Lease, second: Lease) -> None:
    """The other stands by."""
    assert first.held
    assert not await second.take()
    assert not second.held
    assert (first.token, second.token) == (1, 0)


async def test_who_holds_it_keeps_it_by_renewing(postgres_database: Database, first: Lease, second: Lease) -> None:
    """An expiry comes to nothing when it was renewed before anybody else asked."""
    await expire(postgres_database)
    assert await first.renew()
    assert first.held
    assert not await second.take()


async def test_an_expired_one_is_taken_over(postgres_database: Database, first: Lease, second: Lease) -> None:
    """The token rises, and the first learns of it when it renews."""
    await expire(postgres_database)
    assert await second.take()
    assert second.token == first.token + 1
    assert not await first.renew()
    assert not first.held
    assert first.token == 0
    assert second.held


async def test_a_killed_process_is_replaced_at_once(postgres_database: Database, first: Lease, second: Lease) -> None:
    """Its connection is gone: nobody waits for the expiry."""
    await cut_connection(postgres_database)
    assert await second.take()
    with pytest.raises(DBAPIError) as failed:
        await first.renew()
    assert is_out_of_reach(failed.value)
    await first.disconnect()
    assert not await first.renew()


async def test_closing_the_own_connection_frees_it_at_once(first: Lease, second: Lease) -> None:
    """As when the database was out of reach for a while; PostgreSQL notices within a moment, not at the expiry."""
    await first.disconnect()
    async with asyncio.timeout(5):
        while not await second.take():  # noqa: ASYNC110  # the database tells nobody that a backend has ended
            await asyncio.sleep(0.01)


async def test_a_lost_connection_is_made_up_for_by_a_renewal(
    postgres_database: Database, first: Lease, second: Lease
) -> None:
    """A process that reconnects before anybody took over holds it again, over its new connection."""
    await cut_connection(postgres_database)
    await first.disconnect()
    assert await first.renew()
    assert not await second.take()
    assert first.held
    await cut_connection(postgres_database)
    assert await second.take()


async def test_a_restarted_connection_with_the_same_number_is_another(
    postgres_database: Database, first: Lease, second: Lease
) -> None:
    """Process ids come round again: the start of the connection tells them apart."""
    assert first.held
    await execute(postgres_database, "UPDATE lease SET backend_start = '1.0'")
    assert await second.take()


async def test_the_token_rises_with_every_change_of_hands(
    postgres_database: Database, first: Lease, second: Lease
) -> None:
    """Also when a process takes it that had it before."""
    tokens = [first.token]
    for taker in (second, first, second):
        await expire(postgres_database)
        assert await taker.take()
        tokens.append(taker.token)
    assert tokens == [1, 2, 3, 4]


async def test_releasing_frees_it_at_once(first: Lease, second: Lease) -> None:
    """An orderly stop leaves no gap."""
    await first.release()
    assert not first.held
    assert await second.take()
    assert second.token == 2


async def test_a_late_release_takes_it_from_nobody(postgres_database: Database, first: Lease, second: Lease) -> None:
    """Whoever has it by then keeps it."""
    await expire(postgres_database)
    assert await second.take()
    await first.release()
    assert await second.renew()
    third = Lease(postgres_database, "third")
    assert not await third.take()
    await third.disconnect()


async def test_releasing_what_was_never_taken_is_nothing(postgres_database: Database, second: Lease) -> None:
    """A standby stops too; so does a process that never asked."""
    await Lease(postgres_database, "never").release()
    await second.release()
    assert await rows_of(postgres_database, table) == []


async def test_it_is_not_held_once_a_renewal_is_overdue(first: Lease, monkeypatch: pytest.MonkeyPatch) -> None:
    """A frozen process knows by its own clock, before it has asked the database."""
    now = time.monotonic()
    set_clock(monkeypatch, now + LASTS.total_seconds() - 1)
    assert first.held
    set_clock(monkeypatch, now + LASTS.total_seconds() + 1)
    assert not first.held
    assert await first.renew()
    assert first.held


async def test_the_time_counts_from_the_question(first: Lease, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that took long shortens what is left: the database counted from before."""
    set_clock(monkeypatch, 100, 100 + LASTS.total_seconds() + 1)
    assert await first.renew()
    assert not first.held


async def test_on_sqlite_it_is_always_free_and_counts_up(migrated_sqlite_url: str) -> None:
    """Each start takes it anew; a renewal never fails."""
    for token in (1, 2):
        database = Database(migrated_sqlite_url)
        await database.open()
        lease = Lease(database, "me")
        assert not lease.held
        assert await lease.take()
        assert lease.held
        assert lease.token == token
        assert await lease.renew()
        await lease.release()
        assert not lease.held
        await database.close()


async def test_errors_of_the_database_come_through(postgres_url: str) -> None:
    """Not being able to ask is not a no."""
    with pytest.raises(DatabaseError, match="not open"):
        await Lease(Database(postgres_url), "me").take()


async def test_a_doubt_has_it_renewed_at_once(postgres_database: Database, first: Lease, second: Lease) -> None:
    """So too a renewal that failed; an answer ends the doubt, whatever it was."""
    first.doubt()
    await asyncio.wait_for(first.until_renewal(), 1)
    assert await first.renew()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(first.until_renewal(), 0.05)
    await cut_connection(postgres_database)
    with pytest.raises(DBAPIError):
        await first.renew()
    await asyncio.wait_for(first.until_renewal(), 1)
    assert await second.take()
    await first.disconnect()
    assert not await first.renew()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(first.until_renewal(), 0.05)
