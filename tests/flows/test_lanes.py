"""Work side by side: bounded, one at a time for each key, and an orderly end."""

import asyncio

from bot.flows.lanes import Lanes


async def test_a_key_is_busy_until_its_work_ends_and_then_free() -> None:
    """Whoever set it going hears so, once the place is free."""
    lanes, open_door = Lanes[str]("test", 2), asyncio.Event()
    freed: list[int] = []

    async def work() -> None:
        await open_door.wait()

    lanes.begin("a", work(), lambda: freed.append(lanes.free))
    lanes.begin("b", work(), lambda: freed.append(lanes.free))
    assert (set(lanes.busy), lanes.free) == ({"a", "b"}, 0)
    open_door.set()
    await lanes.drain(5)
    assert sorted(freed) == [0, 0]  # closing: nothing more is begun, though there is room
    assert (set(lanes.busy), lanes.free) == (set(), 0)


async def test_what_does_not_end_in_time_is_cancelled() -> None:
    """A drain takes no longer than it may."""
    lanes = Lanes[int]("test", 2)
    cancelled: list[int] = []

    async def stuck(number: int) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(number)
            raise

    lanes.begin(1, stuck(1), lambda: None)
    await lanes.drain(0.01)
    assert cancelled == [1]
    assert lanes.is_closing


async def test_with_nothing_under_way_there_is_nothing_to_wait_for() -> None:
    """A place is free until it is taken, and a failure frees it too."""
    lanes, done = Lanes[int]("test", 1), asyncio.Event()

    async def fail() -> None:
        raise ValueError

    assert lanes.free == 1
    lanes.begin(1, fail(), done.set)
    (task,) = (task for task in asyncio.all_tasks() if task.get_name() == "test 1")
    await asyncio.gather(task, return_exceptions=True)
    await done.wait()
    assert lanes.free == 1
    await lanes.drain(5)
    assert lanes.free == 0


async def test_a_drain_does_not_wait_for_what_rests() -> None:
    """What waits for its turn ends at once; what is at work may go on."""
    lanes, begun, go_on = Lanes[str]("test", 2), asyncio.Event(), asyncio.Event()
    ended: list[str] = []

    async def wait() -> None:
        begun.set()
        await asyncio.Event().wait()

    async def work() -> None:
        await go_on.wait()
        ended.append("work")

    lanes.begin("resting", lanes.rest("resting", wait()), lambda: ended.append("rest"))
    lanes.begin("working", work(), go_on.clear)
    await begun.wait()
    asyncio.get_running_loop().call_later(0.05, go_on.set)
    async with asyncio.timeout(2):
        await lanes.drain(60)
    assert ended == ["rest", "work"]
