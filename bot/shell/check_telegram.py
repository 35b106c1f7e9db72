"""`paybot check`, Telegram's side: token, webhook, and whether each ops chat and topic can be written to."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from bot.core.watch import Place
from bot.messenger.account import REFUSED_BY_TELEGRAM
from bot.messenger.inspection import Heard, Inspector, Silence
from bot.settings import Settings
from bot.shell.findings import CALL_WITHIN, Finding, Part, bad, good, unknown

TOKEN: Final = "Telegram token"  # noqa: S105 - a heading
WEBHOOK: Final = "webhook"
OPS: Final = "ops chats"
_RECENT: Final = timedelta(minutes=30)


async def check_telegram(settings: Settings, clock: Callable[[], datetime]) -> Part:
    """Asks as the bot. Nothing is sent, but it shows as typing in the ops chats: that tells the right to write."""
    token = settings.telegram_bot_token.get_secret_value()
    async with Inspector(settings.telegram_api_url, token, within=CALL_WITHIN) as telegram:
        me = await telegram.ask("getMe")
        heard_at = clock()
        if not isinstance(me, Heard) or not isinstance(me.result, dict):
            rest = (unknown(WEBHOOK, "not asked."), unknown(OPS, "not asked."))
            return Part((_of_token(me, settings), *rest), getattr(me, "date", None), heard_at)
        bot_id = int(me.result.get("id", 0))
        webhook, *ops = await asyncio.gather(
            _of_webhook(telegram, settings, heard_at),
            *(_of_place(telegram, place, bot_id) for place in settings.ops_chat_ids),
        )
    none = unknown(OPS, "none in OPS_CHAT_IDS: alerts go to where /alerts put them, else to the owner.")
    name = good(TOKEN, f"the bot is @{me.result.get('username', '?')}.")
    return Part((name, webhook, *(ops or [none])), me.date, heard_at)


def _of_token(me: Heard | Silence, settings: Settings) -> Finding:
    host = urlsplit(settings.telegram_api_url).netloc
    match me:
        case Silence(problem=problem):
            said = f"{host} is out of reach ({problem}): see to the network, or mend TELEGRAM_API_URL."
        case Heard(code=401 | 404):
            said = REFUSED_BY_TELEGRAM
        case _:
            said = f"{host} answers {me.code} ({me.words}): try later."
    return bad(TOKEN, said)


async def _of_webhook(telegram: Inspector, settings: Settings, now: datetime) -> Finding:
    heard = await telegram.ask("getWebhookInfo")
    if not isinstance(heard, Heard) or not isinstance(heard.result, dict):
        return unknown(WEBHOOK, f"not told ({_why(heard)}).")
    is_set = str(heard.result.get("url") or "")
    wanted = f"{settings.telegram_webhook_url}/telegram" if settings.telegram_webhook_url else ""
    if is_set and not wanted:
        said = f"set to {_host(is_set)}, but TELEGRAM_WEBHOOK_URL is not set: `paybot run` takes it away; "
        return bad(WEBHOOK, said + "if another program uses this bot, give that one a bot of its own from @BotFather.")
    if not is_set:
        return unknown(WEBHOOK, "not set yet: `paybot run` sets it.") if wanted else good(WEBHOOK, "none, as wanted.")
    if is_set != wanted:
        return bad(WEBHOOK, f"set to {_host(is_set)}, not to TELEGRAM_WEBHOOK_URL: start `paybot run`, which sets it.")
    waiting, failed_at = heard.result.get("pending_update_count", 0), heard.result.get("last_error_date")
    if waiting and isinstance(failed_at, int) and now.timestamp() - failed_at < _RECENT.total_seconds():
        why = str(heard.result.get("last_error_message", ""))[:200]
        return bad(WEBHOOK, f"Telegram cannot deliver to it ({why}): see that {_host(is_set)} leads to this bot.")
    return good(WEBHOOK, f"set to {_host(is_set)}, {waiting} updates waiting.")


async def _of_place(telegram: Inspector, place: Place, bot_id: int) -> Finding:
    """In at most two calls in a row."""
    about = f"ops chat {place.chat_id}" + (f":{place.topic_id}" if place.topic_id else "")
    chat = await telegram.ask("getChat", chat_id=place.chat_id)
    if not isinstance(chat, Heard):
        return unknown(about, f"not told ({_why(chat)}).")
    if not isinstance(chat.result, dict):
        return bad(about, _of_no_chat(chat))
    topic = {"message_thread_id": place.topic_id} if place.topic_id else {}
    member, typing = await asyncio.gather(
        telegram.ask("getChatMember", chat_id=place.chat_id, user_id=bot_id),
        telegram.ask("sendChatAction", chat_id=place.chat_id, action="typing", **topic),
    )
    if chat.result.get("type") != "private" and isinstance(member, Heard) and isinstance(member.result, dict):
        if member.result.get("status") in {"left", "kicked"}:
            return bad(about, "the bot is not in this chat: add it there.")
        if not _may_write(chat.result, member.result):
            return bad(about, "the bot may not write there: let members send messages, or make it an administrator.")
    if isinstance(typing, Heard) and typing.code is None:
        return good(about, f"{chat.result.get('title', 'a private chat')}: the bot may write there.")
    if isinstance(typing, Silence):
        return unknown(about, f"not told ({typing.problem}).")
    return bad(about, _of_no_topic(typing) if place.topic_id else _of_no_chat(typing))


def _of_no_chat(refused: Heard) -> str:
    if refused.moved_to is not None:
        return f"the group became a supergroup: put {refused.moved_to} into OPS_CHAT_IDS."
    if refused.code == 403:
        return f"the bot is not in this chat, or may not write there ({refused.words}): add it there, with that right."
    return f"Telegram does not know it ({refused.words}): add the bot there, and take the id that /id tells there."


def _of_no_topic(refused: Heard) -> str:
    words = refused.words.lower()
    if "closed" in words:
        return "the topic is closed: open it, or make the bot an administrator who may manage topics."
    if "thread not found" in words:
        return "there is no such topic: take the id that /id tells within it."
    return f"the bot may not write in this topic ({refused.words}): make it an administrator."


def _may_write(chat: Mapping[str, Any], member: Mapping[str, Any]) -> bool:
    match member.get("status"):
        case "restricted":
            return bool(member.get("can_send_messages"))
        case "administrator" if chat.get("type") == "channel":
            return bool(member.get("can_post_messages"))
        case "member":
            permissions = chat.get("permissions")
            return not isinstance(permissions, dict) or permissions.get("can_send_messages") is not False
        case _:
            return True


def _why(answer: Heard | Silence) -> str:
    return answer.problem if isinstance(answer, Silence) else f"{answer.code} {answer.words}"


def _host(url: str) -> str:
    return urlsplit(url).netloc or "another URL"
