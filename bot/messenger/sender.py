"""Sends one message and says what came of it.

Outcomes are a closed set; the order in which python-telegram-bot's errors are told apart matters, as `BadRequest` and
`TimedOut` are both `NetworkError`s there.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import httpx
import structlog
from telegram import (
    Bot,
    BotCommandScope,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message as SentMessage,
    ReplyParameters,
)
from telegram.constants import ChatAction, ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from bot.core.message import ActionButton, Button, CopyButton, Keyboard, LinkButton, Message, Toast
from bot.core.watch import Place

# What python-telegram-bot says where an answer has no words of Telegram's: a proxy's page, a captive portal. Such a no
# is not final.
_NOT_TELEGRAMS: Final = re.compile(r"[A-Za-z ]+ \(\d{3}\)")
# httpx's own: the request had surely not left when these were raised.
_SURELY_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


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

_FILE_NAME: Final = "qris.png"

Picture = bytes | str
"""A PNG to upload, or the `file_id` of one Telegram has."""


class Scope(StrEnum):
    """Which chats see a command menu; the names are the Bot API's."""

    ALL = "default"
    PRIVATE = "all_private_chats"
    GROUPS = "all_group_chats"
    ADMINS = "all_chat_administrators"


class Sender:
    """Telegram's sending side."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def send_text(self, place: Place, message: Message, *, reply_to: int | None = None) -> Outcome:
        """A new text message; as an answer to another, where that one is still there."""
        answered = ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to is not None else None
        return await _outcome(
            lambda: self._bot.send_message(
                chat_id=place.chat_id,
                message_thread_id=place.topic_id,
                text=message.html,
                parse_mode=ParseMode.HTML,
                reply_markup=_markup(message.keyboard),
                disable_notification=message.silent or None,
                reply_parameters=answered,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        )

    async def send_picture(self, place: Place, picture: Picture, message: Message) -> Outcome:
        """A new photo with a caption."""
        return await _outcome(
            lambda: self._bot.send_photo(
                chat_id=place.chat_id,
                message_thread_id=place.topic_id,
                photo=picture,
                filename=_FILE_NAME,
                caption=message.html,
                parse_mode=ParseMode.HTML,
                reply_markup=_markup(message.keyboard),
                disable_notification=message.silent or None,
            )
        )

    async def change_picture(self, place: Place, message_id: int, picture: Picture, message: Message) -> Outcome:
        """Another photo and caption in a message of ours."""
        media = InputMediaPhoto(picture, caption=message.html, parse_mode=ParseMode.HTML, filename=_FILE_NAME)
        return await _outcome(
            lambda: self._bot.edit_message_media(
                chat_id=place.chat_id, message_id=message_id, media=media, reply_markup=_markup(message.keyboard)
            )
        )

    async def change_text(self, place: Place, message_id: int, message: Message) -> Outcome:
        """Another text in a message of ours."""
        return await _outcome(
            lambda: self._bot.edit_message_text(
                chat_id=place.chat_id,
                message_id=message_id,
                text=message.html,
                parse_mode=ParseMode.HTML,
                reply_markup=_markup(message.keyboard),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        )

    async def change_caption(self, place: Place, message_id: int, message: Message) -> Outcome:
        """Another caption under a picture of ours; `Undeliverable` where the message is no picture."""
        return await _outcome(
            lambda: self._bot.edit_message_caption(
                chat_id=place.chat_id,
                message_id=message_id,
                caption=message.html,
                parse_mode=ParseMode.HTML,
                reply_markup=_markup(message.keyboard),
            )
        )

    async def erase(self, place: Place, message_id: int) -> Outcome:
        """Takes a message of ours away (Telegram allows it for 48 hours)."""
        return await _outcome(lambda: self._bot.delete_message(chat_id=place.chat_id, message_id=message_id))

    async def answer_press(self, press_id: str, toast: Toast) -> Outcome:
        """Answers a button press; a press can be answered once, and for a short while only."""
        return await _outcome(
            lambda: self._bot.answer_callback_query(press_id, text=toast.text, show_alert=toast.alert)
        )

    async def show_typing(self, place: Place) -> None:
        """Shows for five seconds that an answer is on its way; not worth a second try."""
        await _outcome(
            lambda: self._bot.send_chat_action(place.chat_id, ChatAction.TYPING, message_thread_id=place.topic_id)
        )

    async def set_menu(
        self, commands: list[tuple[str, str]], language_code: str | None, scope: Scope = Scope.ALL
    ) -> Outcome:
        """The command menu of some chats for a language (None: for all others)."""
        where = None if scope is Scope.ALL else BotCommandScope(scope)
        return await _outcome(lambda: self._bot.set_my_commands(commands, where, language_code=language_code))

    async def set_description(self, text: str, short: str, language_code: str | None) -> Outcome:
        """What stands in the empty chat and on the bot's page."""
        told = await _outcome(lambda: self._bot.set_my_description(text, language_code=language_code))
        if not isinstance(told, Delivered):
            return told
        return await _outcome(lambda: self._bot.set_my_short_description(short, language_code=language_code))


async def _outcome(call: Callable[[], Awaitable[object]]) -> Outcome:
    try:
        result = await call()
    except TelegramError as error:
        return _failed(error)
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
            surely_not = isinstance(error.__cause__, _SURELY_NOT_SENT) or error.message.startswith("Too Many Requests")
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
    gone = any(
        part in text for part in ("chat not found", "user is deactivated", "peer_id_invalid", "not enough rights")
    )
    return Undeliverable(description, chat_is_gone=gone)


def _seconds(error: RetryAfter) -> float:
    after = error.retry_after
    return after.total_seconds() if not isinstance(after, int | float) else float(after)


def _short(error: Exception) -> str:
    cause = type(error.__cause__ or error).__name__
    return cause[:60]


def _markup(keyboard: Keyboard) -> InlineKeyboardMarkup | None:
    return InlineKeyboardMarkup([[_button(button) for button in row] for row in keyboard]) if keyboard else None


def _button(button: Button) -> InlineKeyboardButton:
    match button:
        case ActionButton():
            return InlineKeyboardButton(button.label, callback_data=button.data)
        case LinkButton():
            return InlineKeyboardButton(button.label, url=button.url)
        case CopyButton():
            return InlineKeyboardButton(button.label, copy_text=CopyTextButton(button.text))
