"""What Telegram's side may send: answers to `getUpdates`, updates of any make, and what people type and press."""

import asyncio
import json
import logging
from datetime import UTC, datetime
from functools import cache
from random import Random
from types import SimpleNamespace
from typing import Any, Final, cast

import httpx

from bot.chat.handlers import Chat, Flows
from bot.core.ids import LONGEST_TEXT
from bot.core.message import Action
from bot.flows.asker import Asker
from bot.flows.receive import _topic_of
from bot.flows.take_in import _chats_in, chat_of
from bot.messenger.updates import (
    Batch,
    Conflict,
    Fetched,
    TokenRefused,
    Trouble,
    _webhook,
    is_update,
    problem_of,
    read,
)
from tests.architecture.test_commands import handled
from tests.core.making import T0
from tests.fuzz import wild
from tests.fuzz.running import Parser
from tests.messenger.faking import CHAT, MESSAGE, FakeTelegram, bot_at, success

TEXT: Final = 3 * LONGEST_TEXT
"""Telegram takes a third of that. python-telegram-bot splits it for each of our commands, and would take its
time over a megabyte."""
ME: Final = {"id": 9, "is_bot": True, "first_name": "Paybot", "username": "sari_paybot"}
PERSON: Final = {"id": 5, "is_bot": False, "first_name": "Sari", "language_code": "id"}
GROUP: Final = {"id": -1001, "type": "supergroup", "title": "Ops", "is_forum": True}
COMMANDS: Final = (*sorted(handled()), "unknown")
ARGUMENTS: Final = (
    "XID-4875081955", "PID-1754377171 XID-12", "on", "off", "en", "maret 2026", "202603", "last month",
    "BDI-1754377171060",
    "wZk3-_abcdefghijklmnopqrstuvwxyz", "xid - 4875081955, thanks", "https://t.me/sari_paybot?start=abcdefghijklmnop",
)  # fmt: skip


def _said(text: str, **more: Any) -> dict[str, Any]:
    return {"update_id": 7, "message": {**MESSAGE, "from": PERSON, "text": text, **more}}


def _commanded(command: str, rest: str, **more: Any) -> dict[str, Any]:
    entity = {"type": "bot_command", "offset": 0, "length": len(command.encode("utf-16-le", "surrogatepass")) // 2}
    return _said(f"{command} {rest}", entities=[entity], **more)


def _pressed(data: str, **more: Any) -> dict[str, Any]:
    press = {"id": "77", "from": PERSON, "chat_instance": "1", "message": MESSAGE, "data": data, **more}
    return {"update_id": 7, "callback_query": press}


def _member(status: str) -> dict[str, Any]:
    return {"user": ME, "status": status, "until_date": 0}


GOOD: Final[tuple[dict[str, Any], ...]] = (
    _said("tolong XID-4875081955 ya"),
    _commanded("/pay@sari_paybot", "XID-4875081955", chat=GROUP, is_topic_message=True, message_thread_id=3),
    _commanded("/start", "abcdefghijklmnopqrstuvwxyz", sender_chat=GROUP),
    _pressed("check:abcdefghijklmnopqrstuv"),
    _pressed("stop:abcdefghijklmnopqrstuv", message={"chat": GROUP, "message_id": 41, "date": 0}),
    _said("", chat=GROUP, migrate_to_chat_id=-1002),
    _said("", photo=[], caption="XID-4875081955", reply_to_message=MESSAGE),
    {"update_id": 8, "my_chat_member": {"chat": GROUP, "from": PERSON, "date": 1_770_000_000,
                                        "old_chat_member": _member("left"), "new_chat_member": _member("member")}},
)  # fmt: skip


class Taken:
    """In the place of every flow: notes what it is called with."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return self

    async def __call__(self, *given: Any, **named: Any) -> None:
        self.calls.append((*given, *named.values()))


def a_chat() -> tuple[Chat, Taken]:
    """The dispatching, with flows that take everything."""
    logging.getLogger("telegram").setLevel(logging.CRITICAL)
    taken = Taken()
    bot = bot_at(FakeTelegram(success(ME)))
    flows = cast(Flows, SimpleNamespace(**dict.fromkeys(Flows.__dataclass_fields__, taken)))
    return Chat(bot, flows, group_locale="id", telegram_time=lambda: T0), taken


@cache
def _chat() -> tuple[asyncio.AbstractEventLoop, Chat, Taken]:
    """The same, made once, and a loop to run it in."""
    loop, (chat, taken) = asyncio.new_event_loop(), a_chat()
    loop.run_until_complete(chat.start())
    return loop, chat, taken


def _handled(update: dict[str, Any]) -> tuple[list[tuple[Any, ...]], str]:
    """What the flows were called with, and how the handling failed."""
    loop, chat, taken = _chat()
    taken.calls.clear()
    try:
        loop.run_until_complete(chat.handle(update))
    except Exception as error:
        return list(taken.calls), f"{type(error).__name__}: {error}"[:200]
    return list(taken.calls), ""


def make_update(dice: Random) -> bytes:
    """An update as it is pushed, of any make."""
    update = wild.mutated(dice, dice.choice(GOOD))
    message = update.get("message") if isinstance(update, dict) else None
    if isinstance(message, dict) and isinstance(message.get("text"), str):
        message["text"] = message["text"][:TEXT]
    return wild.as_json(dice, update)


def parse_update(given: bytes) -> Any:
    """From the bytes to the flows, by way of the inbox. A handler may fail of what Telegram never sends: that is
    counted and told (`flows.receive`); nothing before it may."""
    try:
        update = json.loads(given)
    except (ValueError, RecursionError):
        return None
    if not is_update(update):
        return None
    noted = chat_of(update), _chats_in([update]), _topic_of(update)
    calls, _ = _handled(cast(dict[str, Any], update))
    return noted, calls


def judge_update(_given: bytes, outcome: Any) -> None:
    """What the database is given fits it."""
    if outcome is None:
        return
    (chat_id, chats, _topic), _calls = outcome
    for number in (chat_id, *chats, *(newest for _, newest in chats.values())):
        assert number is None or -(2**63) < number < 2**63
    assert all(kind in {"", "private", "group", "supergroup", "channel"} for kind, _ in chats.values())


def make_talk(dice: Random) -> dict[str, Any]:
    """An update as Telegram makes them, with anything typed or pressed in it."""
    rest = wild.text(dice)[:TEXT] if dice.random() < 0.5 else wild.bent(dice, dice.choice(ARGUMENTS))
    place = dice.choice(({}, {"chat": GROUP}, {"chat": GROUP, "is_topic_message": True, "message_thread_id": 3}))
    person = {"from": PERSON | {"language_code": wild.text(dice)[:35]}} if dice.random() < 0.3 else {}
    match dice.randrange(5):
        case 0:
            return _said(rest, **place, **person)
        case 1:
            return _said("", caption=rest, photo=[], **place)
        case 2:
            handle = wild.bent(dice, "abcdefghijklmnopqrstuv")
            data = rest if dice.random() < 0.3 else f"{dice.choice(tuple(Action))}:{handle}"
            return _pressed(data, **person, message=MESSAGE | place)
        case _:
            at = dice.choice(("", "", "@sari_paybot", "@SARI_PAYBOT", "@other_bot", "@", "@@", "@İ"))
            return _commanded("/" + wild.bent(dice, dice.choice(COMMANDS)) + at, rest, **place, **person)


def judge_talk(given: dict[str, Any], outcome: tuple[list[tuple[Any, ...]], str]) -> None:
    """What people type makes nothing fail, is theirs, and is answered in private."""
    calls, failed = outcome
    assert not failed, failed
    askers = [part for call in calls for part in call if isinstance(part, Asker)]
    for asker in askers:
        assert asker.update_id == given["update_id"]
        assert asker.locale in {"id", "en"}
        assert asker.person_id == PERSON["id"]
        if "message" in given:
            assert asker.waited == T0 - datetime.fromtimestamp(given["message"]["date"], UTC)
    if given.get("message", {}).get("chat") == CHAT:
        assert len(askers) == 1, "in private everything is answered, once"


def make_poll(dice: Random) -> bytes:
    """What `getUpdates` answers."""
    refusal = {"ok": False, "error_code": dice.choice((400, 401, 404, 409, 429, 500)), "description": "x",
               "parameters": {"retry_after": 5}}  # fmt: skip
    answer = refusal if dice.random() < 0.3 else {"ok": True, "result": [dice.choice(GOOD), dice.choice(GOOD)]}
    return wild.as_json(dice, wild.mutated(dice, answer))


def parse_poll(given: bytes) -> Fetched:
    """As `Updates` reads it."""
    try:
        answer = httpx.Response(200, content=given).json()
        if isinstance(answer, dict) and isinstance(answer.get("result"), dict):
            _webhook(answer["result"])
        return read(answer)
    except (ValueError, RecursionError):
        return Trouble("no JSON")


def judge_poll(_given: bytes, fetched: Fetched) -> None:
    """Every update can be confirmed, every pause made."""
    match fetched:
        case Batch():
            assert all(0 <= update["update_id"] < 2**63 for update in fetched.updates)
            _chats_in(fetched.updates)
        case Trouble():
            assert fetched.after is None or 0 <= fetched.after <= 900
            assert len(problem_of(fetched)) <= 200
        case Conflict() | TokenRefused():
            assert problem_of(fetched)


PARSERS: Final = (
    Parser("polls", make_poll, parse_poll, judge_poll),
    Parser("updates", make_update, parse_update, judge_update),
    Parser("talk", make_talk, _handled, judge_talk),
)
