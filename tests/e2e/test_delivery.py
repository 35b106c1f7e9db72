"""Telegram in trouble: nothing is lost, nothing doubled that need not be."""

import asyncio
from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.faults import KINDS
from bot.sandbox.people import Person
from tests.e2e.process import BotProcess
from tests.e2e.scanning import scanned_at_any_size


async def test_a_card_whose_answer_was_lost_is_not_sent_again(
    bot_on_each: BotProcess, sandbox: Sandbox, sari: Person
) -> None:
    """Telegram took the picture, the answer never came: the message is found and kept."""
    payment = sandbox.payments.express(65_000)
    sandbox.telegram.reset("sendPhoto", "after")
    await sari.send(f"/pay {payment.id}")
    card = await sari.private_chat.next_message()
    await sandbox.telegram.wait_for_call("editMessageMedia", timeout=15)
    payment.pay()
    assert "✅" in (await sari.private_chat.next_message(timeout=15)).text
    await sari.private_chat.wait_for(lambda _: card.photo and not scanned_at_any_size(card.photo))
    assert sum(message.photo is not None for message in sari.private_chat.messages) == 1


@pytest.mark.parametrize("status", [500, 502, 429])
async def test_a_refusal_for_now_is_tried_again(bot: BotProcess, sandbox: Sandbox, sari: Person, status: int) -> None:
    """Server trouble and flood control only cost time."""
    payment = sandbox.payments.express(65_000)
    sandbox.telegram.fail("sendPhoto", status, retry_after=1 if status == 429 else None)
    await sari.send(f"/pay {payment.id}")
    assert (await sari.private_chat.next_message(timeout=15)).photo


async def test_paid_during_an_outage_of_telegram_is_told_after_it(
    bot: BotProcess, sandbox: Sandbox, sari: Person
) -> None:
    """The notice waits in the outbox."""
    payment = sandbox.payments.express(65_000)
    await sari.send(f"/pay {payment.id}")
    await sari.private_chat.next_message()
    sandbox.telegram.outage()
    payment.pay()
    seen = len(payment.requests)
    await payment.wait_for_requests(seen + 1)
    sandbox.telegram.outage(on=False)
    assert "✅" in (await sari.private_chat.next_message(timeout=20)).text


async def test_a_card_deleted_by_its_reader_comes_again_only_when_asked(
    bot: BotProcess, sandbox: Sandbox, sari: Person
) -> None:
    """Somebody deletes the picture: "paid" is still told, and no receipt is pushed."""
    payment = sandbox.payments.express(65_000)
    await sari.send(f"/pay {payment.id}")
    card = await sari.private_chat.next_message()
    await sari.delete(card)
    payment.pay()
    paid = await sari.private_chat.next_message()
    assert "✅" in paid.text
    assert paid.photo is None


async def test_one_malformed_update_spoils_no_other(bot: BotProcess, sandbox: Sandbox, sari: Person) -> None:
    """An update python-telegram-bot cannot read is put aside; the next is answered."""
    sandbox.telegram.inject({"message": {"message_id": "no number", "chat": {"id": sari.id}}})
    sandbox.telegram.inject({"something_new": {"a": 1}})
    await sari.send("/help")
    await sari.private_chat.wait_for_text("Cara pakai", timeout=10)


async def test_a_group_that_becomes_a_supergroup_keeps_its_watch(
    bot: BotProcess, sandbox: Sandbox, sari: Person
) -> None:
    """ "Paid" follows the group to its new id."""
    group = sandbox.group("Market", [sari])
    payment = sandbox.payments.express(65_000)
    await sari.send(f"/pay {payment.id}", group)
    await group.next_message()
    bigger = await sari.upgrade(group)
    payment.pay()
    assert "✅" in (await bigger.next_message(timeout=10)).text


async def test_a_blocked_chat_costs_nobody_else_anything(
    bot: BotProcess, sandbox: Sandbox, sari: Person, tom: Person
) -> None:
    """Sari blocks the bot; Tom is told."""
    payment = sandbox.payments.express(65_000)
    for person in (sari, tom):
        await person.send(f"/pay {payment.id}")
    await asyncio.gather(sari.private_chat.next_message(), tom.private_chat.next_message())
    await sari.block()
    payment.pay()
    assert "✅" in (await tom.private_chat.next_message()).text


async def test_another_poller_is_survived(bot: BotProcess, sandbox: Sandbox, sari: Person) -> None:
    """409: the bot goes on polling, and answers."""
    sandbox.telegram.fail("getUpdates", 409, "Conflict: terminated by other getUpdates request", times=2)
    await sari.send("/help")
    await sari.private_chat.next_message(timeout=15)


async def test_where_no_photos_are_allowed_words_say_so_and_the_payment_is_watched(
    bot: BotProcess, sandbox: Sandbox, sari: Person
) -> None:
    """A group that takes words alone: asked there, answered there, and told "paid"."""
    group = sandbox.group("Words only", [sari])
    sandbox.telegram.fail("sendPhoto", 400, "Bad Request: not enough rights to send photos to the chat", times=None)
    payment = sandbox.payments.express(65_000)
    await sari.send(f"/pay {payment.id}", group)
    told = await group.next_message()
    assert payment.id in told.text
    assert "foto" in told.text
    sandbox.kiriminaja.faults.add("*", KINDS["error_503"])
    asked = sandbox.kiriminaja.requests

    def is_well_again() -> bool:
        troubled = [number for number, one in enumerate(asked) if one.fault]
        return bool(troubled) and len(asked) > troubled[-1] + 3

    await sandbox.changes.until(is_well_again, 15, lambda: "no look after the trouble")
    payment.pay()
    assert "✅" in (await group.next_message()).text, "what was said is not said again after each trouble"


async def test_where_no_photos_or_files_are_allowed_staff_get_the_words(
    sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str, sari: Person
) -> None:
    """The numbers of `/stats` without their picture; and that the file of `/recap` does not get through."""
    staff = {"STAFF_USER_IDS": str(sari.id)}
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **staff):
        payment = sandbox.payments.express(65_000)
        await sari.send(f"/pay {payment.id}")
        await sari.private_chat.next_message()
        payment.pay()
        await sari.private_chat.wait_for_text("✅")
        for method in ("sendPhoto", "sendDocument"):
            sandbox.telegram.fail(method, 400, "Bad Request: CHAT_SEND_MEDIA_FORBIDDEN", times=None)
        await sari.send("/stats")
        assert "Rp65.000" in (await sari.private_chat.wait_for_text("📊")).text
        await sari.send("/recap")
        assert "Di grup" in (await sari.private_chat.wait_for_text("berkas saya")).text
