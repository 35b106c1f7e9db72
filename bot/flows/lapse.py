"""What came too late to be worth sending (`core.deadlines`): put aside with the reason; a code with an offer."""

from collections.abc import Collection
from datetime import datetime

from bot.core.alerts import Alert
from bot.core.commands import AskedLongAgo
from bot.core.connections import AlertMissed
from bot.core.deadlines import is_missed, is_past
from bot.core.facts import Fact
from bot.core.watch import Place
from bot.flows.alert_keys import key_at, key_of
from bot.storage import outbox, waiting, watches
from bot.storage.engine import Tx
from bot.storage.outbox import Outgoing, RowKind, RowState

NOT_IN_TIME = "too late to be worth sending"


async def put_aside_if_past(tx: Tx, row: Outgoing, *, lease_token: int, now: datetime) -> bool:
    """Gives up a notice that is past its deadline; False where it is none, or still in time."""
    if row.kind is not RowKind.NOTICE or row.fact is None or not is_past(row.fact, now - row.created_at):
        return False
    state = RowState.DEAD if is_missed(row.fact) else RowState.DROPPED
    await outbox.bury(tx, row, lease_token=lease_token, problem=NOT_IN_TIME, now=now, state=state)
    await _tell_if_missed(tx, row.fact, row.place, row.locale, now)
    return True


async def put_all_past_aside(tx: Tx, now: datetime, *, except_for: Collection[int]) -> int:
    """The same with all that waits, but in the chats that are being served; how many."""
    given_up = await waiting.put_past_aside(tx, now, problem=NOT_IN_TIME, except_for=except_for)
    for fact, place, locale in given_up:
        await _tell_if_missed(tx, fact, place, locale, now)
    return len(given_up)


async def _tell_if_missed(tx: Tx, fact: Fact, place: Place, locale: str, now: datetime) -> None:
    """That there were alerts is told where they were to be, once a day however many they are."""
    if isinstance(fact, Alert):
        missed = AlertMissed()
        key = key_at(await key_of(tx, missed, None, now), place)
        await outbox.put_notice(tx, key, place, missed, locale=locale, now=now)


async def offer_instead(tx: Tx, row: Outgoing, *, lease_token: int, now: datetime) -> None:
    """In the place of a code that comes too late, one line with a button that shows it; asked anew meanwhile, it goes
    out as asked."""
    watch = await watches.by_id(tx, row.watch_id) if row.watch_id else None
    if watch is None or not await waiting.drop_unchanged(
        tx, row, lease_token=lease_token, problem=NOT_IN_TIME, now=now
    ):
        await outbox.release(tx, row, lease_token=lease_token)
        return
    await outbox.put_notice(
        tx,
        f"late:{row.id}:{row.version}",
        row.place,
        # Whoever presses it is in a chat that was let in already.
        AskedLongAgo(watch.payment_id, watch.asked_at, admitted=True),
        locale=watch.locale,
        now=now,
        payment_id=watch.payment_id,
        watch_id=watch.id,
    )
