"""Somebody chooses the language a chat is spoken to in: in private their own, in a group everybody's."""

from bot.core.commands import LanguageSet, LanguageUsage, MayNotChoose
from bot.core.locales import LOCALES
from bot.flows.ask import Ask
from bot.flows.asker import Asker
from bot.flows.lead import Leads
from bot.storage import chats
from bot.storage.engine import Database


class ChooseLanguage:
    """`/lang`."""

    def __init__(self, database: Database, ask: Ask, leads: Leads) -> None:
        self._database = database
        self._ask = ask
        self._leads = leads

    async def __call__(self, asker: Asker, given: str) -> None:
        """`given` is what stood after the command. All that is said from now on, also what waits, is in it."""
        locale = given.strip().lower()
        if locale not in LOCALES:
            await self._ask.reply(asker, LanguageUsage())
            return
        if not await self._leads(asker):
            await self._ask.reply(asker, MayNotChoose())
            return
        async with self._database.begin() as tx:
            await chats.set_locale(tx, asker.place.chat_id, locale)
        await self._ask.reply(asker, LanguageSet())

    async def chosen(self, chat_id: int) -> str | None:
        """What was chosen for a chat, if anything."""
        async with self._database.begin() as tx:
            return await chats.locale_of(tx, chat_id)
