"""The gate: who may ask, who has guessed too often, and that a refusal takes its time."""

from datetime import datetime, timedelta

import pytest

from bot.core.access import Access
from bot.core.facts import AlertGuessing, AskedTooOften, NotAllowed, NotFound
from bot.core.watch import Place
from bot.flows.admit import Admit, Latencies, Staff
from bot.flows.announce import Operators
from bot.storage.engine import Database
from bot.storage.tables import guesses, outbox
from tests.storage.making import ID, T0, keep_payment, keep_watch, rows_of

SARI, RINA = 501, 502
PRIVATE, GROUP, OPS = Place(SARI), Place(-100), Place(-900)
MINUTE = timedelta(minutes=1)


class Gate:
    """An `Admit` with a clock that is set, and a sleep that only notes how long."""

    def __init__(self, database: Database, access: Access) -> None:
        self.database, self.now, self.slept = database, T0, list[float]()
        self.latencies = Latencies()
        operators = Operators((OPS,), "id")
        staff = Staff(frozenset({RINA}))
        self.admit = Admit(
            access, staff, self.latencies, operators=operators, clock=lambda: self.now, sleep=self.note_sleep
        )

    async def note_sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def refused(
        self, person_id: int | None = SARI, place: Place = PRIVATE, payment_id: str = ID
    ) -> frozenset[str] | AskedTooOften:
        async with self.database.begin() as tx:
            return await self.admit.refused(tx, person_id, place, [payment_id])

    async def guess(self, count: int, person_id: int | None = SARI, place: Place = PRIVATE) -> None:
        for number in range(count):
            async with self.database.begin() as tx:
                await self.admit.note_unknown(tx, person_id, place, f"XID-{number}")

    async def alerts(self) -> list[str]:
        return [row.fact for row in await rows_of(self.database, outbox) if AlertGuessing.__name__ in (row.fact or "")]

    def pass_time(self, until: datetime) -> None:
        self.now = until


@pytest.mark.parametrize(
    ("access", "stranger", "watching", "in_a_group_that_watches"),
    [(Access.OPEN, True, True, True), (Access.LINK, False, True, False), (Access.STAFF, False, False, False)],
)
async def test_who_may_ask(
    database: Database, access: Access, stranger: bool, watching: bool, in_a_group_that_watches: bool
) -> None:
    """Staff always; with links who has been shown the payment in private; in a group the person counts."""
    gate = Gate(database, access)
    assert (await gate.refused() == frozenset()) is stranger
    assert await gate.refused(RINA) == frozenset()
    assert await gate.refused(RINA, GROUP) == frozenset()
    assert (await gate.refused(None, GROUP) == frozenset()) is stranger
    await keep_payment(database)
    await keep_watch(database, place=PRIVATE)
    await keep_watch(database, place=GROUP)
    assert (await gate.refused() == frozenset()) is watching
    assert (await gate.refused(SARI, GROUP) == frozenset()) is in_a_group_that_watches
    assert (await gate.refused(None, GROUP) == frozenset()) is in_a_group_that_watches


async def test_five_guesses_wait_ten_minutes_and_no_longer(database: Database) -> None:
    """From the last one on, wherever the person asks; everybody else goes on."""
    gate = Gate(database, Access.OPEN)
    await gate.guess(4)
    assert await gate.refused() == frozenset()
    await gate.guess(5)
    until = T0 + 10 * MINUTE
    assert await gate.refused() == await gate.refused(SARI, GROUP) == AskedTooOften(until)
    assert await gate.refused(777, GROUP) == frozenset()
    gate.pass_time(until)
    assert await gate.refused() == frozenset()


async def test_the_operators_hear_of_a_guesser_once(database: Database) -> None:
    """However often they come back that day, and not of staff, who never wait."""
    gate = Gate(database, Access.OPEN)
    await gate.guess(9)
    gate.pass_time(T0 + 30 * MINUTE)
    await gate.guess(6)
    await gate.guess(9, RINA)
    assert len(await gate.alerts()) == 1
    assert await gate.refused(RINA) == frozenset()
    assert {row.guesser for row in await rows_of(database, guesses)} == {SARI}


async def test_anonymous_guesses_count_for_their_chat(database: Database) -> None:
    """Telegram doesn't say who it was; people there who say who they are go on."""
    gate = Gate(database, Access.OPEN)
    await gate.guess(5, None, GROUP)
    assert isinstance(await gate.refused(None, GROUP), AskedTooOften)
    assert await gate.refused(None, Place(-200)) == frozenset()
    assert await gate.refused(SARI, GROUP) == frozenset()


@pytest.mark.parametrize("access", Access)
async def test_a_stranger_is_told_not_found_only_where_anybody_may_ask(database: Database, access: Access) -> None:
    """Elsewhere unknown and forbidden are one text; staff always learn which it is."""
    gate = Gate(database, access)
    async with database.begin() as tx:
        told = await gate.admit.note_unknown(tx, SARI, PRIVATE, ID)
        assert told == (NotFound(ID) if access is Access.OPEN else NotAllowed(ID))
        assert await gate.admit.note_unknown(tx, RINA, PRIVATE, ID) == NotFound(ID)


async def test_a_refusal_takes_as_long_as_looks_did(database: Database) -> None:
    """Each one as long as some look of late; before the first, a while."""
    gate = Gate(database, Access.STAFF)
    await gate.admit.linger()
    assert gate.slept.pop() > 0
    for number in range(200):
        gate.latencies.note(number)
    for _ in range(50):
        await gate.admit.linger()
    assert set(gate.slept) <= set(range(136, 200))
    assert len(set(gate.slept)) > 1
