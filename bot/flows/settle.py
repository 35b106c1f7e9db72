"""Notes what came of a delivery: the row's end or its next try, and what else follows from the outcome."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import assert_never

from bot.core.connections import AlertUndeliverable
from bot.core.facts import NotShown, Paid
from bot.core.watch import Face
from bot.flows.announce import Operators, alert_operators
from bot.flows.lapse import offer_instead
from bot.flows.reach import Pause
from bot.flows.rendered import CardMessage, Erasure, Rendered, TextMessage, TooLate
from bot.flows.report import DocumentMessage
from bot.messenger.sender import Delivered, MessageGone, Moved, Outcome, PictureUnknown, RetryAt, Undeliverable
from bot.storage import changes, chats, lists, outbox, undelivered, uploads, watches
from bot.storage.engine import Tx
from bot.storage.lease import is_overtaken
from bot.storage.outbox import Outgoing


class Settle:
    """Within the caller's transaction."""

    def __init__(self, operators: Operators, clock: Callable[[], datetime]) -> None:
        self._operators = operators
        self._clock = clock

    async def __call__(
        self, tx: Tx, row: Outgoing, rendered: Rendered, outcome: Outcome | TooLate, pause: Pause, token: int
    ) -> bool:
        """False when the chat's next rows must wait. `pause` is for a row that waits itself; `token`: the lease's."""
        now = self._clock()
        match outcome:
            case Delivered():
                was_held = await outbox.sent(tx, row, lease_token=token, message_id=outcome.message_id, now=now)
                await self._note_delivered(tx, row, rendered, outcome, now, was_held=was_held, token=token)
                return True
            case RetryAt():
                await outbox.put_off(
                    tx,
                    row,
                    lease_token=token,
                    until=now + pause.time,
                    problem=outcome.problem,
                    counts=pause.own,
                    maybe_sent=outcome.maybe_sent,
                )
                return False
            case Moved(chat_id=chat_id):
                # Messages are numbered anew there.
                await outbox.release(tx, row, lease_token=token, forget_tries=True)
                await chats.move(tx, row.place.chat_id, chat_id)
                return False
            case PictureUnknown():
                if card := _card_of(rendered):
                    await uploads.forget(tx, card.picture.digest)
                await outbox.release(tx, row, lease_token=token)
                return False
            case MessageGone():
                await self._note_gone(tx, row, rendered, token, now)
                return True
            case TooLate():
                await offer_instead(tx, row, lease_token=token, now=now)
                return False
            case Undeliverable(chat_is_gone=True):
                await outbox.release(tx, row, lease_token=token)
                await self._note_refused(tx, row, outcome, token, now)
                return True
            case Undeliverable():
                await self._give_up(tx, row, rendered, outcome, token, now)
                return True
            case _:
                assert_never(outcome)

    async def _report(self, tx: Tx, chat_id: int, untold: Sequence[str | None], now: datetime) -> None:
        """Somebody who paid does not hear so: the operators do, elsewhere."""
        for payment_id in untold:
            await alert_operators(tx, AlertUndeliverable(chat_id), now, self._operators, payment_id=payment_id)

    async def _give_up(
        self, tx: Tx, row: Outgoing, rendered: Rendered, outcome: Undeliverable, token: int, now: datetime
    ) -> None:
        await self._report(tx, row.place.chat_id, [row.payment_id] if isinstance(row.fact, Paid) else [], now)
        await outbox.bury(tx, row, lease_token=token, problem=outcome.problem, now=now)
        if not outcome.topic_is_gone:
            await self._answer_in_words(tx, row, rendered, now)

    async def _answer_in_words(self, tx: Tx, row: Outgoing, rendered: Rendered, now: datetime) -> None:
        """Words go where pictures and files don't: whoever asked is not left without an answer, and hears it once."""
        asked_at = row.created_at
        if isinstance(rendered, CardMessage):
            watch = await watches.by_id(tx, row.watch_id) if row.watch_id is not None else None
            if watch is None or rendered.message_id is not None or rendered.picture.face is not Face.QR:
                return
            asked_at = watch.asked_at
        elif not isinstance(rendered, DocumentMessage):
            return
        key = f"not_shown:{row.id}:{asked_at.timestamp():.6f}"
        await outbox.put_notice(tx, key, row.place, NotShown(), locale=row.locale, now=now, payment_id=row.payment_id)

    async def _note_gone(self, tx: Tx, row: Outgoing, rendered: Rendered, token: int, now: datetime) -> None:
        """Somebody deleted the message. A code to pay comes anew; a receipt or a list is not worth a new message."""
        card = _card_of(rendered)
        if card and card.picture.face is Face.QR and row.watch_id and card.message_id:
            await watches.forget_card(tx, row.watch_id, card.message_id)
            await outbox.release(tx, row, lease_token=token)
            return
        if isinstance(rendered, TextMessage) and rendered.message_id is not None:
            await lists.forget_message(tx, row.place.chat_id, rendered.message_id)
        await outbox.sent(tx, row, lease_token=token, message_id=None, now=now)

    async def _note_refused(self, tx: Tx, row: Outgoing, outcome: Undeliverable, token: int, now: datetime) -> None:
        # Frozen since then: the chat may have come back, and whoever took over will see.
        if not await is_overtaken(tx, token):
            chat_id = row.place.chat_id
            # Whichever row was refused: the card that becomes a receipt goes before the word itself.
            await self._report(tx, chat_id, await undelivered.untold_paid(tx, chat_id), now)
            await chats.silence(tx, chat_id, outcome.problem, now)

    async def _note_delivered(
        self,
        tx: Tx,
        row: Outgoing,
        rendered: Rendered,
        outcome: Delivered,
        now: datetime,
        *,
        was_held: bool,
        token: int,
    ) -> None:
        card = _card_of(rendered)
        if card is None:
            return
        if outcome.file_id and card.picture.file_id is None:
            await uploads.note(tx, card.picture.digest, outcome.file_id, now)
        # Frozen since it was sent, and begun anew meanwhile: whoever took over knows better which message is the card.
        if not was_held and await is_overtaken(tx, token):
            await self._take_back(tx, row, rendered, outcome.message_id, now)
            return
        if not isinstance(rendered, CardMessage) or row.watch_id is None:
            return
        if card.message_id is not None:
            # Asked for again meanwhile, the card comes as a new message, and this one goes.
            await watches.note_face(tx, row.watch_id, card.message_id, card.face_digest)
        elif outcome.message_id is not None:
            await watches.note_card(tx, row.watch_id, outcome.message_id, card.face_digest)

    async def _take_back(
        self, tx: Tx, row: Outgoing, rendered: Rendered, message_id: int | None, now: datetime
    ) -> None:
        """A card that nobody else knows of would ask to pay for ever."""
        is_new = isinstance(rendered, CardMessage) and rendered.message_id is None
        watch = await watches.by_id(tx, row.watch_id) if is_new and row.watch_id is not None else None
        if watch is not None and message_id not in (None, watch.card_message_id):
            await changes.put_erase(tx, watch, message_id, now)


def _card_of(rendered: Rendered) -> CardMessage | None:
    if isinstance(rendered, Erasure):
        return rendered.instead
    return rendered if isinstance(rendered, CardMessage) else None
