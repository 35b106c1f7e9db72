"""Who pays: the line on the cards, and the answers to "I'll pay this"."""

from datetime import datetime
from typing import Final, assert_never

from bot.core.payer import AlreadyPaying, NothingToPay, PayerNoted, PayerPress, PayerTakenBack
from bot.words.markup import Html, clean
from bot.words.voice import Voice

_NAME_LIMIT: Final = 32


def payer_line(since: datetime, name: str | None, voice: Voice) -> Html:
    """That somebody pays it, and since when."""
    if called := _called(name):
        return voice.say("payer.line", name=called, time=voice.time(since))
    return voice.say("payer.line_someone", time=voice.time(since))


def payer_toast(fact: PayerPress, voice: Voice) -> str:
    """The answer to the button."""
    match fact:
        case PayerNoted():
            return voice.plain("toast.payer_noted")
        case PayerTakenBack():
            return voice.plain("toast.payer_taken_back")
        case AlreadyPaying(since=since, name=name):
            if called := _called(name):
                return voice.plain("toast.already_paying", name=called, time=voice.time(since))
            return voice.plain("toast.someone_paying", time=voice.time(since))
        case NothingToPay():
            return voice.plain("toast.nothing_to_pay")
        case _ as never:
            assert_never(never)


def _called(name: str | None) -> str:
    return clean(name, _NAME_LIMIT).strip() if name else ""
