"""Packages after payment: followed until final, told once, the list edited in place."""

from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.chats import Message
from bot.sandbox.payment import Payment
from bot.sandbox.people import Person
from tests.e2e.process import BotProcess

DRIVER, PICKED_UP, ARRIVED, FAILED, TROUBLE = (
    "menuju penjemputan", "sudah dijemput", "sudah diterima", "tidak sampai", "Ada masalah"
)  # fmt: skip


async def paid_list(payment: Payment, *people: Person) -> list[Message]:
    """Everybody asks, it is paid, everybody is told: the messages that list the packages."""
    for person in people:
        await person.send(f"/pay {payment.id}")
        await person.private_chat.wait_for_message(lambda message: message.photo is not None)
    payment.pay()
    return [await person.private_chat.wait_for_message(lists_packages) for person in people]


def lists_packages(message: Message) -> bool:
    """Whether it is the message that told "paid"."""
    return message.photo is None and "✅" in message.text


def news_in(person: Person) -> list[Message]:
    """What a chat was told, but for cards and "paid"."""
    return [message for message in person.private_chat.from_bot if not message.photo and "✅" not in message.text]


async def told(person: Person, part: str) -> Message:
    """News that begins with a line that holds `part`."""

    def fits(message: Message) -> bool:
        return message in news_in(person) and part in message.text.split("\n")[0]

    return await person.private_chat.wait_for_message(fits, timeout=20)


async def shows(person: Person, message: Message, part: str) -> None:
    """Waits until a message says something it did not."""
    await person.private_chat.wait_for(lambda _: part in message.text, timeout=20)


def card_of(person: Person) -> Message:
    """The picture, a receipt by now."""
    return next(message for message in person.private_chat.from_bot if message.photo)


async def test_packages_are_followed_to_the_door(bot_on_each: BotProcess, sandbox: Sandbox, sari: Person) -> None:
    """A driver, the pickup, the delivery: one answer to the card each, and the list always says how it stands."""
    payment = sandbox.payments.instant(54_000, packages=2)
    (listed,) = await paid_list(payment, sari)
    assert "Begitu ada driver" in listed.text

    payment.assign_driver()
    driver = await told(sari, DRIVER)
    assert driver.reply_to is card_of(sari)
    assert not driver.silent
    for package in payment.packages:
        assert package.awb
        assert package.awb in driver.text
        assert any(entity.get("url") == package.live_track_url for entity in driver.entities)
    await sari.private_chat.wait_for(lambda _: "Begitu ada driver" not in listed.text)
    assert "Lacak langsung" in listed.text

    payment.pick_up(0)
    first = await told(sari, PICKED_UP)
    assert payment.packages[0].order_id in first.text
    assert payment.packages[1].order_id not in first.text
    await shows(sari, listed, "Dibawa kurir")

    payment.pick_up(1)
    payment.deliver(0)
    arrived = await told(sari, ARRIVED)
    assert arrived.silent
    assert arrived.reply_to is card_of(sari)
    payment.deliver(1)
    await sari.private_chat.wait_for(lambda _: listed.text.count("Sudah diterima") == 2, timeout=20)
    await sandbox.changes.until(lambda: "status=done" in bot_on_each.log, 10, lambda: bot_on_each.log)
    await sari.private_chat.wait_for(lambda _: len(news_in(sari)) == 5)
    titles = [message.text.split("\n")[0] for message in news_in(sari)]
    assert [sum(part in title for title in titles) for part in (DRIVER, PICKED_UP, ARRIVED)] == [1, 2, 2]


async def test_two_chats_hear_each_and_one_that_stopped_does_not(
    bot: BotProcess, sandbox: Sandbox, sari: Person, tom: Person
) -> None:
    """Each in its own language; who stopped before it was paid hears nothing."""
    payment = sandbox.payments.instant(54_000, packages=1)
    rini = sandbox.person("Rini", language_code="id")
    await rini.send(f"/pay {payment.id}")
    await rini.press(await rini.private_chat.next_message(), "Berhenti")
    await paid_list(payment, sari, tom)
    payment.assign_driver()
    await told(sari, DRIVER)
    await told(tom, "heading to pickup")
    payment.pick_up()
    await told(sari, PICKED_UP)
    await told(tom, "picked up")
    assert news_in(rini) == []


async def test_a_cancelled_package_says_why_and_what_next_and_the_operators_hear(
    sandbox: Sandbox, sari: Person, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """Refunds can't be seen; nobody's name goes to the operators."""
    ops = sandbox.group("Ops", members=[sari])
    settings = {"POLL_FIRST": "0.2", "OPS_CHAT_IDS": str(ops.id)}
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **settings):
        payment = sandbox.payments.instant(54_000, packages=2)
        (listed,) = await paid_list(payment, sari)
        payment.set_status(301, 0)
        trouble = await told(sari, TROUBLE)
        assert "tetap memantau" in trouble.text
        payment.cancel()
        failed = await told(sari, FAILED)
        assert "pengembalian dana" in failed.text
        assert "ID pembayaran yang baru" in failed.text
        assert all(package.order_id in failed.text for package in payment.packages)
        await sari.private_chat.wait_for(lambda _: listed.text.count("Dibatalkan") == 2)
        alert = await ops.wait_for_text("(300)", timeout=10)
        assert all(part in alert.text for part in (payment.id, payment.packages[1].order_id, "GoSend"))
        assert "(301)" in (await ops.wait_for_text("(301)")).text
        buyer = payment.packages[0].destination
        everything = " ".join(message.text for message in [*ops.from_bot, *sari.private_chat.from_bot])
        assert not any(buyer[field] in everything for field in ("name", "phone", "address"))


async def test_an_unknown_code_is_a_number_and_not_the_end(bot: BotProcess, sandbox: Sandbox, sari: Person) -> None:
    """Shown in the list, told to nobody, and the package is followed on."""
    payment = sandbox.payments.instant(54_000, packages=1)
    (listed,) = await paid_list(payment, sari)
    payment.set_status(999)
    await shows(sari, listed, "Status 999")
    assert news_in(sari) == []
    payment.deliver()
    await told(sari, ARRIVED)
    await shows(sari, listed, "Sudah diterima")


async def test_an_already_paid_payment_is_followed_too(bot: BotProcess, sandbox: Sandbox, sari: Person) -> None:
    """What its list shows is not said again; there is no card, so the news answers to the list."""
    payment = sandbox.payments.instant(54_000, packages=1)
    payment.pay()
    payment.assign_driver()
    await sari.send(f"/pay {payment.id}")
    listed = await sari.private_chat.wait_for_message(lists_packages)
    payment.pick_up()
    news = await told(sari, PICKED_UP)
    assert news.reply_to is listed
    assert len(news_in(sari)) == 1
    await shows(sari, listed, "Dibawa kurir")


@pytest.mark.parametrize("moment", range(0, 4, 2))
async def test_kill_9_loses_no_news_and_repeats_none(
    sandbox: Sandbox, sari: Person, tmp_path: Path, migrated_url: str, moment: int
) -> None:
    """Killed a little later each time after a driver came; picked up while the bot was dead."""
    async with BotProcess.against(sandbox, tmp_path, migrated_url, POLL_FIRST="0.2") as bot:
        payment = sandbox.payments.instant(54_000, packages=2)
        await paid_list(payment, sari)
        payment.assign_driver(0)
        asked = len(payment.requests)
        await payment.wait_for_requests(asked + 1, timeout=20)
        seen = sandbox.changes.last_id + moment
        await sandbox.changes.until(lambda: sandbox.changes.last_id >= seen, 20, lambda: "nothing happens")
        bot.kill()
        await bot.ended()
        payment.assign_driver(1)
        await bot.start()
        await sari.private_chat.wait_for(
            lambda _: all(
                sum(package.order_id in message.text for message in news_in(sari)) == 1 for package in payment.packages
            ),
            timeout=20,
        )
        payment.deliver()
        await told(sari, ARRIVED)
        titles = [message.text.split("\n")[0] for message in news_in(sari)]
        assert [DRIVER in title for title in titles] in ([True, True, False], [True, False])


async def test_an_outage_while_following_is_waited_out(bot: BotProcess, sandbox: Sandbox, sari: Person) -> None:
    """Nothing is said meanwhile; what happened is told after."""
    payment = sandbox.payments.instant(54_000, packages=1)
    await paid_list(payment, sari)
    sandbox.kiriminaja.set_mode("down")
    asked = len(payment.requests)
    await payment.wait_for_requests(asked + 2, timeout=20)
    payment.pick_up()
    assert news_in(sari) == []
    sandbox.kiriminaja.set_mode("up")
    await told(sari, PICKED_UP)


async def test_a_deleted_list_does_not_come_back(bot: BotProcess, sandbox: Sandbox, sari: Person) -> None:
    """Somebody deleted it; the news still comes."""
    payment = sandbox.payments.instant(54_000, packages=1)
    (listed,) = await paid_list(payment, sari)
    await sari.delete(listed)
    await sari.delete(card_of(sari))
    payment.assign_driver()
    driver = await told(sari, DRIVER)
    assert driver.reply_to is None
    payment.deliver()
    await told(sari, ARRIVED)
    assert not [message for message in sari.private_chat.from_bot if "✅" in message.text]
