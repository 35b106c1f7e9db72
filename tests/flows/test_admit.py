"""The gate: who is staff, who may ask, who has guessed too often, and that a refusal takes its time."""

import asyncio
from datetime import datetime, timedelta

import pytest

from bot.core.access import Access
from bot.core.alerts import AlertGuessing
from bot.core.facts import AskedTooOften, NotAllowed, NotFound
from bot.core.watch import Place
from bot.flows.admit import Admit, Latencies, Staff
from bot.flows.announce import Operators
from bot.flows.asker import Asker
from bot.storage import chats, staff as listed_staff
from bot.storage.engine import Database
from bot.storage.tables import guesses, outbox
from tests.storage.making import ID, T0, keep_payment, keep_watch, rows_of

SARI, RINA, MIRA = 501, 502, 503
PRIVATE, GROUP, OPS = Place(SARI), Place(-100), Place(-900)
MINUTE = timedelta(minutes=1)


def asker(person_id: int | None = SARI, place: Place = PRIVATE, update_id: int = 1) -> Asker:
    """Somebody who writes."""
    return Asker(update_id, place, person_id, "id")


class Groups:
    """Telegram, as far as it tells who is in a group; `asked` keeps what it was asked."""

    def __init__(self, **members: set[int]) -> None:
        self.members = {int(name.removeprefix("g")): people for name, people in members.items()}
        self.asked: list[tuple[int, int]] = []

    async def is_member(self, chat_id: int, person_id: int) -> bool:
        self.asked.append((chat_id, person_id))
        return person_id in self.members.get(-chat_id, set())


class Gate:
    """An `Admit` with a clock that is set, and a sleep that only notes how long."""

    def __init__(self, database: Database, access: Access) -> None:
        self.database, self.now, self.slept = database, T0, list[float]()
        self.latencies = Latencies()
        self.groups = Groups(g300={MIRA})
        operators = Operators((OPS,), "id")
        staff = Staff(frozenset({RINA}), database, self.groups.is_member)
        self.admit = Admit(
            database, access, staff, self.latencies,
            operators=operators, clock=lambda: self.now, sleep=self.note_sleep,
        )  # fmt: skip

    async def note_sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def refused(
        self, person_id: int | None = SARI, place: Place = PRIVATE, payment_id: str = ID
    ) -> frozenset[str] | AskedTooOften:
        return await self.admit.refused(asker(person_id, place), [payment_id])

    async def guess(self, count: int, person_id: int | None = SARI, place: Place = PRIVATE) -> None:
        who = await self.admit.recognised(asker(person_id, place))
        for number in range(count):
            async with self.database.begin() as tx:
                await self.admit.note_unknown(tx, who, f"XID-{number}")

    async def alerts(self) -> list[str]:
        return [row.fact for row in await rows_of(self.database, outbox) if AlertGuessing.__name__ in (row.fact or "")]

    def pass_time(self, until: datetime) -> None:
        self.now = until


@pytest.mark.parametrize(
    ("access", "stranger", "watching", "in_a_group_that_watches"),
    [(Access.OPEN, True, True, True), (Access.LINK, False, True, False), (Access.STAFF, False, False, False)],
)
async def test_who_may_ask_is_by_access_and_by_what_the_chat_watches(
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
    sari, rina = [await gate.admit.recognised(asker(person)) for person in (SARI, RINA)]
    async with database.begin() as tx:
        told = await gate.admit.note_unknown(tx, sari, ID)
        assert told == (NotFound(ID) if access is Access.OPEN else NotAllowed(ID))
        assert await gate.admit.note_unknown(tx, rina, ID) == NotFound(ID)


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


async def test_a_missed_link_counts_like_an_unknown_id(database: Database) -> None:
    """Five of either, and a stranger waits; without an id to ask for nothing else is refused."""
    gate = Gate(database, Access.STAFF)
    assert await gate.admit.refused(asker()) == frozenset()
    await gate.guess(4)
    async with database.begin() as tx:
        await gate.admit.note_miss(tx, asker(), "digest")
    assert await gate.admit.refused(asker()) == AskedTooOften(T0 + 10 * MINUTE)


class TestStaff:
    """STAFF_USER_IDS, who is on the list, and the members of team groups."""

    async def test_who_is_staff(self, database: Database) -> None:
        """A team counts from when it is one, and no longer than that."""
        gate = Gate(database, Access.STAFF)

        async def are_staff() -> list[int]:
            gate.groups.asked.clear()
            people = (SARI, RINA, MIRA)
            return [who for who in people if (await gate.admit.recognised(asker(who, update_id=who))).is_staff]

        assert await are_staff() == [RINA]
        assert gate.groups.asked == []
        async with database.begin() as tx:
            await listed_staff.add_owner(tx, SARI, T0)
        assert await are_staff() == [SARI, RINA]
        assert not (await gate.admit.recognised(asker(None))).is_staff

    async def test_a_team_is_asked_about_once_an_update(self, database: Database) -> None:
        """And anew for the next one: who leaves is staff no longer."""
        gate = Gate(database, Access.STAFF)
        async with database.begin() as tx:
            await chats.meet(tx, -300, "group", 1, T0)
            await chats.set_team(tx, -300, T0)
        for _ in range(2):
            assert await gate.refused(MIRA, GROUP) == frozenset()
        assert gate.groups.asked == [(-300, MIRA)]
        gate.groups.members.clear()
        assert await gate.admit.refused(asker(MIRA, GROUP, update_id=2), [ID]) == frozenset({ID})

    async def test_nobody_is_asked_where_strangers_may(self, database: Database) -> None:
        """Telegram's calls are for those who would be refused."""
        gate = Gate(database, Access.OPEN)
        async with database.begin() as tx:
            await chats.meet(tx, -300, "group", 1, T0)
            await chats.set_team(tx, -300, T0)
        assert await gate.refused() == frozenset()
        assert gate.groups.asked == []

    async def test_what_telegram_does_not_say_in_time_is_a_no(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It fails closed."""
        monkeypatch.setattr("bot.flows.admit._TELL_WITHIN", 0.01)

        async def never(_chat_id: int, _person_id: int) -> bool:
            await asyncio.Event().wait()
            return True

        async with database.begin() as tx:
            await chats.meet(tx, -300, "group", 1, T0)
            await chats.set_team(tx, -300, T0)
        assert not await Staff(frozenset(), database, never).knows(MIRA)
