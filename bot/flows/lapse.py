"""What came too late to be worth sending (`core.deadlines`): put aside with the reason; a code with an offer."""

from datetime import datetime

from bot.core.commands import AskedLongAgo
from bot.core.deadlines import is_missed, is_past
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
    return True


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
