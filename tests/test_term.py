"""A term of work: it is known to be broken when what should go on until its end has failed."""

import asyncio
from typing import Any, cast

from bot.term import Term


async def test_a_term_is_broken_by_a_failure_alone() -> None:
    """Not by what has come to its end, nor by what goes on."""

    async def fails() -> None:
        raise ValueError

    async def ends() -> None:
        return

    async def goes_on() -> None:
        await asyncio.Event().wait()

    nothing = cast("Any", None)
    tasks = [asyncio.create_task(ends()), asyncio.create_task(goes_on())]
    term = Term(nothing, nothing, nothing, nothing, nothing, nothing, nothing, tasks)
    await asyncio.wait(term.tasks[:1])
    assert term.failure is None
    term.tasks.append(asyncio.create_task(fails()))
    await asyncio.wait(term.tasks[2:])
    assert isinstance(term.failure, ValueError)
    term.tasks[1].cancel()
