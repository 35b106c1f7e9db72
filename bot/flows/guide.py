"""Somebody wants to know how the bot is used; staff, in private, hear of their own commands, too."""

from bot.core.facts import Help
from bot.flows.admit import Staff
from bot.flows.ask import Ask
from bot.flows.asker import Asker


class Guide:
    """`/help`."""

    def __init__(self, ask: Ask, staff: Staff) -> None:
        self._ask = ask
        self._staff = staff

    async def __call__(self, asker: Asker) -> None:
        """Answers with the help that is for whoever asks."""
        for_staff = asker.is_private and await self._staff.knows(asker.person_id, update_id=asker.update_id)
        await self._ask.reply(asker, Help(for_staff))
