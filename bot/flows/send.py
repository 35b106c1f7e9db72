"""Sends what was rendered: a new message, a change of one, or, where an earlier try may have sent it, what it left."""

from typing import assert_never

from bot.core.alerts import Alert
from bot.core.facts import Paid
from bot.core.watch import Face, Place
from bot.flows.recover import Recover
from bot.flows.rendered import CardMessage, Erasure, Nothing, Rendered, TextMessage, TooLate
from bot.flows.report import DocumentMessage, PictureMessage
from bot.messenger.sender import Delivered, MessageGone, Outcome, Sender, Undeliverable
from bot.storage import watches
from bot.storage.engine import Database
from bot.storage.lease import Lease, is_overtaken
from bot.storage.outbox import Outgoing


class Send:
    """Telegram's side of a delivery."""

    def __init__(self, database: Database, sender: Sender, recover: Recover, *, lease: Lease) -> None:
        self._database = database
        self._sender = sender
        self._recover = recover
        self._lease = lease

    async def __call__(self, row: Outgoing, rendered: Rendered) -> Outcome | TooLate:
        """Sends it, unless an earlier try has; what came of it."""
        match rendered:
            case Nothing():
                return Delivered(row.message_id)
            case TextMessage(message_id=int() as message_id):
                return await self._sender.change_text(row.place, message_id, rendered.message)
            case TextMessage():
                found = await self._recover.text(row, rendered.message)
                return found or await self._send_text(row, rendered)
            case CardMessage():
                return await self._send_card(row, rendered)
            case PictureMessage():
                found = await self._recover.card(row, rendered.message)
                return found or await self._send_picture(row, rendered)
            case DocumentMessage(name=name, content=content):
                found = await self._recover.card(row, rendered.message)
                return found or await self._sender.send_document(row.place, name, content, rendered.message)
            case Erasure():
                outcome = await self._sender.erase(row.place, rendered.message_id)
                # Too old to delete: its code must not stay behind either.
                refused = isinstance(outcome, MessageGone | Undeliverable)
                return await self._change(row, rendered.instead, rendered.message_id) if refused else outcome
            case _:
                assert_never(rendered)

    async def _send_text(self, row: Outgoing, text: TextMessage) -> Outcome:
        outcome = await self._sender.send_text(row.place, text.message, reply_to=text.reply_to)
        if isinstance(outcome, Undeliverable) and outcome.topic_is_gone and isinstance(row.fact, Paid | Alert):
            # Better beside its topic than unheard.
            return await self._sender.send_text(Place(row.place.chat_id), text.message)
        return outcome

    async def _send_picture(self, row: Outgoing, picture: PictureMessage) -> Outcome:
        outcome = await self._sender.send_picture(row.place, picture.png, picture.message)
        if isinstance(outcome, Undeliverable) and not (outcome.chat_is_gone or outcome.topic_is_gone):
            # What it shows stands in the words as well.
            return await self._sender.send_text(row.place, picture.message)
        return outcome

    async def _send_card(self, row: Outgoing, card: CardMessage) -> Outcome | TooLate:
        if card.message_id is not None:
            return await self._change(row, card, card.message_id)
        found = await self._recover.card(row, card.message)
        if isinstance(found, Delivered) and found.message_id is not None and row.watch_id is not None:
            # Noted at once: whatever comes of the change, this is the card from now on.
            async with self._database.begin() as tx:
                if not await is_overtaken(tx, self._lease.token):
                    await watches.note_card(tx, row.watch_id, found.message_id, "")
            outcome = await self._change(row, card, found.message_id)
            return Delivered(found.message_id, outcome.file_id) if isinstance(outcome, Delivered) else outcome
        if found is not None:
            return found
        if card.picture.face is not Face.QR:
            return Delivered(None)  # a receipt only ever takes a code's place
        if card.is_late:
            return TooLate()
        return await self._sender.send_picture(row.place, card.picture.source, card.message)

    async def _change(self, row: Outgoing, card: CardMessage, message_id: int) -> Outcome:
        return await self._sender.change_picture(row.place, message_id, card.picture.source, card.message)
