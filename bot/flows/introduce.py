"""Tells Telegram what the bot is: the command menu and the profile's texts, in each language."""

import structlog

from bot.core.locales import LOCALES
from bot.messenger.sender import Delivered, Outcome, Scope, Sender
from bot.words.words import Words


async def introduce(sender: Sender, words: Words) -> None:
    """Sets menu and texts; they are a courtesy, so a failure is logged and left."""
    log = structlog.get_logger("introduce")
    for locale in LOCALES:
        language_code = None if locale == LOCALES[0] else locale  # None: whose language has none of its own
        outcomes: list[Outcome] = [
            await sender.set_menu(words.menu(locale), language_code, Scope.ALL),
            await sender.set_menu(words.menu(locale), language_code, Scope.PRIVATE),
            await sender.set_menu(words.menu(locale, of_groups=True), language_code, Scope.GROUPS),
            await sender.set_menu(words.menu(locale, of_groups=True, of_staff=True), language_code, Scope.ADMINS),
            await sender.set_description(words.description(locale), words.short_description(locale), language_code),
        ]
        if problems := [type(outcome).__name__ for outcome in outcomes if not isinstance(outcome, Delivered)]:
            log.warning("menu or profile not set", language=locale, problems=problems)
