"""What the operators are told: where, which kinds, many at once, and the troubles of the bot's own connections."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from bot.sandbox import Sandbox
from bot.sandbox.chats import Chat, Message
from bot.sandbox.people import Person
from tests.e2e.process import WEBHOOK, BotProcess

ON, OFF = "masuk ke sini", "Tidak ada kabar operasional"


@dataclass
class Shop:
    """A bot whose settings name no ops chat, Rina who is staff, and a group of hers."""

    bot: BotProcess
    rina: Person
    group: Chat
    path: Path

    async def switch(self, wish: str, chat: Chat | None = None, topic: int | None = None) -> Message:
        """Rina writes `/alerts`; returns the answer."""
        chat = chat or self.group
        chat.skip()
        await self.rina.send(f"/alerts {wish}", chat, topic=topic)
        return await chat.next_message()

    def change(self, statement: str, *values: object) -> None:
        """Changes the database of a bot that does not run."""
        with sqlite3.connect(self.path) as database:
            database.execute(statement, values)
        database.close()


@pytest.fixture
async def shop(sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str) -> AsyncIterator[Shop]:
    rina = sandbox.person("Rina", language_code="en")
    group = sandbox.supergroup("Packing", [rina, sandbox.person("Budi")], forum=True)
    settings = {"STAFF_USER_IDS": str(rina.id), "POLL_FIRST": "0.3", "POLL_BUDGET": "100"}
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **settings) as bot:
        yield Shop(bot, rina, group, Path(migrated_sqlite_url.removeprefix("sqlite:///")))


async def test_sixty_paid_at_once_are_a_few_messages_that_name_them_all(shop: Shop, sandbox: Sandbox) -> None:
    """Each with id and amount; their totals add up."""
    await shop.switch("on")
    payments = [sandbox.payments.express(10_000 + number) for number in range(60)]
    for number in range(12):
        buyer = sandbox.person(f"Buyer {number}")
        await buyer.send("/pay " + " ".join(one.id for one in payments[5 * number : 5 * number + 5]))
    await asyncio.gather(*(one.wait_for_requests(1, timeout=30) for one in payments))
    for one in payments:
        one.pay()

    def all_named() -> bool:
        said = "".join(message.text for message in shop.group.from_bot[1:])
        return all(f"{one.id} · Rp{10_000 + n:,}".replace(",", ".") in said for n, one in enumerate(payments))

    await sandbox.changes.until(all_named, 40, shop.group.transcript)
    assert len(shop.group.from_bot) - 1 <= 8
    assert all("Buyer" not in message.text for message in shop.group.from_bot)


async def test_staff_chooses_kinds_in_a_topic_and_nobody_else(shop: Shop, sandbox: Sandbox, sari: Person) -> None:
    """The buttons tell and change what comes; a stranger changes nothing, and every press is answered."""
    topic = sandbox.topic(shop.group, "Kabar").thread_id
    budi = next(one for one in sandbox.telegram.world.people.values() if one.first_name == "Budi")
    await budi.send("/alerts on", shop.group, topic=topic)
    assert "staf toko" in (await shop.group.next_message()).text
    panel = await shop.switch("on", topic=topic)
    assert ON in panel.text
    assert panel.topic == topic
    assert all(button.text.startswith("✓ ") for button in panel.buttons)
    assert "staf toko" in (await budi.press(panel, "Lunas")).text
    assert panel.edits == 0
    await shop.rina.press(panel, "Lunas")
    await shop.group.wait_for(lambda _: panel.buttons[0].text == "– Lunas")

    quiet, odd = sandbox.payments.express(65_000), sandbox.payments.express(54_000)
    odd.odd("unknown_code")
    await sari.send(f"/pay {quiet.id} {odd.id}")
    assert odd.id in (await shop.group.wait_for_text(odd.id, timeout=15)).text
    quiet.pay()
    await sari.private_chat.wait_for_text("✅")
    await shop.rina.press(panel, "Lunas")
    await shop.group.wait_for(lambda _: panel.buttons[0].text == "✓ Lunas")
    odd.normal()
    odd.pay()
    told = await shop.group.wait_for_text("✅", timeout=15)
    assert (told.topic, odd.id in told.text) == (topic, True)
    assert not any(quiet.id in message.text for message in shop.group.from_bot)
    assert OFF in (await shop.switch("off", topic=topic)).text


async def test_a_place_that_watches_hears_of_it_once(shop: Shop, sandbox: Sandbox, sari: Person) -> None:
    """Alerts on in a topic, and the payment asked for there; a small group takes its alerts along when it grows."""
    topic = sandbox.topic(shop.group, "Kabar").thread_id
    small = sandbox.group("Small", [shop.rina])
    await shop.switch("on", topic=topic)
    await shop.switch("on", small)
    bigger = await shop.rina.upgrade(small)
    payment = sandbox.payments.express(65_000)
    await shop.rina.send(f"/pay {payment.id}", shop.group, topic=topic)
    card = await shop.group.next_message()
    payment.pay()
    assert payment.id in (await bigger.wait_for_text("✅", timeout=15)).text
    await shop.rina.send("/help", shop.group, topic=topic)
    await shop.group.wait_for_text("Cara pakai")
    heard = [one for one in shop.group.from_bot if "✅" in one.text and one is not card]
    assert [one.topic for one in heard] == [topic]


async def test_with_no_place_the_owner_hears(shop: Shop, sandbox: Sandbox, sari: Person) -> None:
    """Also that a chat could not be told; and no more once there is a place."""
    rina = shop.rina
    await rina.start()
    await rina.private_chat.next_message()
    shop.bot.terminate()
    await shop.bot.ended()
    shop.change("INSERT INTO staff (person_id, role, since) VALUES (?, 'owner', 0)", rina.id)
    await shop.bot.start()
    payment = sandbox.payments.express(65_000)
    await sari.send(f"/pay {payment.id}")
    await sari.private_chat.next_message()
    sandbox.telegram.fail("sendMessage", 403, "Forbidden: bot was blocked by the user")
    payment.pay()
    lost = await rina.private_chat.wait_for_text("📭", timeout=15)
    assert all(part in lost.text for part in (payment.id, str(sari.id)))
    assert "Sari" not in lost.text
    await rina.private_chat.wait_for_text("✅", timeout=15)
    await shop.switch("on")
    other = sandbox.payments.express(54_000)
    await sari.send(f"/pay {other.id}")
    await sari.private_chat.wait_for_text(other.id)
    other.pay()
    await shop.group.wait_for_text(other.id, timeout=15)
    assert not any(other.id in message.text for message in rina.private_chat.from_bot)


async def test_no_driver_is_told_to_the_staff_once_each_with_what_to_do(
    shop: Shop, sandbox: Sandbox, sari: Person
) -> None:
    """After 15 and 60 minutes; the ops group watches too, and is told as the shop, not to ask the shop."""
    await shop.switch("on")
    payment = sandbox.payments.instant(54_000, packages=1)
    await sari.send(f"/pay {payment.id}")
    await sari.private_chat.next_message()
    await shop.rina.send(f"/pay {payment.id}", shop.group)
    await shop.group.next_message()
    payment.pay()
    await shop.group.wait_for_text("✅")
    for minutes in (15, 60):
        shop.bot.kill()
        await shop.bot.ended()
        shop.change("UPDATE payments SET paid_at = paid_at - ?, look_at = 0", minutes * 60_000_000)
        await shop.bot.start()
        told = await shop.group.wait_for_text(f"{minutes} menit setelah lunas", timeout=15)
        assert "pesan kurir lain di dasbor" in told.text.lower()
        assert payment.id in told.text
        await sari.private_chat.wait_for_text(f"{minutes} menit", timeout=15)
    assert _count(shop, "menit setelah lunas") == 2
    assert _count(shop, "⏳") == 0


@pytest.mark.skipif(WEBHOOK, reason="who is pushed to does not poll")
async def test_another_poller_is_told_once_with_the_mend(shop: Shop, sandbox: Sandbox) -> None:
    """A second program that really polls."""
    await shop.switch("on")
    url = sandbox.settings()["TELEGRAM_API_URL"] + f"/bot{sandbox.settings()['TELEGRAM_BOT_TOKEN']}/getUpdates"
    async with httpx.AsyncClient(trust_env=False) as thief:
        for _ in range(4):
            await sandbox.telegram.wait_until_polled(timeout=15)
            await thief.post(url, json={"timeout": 0})
    told = await shop.group.wait_for_text("409", timeout=15)
    assert "TELEGRAM_BOT_TOKEN" in told.text
    assert sum("409" in message.text for message in shop.group.from_bot) == 1


async def test_a_refused_key_is_told_once_an_outage_and_that_it_works_again(
    shop: Shop, sandbox: Sandbox, sari: Person
) -> None:
    """Across a restart, and again when it is refused again."""
    await shop.switch("on")
    payment = sandbox.payments.express(65_000)
    await sari.send(f"/pay {payment.id}")
    await sari.private_chat.next_message()
    for outage in (1, 2):
        sandbox.kiriminaja.set_mode("key_refused")
        await _until_heard(shop, sandbox, "KIRIMINAJA_API_KEY", outage)
        if outage == 1:
            shop.bot.kill()
            await shop.bot.ended()
            seen = len(payment.requests)
            await shop.bot.start()
            await payment.wait_for_requests(seen + 2, timeout=20)
        sandbox.kiriminaja.set_mode("up")
        await _have_it_look(shop)
        await _until_heard(shop, sandbox, "lagi", outage)
    assert (_count(shop, "KIRIMINAJA_API_KEY"), _count(shop, "🔌")) == (2, 0)


async def test_the_provider_down_and_back_are_told_once_each_across_restarts(
    shop: Shop, sandbox: Sandbox, sari: Person
) -> None:
    """Two minutes without any answer; then how long it was, and how many payments waited."""
    await shop.switch("on")
    payments = [sandbox.payments.express(65_000), sandbox.payments.express(54_000)]
    await sari.send("/pay " + " ".join(one.id for one in payments))
    await sari.private_chat.wait_for_text(payments[1].id)
    sandbox.kiriminaja.set_mode("down")
    for one, count in [(one, len(one.requests) + 2) for one in payments]:
        await one.wait_for_requests(count, timeout=20)
    assert _count(shop, "🔌") == 0
    for _ in range(2):
        shop.bot.kill()
        await shop.bot.ended()
        minutes = 180 * 1_000_000
        shop.change(
            "UPDATE payments SET troubled_since = troubled_since - ?, looked_at = looked_at - ?, look_at = 0",
            minutes,
            minutes,
        )
        wanted = [(one, len(one.requests) + 1) for one in payments]
        await shop.bot.start()
        for one, count in wanted:
            await one.wait_for_requests(count, timeout=20)
    await shop.group.wait_for_text("🔌", timeout=15)
    sandbox.kiriminaja.set_mode("up")
    await _have_it_look(shop)
    back = await shop.group.wait_for_text("menjawab lagi", timeout=15)
    assert "2 pembayaran" in back.text
    assert "menit" in back.text
    assert _count(shop, "🔌") == 2


def _count(shop: Shop, part: str) -> int:
    return sum(part in message.text for message in shop.group.from_bot[1:])


async def _have_it_look(shop: Shop) -> None:
    """In trouble it looks every half minute: another start, and the next look is due."""
    shop.bot.kill()
    await shop.bot.ended()
    shop.change("UPDATE payments SET look_at = 0")
    await shop.bot.start()


async def _until_heard(shop: Shop, sandbox: Sandbox, part: str, times: int) -> None:
    await sandbox.changes.until(lambda: _count(shop, part) == times, 40, shop.group.transcript)
