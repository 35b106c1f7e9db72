"""What a process writes that was frozen between Telegram's answer and its note, while another one took over."""

from datetime import datetime

import pytest

from bot.core.facts import Paid
from bot.core.message import Message
from bot.core.watch import Face, Place, Watch
from bot.flows.announce import Operators
from bot.flows.reach import Pause
from bot.flows.rendered import CardMessage, Picture
from bot.flows.settle import Settle
from bot.messenger.outcomes import Delivered, Outcome, Undeliverable
from bot.storage import outbox, watches
from bot.storage.engine import Database
from bot.storage.outbox import Outgoing, RowKind
from bot.storage.tables import chats, lease, outbox as outbox_table
from bot.words.cards import CardStrings
from tests.storage.making import CHAT, SECOND, T0, TOKEN, begin_first, keep_card, keep_payment, keep_watch, rows_of

OPS = Place(-500)
NOBODY = Operators((), "id")
BLOCKED = Undeliverable("Forbidden: bot was blocked by the user", chat_is_gone=True)


def a_card(face_digest: str, message_id: int | None) -> CardMessage:
    """A code to pay, sent as a new message or in the place of an older one."""
    strings = CardStrings("QRIS", "XID-1", *[None] * 9)
    return CardMessage(Message("card"), Picture("d", Face.QR, strings, "payload", "file"), message_id, face_digest)


async def kept_card(database: Database) -> Watch:
    """A watch whose card is to be sent."""
    await keep_payment(database)
    watch = await keep_watch(database)
    await keep_card(database, watch)
    async with database.begin() as tx:
        await tx.execute(chats.insert().values(id=CHAT.chat_id, kind="private", seen_at=T0))
        await tx.execute(lease.insert().values(name="work", token=TOKEN, holder="first", expires_at=T0))
    return watch


async def settle(
    database: Database,
    row: Outgoing,
    outcome: Outcome,
    *,
    token: int,
    face: str = "face",
    changed: int | None = None,
    operators: Operators = NOBODY,
) -> None:
    """Notes what came of it."""

    def clock() -> datetime:
        return T0

    async with database.begin() as tx:
        pause = Pause(SECOND, own=False)
        await Settle(operators, clock)(tx, row, a_card(face, changed), outcome, pause, token)


async def take_over(database: Database) -> None:
    """Another process has the lease now."""
    async with database.begin() as tx:
        await tx.execute(lease.update().values(token=TOKEN + 1, holder="second"))


async def card_of(database: Database, watch: Watch) -> int | None:
    """The message that counts as the watch's card."""
    async with database.begin() as tx:
        kept = await watches.by_id(tx, watch.id)
        assert kept is not None
        return kept.card_message_id


@pytest.mark.parametrize(("sent_late", "taken_back"), [(42, [42]), (44, [])])
async def test_whoever_took_over_says_which_message_is_the_card(
    database: Database, sent_late: int, taken_back: list[int]
) -> None:
    """The first one's message is one too many, which nobody else knows of, or was found meanwhile and is the card."""
    watch = await kept_card(database)
    frozen = await begin_first(database)
    await take_over(database)
    newer = await begin_first(database, token=TOKEN + 1)
    await settle(database, newer, Delivered(44), token=TOKEN + 1)
    await settle(database, frozen, Delivered(sent_late), token=TOKEN)
    assert await card_of(database, watch) == 44
    erased = [row.message_id for row in await rows_of(database, outbox_table) if row.kind == RowKind.ERASE]
    assert erased == taken_back


async def test_a_card_that_gave_way_while_it_was_changed_does_not_come_back(database: Database) -> None:
    """Asked for again meanwhile, it comes as a new message; the old one is to go."""
    watch = await kept_card(database)
    row = await begin_first(database)
    await settle(database, row, Delivered(42), token=TOKEN)
    await keep_card(database, watch)
    row = await begin_first(database)
    async with database.begin() as tx:
        await watches.forget_card(tx, watch.id, 42)
    await settle(database, row, Delivered(42), token=TOKEN, changed=42)
    assert await card_of(database, watch) is None


async def test_what_was_sent_is_noted_late_where_nobody_has_begun_it_anew(database: Database) -> None:
    """Else a code would stand there that is never taken back."""
    watch = await kept_card(database)
    frozen = await begin_first(database)
    await take_over(database)
    await settle(database, frozen, Delivered(42), token=TOKEN)
    assert await card_of(database, watch) == 42


async def test_what_an_operator_discarded_on_its_way_is_a_card_all_the_same(database: Database) -> None:
    """It stands in the chat, and has to be put right once paid."""
    watch = await kept_card(database)
    row = await begin_first(database)
    async with database.begin() as tx:
        await outbox.bury(tx, row, lease_token=TOKEN, problem="discarded", now=T0)
    await settle(database, row, Delivered(42), token=TOKEN)
    assert await card_of(database, watch) == 42


@pytest.mark.parametrize(("is_overtaken", "is_silenced"), [(True, False), (False, True)])
async def test_a_refusal_of_long_ago_silences_no_chat(
    database: Database, is_overtaken: bool, is_silenced: bool
) -> None:
    """It may have come back since; whoever took over tries the row, and sees."""
    await kept_card(database)
    row = await begin_first(database)
    if is_overtaken:
        await take_over(database)
    await settle(database, row, BLOCKED, token=TOKEN)
    (chat,) = await rows_of(database, chats)
    assert (chat.silenced_at is not None) is is_silenced


async def test_operators_hear_of_who_paid_and_blocked_the_bot_though_the_card_goes_first(database: Database) -> None:
    """The receipt is refused, and so the word "paid" is never tried."""
    watch = await kept_card(database)
    row = await begin_first(database)
    async with database.begin() as tx:
        await outbox.put_notice(
            tx,
            f"paid:{watch.id}",
            watch.place,
            Paid(65_000, T0),
            locale="id",
            now=T0,
            payment_id=watch.payment_id,
            watch_id=watch.id,
        )
    await settle(database, row, BLOCKED, token=TOKEN, operators=Operators((OPS,), "id"))
    alerts = [row for row in await rows_of(database, outbox_table) if row.chat_id == OPS.chat_id]
    assert [(row.payment_id, row.fact.split()[0]) for row in alerts] == [(watch.payment_id, "AlertUndeliverable")]
