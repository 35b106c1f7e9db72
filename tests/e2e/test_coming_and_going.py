"""The bot is added, removed, blocked, unblocked, and groups become supergroups."""

from functools import partial

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.chats import Message
from bot.sandbox.people import Person
from tests.e2e.process import BotProcess


async def settle(sandbox: Sandbox, bystander: Person) -> None:
    """Everything said so far has been handled: whoever speaks last is answered after it is."""
    await sandbox.telegram.wait_until_confirmed()
    await bystander.send("/help")
    await bystander.private_chat.next_message()


@pytest.mark.parametrize("forum", [False, True])
async def test_a_supergroup_keeps_the_watches_of_its_group(
    bot_on_each: BotProcess, sandbox: Sandbox, sari: Person, forum: bool
) -> None:
    """By the service messages alone: the word "paid" goes to the supergroup, once, and nothing to the old group."""
    group = sandbox.group("Packing", [sari])
    payment = sandbox.payments.express(65_000)
    await sari.send(f"/pay {payment.id}", group)
    assert (await group.next_message()).photo
    bigger = await sari.upgrade(group, forum=forum)
    await sari.send("/watching", bigger)
    assert payment.id in (await bigger.next_message()).text
    calls = len(sandbox.telegram.calls_of("sendMessage"))
    payment.pay()
    assert payment.id in (await bigger.wait_for_text("✅")).text
    to = [call.params["chat_id"] for call in sandbox.telegram.calls_of("sendMessage")[calls:]]
    assert group.id not in to
    assert sum("✅" in message.text for message in bigger.from_bot) == 1


async def test_a_group_is_greeted_once_in_its_language(bot: BotProcess, sandbox: Sandbox, tom: Person) -> None:
    """What the bot can do; not again when it is made an administrator or added anew."""
    group = sandbox.group("Packing", [tom], bot_status="left")
    await tom.add_bot(group)
    hello = await group.next_message()
    assert "/pay XID-" in hello.text
    assert "Halo" in hello.text
    await tom.add_bot(group, as_admin=True)
    await tom.remove_bot(group)
    await tom.add_bot(group)
    await tom.send("/help", group)
    await group.next_message()
    assert len(group.from_bot) == 2


async def test_a_supergroup_that_was_a_group_is_not_greeted(bot: BotProcess, sandbox: Sandbox, tom: Person) -> None:
    """It is the same group to its members."""
    group = sandbox.group("Packing", [tom])
    bigger = await tom.upgrade(group)
    sandbox.telegram.world.set_bot_status(bigger, "left", tom)
    sandbox.telegram.world.set_bot_status(bigger, "member", tom)
    await tom.send("/help", bigger)
    await bigger.next_message()
    assert len(bigger.from_bot) == 1


async def test_a_group_without_the_bot_costs_neither_sends_nor_looks(
    bot: BotProcess, sandbox: Sandbox, sari: Person, tom: Person
) -> None:
    """Where another chat watches, the looks go on and it is told; back in the group, that hears what it missed."""
    group = sandbox.group("Packing", [sari])
    alone, shared = (sandbox.payments.express(amount) for amount in (65_000, 70_000))
    for payment in (alone, shared):
        await sari.send(f"/pay {payment.id}", group)
        await group.next_message()
    await tom.send(f"/pay {shared.id}")
    await tom.private_chat.next_message()
    await sari.remove_bot(group)
    await settle(sandbox, sari)
    asked, calls = len(alone.requests), len(sandbox.telegram.calls)
    shared.pay()
    assert "✅" in (await tom.private_chat.wait_for_text("✅")).text
    assert len(alone.requests) <= asked + 1
    assert all(call.params.get("chat_id") != group.id for call in sandbox.telegram.calls[calls:])

    alone.pay()
    group.skip()
    await sari.add_bot(group)
    for payment in (shared, alone):
        await group.wait_for(partial(_told_paid, payment.id))


@pytest.mark.parametrize("returns", ["writes", "unblocks"])
async def test_who_blocked_the_bot_hears_what_was_paid_meanwhile(
    bot_on_each: BotProcess, sandbox: Sandbox, sari: Person, tom: Person, returns: str
) -> None:
    """No looks and no sends while blocked; once back, "paid" is told, once."""
    payment = sandbox.payments.express(65_000)
    await sari.send(f"/pay {payment.id}")
    await sari.private_chat.next_message()
    await sari.block()
    await settle(sandbox, tom)
    payment.pay()
    await settle(sandbox, tom)
    assert not any("✅" in message.text for message in sari.private_chat.from_bot)
    await sari.unblock()
    if returns == "writes":
        await sari.send("/help")
    told = await sari.private_chat.wait_for(
        lambda _: next((m for m in sari.private_chat.from_bot if "✅" in m.text and not m.photo), None)
    )
    assert payment.id in told.text
    await sari.send("/watching")
    await sari.private_chat.wait_for_text("Tidak ada")
    assert sum("✅" in m.text and not m.photo for m in sari.private_chat.from_bot) == 1


async def test_a_block_noticed_only_when_sending_loses_no_paid_news(
    bot: BotProcess, sandbox: Sandbox, sari: Person, tom: Person
) -> None:
    """Telegram refuses the word "paid"; it waits, and is said when the person is back."""
    payment = sandbox.payments.express(65_000)
    await sari.send(f"/pay {payment.id}")
    card = await sari.private_chat.next_message()
    sari.private_chat.bot_status = "kicked"  # no update tells of it
    calls = len(sandbox.telegram.calls_of("sendMessage"))
    payment.pay()
    await sandbox.changes.until(
        lambda: (
            [c for c in sandbox.telegram.calls_of("sendMessage")[calls:] if c.params["chat_id"] == sari.id]
            or [c for c in sandbox.telegram.calls_of("editMessageMedia") if c.params["chat_id"] == sari.id]
        ),
        5,
        lambda: "not tried",
    )
    await settle(sandbox, tom)
    sari.private_chat.bot_status = "member"
    await sari.send("/help")
    assert payment.id in (await sari.private_chat.wait_for_message(lambda m: "✅" in m.text and not m.photo)).text
    await sari.private_chat.wait_for(lambda _: card.edits > 0)


def _told_paid(payment_id: str, messages: list[Message]) -> bool:
    """Whether a message that is no receipt says "paid" of it."""
    return any(m.from_bot and "✅" in m.text and payment_id in m.text and not m.photo for m in messages)
