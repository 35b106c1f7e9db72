"""Who may be written to, and what a bot hears in a group."""

from __future__ import annotations

import pytest
import telegram

from bot.sandbox import Sandbox
from bot.sandbox.bot_api import BotApi
from bot.sandbox.cast import raise_curtain
from bot.sandbox.chats import Chat
from bot.sandbox.people import Person
from tests.sandbox.conftest import Api


async def test_nobody_is_written_to_first(api: Api, sandbox: Sandbox) -> None:
    """A person who never wrote is unknown, or out of reach if only met in a group."""
    tom = sandbox.person("Tom")
    assert await api.refused("sendMessage", chat_id=tom.id, text="x") == "400 Bad Request: chat not found"
    sandbox.group("Shop", [tom])
    assert "can't initiate conversation" in await api.refused("sendMessage", chat_id=tom.id, text="x")
    await tom.start()
    await api.ok("sendMessage", chat_id=tom.id, text="x")


async def test_unknown_chat_is_400(api: Api) -> None:
    """An id the sandbox never gave out."""
    assert await api.refused("sendMessage", chat_id=-1001, text="x") == "400 Bad Request: chat not found"


async def test_blocked_is_403_until_unblocked(bot: telegram.Bot, api: Api, sari: Person) -> None:
    """The bot hears of both, and python-telegram-bot calls it Forbidden."""
    await sari.block()
    with pytest.raises(telegram.error.Forbidden, match="bot was blocked by the user"):
        await bot.send_message(sari.id, "x")
    await sari.unblock()
    await bot.send_message(sari.id, "x")
    blocked, unblocked = await api.updates()
    assert blocked["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    assert unblocked["my_chat_member"]["new_chat_member"]["status"] == "member"


async def test_what_is_deleted_is_403_and_bots_are_not_told(api: Api, sandbox: Sandbox, sari: Person) -> None:
    """An account, and a group; nobody writes there any more either."""
    await sari.start()
    group = sandbox.group("Shop", [sari])
    await sari.delete_chat(group)
    assert await api.refused("sendMessage", chat_id=group.id, text="x") == "403 Forbidden: the group chat was deleted"
    await sari.delete_chat()
    assert await api.refused("sendMessage", chat_id=sari.id, text="x") == "403 Forbidden: user is deactivated"
    assert [next(reversed(update)) for update in await api.updates()] == ["message"]
    with pytest.raises(ValueError, match="is deleted"):
        await sari.send("hello")


async def test_kicked_left_and_back(api: Api, sandbox: Sandbox, sari: Person) -> None:
    """Each way out of a group has its own words."""
    group, big = sandbox.group("Shop", [sari]), sandbox.supergroup("Ops", [sari])
    await sari.remove_bot(big)
    await sari.remove_bot(group)
    gone = "403 Forbidden: bot was kicked from the"
    assert await api.refused("sendMessage", chat_id=big.id, text="x") == f"{gone} supergroup chat"
    assert await api.refused("sendMessage", chat_id=group.id, text="x") == f"{gone} group chat"
    await sari.add_bot(big)
    await api.ok("leaveChat", chat_id=big.id)
    refusal = await api.refused("sendMessage", chat_id=big.id, text="x")
    assert refusal == "403 Forbidden: bot is not a member of the supergroup chat"


async def test_an_upgraded_group_tells_its_new_id(bot: telegram.Bot, sandbox: Sandbox, sari: Person) -> None:
    """python-telegram-bot raises ChatMigrated with it; both service messages came."""
    group = sandbox.group("Shop", [sari])
    bigger = await sari.upgrade(group)
    with pytest.raises(telegram.error.ChatMigrated) as caught:
        await bot.send_message(group.id, "x")
    assert caught.value.new_chat_id == bigger.id
    updates = await bot.get_updates()
    assert [u.message.migrate_to_chat_id or u.message.migrate_from_chat_id for u in updates if u.message] == [
        bigger.id,
        group.id,
    ]
    await bot.send_message(bigger.id, "x")


async def test_privacy_mode_decides_what_is_heard(api: Api, sandbox: Sandbox, sari: Person) -> None:
    """Commands, mentions of the bot and replies to it; not chatter, nor another bot's commands."""
    group = sandbox.group("Shop", [sari])
    await api.ok("sendMessage", chat_id=group.id, text="hello")
    card = group.from_bot[0]
    await sari.send("just talking", group)
    await sari.send("/pay@other_bot XID-1", group)
    await sari.send("/pay XID-1", group)
    await sari.send("/pay@paybot_sandbox_bot XID-2", group)
    await sari.send("hey @paybot_sandbox_bot", group)
    await sari.send("thanks", group, reply_to=card)
    heard = [update["message"]["text"] for update in await api.updates()]
    assert heard == ["/pay XID-1", "/pay@paybot_sandbox_bot XID-2", "hey @paybot_sandbox_bot", "thanks"]


async def test_an_administrator_bot_hears_all(api: Api, sandbox: Sandbox, sari: Person) -> None:
    """Privacy mode does not bind it."""
    group = sandbox.group("Shop", [sari], bot_status="administrator")
    await sari.send("just talking", group)
    assert len(await api.updates()) == 1


async def test_members_are_told(api: Api, sandbox: Sandbox, sari: Person) -> None:
    """Status by person: creator, administrator, member, left; an unknown person is an error."""
    rina, tom, ani = (sandbox.person(name) for name in ("Rina", "Tom", "Ani"))
    group = sandbox.supergroup("Ops", [tom], admins=[sari, rina])
    asked = {
        p.first_name: await api.ok("getChatMember", chat_id=group.id, user_id=p.id) for p in (sari, rina, tom, ani)
    }
    assert {name: member["status"] for name, member in asked.items()} == {
        "Sari": "creator",
        "Rina": "administrator",
        "Tom": "member",
        "Ani": "left",
    }
    for member in asked.values():
        BotApi.load().check_object("ChatMember", member)
    admins = await api.ok("getChatAdministrators", chat_id=group.id)
    assert sorted(admin["user"]["first_name"] for admin in admins) == ["Rina", "Sari"]
    assert "user not found" in await api.refused("getChatMember", chat_id=group.id, user_id=1)


async def test_get_chat_is_complete(api: Api, bot: telegram.Bot, sandbox: Sandbox, sari: Person) -> None:
    """All required fields are there, so that the real client can read it."""
    forum = sandbox.supergroup("Ops", [sari], forum=True)
    BotApi.load().check_object("ChatFullInfo", await api.ok("getChat", chat_id=forum.id))
    assert (await bot.get_chat(forum.id)).is_forum
    assert (await bot.get_chat(sari.id)).first_name == "Sari"
    assert (await bot.get_me()).username == "paybot_sandbox_bot"


async def test_people_cannot_do_the_impossible(sandbox: Sandbox, sari: Person, chat: Chat) -> None:
    """A test that asks for it learns so at once."""
    with pytest.raises(ValueError, match="not in Shop"):
        await sari.send("x", sandbox.group("Shop"))
    await sari.block()
    with pytest.raises(ValueError, match="has blocked the bot"):
        await sari.send("x")


def test_the_cast_is_the_demos() -> None:
    """Names of the chat list, and payments of both kinds."""
    cast = raise_curtain(Sandbox())
    assert list(cast.labels.values()) == ["Sari, customer", "Tom, customer (English)", "Rina, staff", "Ops group"]
    assert {payment.kind for payment in cast.payments} == {"express", "instant"}
