"""Short transactions that are wanted at the same time become one: what comes while one runs makes up the next."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, TypeVar

from bot.storage.trouble import DatabaseAway
from bot.storage.tx import Tx

AT_ONCE: Final = 32
"""Parts in one transaction: whoever has one of their own to begin waits for no more than these."""

Result = TypeVar("Result")
_Part = tuple[Callable[[Tx], Awaitable[Any]], asyncio.Future[Any]]


class Sharing:
    """Transactions that several may share. A part that is alone begins at once and waits for nobody."""

    def __init__(self, begin: Callable[[], AbstractAsyncContextManager[Tx]], *, one_writer: bool = True) -> None:
        """`one_writer`: whether transactions come one after another anyway. Where they do not (PostgreSQL), each part
        has its own: several parts' rows, held together, could end in a deadlock with somebody who holds them in
        another order."""
        self._begin = begin
        self._one_writer = one_writer
        self._waiting: list[_Part] = []
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, part: Callable[[Tx], Awaitable[Result]]) -> Result:
        """What `part` returns, once it is committed, or what it raises.

        A part touches nothing but the database, as it may be run twice: where one fails, all that was done with it is
        rolled back, and each gets a transaction of its own.
        """
        if not self._one_writer:
            async with self._begin() as tx:
                return await part(tx)
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((part, done))
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name="shared transactions")
        return await done

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
                await self._perform([one for one in batch if not one[1].done()])
        finally:
            self._running = None

    async def _perform(self, parts: Sequence[_Part]) -> None:
        try:
            async with self._begin() as tx:
                results = [await part(tx) for part, _ in parts]
        except Exception as error:
            # Where the database is at fault, it would be for each of them.
            if len(parts) > 1 and not isinstance(error, DatabaseAway):
                for one in parts:
                    await self._perform([one])
                return
            for _, done in parts:
                if not done.done():
                    done.set_exception(error)
            return
        for (_, done), result in zip(parts, results, strict=True):
            if not done.done():
                done.set_result(result)
