"""Who is in a group: only Telegram's own word makes an admin, or a member."""

import pytest

from bot.messenger.members import Members
from tests.messenger.faking import FakeTelegram, bot_at, refusal, success

USER = {"id": 9, "is_bot": False, "first_name": "R"}
RIGHTS = dict.fromkeys(
    (
        "can_send_messages", "can_change_info", "can_invite_users", "can_pin_messages", "can_manage_topics",
        "can_send_polls", "can_send_other_messages", "can_add_web_page_previews", "can_send_audios",
        "can_send_documents", "can_send_photos", "can_send_videos", "can_send_video_notes", "can_send_voice_notes",
        "can_edit_tag", "can_react_to_messages",
    ),
    False,
)  # fmt: skip


def restricted(*, is_member: bool) -> tuple[int, bytes]:
    """Somebody with fewer rights, in the group or out of it."""
    return success({"status": "restricted", "user": USER, "until_date": 0, "is_member": is_member} | RIGHTS)


@pytest.mark.parametrize(
    ("answer", "admin", "member"),
    [
        (success({"status": "creator", "user": USER, "is_anonymous": False}), True, True),
        (success({"status": "creator"}), True, True),
        (success({"status": "administrator", "user": USER}), True, True),
        (success({"status": "member", "user": USER}), False, True),
        (restricted(is_member=True), False, True),
        (restricted(is_member=False), False, False),
        (success({"status": "left", "user": USER}), False, False),
        (success({"status": "kicked", "user": USER, "until_date": 0}), False, False),
        (success({"status": "something new", "user": USER}), False, False),
        (success({"status": "restricted", "user": USER}), False, False),
        (success({"status": ["creator"]}), False, False),
        (success([]), False, False),
        (refusal(400, "Bad Request: member list is inaccessible"), False, False),
        (refusal(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1009), False, False),
        (refusal(429, "Too Many Requests", retry_after=3), False, False),
        ((502, b"<html>"), False, False),
        (OSError("cut"), False, False),
    ],
    ids=["owner", "owner in a word", "admin in a word", "member", "restricted", "restricted and out", "gone", "banned",
         "new status", "fields missing", "no status", "no member", "not told", "moved", "too fast", "proxy",
         "no connection"],
)  # fmt: skip
async def test_only_telegrams_word_counts(answer: tuple[int, bytes] | Exception, admin: bool, member: bool) -> None:
    """Where it can't say, no."""
    telegram = FakeTelegram(answer)
    members = Members(bot_at(telegram))
    assert await members.is_admin(-100, 9) is admin
    assert await members.is_member(-100, 9) is member
    assert telegram.calls == 2 * [("getChatMember", {"chat_id": -100, "user_id": 9})]


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (success({"status": "left", "user": {"id": 9, "is_bot": False, "first_name": "Rina", "last_name": "W"}}),
         "Rina W"),
        (refusal(400, "Bad Request: user not found"), None),
    ],
    ids=["told", "not told"],
)  # fmt: skip
async def test_a_name_is_telegrams_or_none(answer: tuple[int, bytes], name: str | None) -> None:
    """Also of somebody who has left."""
    telegram = FakeTelegram(answer)
    assert await Members(bot_at(telegram)).name_of(-100, 9) == name
    assert telegram.calls == [("getChatMember", {"chat_id": -100, "user_id": 9})]
