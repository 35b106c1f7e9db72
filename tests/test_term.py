"""One holding of the lease: a part of it that dies is noticed."""

import asyncio
from typing import Any, cast

from bot.term import Term


async def test_a_task_that_died_is_noticed_and_one_that_ended_is_not() -> None:
    """The bell has nothing to listen for on SQLite, and the menus are set once; a cancelled task was ended by us."""

    async def end() -> None:
        return

    async def die() -> None:
        raise ValueError

    nothing = cast("Any", None)
    term = Term(nothing, nothing, nothing, nothing, nothing, nothing, nothing)
    lasting = asyncio.create_task(asyncio.Event().wait())
    cancelled = asyncio.create_task(asyncio.Event().wait())
    term.tasks = [cast("Any", lasting), asyncio.create_task(end()), cast("Any", cancelled)]
    cancelled.cancel()
    await asyncio.wait(term.tasks[1:])
    assert term.broken() is None
    dying = asyncio.create_task(die())
    await asyncio.wait([dying])
    term.tasks.append(dying)
    assert isinstance(term.broken(), ValueError)
    lasting.cancel()
