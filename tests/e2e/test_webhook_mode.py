"""The webhook: registered by the bot, stored before it is answered, and the same bot in front of it."""

import asyncio
from pathlib import Path

import httpx
import pytest

from bot.sandbox import Sandbox
from bot.sandbox.people import Person
from tests.e2e.process import BotProcess
from tests.e2e.scanning import scanned

QUICK = {"POLL_FIRST": "0.3"}


@pytest.fixture(params=[False, True], ids=["polling", "webhook"])
async def bot_each_way(
    request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str
) -> BotProcess:
    """A bot that polls and one that is pushed to, not started."""
    return BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **QUICK).behind_webhook(is_on=request.param)


async def test_what_matters_most_works_either_way(
    bot_each_way: BotProcess, sandbox: Sandbox, sari: Person, tom: Person
) -> None:
    """What waited is answered; a QR, a press, "paid" in two chats, packages, a group; in order in each chat."""
    await sari.send("/start")
    async with bot_each_way:
        assert "XID-" in (await sari.private_chat.next_message()).text
        payment = sandbox.payments.instant(54_000, packages=1)
        for person in (sari, tom):
            await person.send(f"/pay {payment.id}")
        cards = [await person.private_chat.next_message() for person in (sari, tom)]
        assert cards[0].photo
        assert scanned(cards[0].photo) == [payment.qr_content]
        press = await sari.press(cards[0], "Cek")
        assert press.text
        payment.pay()
        for person in (sari, tom):
            await person.private_chat.wait_for_text("✅")
        payment.pick_up()
        await sari.private_chat.wait_for_text("sudah dijemput")
        group = sandbox.group("Toko", members=[sari, tom])
        await sari.send("/id", group)
        await group.wait_for_text(str(group.id))
        for number in range(10):
            await tom.send(f"/status XID-{number}123")
        told = await tom.private_chat.wait_for(
            lambda _: [
                message.text
                for message in tom.private_chat.from_bot
                if any(f"XID-{number}123" in message.text for number in range(5))
            ][4:]
        )
        assert "XID-4123" in told[0]


async def test_the_holder_registers_and_goes_back_to_polling(
    sandbox: Sandbox, sari: Person, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """In the place of any other URL; what waited when it changed its way is answered once."""
    webhook = sandbox.telegram.webhook
    bot = BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **QUICK).behind_webhook()
    sandbox.telegram.fail("setWebhook", 502)
    await bot.start()
    (call,) = sandbox.telegram.calls_of("setWebhook", done=True)
    assert call.params["url"] == webhook.url == f"{bot.url}/telegram"
    assert call.params["allowed_updates"] == ["message", "callback_query", "my_chat_member"]
    assert call.params["max_connections"] == 40
    assert not call.params["drop_pending_updates"]
    assert sandbox.telegram.calls_of("getUpdates") == []
    await sari.send("/id")
    await sari.private_chat.wait_for_text(str(sari.id))
    bot.terminate()
    assert await bot.ended() == 0
    # It may lie below a number that the webhook got through.
    await sari.send("/help")
    sandbox.telegram.world.updates.pending[0]["update_id"] -= 1000

    async with bot.behind_webhook(is_on=False):
        await sari.private_chat.wait_for_text("XID-")
        assert webhook.url == ""
        assert [call.params["drop_pending_updates"] for call in sandbox.telegram.calls_of("deleteWebhook")] == [False]
        bot.terminate()
        assert await bot.ended() == 0
    async with bot.behind_webhook():
        await sari.send("/lang en")
        await sari.private_chat.wait_for(lambda _: len(sari.private_chat.from_bot) == 3)


async def test_nobody_else_gets_in_and_nothing_is_lost_while_the_bot_is_away(
    sandbox: Sandbox, sari: Person, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """A forged update is refused; killed right after an update was confirmed, the answer still comes, once."""
    bot = BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **QUICK).behind_webhook()
    await bot.start()
    forged = {"update_id": 1, "message": {"text": "/start"}}
    async with httpx.AsyncClient(trust_env=False) as client:
        for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "x" * 64}):
            answer = await client.post(f"{bot.url}/telegram", json=forged, headers=headers)
            assert answer.status_code == 401
    held = sandbox.telegram.hold("sendMessage", "before")
    await sari.send("/id")
    await sandbox.telegram.wait_until_confirmed()
    await held.reached()
    bot.kill()
    await bot.ended()
    await sari.send("/help")
    await bot.start()
    await sari.private_chat.wait_for_text("XID-")
    assert sum(str(sari.id) in message.text for message in sari.private_chat.from_bot) == 1
    bot.terminate()
    assert await bot.ended() == 0


async def test_the_door_is_guarded_while_the_bot_polls(
    sandbox: Sandbox, sari: Person, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """And with the secret an update is taken, as one that was pushed before the change to polling is ours."""
    bot = BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, TELEGRAM_WEBHOOK_SECRET="open-sesame", **QUICK)
    async with bot.behind_webhook(is_on=False), httpx.AsyncClient(trust_env=False) as client:
        for secret, status in (("wrong", 401), ("open-sesame", 200)):
            update = {"update_id": 1, "message": {"chat": {"id": sari.id, "type": "private"}, "text": "/start"}}
            headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
            assert (await client.post(f"{bot.url}/telegram", json=update, headers=headers)).status_code == status
        assert (await client.post(f"{bot.url}/telegram", json={})).status_code == 401


async def test_a_standby_receives_and_the_holder_answers(
    sandbox: Sandbox, sari: Person, tmp_path: Path, migrated_postgres_url: str
) -> None:
    """Any process stores what is pushed; the one that works hears the bell at once, not at its next round."""
    first, second = (tmp_path / name for name in ("first", "second"))
    first.mkdir()
    second.mkdir()
    standby = BotProcess.against(sandbox, second, migrated_postgres_url, **QUICK).behind_webhook()
    # Both know the one public URL, which leads to the standby.
    holder = BotProcess.against(sandbox, first, migrated_postgres_url, **QUICK, TELEGRAM_WEBHOOK_URL=standby.url)
    async with holder, standby:
        assert sandbox.telegram.webhook.url == f"{standby.url}/telegram"
        async with asyncio.timeout(2):
            await sari.send("/id")
            await sari.private_chat.wait_for_text(str(sari.id))
        payment = sandbox.payments.express(65_000)
        await sari.send(f"/pay {payment.id}")
        await sari.private_chat.wait_for_message(lambda message: message.photo is not None)
        payment.pay()
        body = sandbox.kiriminaja.callback(payment, "validated_packages")
        assert (await sandbox.kiriminaja.push(body, f"{standby.url}/kiriminaja")).status == 200
        await sari.private_chat.wait_for_text("✅")
        assert "lease taken" not in standby.log
        assert " hint " in holder.log
