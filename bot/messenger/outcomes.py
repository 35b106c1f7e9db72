"""What came of a call of Telegram's: a closed set.

The order in which python-telegram-bot's errors are told apart matters, as `BadRequest` and `TimedOut` are both
`NetworkError`s there.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import httpx
import structlog
from telegram import Message as SentMessage
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

# What python-telegram-bot says where an answer has no words of Telegram's: a proxy's page, a captive portal. Such a no
# is not final.
_NOT_TELEGRAMS: Final = re.compile(r"[A-Za-z ]+ \(\d{3}\)")
# Such as "Bad Gateway (502)". What follows may be the answer itself.
_FIRST_WORDS: Final = re.compile(r"[A-Za-z]+( [A-Za-z]+)*( \(\d{3}\))?")
CALL_TIMEOUT: Final = 12.0
"""Seconds for one call from start to last byte: an answer that drips never meets a timeout between two bytes."""
# httpx's own: the request had surely not left when these were raised.
_SURELY_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class NotSent(NetworkError):
    """No connection came about: the request did surely not leave."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """Telegram took it. `file_id` of the picture, where one was sent."""

    message_id: int | None
    file_id: str | None = None


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Not now. `after` in seconds where Telegram named it (429)."""

    problem: str
    after: float | None = None
    maybe_sent: bool = False
    """Whether Telegram may have taken it, with only the answer lost."""


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """Telegram's final no."""

    problem: str
    chat_is_gone: bool = False
    """Whether the chat takes no messages from us at all (blocked, kicked, deleted)."""
    topic_is_gone: bool = False
    """Whether it is the topic alone that takes none (deleted, closed)."""


@dataclass(frozen=True, slots=True)
class MessageGone:
    """The message to edit or delete is not there, or no longer ours to change."""


@dataclass(frozen=True, slots=True)
class PictureUnknown:
    """Telegram does not take the picture's `file_id`: upload it anew."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The group became a supergroup with another id."""

    chat_id: int


Outcome = Delivered | RetryAt | Undeliverable | MessageGone | PictureUnknown | Moved


async def outcome_of(call: Callable[[], Awaitable[object]]) -> Outcome:
    """Makes a call of Telegram's and says what came of it; raises nothing."""
    try:
        async with asyncio.timeout(CALL_TIMEOUT):
            result = await call()
    except TelegramError as error:
        return _failed(error)
    except TimeoutError:
        return RetryAt("TimeoutError", maybe_sent=True)
    except Exception as error:
        # A success that python-telegram-bot cannot read, or a mistake of ours: never said again without a pause.
        structlog.get_logger("sender").exception("answer not understood")
        return RetryAt(_short(error), maybe_sent=True)
    if isinstance(result, SentMessage):
        return Delivered(result.message_id, result.photo[-1].file_id if result.photo else None)
    return Delivered(None)


def _failed(error: TelegramError) -> Outcome:
    match error:
        case RetryAfter():
            return RetryAt("429", after=_seconds(error))
        case ChatMigrated():
            return Moved(error.new_chat_id)
        case Forbidden() | BadRequest() if _NOT_TELEGRAMS.match(error.message):
            return RetryAt(_short(error))
        case Forbidden():
            return Undeliverable(error.message, chat_is_gone=True)
        case BadRequest():
            return _refused(error.message)
        case InvalidToken():
            return RetryAt("the token is refused")
        case Conflict():
            return RetryAt(_short(error))
        case _:
            # A 429 that names no pause is a no like any other. But a 5xx may come after the message went out, and so
            # may a success that is no JSON.
            surely_not = isinstance(error, NotSent) or isinstance(error.__cause__, _SURELY_NOT_SENT)
            surely_not |= error.message.startswith("Too Many Requests")
            return RetryAt(_short(error), maybe_sent=not surely_not)


def _refused(description: str) -> Outcome:
    """A 400: by Telegram's own words, as it gives no code."""
    text = description.lower()
    if "message is not modified" in text:
        return Delivered(None)
    if any(part in text for part in ("wrong file identifier", "wrong remote file", "wrong file_id", "file_reference")):
        return PictureUnknown()
    if any(part in text for part in ("message to edit not found", "message can't be", "message to delete not found",
                                     "message_id_invalid", "there is no media in the message")):  # fmt: skip
        return MessageGone()
    gone = any(part in text for part in ("chat not found", "user is deactivated", "peer_id_invalid"))
    # A group may forbid photos or files alone.
    gone |= "not enough rights" in text and not any(kind in text for kind in ("photo", "document", "media"))
    no_topic = any(part in text for part in ("thread not found", "topic_closed", "topic_deleted"))
    return Undeliverable(description, chat_is_gone=gone, topic_is_gone=no_topic)


def _seconds(error: RetryAfter) -> float:
    after = error.retry_after
    return after.total_seconds() if not isinstance(after, int | float) else float(after)


def _short(error: Exception) -> str:
    cause = error.__cause__
    says_nothing = isinstance(cause, TelegramError) or (cause is None and type(error) in {TelegramError, NetworkError})
    if says_nothing and (said := _FIRST_WORDS.match(str(error))):
        return said[0][:60]
    return type(cause or error).__name__[:60]
