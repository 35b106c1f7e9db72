"""getUpdates as the real server does it, and updates shaped as the real ones."""

from __future__ import annotations

import asyncio

import telegram

from bot.sandbox import Sandbox
from bot.sandbox.bot_api import BotApi
from bot.sandbox.chats import Chat
from bot.sandbox.people import Person
from tests.sandbox.conftest import Api


async def test_offset_confirms_what_is_below(api: Api, sari: Person) -> None:
    """An update comes again until a higher offset is asked for."""
    await sari.send("one")
    await sari.send("two")
    first, second = await api.updates()
    assert second["update_id"] == first["update_id"] + 1
    assert await api.updates() == [first, second]
    assert await api.updates(offset=second["update_id"]) == [second]
    assert await api.updates(offset=second["update_id"] + 1) == []
    assert await api.updates() == []


async def test_negative_offset_keeps_the_newest(api: Api, sari: Person) -> None:
    """-1 forgets all but the last update."""
    for text in ("one", "two", "three"):
        await sari.send(text)
    assert [u["message"]["text"] for u in await api.updates(offset=-1)] == ["three"]
    assert len(await api.updates()) == 1


async def test_limit_bounds_a_batch(api: Api, sari: Person) -> None:
    """No more than asked for, oldest first."""
    for text in ("one", "two", "three"):
        await sari.send(text)
    assert [u["message"]["text"] for u in await api.updates(limit=2)] == ["one", "two"]


async def test_a_long_poll_ends_with_the_first_update(sandbox: Sandbox, api: Api, sari: Person) -> None:
    """A waiting poll is answered as soon as there is something."""
    poll = asyncio.create_task(api.updates(timeout=30))
    await sandbox.telegram.wait_until_polled()
    await sari.send("hello")
    assert [u["message"]["text"] for u in await poll] == ["hello"]


async def test_allowed_updates_are_remembered(api: Api, sari: Person) -> None:
    """What was not asked for is never queued; leaving the parameter out keeps the choice."""
    await api.updates(allowed_updates=["callback_query"])
    await sari.send("unheard")
    assert await api.updates() == []
    await api.updates(allowed_updates=[])
    await sari.send("heard")
    assert len(await api.updates()) == 1


async def test_a_second_poll_ends_the_first_with_409(sandbox: Sandbox, api: Api, sari: Person) -> None:
    """The newcomer wins, as with the real server."""
    first = asyncio.create_task(api.refused("getUpdates", timeout=30))
    await sandbox.telegram.wait_until_polled()
    second = asyncio.create_task(api.updates(timeout=30))
    assert await first == (
        "409 Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    await sandbox.telegram.wait_until_polled()
    await sari.send("hello")
    assert len(await second) == 1


async def test_a_poll_whose_client_left_is_over(sandbox: Sandbox, api: Api) -> None:
    """A dead process does not look like a listening bot."""
    poll = asyncio.create_task(api.raw("getUpdates", timeout=30))
    await sandbox.telegram.wait_until_polled()
    poll.cancel()
    await sandbox.changes.until(lambda: not sandbox.telegram.world.updates.polled, 5, lambda: "still polled")


async def test_a_poll_by_get_waits_too(sandbox: Sandbox, api: Api, sari: Person) -> None:
    """Parameters in the query, no body: as people try it in a browser."""
    poll = asyncio.create_task(api.client.get(f"{api.base}/getUpdates?timeout=30", timeout=10))
    await sandbox.telegram.wait_until_polled()
    await sari.send("hello")
    assert len((await poll).json()["result"]) == 1


async def test_a_malformed_update_can_be_injected(sandbox: Sandbox, api: Api) -> None:
    """Whatever is injected comes out as it went in, with an id."""
    number = sandbox.telegram.inject({"message": {"date": "yesterday"}})
    assert await api.updates() == [{"update_id": number, "message": {"date": "yesterday"}}]


async def test_update_ids_may_start_over(sandbox: Sandbox, api: Api, sari: Person) -> None:
    """After a week idle the real server restarts at a random number, which may be lower."""
    sandbox.telegram.world.updates.next_id = 12
    await sari.send("hello")
    assert (await api.updates())[0]["update_id"] == 12


async def test_updates_are_well_formed(sandbox: Sandbox, api: Api, bot: telegram.Bot, sari: Person) -> None:
    """Everything a person can cause has the specification's shape, and python-telegram-bot reads it."""
    group = sandbox.group("Shop", [sari])
    card = await api.ok(
        "sendMessage",
        chat_id=sari.id,
        text="<b>hi</b>",
        parse_mode="HTML",
        reply_markup={"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]},
    )
    shown = sari.private_chat.message(card["message_id"])
    assert shown is not None
    asked = await sari.send("/pay XID-1", reply_to=shown)
    await sari.edit(asked, "/pay XID-2")
    await sari.tap(shown)
    await sari.block()
    await sari.unblock()
    await sari.add_bot(group, as_admin=True)
    await sari.send("hello", group)
    bigger = await sari.upgrade(group, forum=True)
    topic = sandbox.topic(bigger, "Payments")
    await sari.send("/status", bigger, topic=topic.thread_id)
    updates = await api.updates()
    specification = BotApi.load()
    for update in updates:
        specification.check_object("Update", update)
        telegram.Update.de_json(update, bot)
    assert len(updates) == 11
    assert updates[0]["message"]["reply_to_message"]["message_id"] == card["message_id"]
    assert updates[0]["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 4}]
    assert updates[-1]["message"]["message_thread_id"] == topic.thread_id


async def test_message_ids_count_as_telegrams(api: Api, sandbox: Sandbox, sari: Person, chat: Chat) -> None:
    """Private chats and basic groups share one counter, a supergroup has its own."""
    group, big = sandbox.group("Shop", [sari]), sandbox.supergroup("Ops", [sari])
    ids = [(await api.ok("sendMessage", chat_id=c.id, text="x"))["message_id"] for c in (chat, group, chat, big, big)]
    assert ids[1] == ids[0] + 1
    assert ids[2] == ids[1] + 1
    assert ids[3:] == [1, 2]
