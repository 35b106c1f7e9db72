"""Single flight by itself."""

import asyncio

import pytest

from bot.core.answer import Answer, Missing, Unwell
from bot.kiriminaja.flights import Flight, Flights
from tests.kiriminaja.virtual import VirtualTime


async def test_a_bug_in_the_question_reaches_everybody_who_waits() -> None:
    """And the next one may ask anew."""
    flights = Flights()

    async def broken(_: Flight) -> Answer:
        raise RuntimeError("a bug")

    looks = [flights.join("a", broken, urgent=False) for _ in range(3)]
    answers = await asyncio.gather(*looks, return_exceptions=True)
    assert [type(answer) for answer in answers] == [RuntimeError] * 3

    async def mended(_: Flight) -> Answer:
        return Missing()

    assert await flights.join("a", mended, urgent=False) == Missing()


@pytest.mark.parametrize(("called", "times"), [(False, 2), (True, 1)])
async def test_a_question_is_put_anew_for_a_person_only_while_it_cost_nothing(called: bool, times: int) -> None:
    """Before its first call it starts over as an urgent one, once; after it, it is merely joined."""
    flights, go, begun = Flights(), asyncio.Event(), list[bool]()

    async def ask(flight: Flight) -> Answer:
        begun.append(flight.urgent)
        flight.called = called
        await go.wait()
        return Missing()

    looks = [asyncio.ensure_future(flights.join("a", ask, urgent=False))]
    await VirtualTime().settle()
    looks += [asyncio.ensure_future(flights.join("a", ask, urgent=True)) for _ in range(3)]
    await VirtualTime().settle()
    go.set()
    assert await asyncio.gather(*looks) == [Missing()] * 4
    assert begun == [False, True][:times]


@pytest.mark.parametrize(("called", "times"), [(False, 1), (True, 2)])
async def test_who_needs_a_fresh_answer_joins_no_call_that_was_made_before(called: bool, times: int) -> None:
    """It may have been answered already; whoever joins then joins the newer one."""
    flights, go, begun = Flights(), asyncio.Event(), list[Flight]()

    async def ask(flight: Flight) -> Answer:
        begun.append(flight)
        flight.called = called
        await go.wait()
        return Unwell(f"number {begun.index(flight) + 1}")

    looks = []
    for fresh in (False, True, False):
        looks.append(asyncio.ensure_future(flights.join("a", ask, urgent=False, fresh=fresh)))
        await VirtualTime().settle()
    go.set()
    assert await asyncio.gather(*looks) == [Unwell("number 1"), *[Unwell(f"number {times}")] * 2]
    assert len(begun) == times
