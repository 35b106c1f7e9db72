"""Telegram's limits, on a clock of the test's own."""

import asyncio
from collections.abc import Iterator

import pytest

from bot.messenger import pace as module
from bot.messenger.pace import CHAT_BURST, GROUP_PER_MINUTE, Pace

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
        times.append(clock() - start)

    await asyncio.gather(*(one(chat) for chat in range(1, 301)))
    assert 25 <= most_within(times, 1) <= 30
    assert max(times) < 12


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
