"""What stands in the place of `bot.chat`: updates as the simulation makes them, each to its flow.

The language of an answer is the number of the update that asked: so every message tells what it answers.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.chat.handlers import Flows
from bot.core.facts import Welcome
from bot.core.ids import ids_after_command
from bot.core.watch import Place
from bot.flows.asker import Asker, Wish
from bot.flows.pressed import Pressed
from tests.simulation.world import moment


class Hands:
    """As `bot.chat.handlers.Chat`."""

    def __init__(self, _: object, flows: Flows, *, group_locale: str, telegram_time: Callable[[], datetime]) -> None:
        self._flows = flows
        self._telegram_time = telegram_time

    async def start(self) -> None:
        """Nothing to ask."""

    async def handle(self, body: dict[str, Any]) -> None:
        """One update."""
        flows, number = self._flows, body["update_id"]
        if member := body.get("my_chat_member"):
            chat_id = member["chat"]["id"]
            if member["is_there"]:
                await flows.come_and_go.joined(number, chat_id, is_group=chat_id < 0, was_there=member["was_there"])
            else:
                await flows.come_and_go.left(number, chat_id)
            return
        if press := body.get("callback_query"):
            place = _place(press["message"])
            await flows.come_and_go.here(place.chat_id)
            asker = Asker(number, place, press["from"], f"u{number}")
            await flows.press(Pressed(asker, press["id"], press["message"]["message_id"], press["data"], f"u{number}"))
            return
        await self._message(number, body["message"])

    async def _message(self, number: int, message: dict[str, Any]) -> None:
        flows, place = self._flows, _place(message)
        await flows.come_and_go.here(place.chat_id)
        if to := message.get("migrate_to_chat_id"):
            await flows.come_and_go.moved(number, place.chat_id, to)
        elif of := message.get("migrate_from_chat_id"):
            await flows.come_and_go.moved(number, of, place.chat_id)
        else:
            waited = self._telegram_time() - moment(message["date"])
            asker = Asker(number, place, message["from"], f"u{number}", waited=waited)
            command, _, rest = message["text"].partition(" ")
            match command:
                case "/pay":
                    await flows.ask(asker, ids_after_command(rest))
                case "/status":
                    await flows.ask(asker, ids_after_command(rest), wish=Wish.STATUS)
                case "/stop":
                    await flows.stop(asker, ids_after_command(rest))
                case _:
                    await flows.ask.reply(asker, Welcome())


def _place(message: dict[str, Any]) -> Place:
    return Place(message["chat"]["id"], message.get("topic"))
