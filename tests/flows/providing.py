"""The looks of a process against a KiriminAja that fares as it is told, in time that is set by hand."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
from sqlalchemy import insert

from bot.core.cadence import Cadence
from bot.core.watch import Place
from bot.flows.announce import Operators
from bot.flows.look import Look
from bot.flows.outages import Outages
from bot.kiriminaja.client import KiriminAja
from bot.kiriminaja.pace import Pace
from bot.kiriminaja.wire import HttpxWire
from bot.metrics import Metrics
from bot.storage.engine import Database
from bot.storage.tables import outbox, payments
from tests.core.making import qr_for
from tests.storage.making import T0, rows_of

OPS: Final = Place(-900)
LONGEST_PAUSE: Final = timedelta(seconds=30)
"""How long this job sleeps at most where nothing is due; the real one sleeps less."""

UP: Final = None
DOWN: Final = httpx.Response(503, json={"message": "Service Unavailable"})
REFUSED: Final = httpx.Response(401, json={"message": "Unauthenticated."})
REFUSING: Final = httpx.ConnectError("refused")
HANGING: Final = httpx.ReadTimeout("hung")
PAGE: Final = httpx.Response(200, html="<html>")
TOO_MANY: Final = httpx.Response(429, headers={"Retry-After": "60"})

Trouble = httpx.Response | httpx.HTTPError | None


async def opened(url: str) -> Database:
    """A SQLite database for many small transactions: nothing in it has to outlive the test."""
    database = Database(url)
    await database.open()
    with closing(database.engine.sync_engine.raw_connection()) as shared:
        shared.cursor().execute("PRAGMA synchronous = OFF")
    return database


class World:
    """KiriminAja's two hosts, a database, and one process after another that looks."""

    def __init__(self, database: Database, *, budget: float = 5.0) -> None:
        """`budget`: calls a second that looks are spread over."""
        self.database = database
        self.now = T0
        self.express: Trouble = UP
        self.instant: Trouble = UP
        self._budget = budget
        self.calls: list[tuple[datetime, str]] = []
        self.stands_still = False
        """Whether waiting for a turn takes no time, so that nobody gets one by waiting."""
        self.begin_anew()

    def begin_anew(self, *, turns: float = 1e5) -> None:
        """Another process takes over: nothing of the one before is left but the database. `turns` a second."""
        self.provider = KiriminAja(
            "key",
            "http://express.test",
            "http://instant.test",
            pace=Pace(turns, clock=self.monotonic, sleep=self._sleep),
            wire=lambda: HttpxWire(httpx.AsyncClient(transport=httpx.MockTransport(self._answer))),
            clock=self.monotonic,
            now=lambda: self.now,
        )
        operators = Operators((OPS,), "en")
        self.look = Look(
            self.database,
            self.provider,
            cadence=Cadence(timedelta(seconds=2), self._budget),
            test_codes=False,
            operators=operators,
            outages=Outages(operators, self.provider.sides),
            clock=lambda: self.now,
            wake_deliver=lambda: None,
            metrics=Metrics("test"),
            may_write=lambda: True,
        )

    def monotonic(self) -> float:
        return (self.now - T0).total_seconds() + 1000

    def fare(self, trouble: Trouble) -> None:
        """Both sides alike."""
        self.express = self.instant = trouble

    async def run(self, time: timedelta) -> None:
        """Does all that is due until so much time has passed."""
        end = self.now + time
        while True:
            next_at = await self.look.run_due(lambda: None)
            if under_way := self._under_way():
                await asyncio.gather(*under_way)
                continue
            if self.now >= end:
                return
            self.now = min(max(next_at or end, self.now + timedelta.resolution), self.now + LONGEST_PAUSE, end)

    async def keep(self, ids: Sequence[str], **changes: Any) -> None:
        """Stores payments that were shown just now, and are due."""
        usual: dict[str, Any] = {
            "status": "waiting", "asked_at": self.now, "closes_at": self.now + timedelta(days=1), "look_at": self.now,
            "seen": True, "alerted": "", "failures": 0, "amount": 65_000, "qr": qr_for(65_000),
            "shown_qr": qr_for(65_000),
        }  # fmt: skip
        rows = [usual | {"id": one, "kind": "instant" if one[0] == "P" else "express"} | changes for one in ids]
        async with self.database.begin() as tx:
            await tx.execute(insert(payments), rows)

    async def rows(self) -> Mapping[str, Any]:
        """The payments by their id."""
        return {row.id: row for row in await rows_of(self.database, payments)}

    async def told(self) -> list[str]:
        """The names of the alerts that were written, in their order."""
        return [row.fact.partition(" ")[0] for row in await rows_of(self.database, outbox) if row.chat_id == -900]

    async def last_told(self) -> str:
        """The last alert as it is stored."""
        return str((await rows_of(self.database, outbox))[-1].fact)

    def asked(self, since: datetime) -> list[str]:
        """The ids that were asked for from then on, in their order."""
        return [payment_id for at, payment_id in self.calls if at >= since]

    async def _sleep(self, seconds: float) -> None:
        if not self.stands_still:
            self.now += max(timedelta(seconds=seconds), timedelta.resolution)
        await asyncio.sleep(0)

    def _under_way(self) -> list[asyncio.Task[Any]]:
        return [task for task in asyncio.all_tasks() if task.get_name().startswith("look ")]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        is_get = request.method == "GET"
        payment_id = request.url.path.rpartition("/")[2] if is_get else json.loads(request.content)["payment_id"]
        self.calls.append((self.now, payment_id))
        trouble = self.instant if is_get else self.express
        if isinstance(trouble, httpx.Response):
            return httpx.Response(trouble.status_code, headers=trouble.headers, content=trouble.content)
        if trouble is not None:
            raise trouble
        place = "result" if payment_id[0] == "P" else "data"
        fields = {"payment_id": payment_id, "status_code": 9, "amount": 65_000, "qr_content": qr_for(65_000)}
        return httpx.Response(200, json={"status": True, "text": "Success", place: fields})
