"""What the operators hear of KiriminAja's troubles: each once, also where it comes and goes."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.storage.tables import payments
from tests.flows.providing import DOWN, REFUSED, UP, Trouble, World, opened

MINUTE = timedelta(minutes=1)
DOWN_TOLD, BACK_TOLD, REFUSED_TOLD, WORKS_TOLD = (
    "AlertProviderDown", "AlertProviderBack", "AlertKeyRefused", "AlertKeyWorks",
)  # fmt: skip


@pytest.fixture
async def world(migrated_sqlite_url: str) -> AsyncIterator[World]:
    """Six payments: five that are looked at closely, one that is not due for the next hour."""
    database = await opened(migrated_sqlite_url)
    made = World(database, budget=0.05)
    await made.keep([f"XID-100{number}" for number in range(5)])
    await made.keep(["XID-2000"], status="closed", look_at=made.now + 60 * MINUTE)
    yield made
    await database.close()


@pytest.fixture
async def both(migrated_sqlite_url: str) -> AsyncIterator[World]:
    """One payment of Express, three of Instant, all looked at every few seconds."""
    database = await opened(migrated_sqlite_url)
    made = World(database)
    await made.keep(["XID-1000", *(f"PID-100{number}" for number in range(3))])
    yield made
    await database.close()


async def test_down_is_told_once_after_two_minutes_and_back_once_with_how_many_waited(world: World) -> None:
    """Over a change of the process, too. What was not due has not waited."""
    world.fare(DOWN)
    await world.run(1.9 * MINUTE)
    assert await world.told() == []
    await world.run(0.7 * MINUTE)
    assert await world.told() == [DOWN_TOLD]
    world.begin_anew()
    await world.run(5 * MINUTE)
    assert await world.told() == [DOWN_TOLD]
    world.fare(UP)
    await world.run(MINUTE)
    assert await world.told() == [DOWN_TOLD, BACK_TOLD]
    assert '"waited":5' in await world.last_told()


async def test_one_payment_that_is_not_due_is_enough_to_notice_that_it_is_back(world: World) -> None:
    """A person asked in vain, and nothing else is open: the probes go on by the one that is due in an hour."""
    async with world.database.begin() as tx:
        await tx.execute(payments.delete().where(payments.c.id != "XID-2000"))
    world.fare(DOWN)
    for _ in range(5):
        await world.provider.fetch("XID-3000", None, urgent=True)
    await world.run(3 * MINUTE)
    assert await world.told() == [DOWN_TOLD]
    world.fare(UP)
    await world.run(MINUTE)
    assert await world.told() == [DOWN_TOLD, BACK_TOLD]


async def test_a_side_that_is_down_alone_is_told_by_its_name_and_so_is_its_return(both: World) -> None:
    """Express answers all the while, and waits for nothing."""
    world = both
    world.instant = DOWN
    await world.run(1.9 * MINUTE)
    assert await world.told() == []
    await world.run(0.7 * MINUTE)
    assert await world.told() == [DOWN_TOLD]
    assert '"only":"instant"' in await world.last_told()
    world.begin_anew()
    await world.run(5 * MINUTE)
    assert await world.told() == [DOWN_TOLD]
    world.instant = UP
    await world.run(MINUTE)
    assert await world.told() == [DOWN_TOLD, BACK_TOLD]
    assert '"waited":3,"only":"instant"' in await world.last_told()


async def test_the_other_side_that_goes_down_too_is_told_by_its_name(both: World) -> None:
    """While the first is down; each is told to be back for itself."""
    world = both
    world.instant = DOWN
    await world.run(4 * MINUTE)
    world.express = DOWN
    await world.run(3 * MINUTE)
    assert await world.told() == [DOWN_TOLD, DOWN_TOLD]
    assert '"only":"express"' in await world.last_told()
    world.instant = UP
    await world.run(MINUTE)
    assert await world.told() == [DOWN_TOLD, DOWN_TOLD, BACK_TOLD]
    assert '"only":"instant"' in await world.last_told()
    world.express = UP
    await world.run(MINUTE)
    assert await world.told() == [DOWN_TOLD, DOWN_TOLD, BACK_TOLD, BACK_TOLD]
    assert '"waited":1,"only":"express"' in await world.last_told()


async def test_a_side_that_nobody_asked_is_not_the_one_that_is_back(both: World) -> None:
    """Express is down, nothing of Instant's was open: a payment of Instant's that is answered says nothing of it."""
    world = both
    async with world.database.begin() as tx:
        await tx.execute(payments.delete().where(payments.c.id != "XID-1000"))
    world.express = DOWN
    await world.run(3 * MINUTE)
    assert await world.told() == [DOWN_TOLD]
    await world.keep(["PID-2000"])
    await world.run(3 * MINUTE)
    assert await world.told() == [DOWN_TOLD]
    world.express = UP
    await world.run(MINUTE)
    assert await world.told() == [DOWN_TOLD, BACK_TOLD]


async def test_a_side_that_comes_back_later_than_the_other_is_no_news_before_two_more_minutes(both: World) -> None:
    """All of it was down: the first to answer is the all-clear, and a side that stays silent is told of after it."""
    world = both
    world.fare(DOWN)
    await world.run(4 * MINUTE)
    assert '"only":null' in await world.last_told()
    world.express = UP
    await world.run(1.5 * MINUTE)
    assert await world.told() == [DOWN_TOLD, BACK_TOLD]
    await world.run(1.5 * MINUTE)
    assert await world.told() == [DOWN_TOLD, BACK_TOLD, DOWN_TOLD]
    assert '"only":"instant"' in await world.last_told()
    world.instant = UP
    await world.run(MINUTE)
    assert await world.told() == [DOWN_TOLD, BACK_TOLD, DOWN_TOLD, BACK_TOLD]


async def test_a_key_that_is_refused_is_told_once_and_that_it_works_within_seconds(world: World) -> None:
    """Looks are held back meanwhile; that KiriminAja is down is not told on top of it."""
    world.fare(REFUSED)
    await world.run(5 * MINUTE)
    assert await world.told() == [REFUSED_TOLD]
    world.fare(UP)
    await world.run(timedelta(seconds=11))
    assert await world.told() == [REFUSED_TOLD, WORKS_TOLD]


@pytest.mark.parametrize("trouble", [DOWN, REFUSED], ids=["down", "key refused"])
async def test_a_provider_that_comes_and_goes_is_no_storm_of_alerts(world: World, trouble: Trouble) -> None:
    """Four minutes of trouble, half a minute without, for half an hour and more; then the all-clear, once."""
    for _ in range(6):
        world.fare(trouble)
        await world.run(4 * MINUTE)
        world.fare(UP)
        await world.run(0.5 * MINUTE)
    told = Counter(await world.told())
    began, over = (DOWN_TOLD, BACK_TOLD) if trouble is DOWN else (REFUSED_TOLD, WORKS_TOLD)
    assert set(told) == {began, over}
    assert told[began] - told[over] == 1, "trouble was told, and has not been taken back"
    assert told[began] <= 4
    await world.run(10 * MINUTE)
    assert Counter(await world.told()) == told + Counter([over])


async def test_a_key_that_one_side_takes_and_the_other_refuses_is_not_told_to_work(world: World) -> None:
    """Looks at Express and Instant alternate: the operators hear of the refusal, and no more."""
    await world.keep([f"PID-100{number}" for number in range(3)])
    world.instant = REFUSED
    await world.run(10 * MINUTE)
    assert await world.told() == [REFUSED_TOLD]
    world.instant = UP
    await world.run(MINUTE)
    assert await world.told() == [REFUSED_TOLD, WORKS_TOLD]
