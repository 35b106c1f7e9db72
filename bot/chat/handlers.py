"""The handlers: which update goes to which flow."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telegram import Bot, Message, Update
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackContext,
    CallbackQueryHandler,
    CommandHandler,
    MessageHandler,
    TypeHandler,
    filters,
)

from bot.core.commands import Ids, OpenPayments
from bot.core.facts import NotUnderstood, Welcome
from bot.core.ids import ids_after_command, ids_within
from bot.core.links import payload_within
from bot.core.locales import locale_of
from bot.core.watch import Place
from bot.flows.ask import Ask
from bot.flows.asker import Asker, Wish
from bot.flows.choose_language import ChooseLanguage
from bot.flows.come_and_go import ComeAndGo
from bot.flows.guide import Guide
from bot.flows.link import MakeLink
from bot.flows.open_link import OpenLink
from bot.flows.press import AnswerPress
from bot.flows.pressed import Pressed
from bot.flows.stop import StopWatches
from bot.flows.switch_alerts import SwitchAlerts
from bot.flows.team import SetTeam
from bot.flows.tell_totals import TellTotals

Context = CallbackContext[Any, Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Flows:
    """What the handlers call."""

    ask: Ask
    press: AnswerPress
    stop: StopWatches
    language: ChooseLanguage
    come_and_go: ComeAndGo
    totals: TellTotals
    link: MakeLink
    open_link: OpenLink
    team: SetTeam
    guide: Guide
    switch_alerts: SwitchAlerts


class Chat:
    """python-telegram-bot's dispatching, without its polling, persistence and job queue."""

    def __init__(self, bot: Bot, flows: Flows, *, group_locale: str, telegram_time: Callable[[], datetime]) -> None:
        """`group_locale`: the language of groups, and of people whose phone tells none. `telegram_time`: what time it
        is for Telegram, by whose clock messages are dated."""
        self._bot = bot
        self._flows = flows
        self._group_locale = group_locale
        self._telegram_time = telegram_time
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
        if change := body.get("my_chat_member"):
            await self._membership(body["update_id"], change)
            return
        update = Update.de_json(body, self._bot)
        await self._app.process_update(update)
        # `process_update` swallows a handler's failure; our error handler has kept it.
        if error := self._errors.pop(update.update_id, None):
            raise error

    def _add_handlers(self) -> None:
        said = filters.UpdateType.MESSAGE
        private_talk = said & filters.ChatType.PRIVATE & ~filters.StatusUpdate.ALL
        commands = {
            "pay": self._pay, "status": self._status, "watching": self._watching, "stop": self._stop,
            "lang": self._lang, "id": self._id, "start": self._start, "help": self._help,
            "link": self._link, "team": self._team, "alerts": self._alerts, "stats": self._stats,
            "recap": self._recap,
        }  # fmt: skip
        self._app.add_handler(TypeHandler(Update, self._anything), group=-1)
        for command, handler in commands.items():
            self._app.add_handler(CommandHandler(command, handler, filters=said))
        self._app.add_handler(MessageHandler(said & filters.StatusUpdate.MIGRATE, self._migrated))
        self._app.add_handler(MessageHandler(private_talk & filters.COMMAND, self._unknown_command))
        self._app.add_handler(MessageHandler(private_talk, self._private_talk))
        self._app.add_handler(CallbackQueryHandler(self._press))
        self._app.add_error_handler(self._keep_error)

    async def _pay(self, update: Update, context: Context) -> None:
        message = _message(update)
        asker = self._asker(update, message)
        await self._flows.ask(asker, ids_after_command(" ".join(context.args or ())))

    async def _start(self, update: Update, context: Context) -> None:
        asker = self._asker(update, _message(update))
        if context.args:
            await self._flows.open_link(asker, context.args[0])
        else:
            await self._flows.ask.reply(asker, Welcome())

    async def _help(self, update: Update, _: Context) -> None:
        await self._flows.guide(self._asker(update, _message(update)))

    async def _link(self, update: Update, context: Context) -> None:
        asker = self._asker(update, _message(update))
        await self._flows.link(asker, ids_after_command(" ".join(context.args or ())))

    async def _team(self, update: Update, context: Context) -> None:
        await self._flows.team(self._asker(update, _message(update)), " ".join(context.args or ()))

    async def _status(self, update: Update, context: Context) -> None:
        asker = self._asker(update, _message(update))
        await self._flows.ask(asker, ids_after_command(" ".join(context.args or ())), wish=Wish.STATUS)

    async def _watching(self, update: Update, _: Context) -> None:
        await self._flows.ask.reply(self._asker(update, _message(update)), OpenPayments())

    async def _stop(self, update: Update, context: Context) -> None:
        asker = self._asker(update, _message(update))
        await self._flows.stop(asker, ids_after_command(" ".join(context.args or ())))

    async def _lang(self, update: Update, context: Context) -> None:
        await self._flows.language(self._asker(update, _message(update)), " ".join(context.args or ()))

    async def _alerts(self, update: Update, context: Context) -> None:
        await self._flows.switch_alerts(self._asker(update, _message(update)), " ".join(context.args or ()))

    async def _id(self, update: Update, _: Context) -> None:
        asker = self._asker(update, _message(update))
        place = asker.place
        await self._flows.ask.reply(asker, Ids(place.chat_id, place.topic_id, asker.person_id))

    async def _stats(self, update: Update, _: Context) -> None:
        await self._flows.totals.stats(self._asker(update, _message(update)))

    async def _recap(self, update: Update, context: Context) -> None:
        await self._flows.totals.recap(self._asker(update, _message(update)), " ".join(context.args or ()))

    async def _unknown_command(self, update: Update, _: Context) -> None:
        await self._flows.ask.reply(self._asker(update, _message(update)), NotUnderstood())

    async def _private_talk(self, update: Update, _: Context) -> None:
        message = _message(update)
        asker = self._asker(update, message)
        text = message.text or message.caption or ""
        # Before an id beside it: the link opens its payment whatever ACCESS says.
        if payload := payload_within(text, self._bot.username):
            await self._flows.open_link(asker, payload)
        elif ids := ids_within(text):
            await self._flows.ask(asker, ids)
        else:
            await self._flows.ask.by_number(asker, text)

    async def _anything(self, update: Update, _: Context) -> None:
        if update.effective_chat:
            await self._flows.come_and_go.here(update.effective_chat.id)

    async def _migrated(self, update: Update, _: Context) -> None:
        message = _message(update)
        old = message.migrate_from_chat_id or message.chat.id
        new = message.migrate_to_chat_id or message.chat.id
        await self._flows.come_and_go.moved(update.update_id, old, new)

    async def _membership(self, update_id: int, change: dict[str, Any]) -> None:
        """As JSON: what lacks a right or two of an admin is a change all the same."""
        chat_id, flow = change["chat"]["id"], self._flows.come_and_go
        was_there, is_there = (_is_there(change[member]) for member in ("old_chat_member", "new_chat_member"))
        if is_there:
            is_group = change["chat"]["type"] != "private"
            await flow.joined(update_id, chat_id, is_group=is_group, was_there=was_there)
        else:
            await flow.left(update_id, chat_id)

    async def _press(self, update: Update, _: Context) -> None:
        press = update.callback_query
        if press is None:
            return
        if press.message is None or press.data is None:
            # No button of ours, or under no message we could look at: answered all the same.
            place, locale = Place(press.from_user.id), self._locale(press.from_user.language_code, private=True)
            asker = Asker(update.update_id, place, press.from_user.id, locale)
            await self._flows.press(Pressed(asker, press.id, 0, "", locale))
            return
        topic = press.message.message_thread_id if isinstance(press.message, Message) else None
        is_topic = isinstance(press.message, Message) and bool(press.message.is_topic_message)
        place = Place(press.message.chat.id, topic if is_topic else None)
        private = press.message.chat.type == "private"
        chosen = await self._flows.language.chosen(place.chat_id)
        locale = chosen or self._locale(press.from_user.language_code, private)
        asker = Asker(update.update_id, place, press.from_user.id, locale)
        locale = asker.locale if private else self._locale(press.from_user.language_code, private=True)
        await self._flows.press(Pressed(asker, press.id, press.message.message_id, press.data, locale))

    async def _keep_error(self, update: object, context: Context) -> None:
        if isinstance(update, Update) and context.error is not None:
            self._errors[update.update_id] = context.error

    def _asker(self, update: Update, message: Message) -> Asker:
        person = message.from_user
        private = message.chat.type == "private"
        return Asker(
            update_id=update.update_id,
            place=Place(message.chat.id, message.message_thread_id if message.is_topic_message else None),
            # Of an anonymous admin or a channel Telegram names a bot of its own, the same for all of them.
            person_id=person.id if person and not message.sender_chat else None,
            locale=self._locale(person.language_code if person else None, private),
            speaks_for_chat=message.sender_chat is not None and message.sender_chat.id == message.chat.id,
            waited=self._telegram_time() - message.date,
        )

    def _locale(self, language_code: str | None, private: bool) -> str:
        return locale_of(language_code if private else None, self._group_locale)


def _message(update: Update) -> Message:
    if update.message is None:
        raise ValueError("the filters let only new messages through")
    return update.message


def _is_there(member: dict[str, Any]) -> bool:
    return member["status"] not in {"left", "kicked"} and member.get("is_member", True) is True
