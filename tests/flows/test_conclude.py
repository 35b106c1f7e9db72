"""Looks that end at about the same time are concluded together, and none is the worse for it."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from bot.core.answer import Answer, Code, Missing, Statement, Unwell
from bot.core.ids import Kind
from bot.core.payment import Payment, Rules, Status, decide
from bot.flows import conclude
from bot.flows.announce import Operators
from bot.flows.conclude import TOGETHER, Conclude, Concluded
from bot.flows.outages import Outages
from bot.kiriminaja.pace import Pace
from bot.kiriminaja.sides import Sides
from bot.metrics import Metrics
from bot.storage import looks, payments
from bot.storage.engine import Database
from tests.core.making import qr_for
from tests.metering import samples
from tests.storage.making import SECOND, T0, a_payment, next_look_at

IDS = [f"XID-{number:04}" for number in range(10)]
NEXT = T0 + 2 * SECOND


def unpaid(payment_id: str) -> Statement:
    return Statement(payment_id, Kind.EXPRESS, Code.UNPAID, "9", 65_000, qr=qr_for(65_000))


def paid(payment_id: str) -> Statement:
    return Statement(payment_id, Kind.EXPRESS, Code.PAID, "0", 65_000, has_paid_at=True)


class World:
    """A process's conclusions."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.may_write = True
        self.batches: list[list[str]] = []
        self.metrics = Metrics("test")
        self.conclude = Conclude(
            database,
            rules=lambda: Rules(interval=lambda _: 2 * SECOND, first=2 * SECOND),
            operators=Operators((), "en"),
            outages=Outages(Operators((), "en"), Sides(Pace(5.0), has_instant=True)),
            clock=lambda: T0,
            wake_deliver=lambda: None,
            metrics=self.metrics,
            may_write=lambda: self.may_write,
        )

    async def keep(self, *ids: str, **changes: Any) -> None:
        """Payments that were looked at before."""
        async with self.database.begin() as tx:
            for one in ids:
                known = replace(a_payment(one), asked_at=T0 - 60 * SECOND)
                await payments.save(tx, replace(known, **changes), T0)
        for one in ids:
            await self.conclude(one, unpaid(one), T0)
        self.batches.clear()

    async def all(self, answers: Mapping[str, Answer]) -> list[Concluded | BaseException | None]:
        """Looks that end in the same moment."""
        with self.watching():
            asks = [self.conclude(one, answer, T0, others=True) for one, answer in answers.items()]
            return await asyncio.gather(*asks, return_exceptions=True)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Notes what was read together."""

        async def load_free(tx: Any, ids: Any) -> Any:
            self.batches.append(list(ids))
            return await real(tx, ids)

        real = looks.load_free
        with patch.object(looks, "load_free", load_free):
            yield

    async def payment(self, payment_id: str) -> Payment:
        async with self.database.begin() as tx:
            found = await payments.read(tx, payment_id)
        assert found is not None
        return found

    async def due(self) -> set[str]:
        async with self.database.begin() as tx:
            return {one.payment_id for one in (await payments.due(tx, T0, 100, []))[0]}


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    """On both databases."""
    yield World(database)


async def test_what_ends_together_is_one_transaction(world: World) -> None:
    """Each is told what became of it, and when it is due again."""
    await world.keep(*IDS)
    found = await world.all({one: unpaid(one) for one in IDS})
    assert world.batches == [IDS]
    assert [one.next_at for one in found if isinstance(one, Concluded)] == [NEXT] * len(IDS)
    assert await world.due() == set()
    assert samples(world.metrics)["paybot_looks_total"]["unpaid",] == 2 * len(IDS)


async def test_what_finds_something_new_is_concluded_by_itself(world: World) -> None:
    """In the midst of the others, with all that follows."""
    await world.keep(*IDS)
    found = await world.all({one: paid(one) if one == IDS[3] else unpaid(one) for one in IDS})
    assert isinstance(found[3], Concluded)
    assert found[3].next_at is None
    assert (await world.payment(IDS[3])).status is Status.PAID
    others = [await world.payment(one) for one in IDS if one != IDS[3]]
    assert {payment.status for payment in others} == {Status.WAITING}


async def test_one_that_cannot_be_decided_spoils_no_other(world: World) -> None:
    """The batch fails, and each is tried by itself."""
    await world.keep(*IDS)
    real = decide

    def decide_or_fail(payment: Payment, *rest: Any) -> Any:
        if payment.id == IDS[5]:
            raise RuntimeError("odd")
        return real(payment, *rest)

    async with world.database.begin() as tx:
        for one in IDS:
            kept = await payments.load(tx, one)
            assert kept is not None
            await payments.save(tx, kept, T0)
    with patch.object(conclude, "decide", decide_or_fail):
        found = await world.all({one: unpaid(one) for one in IDS})
    assert isinstance(found[5], RuntimeError)
    assert await world.due() == {IDS[5]}


async def test_two_looks_at_one_payment_are_concluded_one_after_the_other(world: World) -> None:
    """The second goes by what the first one wrote."""
    await world.keep(*IDS[:1])
    with world.watching():
        found = await asyncio.gather(*(world.conclude(IDS[0], unpaid(IDS[0]), T0, others=True) for _ in range(3)))
    assert world.batches == [IDS[:1]] * 3
    assert all(found)


async def test_no_transaction_concludes_more_than_so_many(world: World) -> None:
    """What is left makes the next one."""
    many = [f"XID-{number:04}" for number in range(TOGETHER + 5)]
    await world.all({one: unpaid(one) for one in many})
    assert [len(batch) for batch in world.batches] == [TOGETHER, 5]


async def test_a_hint_that_came_during_a_look_has_it_looked_at_again(world: World) -> None:
    """It may have been too early; the others are not concerned."""
    await world.keep(*IDS)
    async with world.database.begin() as tx:
        await world.conclude.hasten(tx, IDS[0], T0 + timedelta(milliseconds=1))
        await world.conclude.hasten(tx, IDS[1], T0 - SECOND)
    found = await world.all({one: unpaid(one) for one in IDS[:3]})
    next_at = [one.next_at for one in found if isinstance(one, Concluded)]
    assert next_at == [None, NEXT, NEXT]
    async with world.database.begin() as tx:
        assert await next_look_at(tx, IDS[1:]) == T0 + conclude.HINTS_APART
    assert world.conclude.is_awaited(IDS[0]), "until that look has ended, too"
    assert not world.conclude.is_awaited(IDS[1])
    assert [world.conclude.is_hinted(one) for one in IDS[:3]] == [True, False, False]


async def test_who_no_longer_does_the_work_writes_nothing(world: World) -> None:
    """Neither together nor alone."""
    await world.keep(*IDS)
    world.may_write = False
    before = [await world.payment(one) for one in IDS]
    found = await world.all({one: paid(one) for one in IDS})
    assert found == [Concluded(payment) for payment in before]
    assert [await world.payment(one) for one in IDS] == before


async def test_an_unknown_payment_is_none(world: World) -> None:
    """As is one that was purged during its look."""
    assert await world.all({"XID-404": unpaid("XID-404"), "XID-405": Missing()}) == [None, None]


async def test_trouble_is_concluded_by_itself(world: World) -> None:
    """It is rare, and the operators may have to hear of it."""
    await world.keep(*IDS)
    await world.all({one: Unwell("timeout") for one in IDS})
    assert world.batches == []
    assert (await world.payment(IDS[0])).failures == 1


async def test_an_end_lets_what_is_being_written_come_to_its_end(world: World) -> None:
    """What waits for others in that moment is not lost."""
    await world.keep(*IDS)
    asks = asyncio.gather(*(world.conclude(one, unpaid(one), T0, others=True) for one in IDS))
    await asyncio.sleep(0)
    await world.conclude.drain(10)
    assert all(await asks)


async def test_an_end_that_is_in_a_hurry_leaves_nobody_waiting(world: World) -> None:
    """What was not written is left to whoever asked."""
    await world.keep(*IDS)
    asks = asyncio.gather(*(world.conclude(one, unpaid(one), T0, others=True) for one in IDS))
    await asyncio.sleep(0)
    await world.conclude.drain(0)
    async with asyncio.timeout(10):
        assert all(await asks)
