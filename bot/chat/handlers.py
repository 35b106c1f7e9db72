"""The handlers: which update goes to which flow."""

from dataclasses import dataclass
from typing import Any

from telegram import Bot, Message, Update
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackContext,
    CallbackQueryHandler,
    CommandHandler,
    MessageHandler,
    filters,
)

from bot.core.facts import Help, NotUnderstood, Welcome
from bot.core.ids import ids_after_command, ids_within
from bot.core.watch import Place
from bot.flows.ask import Ask, Asker
from bot.flows.press import AnswerPress, Pressed
from bot.words.words import locale_of

Context = CallbackContext[Any, Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Flows:
    """What the handlers call."""

    ask: Ask
    press: AnswerPress


class Chat:
    """python-telegram-bot's dispatching, without its polling, persistence and job queue."""

    def __init__(self, bot: Bot, flows: Flows, *, group_locale: str) -> None:
        """`group_locale`: the language of groups, and of people whose phone tells none."""
        self._bot = bot
        self._flows = flows
        self._group_locale = group_locale
        self._errors: dict[int, Exception] = {}
        self._app: Application[Any, Any, Any, Any, Any, Any] = (
            ApplicationBuilder().bot(bot).updater(None).job_queue(None).build()
        )
        self._add_handlers()

    async def start(self) -> None:
        """Asks Telegram who we are (the name counts in `/pay@name`). Raises PTB's `TelegramError`."""
        await self._app.initialize()

    async def stop(self) -> None:
        """Closes connections."""
        await self._app.shutdown()

    async def handle(self, body: dict[str, Any]) -> None:
        """One update, as JSON. Raises what its handler raised."""
        update = Update.de_json(body, self._bot)
        await self._app.process_update(update)
        # `process_update` swallows a handler's failure; our error handler has kept it.
        if error := self._errors.pop(update.update_id, None):
            raise error

    def _add_handlers(self) -> None:
        said = filters.UpdateType.MESSAGE
        private_text = said & filters.ChatType.PRIVATE & filters.TEXT
        for command, handler in (("pay", self._pay), ("start", self._start), ("help", self._help)):
            self._app.add_handler(CommandHandler(command, handler, filters=said))
        self._app.add_handler(MessageHandler(private_text, self._private_text))
        self._app.add_handler(CallbackQueryHandler(self._press))
        self._app.add_error_handler(self._keep_error)

    async def _pay(self, update: Update, context: Context) -> None:
        message = _message(update)
        asker = self._asker(update, message)
        await self._flows.ask(asker, ids_after_command(" ".join(context.args or ())))

    async def _start(self, update: Update, _: Context) -> None:
        await self._flows.ask.reply(self._asker(update, _message(update)), Welcome())

    async def _help(self, update: Update, _: Context) -> None:
        await self._flows.ask.reply(self._asker(update, _message(update)), Help())

    async def _private_text(self, update: Update, _: Context) -> None:
        message = _message(update)
        asker = self._asker(update, message)
        if ids := ids_within(message.text or ""):
            await self._flows.ask(asker, ids)
        else:
            await self._flows.ask.reply(asker, NotUnderstood())

    async def _press(self, update: Update, _: Context) -> None:
        press = update.callback_query
        if press is None or press.message is None or press.data is None:
            return
        topic = press.message.message_thread_id if isinstance(press.message, Message) else None
        is_topic = isinstance(press.message, Message) and bool(press.message.is_topic_message)
        place = Place(press.message.chat.id, topic if is_topic else None)
        private = press.message.chat.type == "private"
        asker = Asker(
            update.update_id, place, press.from_user.id, self._locale(press.from_user.language_code, private)
        )
        await self._flows.press(Pressed(asker, press.id, press.message.message_id, press.data))

    async def _keep_error(self, update: object, context: Context) -> None:
        if isinstance(update, Update) and context.error is not None:
            self._errors[update.update_id] = context.error

    def _asker(self, update: Update, message: Message) -> Asker:
        person = message.from_user
        private = message.chat.type == "private"
        return Asker(
            update_id=update.update_id,
            place=Place(message.chat.id, message.message_thread_id if message.is_topic_message else None),
            person_id=person.id if person else None,
            locale=self._locale(person.language_code if person else None, private),
        )

    def _locale(self, language_code: str | None, private: bool) -> str:
        return locale_of(language_code if private else None, self._group_locale)


def _message(update: Update) -> Message:
    if update.message is None:
        raise ValueError("the filters let only new messages through")
    return update.message
