"""Telegram in trouble, and messages that are: nothing is lost, nobody waits longer than they must."""

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings, strategies as st

from bot.core import commands, connections, facts, journey
from bot.core.watch import Place
from bot.flows.deliver import CHATS_AT_ONCE
from bot.flows.lapse import NOT_IN_TIME
from bot.messenger.sender import Outcome, RetryAt, Undeliverable
from bot.storage import chats, outbox
from bot.storage.engine import Database
from bot.storage.outbox import RowState
from bot.storage.tables import chats as chats_table, outbox as table
from tests.flows.delivering import LOST, World
from tests.flows.outage import PAID, UNREACHED, keep_many, opened_in_memory, outage
from tests.storage.making import SECOND, T0, keep_notice, rows_of

HOUR = timedelta(hours=1)
UNWELL = RetryAt("NetworkError", maybe_sent=True)


@pytest.fixture
async def database(migrated_sqlite: Path) -> AsyncIterator[Database]:
    """SQLite is enough here: what differs between the two is tested with the storage."""
    async with opened_in_memory(migrated_sqlite) as opened:
        yield opened


@pytest.mark.parametrize("failure", [UNREACHED, UNWELL], ids=lambda failure: failure.problem)
async def test_after_a_time_out_of_reach_all_is_told_at_once(database: Database, failure: RetryAt) -> None:
    """Few knocks meanwhile; then all chats at Telegram's pace, each once, in order. Hours by `tests.flows.outage`."""
    time, chats = timedelta(minutes=10), 100
    found = await outage(database, time, chats, failure)
    assert found.knocks <= CHATS_AT_ONCE + time / timedelta(seconds=8)
    assert found.knocks_at_one_chat <= 3
    assert found.told == {
        chat: [f"a{chat}", f"b{chat}"] if chat % 2 == 0 else [f"a{chat}"] for chat in range(1, chats + 1)
    }
    assert found.first_after <= timedelta(seconds=10.5)
    assert found.last_after <= timedelta(seconds=10.5 + 1.5 * chats / 28)


async def test_two_chats_alone_are_told_within_seconds_too(database: Database) -> None:
    """A quiet bot: nobody else is there to tell whose trouble it is."""
    world = World(database, lambda *_: UNWELL)
    await keep_many(database, [("a", 1), ("b", 2)], T0)
    await world.run(timedelta(minutes=5))
    world.says = lambda *_: None
    back_at = world.now
    await world.run(timedelta(minutes=1))
    assert all(at - back_at <= timedelta(seconds=10.5) for at in world.told_at.values())
    assert len(world.told_at) == 2


async def test_a_half_dead_line_leaves_nobody_behind(database: Database) -> None:
    """Nine of ten tries fail for a quarter of an hour: what failed often is due again once all goes."""
    chance = random.Random(7)
    world = World(database, lambda *_: UNREACHED if chance.random() < 0.9 else None)
    for minute in range(15):
        await keep_many(database, [(f"{minute}:{chat}", chat) for chat in range(1, 5)], world.now)
        await world.run(timedelta(minutes=1))
    world.says = lambda *_: None
    await world.run(timedelta(minutes=2))
    assert all(sorted(world.told[chat]) == sorted(f"{minute}:{chat}" for minute in range(15)) for chat in range(1, 5))


async def test_a_message_telegram_chokes_on_is_tried_ever_more_rarely(database: Database) -> None:
    """Its own pauses grow to an hour; others in its chat wait a minute for it at most, and nobody elsewhere."""
    world = World(database, lambda _, text: UNWELL if text == "poison" else None)
    await keep_many(database, [("poison", 1), ("behind", 1)], T0)
    for number in range(130):
        await keep_many(database, [(f"other{number}", 2)], world.now)
        await world.run(timedelta(seconds=10) if number < 60 else timedelta(minutes=5))
    tries = [at for at, chat in world.tries if chat == 1]
    assert len(tries) < 35
    assert tries[-1] - tries[-2] > timedelta(minutes=45)
    assert world.told_at["behind"] - T0 < timedelta(minutes=5)
    await keep_many(database, [("new", 1)], world.now)
    asked_at = world.now
    await world.run(timedelta(minutes=1))
    assert world.told_at["new"] - asked_at < SECOND
    world.says = lambda *_: None
    await world.run(HOUR)
    assert world.told[1] == ["behind", "new", "poison"]


async def test_a_start_tries_again_at_once_what_failed_before_it(database: Database) -> None:
    """Whoever restarts may have mended what was wrong: what failed so often that it waits for an hour goes again."""
    world = World(database, lambda chat, _: UNWELL if chat == 1 else None)
    await keep_many(database, [("a", 1)], T0)
    for number in range(60):
        await keep_many(database, [(f"b{number}", 2)], world.now)
        await world.run(timedelta(minutes=2))
    assert 1 not in world.told
    restarted = World(database)
    restarted.now = world.now
    await restarted.run(timedelta(seconds=5))
    assert restarted.told[1] == ["a"]


async def test_a_pause_that_telegram_named_is_kept_also_after_an_outage(database: Database) -> None:
    """Coming back within reach makes due what had failed, not what was told to wait."""
    answers: dict[int, Outcome] = {1: RetryAt("429", after=300)}
    world = World(database, lambda chat, _: answers.get(chat))
    await keep_many(database, [("slow", 1), ("slow2", 1)], T0)
    await world.run(SECOND)
    answers |= dict.fromkeys(range(2, 9), UNREACHED)
    await keep_many(database, [(f"k{chat}", chat) for chat in range(2, 9)], world.now)
    await world.run(timedelta(minutes=1))
    answers.clear()
    await world.run(timedelta(minutes=3))
    assert set(world.told_at) == {f"k{chat}" for chat in range(2, 9)}
    await world.run(timedelta(minutes=2))
    assert world.told[1] == ["slow", "slow2"]
    assert world.told_at["slow"] - T0 >= timedelta(seconds=300)
    assert {row.attempts for row in await rows_of(database, table) if row.chat_id == 1} == {1}


OUTCOMES = st.sampled_from([
    None, None, LOST, UNREACHED, UNWELL, RetryAt("429", after=7), RetryAt("TelegramError"), Undeliverable("no"),
])  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.integers(1, 3), min_size=1, max_size=10),
    outcomes=st.lists(OUTCOMES, max_size=30),
    step=st.integers(0, 3),
)
async def test_a_chat_hears_everything_once_and_in_order_whatever_happens(
    database: Database, rows: list[int], outcomes: list[Any], step: int
) -> None:
    """Random outcomes, messages written meanwhile: only a final no leaves one out, and none is told twice."""
    async with database.begin() as tx:
        await tx.execute(table.delete())
        await tx.execute(chats_table.delete())
    said, refused = iter(outcomes), set()

    def says(_: int, text: str) -> Outcome | str | None:
        answer: Outcome | str | None = next(said, None)
        if isinstance(answer, Undeliverable):
            refused.add(text)
        return answer

    world = World(database, says)
    for chat in set(rows):
        await world.meet(chat)
    for number, chat in enumerate(rows):
        await keep_many(database, [(f"{number:02}", chat)], world.now)
        await world.run(timedelta(seconds=step))
    await world.run(timedelta(minutes=10))
    for chat in set(rows):
        mine = [f"{number:02}" for number, one in enumerate(rows) if one == chat]
        assert world.told[chat] == [text for text in mine if text not in refused or text in world.told[chat]]
    assert {row.state for row in await rows_of(database, table)} <= {RowState.SENT, RowState.DEAD}


# --- deadlines ---


async def test_what_is_too_late_is_put_aside_and_paid_is_told(database: Database) -> None:
    """After two hours: of the alerts only that there were some, no driver's coming; "paid" and answers are told."""
    world = World(database, lambda *_: UNREACHED)
    late: dict[str, tuple[int, Any]] = {
        "ops:down": (9, connections.AlertProviderDown(T0)),
        "driver": (1, journey.NoDriver(15, ("ORD-1",))),
        "sum": (1, commands.Total(2, 130_000)),
        "paid": (1, PAID),
        "help": (2, facts.Help()),
        "closed": (3, facts.WatchClosed(T0)),
    }
    for key, (chat, fact) in late.items():
        await keep_notice(database, key, Place(chat), fact=fact)
    await world.run(timedelta(minutes=1))
    world.now += 1.5 * HOUR
    await keep_notice(database, "ops:back", Place(9), fact=connections.AlertOtherPoller(), now=world.now)
    await world.run(timedelta(minutes=1))
    world.now += 0.5 * HOUR
    world.says = lambda *_: None
    await world.run(timedelta(minutes=1))
    missed = f"ops:missed:{T0:%Y%m%d}:9:0"
    assert dict(world.told) == {1: ["paid"], 2: ["help"], 3: ["closed"], 9: ["ops:back", missed]}
    rows = {row.key: row for row in await rows_of(database, table)}
    assert (rows["ops:down"].state, rows["driver"].state, rows["sum"].state) == (
        RowState.DEAD,
        RowState.DROPPED,
        RowState.DROPPED,
    )
    assert rows["ops:down"].problem.startswith(NOT_IN_TIME)
    assert {key for key in late if rows[key].state == RowState.SENT} == {"paid", "help", "closed"}


async def test_what_returns_from_rest_too_late_is_not_told(database: Database) -> None:
    """A chat that comes back after a week hears "paid", and not that its watch was over then."""
    world = World(database)
    async with database.begin() as tx:
        await chats.meet(tx, 1, "private", 0, T0)
        await chats.silence(tx, 1, "blocked", T0)
        for key, fact in (("closed", facts.WatchClosed(T0)), ("paid", PAID)):
            await outbox.put_notice(tx, key, Place(1), fact, locale="id", now=T0, watch_id=17)
    await world.run(SECOND)
    world.now += timedelta(days=7)
    async with database.begin() as tx:
        await chats.wake(tx, 1, world.now)
    await world.run(SECOND)
    assert world.told[1] == ["paid"]
    assert {row.key: row.state for row in await rows_of(database, table)}["closed"] == RowState.DEAD


async def test_what_a_block_refused_is_not_searched_for_on_return(database: Database) -> None:
    """Telegram said no: nothing was sent that could be found."""
    world = World(database, lambda *_: Undeliverable("blocked", chat_is_gone=True))
    await world.meet(1)
    await keep_notice(database, "paid", Place(1), fact=PAID, watch_id=17)
    await world.run(SECOND)
    world.says = lambda *_: None
    async with database.begin() as tx:
        await chats.wake(tx, 1, world.now)
    await world.run(SECOND)
    assert (world.told[1], len(world.tries)) == (["paid"], 2)


@pytest.mark.parametrize(("chats", "over"), [(1, 0), (100, 2)], ids=["a quiet bot", "a busy one"])
async def test_an_outage_fills_no_log(database: Database, chats: int, over: int) -> None:
    """What keeps failing for everybody is said at the beginning and at the end, and each row by its number."""
    with structlog.testing.capture_logs() as lines:
        found = await outage(database, timedelta(minutes=10), chats)
    assert found.knocks > 50
    told = [line for line in lines if line["log_level"] == "warning"]
    failed = [line for line in told if line["event"] == "not delivered"]
    assert len(failed) == (1 if chats == 1 else 0), "where it is Telegram's trouble, it is nobody's own"
    assert {line["message"] for line in failed} <= {row.id for row in await rows_of(database, table)}
    assert [line["event"] for line in told if line not in failed] == (
        ["Telegram takes nothing", "Telegram takes messages again"][:over]
    )


async def test_a_429_says_for_how_long(database: Database) -> None:
    """Which tells a short breath from an hour of silence."""
    world = World(database, lambda *_: None if world.tries[1:] else RetryAt("429", 7.0))
    await keep_many(database, [("a", 1)], T0)
    with structlog.testing.capture_logs() as lines:
        await world.run(timedelta(minutes=1))
    assert [(line["event"], line.get("after")) for line in lines] == [("not delivered", 7.0), ("delivered", None)]
