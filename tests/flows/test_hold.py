"""Provider trouble, from the looks' side: who asks, who waits, and what is lost (nothing)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import structlog

from bot.core.answer import Statement
from bot.core.facts import ProviderUnwell
from bot.core.payment import decide_on_ask, reply_to_ask
from bot.flows.inquire import inquire
from bot.flows.look import AT_ONCE
from bot.kiriminaja.breaker import OPENS_AFTER
from bot.storage import payments
from tests.flows.providing import DOWN, HANGING, PAGE, REFUSED, REFUSING, TOO_MANY, UP, Trouble, World, opened

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MANY = [f"XID-{number:05}" for number in range(10_000)]
EACH_WAY = {
    "connections refused": REFUSING,
    "no answer": HANGING,
    "503": DOWN,
    "a web page": PAGE,
    "the key refused": REFUSED,
    "429 for a minute": TOO_MANY,
}
each_way = pytest.mark.parametrize("trouble", EACH_WAY.values(), ids=EACH_WAY)
each_sort = pytest.mark.parametrize("trouble", [DOWN, REFUSED, TOO_MANY], ids=["503", "401", "429"])


@pytest.fixture
async def world(migrated_sqlite_url: str) -> AsyncIterator[World]:
    """On SQLite: the statements have tests on both."""
    database = await opened(migrated_sqlite_url)
    yield World(database)
    await database.close()


@each_sort
async def test_payments_do_not_hammer_who_does_not_answer(world: World, trouble: Trouble) -> None:
    """Ten minutes of trouble are a few calls and a probe now and then, and all clocks stand still."""
    count = 10_000 if trouble is DOWN else 80
    await world.keep(MANY[:count])
    world.fare(trouble)
    began = world.now
    await world.run(10 * MINUTE)
    assert len(world.calls) <= AT_ONCE + (10 if trouble is TOO_MANY else 62 if trouble is REFUSED else 25)
    rows = (await world.rows()).values()
    assert all(row.troubled_since <= began + MINUTE for row in rows)
    assert sum(row.failures > 0 for row in rows) <= len(world.calls), "the others were not touched one by one"


async def test_what_waited_is_looked_at_as_soon_as_there_are_answers_the_freshest_first(world: World) -> None:
    """Within a probe's pause, in a steady row; each has all the time its watch had left."""
    await world.keep([f"XID-1{number:03}" for number in range(40)], closes_at=world.now + HOUR)
    world.fare(DOWN)
    await world.run(3 * MINUTE)
    world.now += 3 * HOUR
    await world.keep(["XID-2000"], seen=False, failures=1, troubled_since=world.now)
    world.fare(UP)
    back = world.now
    await world.run(timedelta(seconds=20))
    asked = world.asked(back)
    assert asked[1] == "XID-2000", "after the probe"
    assert len(set(asked)) == 41
    rows = await world.rows()
    assert {row.status for row in rows.values()} == {"waiting"}
    assert all(row.troubled_since is None and row.failures == 0 for row in rows.values())
    # What was left when it began, counted from the answer on.
    assert all(row.closes_at >= back + HOUR for one, row in rows.items() if one != "XID-2000")


@each_sort
async def test_a_watch_survives_an_outage_longer_than_itself_though_it_was_not_due(
    world: World, trouble: Trouble
) -> None:
    """Nobody looked at it while the breaker was open, and it is looked at once before it could be over."""
    await world.keep(["XID-1000", "XID-1001"], closes_at=world.now + HOUR)
    await world.keep(["XID-1002"], closes_at=world.now + HOUR, look_at=world.now + 50 * MINUTE)
    world.fare(trouble)
    await world.run(2 * MINUTE)
    world.now += 2 * DAY
    await world.run(MINUTE)
    world.fare(UP)
    await world.run(2 * MINUTE)
    rows = await world.rows()
    assert {row.status for row in rows.values()} == {"waiting"}
    world.now += HOUR
    await world.run(MINUTE)
    assert {row.status for row in (await world.rows()).values()} == {"closed"}, "and comes to its end"


async def test_one_side_that_is_down_does_not_stop_the_other(world: World) -> None:
    """Express payments are looked at as ever; Instant ones wait, and go on by themselves."""
    await world.keep(["XID-1000", "PID-2000", "PID-2001"])
    world.instant = HANGING
    await world.run(3 * MINUTE)
    express = [one for _, one in world.calls if one == "XID-1000"]
    assert len(express) > 20
    assert len(world.calls) - len(express) < 2 * OPENS_AFTER + 10
    assert await world.told() == ["AlertProviderDown"]
    assert '"only":"instant"' in await world.last_told()
    world.instant = UP
    await world.run(timedelta(seconds=31))
    rows = await world.rows()
    assert all(row.troubled_since is None for row in rows.values())


async def test_a_single_payment_that_fails_by_itself_keeps_nobody_waiting(world: World) -> None:
    """KiriminAja answers for all others: nothing is held back."""
    await world.keep(["XID-1000", "XID-1001"])
    answer = world._answer  # the one payment is to fail
    world._answer = lambda request: DOWN if b"XID-1001" in request.content else answer(request)  # type: ignore[method-assign]
    world.begin_anew()
    await world.run(2 * MINUTE)
    assert len(world.calls) > 20
    assert not world.provider.sides.held()


async def test_whoever_takes_over_in_an_outage_finds_out_by_itself_and_nothing_stays(world: World) -> None:
    """Killed while looks were held back, and again right after the recovery."""
    await world.keep([f"XID-1{number:03}" for number in range(30)])
    world.fare(DOWN)
    await world.run(3 * MINUTE)
    began = len(world.calls)
    world.begin_anew()
    await world.run(3 * MINUTE)
    assert len(world.calls) - began <= AT_ONCE + 20
    world.fare(UP)
    await world.run(timedelta(seconds=31))
    world.begin_anew()
    await world.run(MINUTE)
    assert all(row.troubled_since is None for row in (await world.rows()).values())


@each_way
async def test_an_ask_in_trouble_is_answered_so_and_completed_by_the_watch(world: World, trouble: Trouble) -> None:
    """While looks are held back, too; the card comes once there are answers."""
    await world.keep(["XID-1000"])
    world.fare(trouble)
    await world.run(2 * MINUTE)
    answer = await inquire(world.provider, "XID-2000", None)
    decision = decide_on_ask(None, "XID-2000", answer, world.now, world.look.rules, watch_for=DAY)
    assert isinstance(reply_to_ask(decision.payment, answer), ProviderUnwell)
    async with world.database.begin() as tx:
        await payments.save(tx, decision.payment, decision.look_again_at)
    world.fare(UP)
    await world.run(timedelta(seconds=65))
    assert (await world.rows())["XID-2000"].qr


async def test_a_persons_ask_goes_first_though_ten_thousand_looks_are_due_and_the_budget_is_short(
    world: World,
) -> None:
    """It is the next call that is made, whatever waits for its turn."""
    world.begin_anew(turns=0.5)
    await world.keep(MANY)
    world.stands_still = True
    await world.look.run_due(lambda: None)
    while not world.calls:  # noqa: ASYNC110  # the first look takes the one turn there is
        await asyncio.sleep(0)
    assert isinstance(await inquire(world.provider, "XID-99999", None), Statement)
    assert [one for _, one in world.calls] == ["XID-00000", "XID-99999"]
    await world.look.drain(0)


async def test_a_long_retry_after_is_no_storm_of_writes(world: World) -> None:
    """The looks that were in the queue stay due; after the pause they are made."""
    await world.keep([f"XID-1{number:03}" for number in range(70)])
    world.fare(TOO_MANY)
    await world.run(timedelta(seconds=30))
    assert len(world.calls) <= AT_ONCE
    world.fare(UP)
    await world.run(timedelta(seconds=30))
    assert len(world.calls) <= AT_ONCE
    await world.run(2 * MINUTE)
    assert len({one for _, one in world.calls}) == 70


async def test_the_log_says_which_side_and_why(world: World) -> None:
    """One that is down is waited out, a key that is refused is the operator's to mend."""
    await world.keep([f"{kind}-100{number}" for kind in ("XID", "PID") for number in range(5)])
    with structlog.testing.capture_logs() as lines:
        world.express, world.instant = DOWN, REFUSED
        await world.run(2 * MINUTE)
        world.fare(UP)
        await world.run(2 * MINUTE)
    told = [(line["event"], repr(line["sides"])) for line in lines if line["event"].startswith("looks ")]
    assert ("looks held back", "{'express': 'http_503', 'instant': 'the key is refused'}") in told
    assert told[-1] == ("looks go on", "None")
