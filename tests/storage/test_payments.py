"""Payments: what is written is read again, and what is due is found."""

import asyncio
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from bot.core.answer import Oddity
from bot.core.ids import Kind
from bot.core.packages import Package, Step
from bot.core.payment import Payment, Status, claimed
from bot.core.qris import QrisFault
from bot.storage import payments
from bot.storage.engine import Database
from bot.storage.tables import packages
from tests.storage.making import ID, SECOND, T0, a_payment, keep_payment, next_look_at, rows_of

HOUR = timedelta(hours=1)
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  # Hypothesis' own
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=80)
MONEY = st.integers(0, 999_999_999_999)


def maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Something, or nothing."""
    return st.none() | strategy


PACKAGES = st.builds(
    Package,
    TEXT,
    awb=maybe(TEXT),
    courier=maybe(TEXT),
    service=maybe(TEXT),
    status=maybe(st.integers(0, 10**9)),
    live_url=maybe(TEXT),
    has_driver=st.booleans(),
    told=st.frozensets(st.sampled_from(Step)),
)
PAYMENTS = st.builds(
    Payment,
    st.just(ID),
    maybe(st.sampled_from(Kind)),
    st.sampled_from(Status),
    TIMES,
    TIMES,
    seen=st.booleans(),
    amount=maybe(MONEY),
    qr=maybe(TEXT),
    withheld=maybe(st.sampled_from(QrisFault)),
    issued_at=maybe(TIMES),
    shown_qr=maybe(TEXT),
    payee=maybe(TEXT),
    city=maybe(TEXT),
    claim_until=maybe(TIMES),
    packages=st.lists(PACKAGES, max_size=4).map(tuple),
    paid_at=maybe(TIMES),
    unproven_since=maybe(TIMES),
    unproven_digest=maybe(st.text("0123456789abcdef", min_size=1, max_size=32)),
    oddity=maybe(st.sampled_from(Oddity)),
    alerted=st.frozensets(st.text("abcdefghij_:", min_size=1, max_size=30), max_size=4),
    troubled_since=maybe(TIMES),
    failures=st.integers(0, 10**6),
    looked_at=maybe(TIMES),
)


def test_the_strategy_fills_every_field() -> None:
    """A field that is added to `Payment` or `Package` must come into the round trip below."""
    assert {field.name for field in fields(Payment)} == {
        "id", "kind", "status", "asked_at", "closes_at", "seen", "amount", "qr", "withheld", "issued_at", "packages",
        "paid_at", "unproven_since", "unproven_digest", "oddity", "alerted", "troubled_since", "failures", "looked_at",
        "shown_qr", "payee", "city", "claim_until",
    }  # fmt: skip
    assert {field.name for field in fields(Package)} == {
        "order_id", "awb", "courier", "service", "status", "live_url", "has_driver", "told",
    }  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payment=PAYMENTS)
async def test_a_payment_reads_as_it_was_written(database: Database, payment: Payment) -> None:
    """Every field survives, whatever was stored under the id before; times stay aware and UTC."""
    async with database.begin() as tx:
        await payments.save(tx, payment, None)
        assert await payments.load(tx, ID) == payment
        assert await payments.read(tx, ID) == payment


async def test_an_unknown_payment_is_none(database: Database) -> None:
    """Neither way of reading makes one up."""
    async with database.begin() as tx:
        assert await payments.load(tx, ID) is None
        assert await payments.read(tx, ID) is None


async def test_packages_are_replaced_and_keep_their_order(database: Database) -> None:
    """What KiriminAja no longer lists is gone, and nothing of another payment's is touched."""
    first = replace(a_payment(), packages=(Package("B"), Package("A"), Package("C")))
    other = replace(a_payment("PID-1"), packages=(Package("X"),))
    async with database.begin() as tx:
        await payments.save(tx, first, None)
        await payments.save(tx, other, None)
        await payments.save(tx, replace(first, packages=(Package("A", "AWB1"), Package("B"))), None)
        found = await payments.read(tx, ID)
        assert found is not None
        assert [package.order_id for package in found.packages] == ["A", "B"]
        await payments.save(tx, replace(first, packages=()), None)
    assert [row.order_id for row in await rows_of(database, packages)] == ["X"]


async def test_due_are_the_most_overdue_first_and_within_the_limit(database: Database) -> None:
    """Those not due, those without a look and those under way stay out."""
    for number, look_at in enumerate([T0, T0 - SECOND, T0 + SECOND, None, T0 - 2 * SECOND]):
        await keep_payment(database, f"XID-{number}", look_at=look_at)
    async with database.begin() as tx:
        found, _ = await payments.due(tx, T0, 9, [])
        assert [(one.payment_id, one.kind) for one in found] == [
            (f"XID-{number}", Kind.EXPRESS) for number in (4, 1, 0)
        ]
        assert [one.payment_id for one in (await payments.due(tx, T0, 1, []))[0]] == ["XID-4"]
        assert [one.payment_id for one in (await payments.due(tx, T0, 9, ["XID-4", "XID-0"]))[0]] == ["XID-1"]


async def test_a_product_not_known_yet_is_none(database: Database) -> None:
    """An id with an undocumented prefix is asked of both."""
    async with database.begin() as tx:
        await payments.save(tx, replace(a_payment("ABC-1"), kind=None), T0)
        assert [(one.payment_id, one.kind) for one in (await payments.due(tx, T0, 9, []))[0]] == [("ABC-1", None)]


async def test_the_next_look_is_the_earliest_that_is_not_under_way(database: Database) -> None:
    """None where nothing is to be looked at by itself."""
    async with database.begin() as tx:
        assert await next_look_at(tx) is None
    await keep_payment(database, "XID-1", look_at=T0 + SECOND)
    await keep_payment(database, "XID-2", look_at=T0 + 2 * SECOND)
    await keep_payment(database, "XID-3", look_at=None)
    async with database.begin() as tx:
        assert await next_look_at(tx) == T0 + SECOND
        assert await next_look_at(tx, ["XID-1"]) == T0 + 2 * SECOND
        assert await next_look_at(tx, ["XID-1", "XID-2"]) is None


@pytest.mark.parametrize(
    ("look_at", "looked_at", "after"),
    [
        (T0 + HOUR, None, T0),
        (T0 + HOUR, T0 - 9 * SECOND, T0),
        (T0 + HOUR, T0 - SECOND, T0 + SECOND),
        (T0 + HOUR, T0 + HOUR, T0),
        (T0 + SECOND / 2, T0 - SECOND, T0 + SECOND / 2),
        (T0 - SECOND, None, T0 - SECOND),
        (None, T0 - HOUR, None),
    ],
    ids=[
        "never looked at",
        "later",
        "just looked at",
        "the clock was set back",
        "sooner anyway",
        "overdue",
        "at rest",
    ],
)
async def test_a_hint_only_brings_a_look_forward(
    database: Database, look_at: datetime | None, looked_at: datetime | None, after: datetime | None
) -> None:
    """An overdue look keeps its place, none comes too close to the last, nothing at rest is wakened."""
    async with database.begin() as tx:
        await payments.save(tx, replace(a_payment(), looked_at=looked_at), look_at)
        assert await payments.hasten(tx, ID, T0, 2 * SECOND) is (Status.WAITING if look_at else None)
        assert await next_look_at(tx) == after


async def test_a_hint_at_an_unknown_payment_is_nothing(database: Database) -> None:
    """Other people's packages are called back too."""
    async with database.begin() as tx:
        assert await payments.hasten(tx, ID, T0, SECOND) is None


@pytest.mark.parametrize("status", Status)
async def test_only_a_waiting_payment_is_put_to_rest(database: Database, status: Status) -> None:
    """The last chat that stops ends the looks; what is paid or closed goes its own way."""
    await keep_payment(database, status=status)
    async with database.begin() as tx:
        await payments.stop_looking(tx, ID)
        found = await payments.read(tx, ID)
        assert found is not None
        waits = status is Status.WAITING
        assert found.status is (Status.STOPPED if waits else status)
        assert await next_look_at(tx) == (None if waits else T0)


@pytest.mark.parametrize(("look_at", "after"), [(T0 + SECOND, T0), (T0 - SECOND, T0 - SECOND), (None, None)])
async def test_a_word_that_it_is_paid_brings_the_next_look_forward(
    database: Database, look_at: datetime | None, after: datetime | None
) -> None:
    """It changes nothing else; the last chat that stops takes it back."""
    await keep_payment(database, look_at=look_at)
    async with database.begin() as tx:
        kept = await payments.read(tx, ID)
        assert kept is not None
        said = claimed(kept, T0)
        await payments.note_claim(tx, said, T0)
        assert await payments.read(tx, ID) == said
        assert await next_look_at(tx) == after
        await payments.stop_looking(tx, ID)
        assert await payments.read(tx, ID) == replace(kept, status=Status.STOPPED)


async def test_two_looks_at_one_payment_decide_one_after_the_other(database: Database) -> None:
    """`load` holds the row: the second sees what the first has written, so neither overwrites the other."""
    await keep_payment(database)
    inside = asyncio.Event()

    async def count_a_failure() -> None:
        async with database.begin() as tx:
            payment = await payments.load(tx, ID)
            assert payment is not None
            inside.set()
            await asyncio.sleep(0)
            await payments.save(tx, replace(payment, failures=payment.failures + 1), T0)

    await asyncio.gather(*(count_a_failure() for _ in range(5)))
    async with database.begin() as tx:
        payment = await payments.read(tx, ID)
    assert payment is not None
    assert payment.failures == 5
