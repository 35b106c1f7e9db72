"""What Telegram accepted, and when, held against what was promised. The bot's own database is not asked."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.sandbox import Sandbox
from bot.sandbox.chats import Chat, Message
from tests.crash.world import Watcher, World
from tests.e2e.scanning import scanned

OFFERED_AFTER = 10 * 60.0
"""Seconds after which an ask that waited gets a button in the place of a code."""
_SENT = ("sendMessage", "sendPhoto", "sendDocument")


@dataclass
class Verdict:
    """Counts, and the broken promises in words."""

    told: int = 0
    twice: int = 0
    cards: int = 0
    answers: int = 0
    answered_twice: int = 0
    lost_answers: int = 0
    broken: list[str] = field(default_factory=list)


def owed(world: World) -> list[str]:
    """What is still to come, in words: empty once everybody knows all and no code of a paid payment is left."""
    found = [
        f"{_name(watcher)}: not told" for watcher in world.watchers if watcher.payment.paid and not notices(watcher)
    ]
    found += [
        f"{_name(watcher)}: not answered"
        for watcher in world.watchers
        if not watcher.payment.paid and not any(_answers(message, watcher) for message in _about(watcher))
    ]
    found += [
        f"{_name(watcher)}: a card out of date"
        for watcher in world.watchers
        for card in cards(watcher)
        if watcher.payment.paid and "✅" not in card.text
    ]
    asked = Counter(question.chat for question in world.questions)
    found += [f"{chat}: {count} asked" for chat, count in asked.items() if len(id_answers(chat)) < count]
    return found


def judge(world: World, *, kills: int) -> Verdict:
    """The promises, one by one."""
    verdict = Verdict(lost_answers=_lost_answers(world.sandbox), broken=owed(world))
    for watcher in world.watchers:
        told, shown = notices(watcher), cards(watcher)
        verdict.told += bool(told)
        verdict.twice += max(0, len(told) - 1)
        verdict.cards += len(shown)
        if len(shown) > 1:
            verdict.broken.append(f"{_name(watcher)}: {len(shown)} cards")
        payable = [card for card in shown if card.photo and scanned(card.photo)]
        if watcher.payment.paid and payable:
            verdict.broken.append(f"{_name(watcher)}: asked to pay what is paid")
    verdict.broken += _false_paid(world)
    for chat, asked in Counter(question.chat for question in world.questions).items():
        answered = len(id_answers(chat))
        verdict.answers += answered
        verdict.answered_twice += max(0, answered - asked)
    if verdict.twice + verdict.answered_twice > kills + verdict.lost_answers:
        verdict.broken.append(f"{verdict.twice} told and {verdict.answered_twice} answered twice: too often")
    return verdict


def notices(watcher: Watcher) -> list[Message]:
    """The messages that tell a chat "paid", deleted ones too."""
    return [message for message in _about(watcher) if message.photo is None and "✅" in message.versions[0].text]


def cards(watcher: Watcher) -> list[Message]:
    """The pictures of a payment that a chat has now."""
    return [message for message in _about(watcher) if message.photo is not None and not message.deleted]


def id_answers(chat: Chat) -> list[Message]:
    """The answers to `/id`."""
    return [message for message in chat.messages if message.from_bot and str(chat.id) in message.versions[0].text]


def _about(watcher: Watcher) -> Iterator[Message]:
    for message in watcher.chat.messages:
        if message.from_bot and watcher.payment.id in message.versions[0].text:
            yield message


def _answers(message: Message, watcher: Watcher) -> bool:
    """Whether it is the card, or, where that came too late, the offer to show it."""
    asked = (one.at for one in watcher.chat.messages if not one.from_bot and watcher.payment.id in one.text)
    waited = message.at - min(asked, default=message.at)
    offers = waited >= OFFERED_AFTER and any(button.action == "callback_data" for button in message.buttons)
    return message.photo is not None or offers


def _false_paid(world: World) -> list[str]:
    return [
        f"{_name(watcher)}: said to be paid before it was"
        for watcher in world.watchers
        for message in _about(watcher)
        for version in message.versions
        if "✅" in version.text and (watcher.payment.paid_at is None or version.at < watcher.payment.paid_at)
    ]


def _lost_answers(sandbox: Sandbox) -> int:
    calls = sandbox.telegram.calls_of(*_SENT, done=True)
    return sum(call.fault is not None or not call.answered for call in calls)


def _name(watcher: Watcher) -> str:
    return f"{watcher.payment.id} in {watcher.chat.id}"
