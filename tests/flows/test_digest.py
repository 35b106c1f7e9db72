"""The digest's job: when it writes, and that it writes each date once."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.core.totals import Digest
from bot.core.watch import Place
from bot.flows.announce import Operators
from bot.flows.digest import TellDigest
from bot.storage import ledger
from bot.storage.engine import Database
from bot.storage.notation import from_json
from bot.storage.tables import outbox
from tests.storage.making import a_payment, rows_of

WIB = ZoneInfo("Asia/Jakarta")
OPS = (Place(-100, 7), Place(-200))
NINE = datetime(2026, 11, 23, 21, 0, tzinfo=WIB).astimezone(UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


class Evening:
    """The job at a time that the test sets."""

    def __init__(self, database: Database, places: tuple[Place, ...] = OPS) -> None:
        self.now = NINE
        self.woken = self.last_calls = 0
        self._database = database
        self._job = TellDigest(
            database,
            operators=Operators(places, "id"),
            zone=WIB,
            clock=lambda: self.now,
            wake_deliver=self._note_wake,
        )

    async def at(self, now: datetime) -> list[str]:
        """Runs it, checks that it names the next nine o'clock, and returns the keys of all that is written."""
        self.now = now
        next_at = await self._job.run_due(lambda: None)
        if next_at == NINE + 3 * HOUR - MINUTE:
            self.last_calls += 1
            return [row.key for row in await rows_of(self._database, outbox)]
        assert next_at == (NINE if now < NINE else NINE + 24 * HOUR if now < NINE + 24 * HOUR else NINE + 48 * HOUR)
        return [row.key for row in await rows_of(self._database, outbox)]

    async def ask(self, at: datetime) -> None:
        """Somebody asks for a payment."""
        async with self._database.begin() as tx:
            await ledger.open_entry(tx, a_payment(f"XID-{at.timestamp():.0f}"), at)

    def _note_wake(self) -> None:
        self.woken += 1


async def test_each_place_is_told_once_a_date(database: Database) -> None:
    """Not before nine; a second run, as after a restart, adds nothing; the next day is another."""
    evening = Evening(database)
    await evening.ask(NINE - HOUR)
    assert await evening.at(NINE - timedelta(seconds=1)) == []
    keys = ["digest:2026-11-23:-100:7", "digest:2026-11-23:-200:0"]
    assert await evening.at(NINE) == keys
    assert evening.woken == 1
    assert [from_json(row.fact) for row in await rows_of(database, outbox)] == [Digest(NINE)] * 2
    assert await Evening(database).at(NINE + HOUR) == keys
    await evening.ask(NINE + 20 * HOUR)
    assert len(await evening.at(NINE + 24 * HOUR)) == 4


async def test_who_was_off_at_nine_tells_it_until_midnight(database: Database) -> None:
    """And not the day after."""
    evening = Evening(database)
    await evening.ask(NINE - HOUR)
    assert await evening.at(NINE + 3 * HOUR) == []
    assert len(await evening.at(NINE + 3 * HOUR - timedelta(seconds=1))) == 2


async def test_a_day_with_nothing_has_none(database: Database) -> None:
    """What was yesterday is not told; what comes after nine still is."""
    evening = Evening(database)
    await evening.ask(NINE - 22 * HOUR)
    assert await evening.at(NINE) == []
    assert (evening.woken, evening.last_calls) == (0, 1)
    await evening.ask(NINE + HOUR / 2)
    assert len(await evening.at(NINE + HOUR)) == 2


async def test_what_comes_in_the_last_hour_is_told_before_midnight(database: Database) -> None:
    """A minute before, for the last time; a day that stays quiet is then over."""
    evening = Evening(database)
    assert await evening.at(NINE + 2.9 * HOUR) == []
    assert evening.last_calls == 1
    assert await evening.at(NINE + 3 * HOUR - MINUTE) == []
    assert evening.last_calls == 1
    await evening.ask(NINE + 2.95 * HOUR)
    assert len(await evening.at(NINE + 3 * HOUR - MINUTE)) == 2
