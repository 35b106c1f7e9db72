"""Updates that say no more than what counts: they are acted on all the same, and nobody is alarmed."""

from typing import Any

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.people import Person
from tests.e2e.process import BotProcess

BOT = {"id": 1, "is_bot": True, "first_name": "Paybot"}


def of_the_bot(chat: dict[str, Any], before: str, now: str) -> dict[str, Any]:
    """A change of what the bot is in a chat, without the rights of an admin or the end of a ban."""
    members = {
        "old_chat_member": {"user": BOT, "status": before},
        "new_chat_member": {"user": BOT, "status": now},
    }
    return {"my_chat_member": {"chat": chat, "from": BOT, "date": 1} | members}


async def test_a_change_of_the_bots_place_is_understood_by_its_status(
    bot: BotProcess, sandbox: Sandbox, sari: Person
) -> None:
    """Made an admin: greets. Blocked: rests, and looks at nothing for that chat's sake alone."""
    group = sandbox.group("Packing", [sari])
    updates = sandbox.telegram.world.updates
    updates.put_raw(of_the_bot({"id": group.id, "type": "group", "title": "Packing"}, "left", "administrator"))
    assert "/pay XID-" in (await group.next_message()).text
    payment = sandbox.payments.express(65_000)
    await sari.send(f"/pay {payment.id}")
    await sari.private_chat.next_message()
    updates.put_raw(of_the_bot({"id": sari.id, "type": "private", "first_name": "Sari"}, "member", "kicked"))
    await bot.logged("chat gone")
    assert "update failed" not in bot.log


@pytest.mark.parametrize("kind", [{"inline_message_id": "x", "data": "check:x"}, {"game_short_name": "x"}])
async def test_a_press_under_no_message_of_ours_is_answered(
    bot: BotProcess, sandbox: Sandbox, sari: Person, kind: dict[str, str]
) -> None:
    """Else the button would go on turning."""
    press = {"id": "77", "from": {"id": sari.id, "is_bot": False, "first_name": "S"}, "chat_instance": "x"}
    sandbox.telegram.world.updates.put_raw({"callback_query": press | kind})
    answer = await sandbox.telegram.wait_for_call(
        "answerCallbackQuery", lambda call: call.params["callback_query_id"] == "77"
    )
    assert answer.params["text"]
