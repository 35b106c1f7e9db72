"""The pace of all calls, in virtual time."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from bot.core.answer import Throttled
from bot.kiriminaja.pace import Pace
from tests.kiriminaja.virtual import VirtualTime


def paced(budget: float = 5.0) -> tuple[Pace, VirtualTime]:
    time = VirtualTime()
    return Pace(budget, clock=time.clock, sleep=time.sleep), time


async def times_of(pace: Pace, time: VirtualTime, plain: int, urgent: int = 0) -> list[tuple[float, bool]]:
    """When (seconds from now) so many calls, asked for at once, got their turn, and whether each was urgent."""
    start, turns = time.now, list[tuple[float, bool]]()

    async def one(is_urgent: bool) -> None:
        assert await pace.turn(urgent=is_urgent) is None
        turns.append((round(time.now - start, 6), is_urgent))

    await time.run(asyncio.gather(*(one(False) for _ in range(plain)), *(one(True) for _ in range(urgent))))
    return turns


async def test_plain_looks_are_spread_evenly_over_the_budget() -> None:
    """Five a second is one every 0.2 s, with no burst after a quiet time."""
    pace, time = paced(5)
    time.now += 3600
    at = [when for when, _ in await times_of(pace, time, plain=26)]
    assert at[0] == 0
    assert all(abs(later - sooner - 0.2) < 1e-6 for sooner, later in pairwise(at))


async def test_what_becomes_free_within_a_millisecond_is_handed_out_at_once() -> None:
    """No timer tells it apart, and each would cost more than the time it measures."""
    pace, time = paced(5000)
    time.now += 1
    at = [when for when, _ in await times_of(pace, time, plain=15)]
    assert at[:5] == [0] * 5
    assert all(abs(later - sooner - 0.0002) < 1e-9 for sooner, later in pairwise(at[4:]))


async def test_a_budget_below_one_call_a_second_works() -> None:
    """POLL_BUDGET takes decimals."""
    pace, time = paced(0.25)
    assert [when for when, _ in await times_of(pace, time, plain=3)] == [0, 4, 8]


async def test_a_person_goes_before_the_waiting_looks() -> None:
    """Urgent turns come at once, though plain ones asked first."""
    pace, time = paced(5)
    turns = await times_of(pace, time, plain=10, urgent=3)
    assert [when for when, is_urgent in turns if is_urgent] == [0, 0, 0]


async def test_people_may_borrow_ten_seconds_worth_and_no_more() -> None:
    """Budget 5: one free turn and fifty borrowed at once, from then on five a second."""
    pace, time = paced(5)
    at = [when for when, _ in await times_of(pace, time, plain=0, urgent=56)]
    assert at.count(0) == 51
    assert at[51:] == [0.2, 0.4, 0.6, 0.8, 1.0]


async def test_plain_looks_pay_back_what_people_borrowed() -> None:
    """Over any long time the budget holds, whoever asked."""
    pace, time = paced(5)
    assert await times_of(pace, time, plain=0, urgent=51) == [(0, True)] * 51
    assert await times_of(pace, time, plain=1) == [(10.2, False)]


async def test_a_429_pauses_everybody_and_is_told_at_once_when_long() -> None:
    """With a Retry-After beyond five seconds nobody hangs, urgent or not."""
    pace, time = paced(5)
    pace.throttled(30)
    assert await pace.turn(urgent=True) == Throttled(30)
    assert await pace.turn() == Throttled(30)
    await time.pass_to(time.now + 26)
    assert await time.run(pace.turn(urgent=True)) is None, "four seconds are waited out"
    assert pace.paused_for == 0


async def test_no_turn_is_given_within_a_short_pause() -> None:
    """A pause of three seconds is waited out to its end."""
    pace, time = paced(5)
    pace.throttled(3)
    assert (await times_of(pace, time, plain=1, urgent=1))[0] == (3, True)


async def test_a_pause_reaches_those_who_already_wait() -> None:
    """A look in the queue when the 429 comes is answered Throttled, not kept."""
    pace, time = paced(0.1)
    await pace.turn()
    waiting = asyncio.ensure_future(pace.turn())
    await time.settle()
    pace.throttled(60)
    answer = await time.run(waiting)
    assert isinstance(answer, Throttled)
    assert answer.retry_after is not None
    assert answer.retry_after >= 59


async def test_pauses_without_retry_after_grow_from_one_to_thirty_seconds() -> None:
    """1, 2, 4, 8, 16, 30, 30; an answer that is no 429 starts over."""
    pace, time = paced()
    seen = []
    for _ in range(7):
        pace.throttled(None)
        seen.append(pace.paused_for)
        time.now += pace.paused_for
    assert seen == [1, 2, 4, 8, 16, 30, 30]
    pace.answered()
    pace.throttled(None)
    assert pace.paused_for == 1


async def test_the_rate_halves_once_for_calls_under_way_together() -> None:
    """Five 429 of the same moment are one event; the longest Retry-After holds."""
    pace, _ = paced(8)
    for seconds in (2.0, None, 4.0, 0.0, None):
        pace.throttled(seconds)
    assert pace.rate == 4
    assert pace.paused_for == 4


async def test_the_rate_recovers_by_a_tenth_of_the_budget_every_ten_seconds() -> None:
    """From the end of the pause on, up to the budget and no further."""
    pace, time = paced(10)
    pace.throttled(20)
    time.now += 20
    assert pace.rate == 5
    time.now += 10
    assert pace.rate == pytest.approx(6)
    time.now += 1000
    assert pace.rate == 10


async def test_the_rate_never_falls_to_nothing() -> None:
    """However many 429: a thirty-second part of the budget is left."""
    pace, time = paced(32)
    for _ in range(40):
        pace.throttled(1)
        time.now += 1
    assert pace.rate == pytest.approx(1, abs=0.2)


async def test_a_cancelled_wait_leaves_its_place() -> None:
    """Who gives up is not waited for."""
    pace, time = paced(1)
    await pace.turn()
    gone = [asyncio.ensure_future(pace.turn()) for _ in range(50)]
    await time.settle()
    for waiting in gone:
        waiting.cancel()
    await asyncio.gather(*gone, return_exceptions=True)
    assert await times_of(pace, time, plain=1) == [(1, False)]


@pytest.mark.parametrize("budget", [0, -1, float("nan"), float("inf")])
def test_a_budget_is_a_number_above_zero(budget: float) -> None:
    """Anything else is a programmer's error."""
    with pytest.raises(ValueError, match="budget"):
        Pace(budget)


@given(
    st.lists(
        st.tuples(st.sampled_from(["people", "looks", "429", "429 for a while"]), st.integers(0, 12)), max_size=25
    )
)
@settings(max_examples=60, deadline=None)
async def test_whatever_comes_the_budget_holds_and_no_pause_is_broken(events: list[tuple[str, int]]) -> None:
    """In all: what accrued, one free turn, and what people may borrow. Nobody's turn is within a pause."""
    pace, time = paced(5)
    began, turns, paused_until = time.now, list[float](), 0.0
    for what, number in events:
        if what == "429":
            pace.throttled(None)
        elif what == "429 for a while":
            pace.throttled(float(number))
        else:
            asked = [pace.turn(urgent=what == "people") for _ in range(number)]
            answers = await time.run(asyncio.gather(*asked))
            turns += [time.now for answer in answers if answer is None]
            assert all(time.now >= paused_until for answer in answers if answer is None)
        paused_until = max(paused_until, time.now + pace.paused_for)
        assert 5 / 32 <= pace.rate <= 5
        assert len(turns) <= 5 * (time.now - began) + 1 + 50
