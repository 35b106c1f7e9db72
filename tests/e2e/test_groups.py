"""Groups, topics, operators, languages and the command menu."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.chats import Chat, Topic
from bot.sandbox.people import Person
from tests.e2e.process import BotProcess


@dataclass
class Shop:
    """A shop with a forum for its operators, and the bot told of one topic there."""

    bot: BotProcess
    ops: Chat
    topic: Topic
    rina: Person


@pytest.fixture
async def shop(sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str) -> AsyncIterator[Shop]:
    rina = sandbox.person("Rina", language_code="en")
    ops = sandbox.supergroup("Ops", [rina], admins=[rina], forum=True)
    topic = sandbox.topic(ops, "Payments")
    settings = {"OPS_CHAT_IDS": f"{ops.id}:{topic.thread_id}", "POLL_FIRST": "0.3"}
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **settings) as bot:
        yield Shop(bot, ops, topic, rina)


async def test_what_must_be_heard_is_said_beside_a_topic_that_is_gone(
    shop: Shop, sandbox: Sandbox, sari: Person
) -> None:
    """Deleted or closed while the bot looked at a payment: "paid" and alerts come to the group itself."""
    payment, other = sandbox.payments.express(65_000), sandbox.payments.express(70_000)
    await shop.rina.send(f"/pay {payment.id}", shop.ops, topic=shop.topic.thread_id)
    await shop.ops.wait_for_message(lambda message: message.photo is not None)
    await sari.send(f"/pay {other.id}")
    await sari.private_chat.wait_for_message(lambda message: message.photo is not None)
    shop.topic.closed = True
    payment.pay()
    told = await shop.ops.wait_for_message(lambda one: payment.id in one.text and not one.photo)
    del shop.ops.topics[shop.topic.thread_id]
    other.pay()
    alert = await shop.ops.wait_for_message(lambda one: other.id in one.text)
    assert told.topic is alert.topic is None


async def test_the_operators_topic_hears_of_a_paid_payment(shop: Shop, sandbox: Sandbox, sari: Person) -> None:
    """Id and amount, in the topic that was named, and nothing of the person who asked."""
    payment = sandbox.payments.instant(54_000, packages=2)
    await sari.send(f"/pay {payment.id}")
    await sari.private_chat.next_message()
    payment.pay()
    alert = await shop.ops.next_message()
    assert alert.topic == shop.topic.thread_id
    assert payment.id in alert.text
    assert "Rp54.000" in alert.text
    for private in ("Sari", str(sari.id), payment.packages[0].destination["name"]):
        assert private not in alert.text


@pytest.mark.parametrize("oddity", ["paid_at_unpaid", "unknown_code", "other_id"])
async def test_the_operators_hear_of_an_odd_answer_once(
    shop: Shop, sandbox: Sandbox, sari: Person, oddity: str
) -> None:
    """One alert however often the same oddity comes back."""
    payment = sandbox.payments.express(65_000)
    payment.odd(oddity)  # type: ignore[arg-type]  # one of the parameters above
    await sari.send(f"/pay {payment.id}")
    alert = await shop.ops.next_message()
    assert payment.id in alert.text
    await payment.wait_for_requests(4)
    payment.normal()
    payment.pay()
    assert "✅" in (await shop.ops.next_message()).text
    assert len(shop.ops.from_bot) == 2


async def test_the_operators_hear_of_a_withheld_qr(shop: Shop, sandbox: Sandbox, sari: Person) -> None:
    """A tampered payload is theirs to follow up."""
    payment = sandbox.payments.express(65_000, qr="broken_crc")
    await sari.send(f"/pay {payment.id}")
    assert payment.id in (await shop.ops.next_message()).text


async def test_a_refused_key_is_told_to_the_operators_not_to_the_customer(
    shop: Shop, sandbox: Sandbox, tom: Person
) -> None:
    """The customer hears of trouble; the operators hear KIRIMINAJA_API_KEY, once."""
    sandbox.kiriminaja.set_mode("key_refused")
    await tom.send("/pay XID-1234567890")
    told = await tom.private_chat.next_message()
    assert "key" not in told.text.lower()
    alert = await shop.ops.next_message()
    assert "KIRIMINAJA_API_KEY" in alert.text
    await sandbox.changes.until(lambda: len(sandbox.kiriminaja.requests) >= 4, 10, lambda: "")
    assert len(shop.ops.from_bot) == 1


async def test_the_operators_own_ask_is_told_once_there(shop: Shop, sandbox: Sandbox) -> None:
    """A place that watches a payment itself hears of it once."""
    payment = sandbox.payments.express(65_000)
    await shop.rina.send(f"/pay {payment.id}", shop.ops, topic=shop.topic.thread_id)
    card = await shop.ops.next_message()
    assert card.topic == shop.topic.thread_id
    payment.pay()
    assert "✅" in (await shop.ops.next_message()).text
    await shop.rina.send("/help", shop.ops, topic=shop.topic.thread_id)
    assert "✅" not in (await shop.ops.next_message()).text


async def test_a_group_is_spoken_to_in_the_shops_language(shop: Shop, sandbox: Sandbox) -> None:
    """Rina's phone is English; the group has one language, LOCALE."""
    group = sandbox.group("Packing", [shop.rina])
    await shop.rina.send("/pay", group)
    assert "misalnya" in (await group.next_message()).text


async def test_a_command_for_another_bot_is_not_ours(shop: Shop, sandbox: Sandbox) -> None:
    """`/pay@other_bot` is left alone, `/pay@this_bot` is answered."""
    group = sandbox.group("Packing", [shop.rina])
    await shop.rina.send("/pay@other_bot XID-1234567890", group)
    await shop.rina.send("/help@paybot_sandbox_bot", group)
    await group.next_message()
    assert len(group.from_bot) == 1
    assert sandbox.kiriminaja.requests == []


async def test_an_edited_message_is_left_alone(shop: Shop, sandbox: Sandbox, sari: Person) -> None:
    """What was answered is not answered again because somebody mended a typing error."""
    message = await sari.send("/help")
    await sari.private_chat.next_message()
    await sari.edit(message, "/pay XID-1234567890")
    await sari.send("/start")
    await sari.private_chat.next_message()
    assert len(sari.private_chat.from_bot) == 2
    assert sandbox.kiriminaja.requests == []


async def test_the_menu_is_there_in_both_languages(bot: BotProcess, sandbox: Sandbox) -> None:
    """Indonesian by default, English for English phones."""
    menus = sandbox.telegram.menus

    def both() -> bool:
        return bool(menus.commands_of("default", "") and menus.commands_of("default", "en"))

    await sandbox.changes.until(both, 5, lambda: "no menu")
    default, english = menus.commands_of("default", ""), menus.commands_of("default", "en")
    assert [command["command"] for command in default] == [command["command"] for command in english]
    assert default != english


@pytest.mark.parametrize("command", ["/start", "/help"])
async def test_people_are_greeted_in_their_phones_language(
    bot: BotProcess, sandbox: Sandbox, sari: Person, tom: Person, command: str
) -> None:
    """Welcome and help exist in both languages and name `/pay`."""
    texts = []
    for person in (sari, tom):
        await person.send(command)
        texts.append((await person.private_chat.next_message()).text)
    assert texts[0] != texts[1]
    assert all("XID-" in text for text in texts)
