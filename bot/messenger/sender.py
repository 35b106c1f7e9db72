"""Sends one message and says what came of it (`messenger.outcomes`)."""

from enum import StrEnum
from typing import Final

from telegram import (
    Bot,
    BotCommandScope,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    ReplyParameters,
)
from telegram.constants import ChatAction, ParseMode

from bot.core.message import ActionButton, Button, CopyButton, Keyboard, LinkButton, Message, Toast
from bot.core.watch import Place
from bot.messenger.outcomes import (
    Delivered,
    MessageGone,
    Moved,
    Outcome,
    PictureUnknown,
    RetryAt,
    Undeliverable,
    outcome_of,
)

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
        return await outcome_of(
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
        return await outcome_of(
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

    async def send_document(self, place: Place, name: str, content: bytes, message: Message) -> Outcome:
        """A new file of that name, with a caption."""
        return await outcome_of(
            lambda: self._bot.send_document(
                chat_id=place.chat_id,
                message_thread_id=place.topic_id,
                document=content,
                filename=name,
                caption=message.html,
                parse_mode=ParseMode.HTML,
            )
        )

    async def change_picture(self, place: Place, message_id: int, picture: Picture, message: Message) -> Outcome:
        """Another photo and caption in a message of ours."""
        media = InputMediaPhoto(picture, caption=message.html, parse_mode=ParseMode.HTML, filename=_FILE_NAME)
        return await outcome_of(
            lambda: self._bot.edit_message_media(
                chat_id=place.chat_id, message_id=message_id, media=media, reply_markup=_markup(message.keyboard)
            )
        )

    async def change_text(self, place: Place, message_id: int, message: Message) -> Outcome:
        """Another text in a message of ours."""
        return await outcome_of(
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
        return await outcome_of(
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
        return await outcome_of(lambda: self._bot.delete_message(chat_id=place.chat_id, message_id=message_id))

    async def answer_press(self, press_id: str, toast: Toast) -> Outcome:
        """Answers a button press; a press can be answered once, and for a short while only."""
        return await outcome_of(
            lambda: self._bot.answer_callback_query(press_id, text=toast.text, show_alert=toast.alert)
        )

    async def show_typing(self, place: Place) -> None:
        """Shows for five seconds that an answer is on its way; not worth a second try."""
        await outcome_of(
            lambda: self._bot.send_chat_action(place.chat_id, ChatAction.TYPING, message_thread_id=place.topic_id)
        )

    async def set_menu(
        self, commands: list[tuple[str, str]], language_code: str | None, scope: Scope = Scope.ALL
    ) -> Outcome:
        """The command menu of some chats for a language (None: for all others)."""
        where = None if scope is Scope.ALL else BotCommandScope(scope)
        return await outcome_of(lambda: self._bot.set_my_commands(commands, where, language_code=language_code))

    async def set_description(self, text: str, short: str, language_code: str | None) -> Outcome:
        """What stands in the empty chat and on the bot's page."""
        told = await outcome_of(lambda: self._bot.set_my_description(text, language_code=language_code))
        if not isinstance(told, Delivered):
            return told
        return await outcome_of(lambda: self._bot.set_my_short_description(short, language_code=language_code))


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


__all__ = [
    "Delivered",
    "MessageGone",
    "Moved",
    "Outcome",
    "Picture",
    "PictureUnknown",
    "RetryAt",
    "Scope",
    "Sender",
    "Undeliverable",
]
