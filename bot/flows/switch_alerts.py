"""Staff say whether alerts come to a chat or topic, and which kinds."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.core.alerting import AlertKind, Switches, switch_of
from bot.core.commands import AlertsHere, MayNotSwitch
from bot.core.facts import ButtonExpired, ForStaff, Switched
from bot.flows.admit import Staff
from bot.flows.announce import Operators
from bot.flows.ask import Ask
from bot.flows.asker import Asker
from bot.storage import alerts, inbox, outbox
from bot.storage.engine import Database, Tx

_WISHES: Final = {"on": True, "off": False}


class SwitchAlerts:
    """`/alerts`, and the buttons under its answer."""

    def __init__(
        self,
        database: Database,
        ask: Ask,
        staff: Staff,
        *,
        operators: Operators,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._ask = ask
        self._staff = staff
        self._operators = operators
        self._clock = clock
        self._wake = wake

    async def __call__(self, asker: Asker, given: str) -> None:
        """`given` is what stood after the command: on, off, or anything else to be shown how it is."""
        wish = _WISHES.get(given.strip().lower())
        may = await self._staff.knows(asker.person_id, update_id=asker.update_id)
        now = self._clock()
        async with self._database.begin() as tx:
            if not await inbox.finish(tx, asker.update_id):
                return
            if may and wish is not None:
                before = await alerts.at(tx, asker.place, self._operators.places)
                await alerts.switch(tx, asker.place, replace(before, is_on=wish), now)
            await self._ask.say(tx, asker, 0, AlertsHere() if may else MayNotSwitch(), now)
        self._wake()

    async def press(self, asker: Asker, message_id: int, handle: str) -> Switched | ForStaff | ButtonExpired | None:
        """A button that switches a kind: how the press is answered, None where that was done before."""
        wanted = switch_of(handle)
        if wanted is None:
            return ButtonExpired()
        may = await self._staff.knows(asker.person_id, update_id=asker.update_id)
        now = self._clock()
        async with self._database.begin() as tx:
            if not await inbox.finish(tx, asker.update_id):
                return None
            if not may:
                return ForStaff()
            await self._switch(tx, asker, message_id, *wanted, now)
        self._wake()
        return Switched()

    async def _switch(self, tx: Tx, asker: Asker, message_id: int, kind: AlertKind, hear: bool, now: datetime) -> None:
        place = await alerts.place_of_switches(tx, asker.place.chat_id, message_id) or asker.place
        before = await alerts.at(tx, place, self._operators.places)
        muted = before.muted - {kind} if hear else before.muted | {kind}
        if before.is_on:
            await alerts.switch(tx, place, Switches(True, muted), now)
        await outbox.put_notice(
            tx,
            f"reply:{asker.update_id}:0",
            place,
            AlertsHere(),
            locale=asker.locale,
            now=now,
            message_id=message_id,
        )
