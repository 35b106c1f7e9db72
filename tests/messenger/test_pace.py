"""Telegram's limits, on a clock of the test's own."""

import asyncio
from collections.abc import Iterator

import pytest

from bot.messenger import pace as module
from bot.messenger.pace import CHAT_BURST, GROUP_PER_MINUTE, Pace
from bot.sandbox.bot_api import Refusal
from bot.sandbox.flood import Flood

PERSON, GROUP = 5, -100
PRECISION = 1e-6


class VirtualTime:
    """The loop's time: jumps to the next timer whenever nothing else is to do."""

    def __init__(self, loop: asyncio.BaseEventLoop) -> None:
        self.now = 1_000.0
        self._select = loop._selector.select  # type: ignore[attr-defined]  # there is no public way

    def __call__(self) -> float:
        return self.now

    def select(self, timeout: float | None) -> object:
        """Waits for no time at all."""
        if timeout:
            self.now += timeout + PRECISION
        return self._select(0)


@pytest.fixture
async def clock(monkeypatch: pytest.MonkeyPatch) -> VirtualTime:
    """Time that passes only when it is waited for."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, asyncio.BaseEventLoop)
    clock = VirtualTime(loop)
    monkeypatch.setattr(loop, "time", clock)
    monkeypatch.setattr(loop._selector, "select", clock.select)  # type: ignore[attr-defined]
    return clock


async def turns(clock: VirtualTime, pace: Pace, chats: Iterator[int] | list[int]) -> list[float]:
    """When each of these messages may go, asked for one after another; seconds from now."""
    start, times = clock(), []
    for chat in chats:
        await pace.turn(chat)
        times.append(clock() - start)
    return times


def most_within(times: list[float], seconds: float) -> int:
    """The most of these in any window of that length."""
    return max(sum(start <= time < start + seconds - 1e-3 for time in times) for start in times)


async def test_a_chat_gets_a_small_burst_then_one_a_second(clock: VirtualTime) -> None:
    """Nobody waits for the first few."""
    times = await turns(clock, Pace(), [PERSON] * (CHAT_BURST + 3))
    assert times[CHAT_BURST - 1] < 0.2
    gaps = [later - earlier for earlier, later in zip(times[CHAT_BURST:], times[CHAT_BURST + 1 :], strict=False)]
    assert all(gap == pytest.approx(1, abs=0.1) for gap in gaps)


async def test_a_group_never_gets_more_than_twenty_within_a_minute(clock: VirtualTime) -> None:
    """In any minute, not only in the first: a burst on top of the rate would make it forty."""
    times = await turns(clock, Pace(), [GROUP] * 65)
    assert most_within(times, 60) == GROUP_PER_MINUTE == 20
    assert most_within(times, 1) <= CHAT_BURST + 1
    assert times[-1] < 200


async def test_all_chats_together_stay_below_thirty_a_second(clock: VirtualTime) -> None:
    """In any second; and the limit is made use of."""
    pace = Pace()
    start, times = clock(), []

    async def one(chat: int) -> None:
        await pace.turn(chat)
        await pace.depart()
        times.append(clock() - start)

    await asyncio.gather(*(one(chat) for chat in range(1, 301)))
    assert most_within(times, 1) <= 30
    assert 28.5 <= 299 / max(times) <= 30


async def test_what_was_held_up_after_its_turn_does_not_leave_with_those_behind_it(clock: VirtualTime) -> None:
    """A database that stops for half a second, pictures that take their time: no more than thirty leave within a
    second, and the limit is made use of."""
    pace, times = Pace(), []

    async def one(chat: int) -> None:
        await pace.turn(chat)
        await asyncio.sleep(max(0.0, 1_002.5 - clock()) if clock() > 1_002 else chat % 7 / 20)
        await pace.depart()
        times.append(clock())

    await asyncio.gather(*(one(chat) for chat in range(1, 301)))
    assert most_within(times, 1) <= 30
    assert 299 / (max(times) - min(times)) >= 28.5


async def test_a_timer_that_rings_late_costs_little_and_bursts_nothing(clock: VirtualTime) -> None:
    """A busy machine: what was lost is made up for, but never more than thirty within a second."""
    pace, times = Pace(), []
    for chat in range(1, 301):
        await pace.turn(chat)
        await pace.depart()
        times.append(clock())
        clock.now += 0.03 if chat % 2 else 0  # each other message keeps the loop
    assert most_within(times, 1) <= 30
    assert 299 / (times[-1] - times[0]) >= 28.5


async def test_what_had_its_turn_before_a_pause_of_all_does_not_leave_within_it(clock: VirtualTime) -> None:
    """Two chats are refused while its picture is drawn: it waits for another turn, once the pause is over."""
    pace = Pace()
    await pace.turn(PERSON)
    for chat in (1, 2):
        pace.refused(chat, 5)
    assert not await pace.depart()
    held_at = clock()
    await pace.turn(PERSON)
    assert await pace.depart()
    assert clock() - held_at >= 4.9


class Telegram:
    """Telegram's flood control as the sandbox has it, with messages that are tried until they went."""

    def __init__(self, clock: VirtualTime, per_second: float) -> None:
        self.flood = Flood(clock)
        self.flood.enabled = True
        self.flood.per_second = per_second
        self.pace = Pace()
        self.tries = 0
        self.closed_until = 0.0
        self._clock = clock

    async def send(self, chat: int) -> None:
        """One message, however often that takes; each answer is under way for a while."""
        while True:
            await self.pace.turn(chat)
            if not await self.pace.depart():
                continue
            self.tries += 1
            after = self._refusal(chat)
            await asyncio.sleep(0.1)
            if after is None:
                self.pace.went()
                return
            self.pace.refused(chat, after)
            await asyncio.sleep(after)

    def _refusal(self, chat: int) -> float | None:
        if (left := self.closed_until - self._clock()) > 0:
            self.flood.refused += 1
            return left
        try:
            self.flood.check(chat, group=chat < 0)
        except Refusal as refusal:
            return float((refusal.parameters or {})["retry_after"])
        return None


@pytest.mark.parametrize("per_second", [5.0, 10.0, 20.0, 28.0])
async def test_a_lower_limit_than_promised_is_found_at_little_cost(clock: VirtualTime, per_second: float) -> None:
    """Telegram slows a bot down: few messages meet a refusal, and two thirds of what it allows are used."""
    telegram = Telegram(clock, per_second)
    start = clock()
    await asyncio.gather(*(telegram.send(chat) for chat in range(1, 1_501)))
    assert telegram.flood.refused <= 0.04 * telegram.tries
    assert 1_500 / (clock() - start) >= 0.6 * per_second


async def test_a_pause_for_the_whole_bot_is_obeyed_by_all(clock: VirtualTime) -> None:
    """Telegram takes nothing for two minutes: a handful find out, hundreds wait, and all goes out after it."""
    telegram = Telegram(clock, 30)
    telegram.closed_until = clock() + 120
    await asyncio.gather(*(telegram.send(chat) for chat in range(1, 301)))
    assert telegram.flood.refused <= 12
    assert clock() - telegram.closed_until < 40


async def test_one_chats_pause_is_not_everybodys(clock: VirtualTime) -> None:
    """A single group that had too much, named for a minute: the others never wait for it."""
    telegram = Telegram(clock, 30)
    telegram.pace.refused(GROUP, 60)
    start = clock()
    await asyncio.gather(*(telegram.send(chat) for chat in range(1, 59)))
    assert clock() - start < 2.2
    telegram.pace.refused(GROUP, 60)  # the same again
    await asyncio.gather(*(telegram.send(chat) for chat in range(59, 117)))
    assert clock() - start < 4.4


async def test_two_chats_with_their_own_trouble_cost_the_others_seconds_at_most(clock: VirtualTime) -> None:
    """As long as others get through, their long pauses are taken for their own."""
    telegram = Telegram(clock, 30)
    telegram.pace.refused(GROUP, 60)
    await telegram.send(PERSON)
    telegram.pace.refused(GROUP - 1, 60)
    start = clock()
    await telegram.send(PERSON + 1)
    assert clock() - start < 3


async def test_the_rate_comes_back(clock: VirtualTime) -> None:
    """Half at once, all of it within two minutes."""
    telegram = Telegram(clock, 30)
    telegram.pace.refused(1, 1)
    telegram.pace.refused(2, 1)
    clock.now += 1
    rates = []
    for first in (1_000, 2_000):
        start = clock()
        await asyncio.gather(*(telegram.send(chat) for chat in range(first, first + 59)))
        rates.append(58 / (clock() - start))
        clock.now += 120
    assert 12 <= rates[0] <= 17
    assert rates[1] >= 27


async def test_a_slow_chat_holds_up_no_other(clock: VirtualTime) -> None:
    """What waits for its own chat takes nothing from the rest."""
    pace = Pace()
    await turns(clock, pace, [PERSON] * CHAT_BURST)
    waiting = asyncio.create_task(pace.turn(PERSON))
    await asyncio.sleep(0)
    assert (await turns(clock, pace, [PERSON + 1]))[0] < 0.2
    assert not waiting.done()
    await waiting


async def test_only_idle_chats_are_forgotten(clock: VirtualTime, monkeypatch: pytest.MonkeyPatch) -> None:
    """A group that was just written to keeps its count."""
    monkeypatch.setattr(module, "_REMEMBERED", 5)
    pace = Pace()
    times = await turns(clock, pace, [GROUP] * 15)
    await turns(clock, pace, [1, 2, 3, 4])
    clock.now += 10
    await turns(clock, pace, [6, 7, 8, 9])  # forgets the four, which are idle by now
    assert GROUP in pace._chats
    assert not {1, 2, 3, 4} & set(pace._chats)
    sent_at = [1_000 + time for time in times]
    for _ in range(10):
        await pace.turn(GROUP)
        sent_at.append(clock())
    assert most_within(sent_at, 60) <= GROUP_PER_MINUTE


async def test_an_idle_group_is_forgotten_after_its_minute(
    clock: VirtualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By then a new one is as good."""
    monkeypatch.setattr(module, "_REMEMBERED", 1)
    pace = Pace()
    await pace.turn(GROUP)
    clock.now += 61
    await pace.turn(PERSON)
    assert set(pace._chats) == {PERSON}
