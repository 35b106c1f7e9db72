"""What looks need of many payments at once: who is how old, who is free, and that all are moved on."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.cadence import AGES
from bot.core.packages import Package
from bot.core.payment import Payment, Status, claimed
from bot.storage import looks, payments
from bot.storage.engine import Database
from tests.storage.making import DAY, SECOND, T0, a_payment, keep_payment, next_look_at


def reached(age: timedelta) -> timedelta:
    return max(step for step in AGES if step <= age)


async def by_age(database: Database) -> list[dict[timedelta, int]]:
    """How many are waiting, and followed, at each age at which there are any."""
    async with database.begin() as tx:
        return [{age: count for age, count in found if count} for found in await looks.by_age(tx, T0, AGES)]


async def test_ages_are_of_payments_watched_closely(database: Database) -> None:
    """The budget is shared among the waiting, not the closed."""
    await keep_payment(database, "XID-1", asked_at=T0 - 5 * SECOND)
    await keep_payment(database, "XID-2", Status.CLOSED)
    await keep_payment(database, "XID-3", look_at=None)
    assert await by_age(database) == [{reached(5 * SECOND): 1}, {}]


async def test_the_open_are_counted_up_to_a_number(database: Database) -> None:
    """Those that share the calls, as by age."""
    for number, status in enumerate((Status.WAITING, Status.WAITING, Status.FOLLOWING, Status.CLOSED)):
        await keep_payment(database, f"XID-{number}", status)
    await keep_payment(database, "XID-9", look_at=None)
    async with database.begin() as tx:
        assert [await looks.count_open(tx, at_most=most) for most in (0, 2, 3, 9)] == [0, 2, 3, 3]


async def test_a_payment_said_to_be_paid_is_as_young_as_that_word(database: Database) -> None:
    """Also a closed one, which has no share of the budget otherwise."""
    for payment_id, status in (("XID-1", Status.WAITING), ("XID-2", Status.CLOSED)):
        await keep_payment(database, payment_id, status, asked_at=T0 - 500 * SECOND)
        async with database.begin() as tx:
            kept = await payments.read(tx, payment_id)
            assert kept is not None
            await payments.note_claim(tx, claimed(kept, T0 - 100 * SECOND), T0 + SECOND)
    assert await by_age(database) == [{reached(100 * SECOND): 2}, {}]


async def test_the_followed_are_counted_by_the_time_since_they_were_paid(database: Database) -> None:
    """They use calls, too; what is done uses none."""
    followed = replace(a_payment("PID-1", Status.FOLLOWING, T0 - DAY), paid_at=T0 - 70 * SECOND)
    long_ago = replace(followed, id="PID-3", paid_at=T0 - DAY)
    async with database.begin() as tx:
        await payments.save(tx, followed, T0)
        await payments.save(tx, long_ago, T0)
        await payments.save(tx, replace(followed, id="PID-2", status=Status.DONE), None)
    assert await by_age(database) == [{}, {reached(70 * SECOND): 1, AGES[-1]: 1}]


async def test_an_age_between_two_steps_counts_for_the_one_it_has_reached(database: Database) -> None:
    """Nobody counts for older than it is, so that the budget holds; beyond the last step all are alike."""
    ages = [*AGES, -SECOND, AGES[1] - SECOND, AGES[-1] + 30 * DAY]
    for number, age in enumerate(ages):
        await keep_payment(database, f"XID-{number}", asked_at=T0 - age)
    assert await by_age(database) == [dict.fromkeys(AGES, 1) | {AGES[0]: 3, AGES[-1]: 2}, {}]


async def test_payments_are_loaded_together_as_one_by_one(database: Database) -> None:
    """With their packages in order; an unknown one is left out."""
    kept = {
        "XID-1": a_payment("XID-1"),
        "XID-2": replace(a_payment("XID-2"), packages=(Package("OID-9"), Package("OID-1", awb="JT1"))),
    }
    async with database.begin() as tx:
        for payment in kept.values():
            await payments.save(tx, payment, T0)
    async with database.begin() as tx:
        assert await looks.load_free(tx, ["XID-2", "XID-404", "XID-1"]) == kept
        assert await looks.load_free(tx, ["XID-404"]) == {}


async def test_what_another_holds_is_not_waited_for(database: Database) -> None:
    """PostgreSQL: who holds rows and waits for more may wait for ever. SQLite has but one transaction."""
    if database.is_sqlite:
        pytest.skip("one transaction at a time")
    for payment_id in ("XID-1", "XID-2"):
        await keep_payment(database, payment_id)
    async with database.begin() as other, asyncio.timeout(10):
        await payments.load(other, "XID-1")
        async with database.begin() as tx:
            assert set(await looks.load_free(tx, ["XID-1", "XID-2"])) == {"XID-2"}


async def test_what_is_moved_on_is_as_if_it_was_saved(database: Database) -> None:
    """Times, failures and the next look; all else stays as it is."""
    before = {one: a_payment(one) for one in ("XID-1", "XID-2", "XID-3")}
    after = {one: _moved(payment) for one, payment in before.items() if one != "XID-3"}
    async with database.begin() as tx:
        for payment in before.values():
            await payments.save(tx, payment, T0)
        await looks.move_on(tx, [(payment, T0 + DAY) for payment in after.values()])
        await looks.move_on(tx, [])
    async with database.begin() as tx:
        assert await looks.load_free(tx, before) == before | after
        assert await next_look_at(tx, ["XID-3"]) == T0 + DAY
        assert await next_look_at(tx) == T0


def _moved(payment: Payment) -> Payment:
    return replace(
        payment,
        looked_at=T0 + SECOND,
        failures=3,
        troubled_since=T0,
        closes_at=T0 + 2 * DAY,
        claim_until=T0 + 9 * SECOND,
    )
