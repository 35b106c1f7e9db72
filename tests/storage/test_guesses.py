"""Guesses: each unknown id once, no longer than it counts, and never in clear."""

from datetime import timedelta

from bot.core.access import waits_until
from bot.storage import guesses, purge
from bot.storage.engine import Database
from bot.storage.tables import guesses as table
from tests.storage.making import ID, SECOND, T0, rows_of

MINUTE = timedelta(minutes=1)


async def test_each_guesser_has_their_own(database: Database) -> None:
    """People and, for anonymous ones, groups, whose ids are negative."""
    async with database.begin() as tx:
        await guesses.note(tx, 9, ID, T0)
        await guesses.note(tx, -100, ID, T0 + SECOND)
        assert await guesses.of(tx, 9, T0 + MINUTE) == [T0]
        assert await guesses.of(tx, -100, T0 + MINUTE) == [T0 + SECOND]
        assert await guesses.of(tx, 8, T0 + MINUTE) == []


async def test_the_same_id_again_is_no_new_guess(database: Database) -> None:
    """Somebody who sends a typing error five times is not guessing; it counts from the last time on."""
    async with database.begin() as tx:
        for minute in range(5):
            await guesses.note(tx, 9, ID, T0 + minute * MINUTE)
        found = await guesses.of(tx, 9, T0 + 5 * MINUTE)
    assert found == [T0 + 4 * MINUTE]
    assert waits_until(found) is None


async def test_five_ids_make_a_wait_that_a_new_start_still_knows(database: Database) -> None:
    """It lies in the database."""
    async with database.begin() as tx:
        for number in range(5):
            await guesses.note(tx, 9, f"XID-{number}", T0 + number * SECOND)
    await database.close()
    await database.open()
    async with database.begin() as tx:
        assert waits_until(await guesses.of(tx, 9, T0 + MINUTE)) == T0 + 4 * SECOND + 10 * MINUTE


async def test_what_no_longer_counts_goes(database: Database) -> None:
    """After twice ten minutes, also from the table."""
    async with database.begin() as tx:
        await guesses.note(tx, 9, ID, T0)
        assert await guesses.of(tx, 9, T0 + 20 * MINUTE) == []
        assert await purge.purge(tx, T0 + 20 * MINUTE - SECOND) == 0
        assert await purge.purge(tx, T0 + 20 * MINUTE) == 1
    assert await rows_of(database, table) == []


async def test_what_was_typed_is_not_kept(database: Database) -> None:
    """A phone number can be typed where an id belongs."""
    async with database.begin() as tx:
        await guesses.note(tx, 9, "081200000002", T0)
    assert "0812" not in str(await rows_of(database, table))
