"""What is promised, line by line: each test is named after its line in README's "What it promises"."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.sandbox import Sandbox
from bot.sandbox.people import Person
from bot.storage.tables import outbox
from tests.e2e.kept import all_sent, keep_paid, opened
from tests.e2e.process import BotProcess
from tests.e2e.several import Fleet
from tests.e2e.told import about_paid, in_order, pictures


async def test_1_a_command_telegram_handed_over_is_answered_once_whatever_happens_to_the_process(
    bot_on_each: BotProcess, sandbox: Sandbox, sari: Person
) -> None:
    """Telegram has handed it over and forgotten it; the bot dies while it asks KiriminAja."""
    payment = sandbox.payments.express(65_000)
    held = sandbox.kiriminaja.hold(payment.id)
    await sari.send(f"/pay {payment.id}")
    await held.reached()
    await sandbox.telegram.wait_until_confirmed()
    bot_on_each.kill()
    await bot_on_each.ended()
    held.release()
    await bot_on_each.start()
    assert (await sari.private_chat.next_message(timeout=15)).photo
    await in_order(sari)
    assert len(pictures(sari)) == 1


async def test_2_a_payment_once_shown_is_watched_until_paid_stopped_or_its_time_is_over(
    bot_on_each: BotProcess, sandbox: Sandbox, sari: Person
) -> None:
    """Across kill -9 and an outage on either side."""
    paid, stopped, over = (sandbox.payments.express(60_000 + number) for number in range(3))
    for payment in (paid, stopped):
        await sari.send(f"/pay {payment.id}")
        await sari.private_chat.next_message()
    await sari.send(f"/stop {stopped.id}")
    await sari.private_chat.wait_for_text("Berhenti dipantau")
    bot_on_each.kill()
    await bot_on_each.ended()
    bot_on_each.environment["WATCH_FOR"] = "2"  # for what is asked for from now on
    await bot_on_each.start()
    await sari.send(f"/pay {over.id}")
    await sari.private_chat.wait_for_text("Masa pantaunya sudah habis", timeout=15)
    sandbox.kiriminaja.set_mode("down")
    sandbox.telegram.outage()
    seen = len(paid.requests)
    await paid.wait_for_requests(seen + 1)
    bot_on_each.kill()
    await bot_on_each.ended()
    paid.pay()
    stopped.pay()
    sandbox.kiriminaja.set_mode("up")
    sandbox.telegram.outage(on=False)
    await bot_on_each.start()
    await sari.private_chat.wait_for(lambda _: about_paid(sari), timeout=20)
    await in_order(sari)
    assert [paid.id in message.text for message in about_paid(sari)] == [True]


@pytest.mark.parametrize("dies", [False, True], ids=["answer_lost", "killed"])
async def test_3_each_chat_hears_paid_once_and_never_of_what_is_not_paid(
    bot_on_each: BotProcess, sandbox: Sandbox, sari: Person, tom: Person, dies: bool
) -> None:
    """Telegram took the message and we never noted it; and somebody claims what is not so."""
    payment, unpaid = sandbox.payments.express(65_000), sandbox.payments.instant(54_000, packages=1)
    for person in (sari, tom):
        await person.send(f"/pay {payment.id} {unpaid.id}")
        await person.private_chat.wait_for_text("Total")  # the last that is said now
    lie = sandbox.kiriminaja.callback(unpaid, "validated_packages")
    assert (await sandbox.kiriminaja.push(lie, f"{bot_on_each.url}/kiriminaja")).status == 200
    if dies:
        held = sandbox.telegram.hold("sendMessage", "after")
        payment.pay()
        await held.reached()
        bot_on_each.kill()
        await bot_on_each.ended()
        held.release()
        await bot_on_each.start()
    else:
        sandbox.telegram.reset("sendMessage", "after")
        payment.pay()
    for person in (sari, tom):
        await person.private_chat.wait_for(lambda _, who=person: about_paid(who), timeout=20)  # type: ignore[misc]
        await in_order(person)
        assert [payment.id in message.text for message in about_paid(person)] == [True]


async def test_4_no_message_outruns_telegrams_limits_and_a_429_is_obeyed_and_costs_nothing(
    sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """Eight a second where thirty were promised: few refusals, none counted as a try, each chat's order kept. That
    all of the thirty are used, and none refused, is measured in `test_sending`."""
    people = [sandbox.person(f"P{number}", started=True) for number in range(35)]
    async with opened(migrated_sqlite_url) as database:
        await keep_paid(database, people, each=2)
        sandbox.telegram.flood.per_second = 8
        sandbox.telegram.flood.enabled = True
        async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url):
            await all_sent(sandbox, 70, timeout=40)
            assert sandbox.telegram.flood.refused <= 20
        for person in people:
            first, second = (message.text for message in person.private_chat.from_bot)
            assert "1.000" in first
            assert "1.001" in second
        async with database.begin() as tx:
            tries = (await tx.execute(select(func.max(outbox.c.attempts)))).scalar_one()
    assert tries == 1


@pytest.mark.parametrize("webhook", [False, True], ids=["polling", "webhook"])
async def test_5_any_number_may_run_on_postgresql_and_any_may_die_another_takes_over_within_15_seconds(
    sandbox: Sandbox, sari: Person, tmp_path: Path, migrated_postgres_url: str, webhook: bool
) -> None:
    """Paid while nobody worked: told once, by another."""
    async with Fleet.sail(2, sandbox, tmp_path, migrated_postgres_url, webhook=webhook) as fleet:
        payment = sandbox.payments.express(65_000)
        await sari.send(f"/pay {payment.id}")
        await sari.private_chat.next_message()
        holder = await fleet.holder()
        holder.kill()
        await holder.ended()
        payment.pay()
        await sari.send("/help")
        await sari.private_chat.wait_for_text("✅", timeout=15)
        await in_order(sari)
        assert len(about_paid(sari)) == len(pictures(sari)) == 1
        assert fleet.logs.count("another program polls") == 0
