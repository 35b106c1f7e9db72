"""What a restored backup forgets of the tries that were under way when it was made."""

from bot.core.facts import Paid
from bot.core.watch import Place
from bot.storage import chats as known_chats
from bot.storage.engine import Database
from bot.storage.restoring import put_old_aside
from bot.storage.tables import chats, outbox
from tests.storage.making import CHAT, DAY, SECOND, T0, begin_first, keep_notice, rows_of


async def test_nothing_is_searched_for_among_messages_the_backup_does_not_know(database: Database) -> None:
    """An edit would put old news into a newer message; said twice is better."""
    async with database.begin() as tx:
        await known_chats.meet(tx, CHAT.chat_id, "private", 40, T0)
    await keep_notice(database, "paid:1", fact=Paid(65_000, T0))
    begun = await begin_first(database)
    assert not begun.maybe_sent
    (row,) = await rows_of(database, outbox)
    assert (row.lease_token, row.after_message_id) != (None, None)
    await keep_notice(database, "old", Place(2))
    async with database.begin() as tx:
        aside = await put_old_aside(tx, T0 + 7 * DAY)
    assert aside.messages == 1
    (again,) = [row for row in await rows_of(database, outbox) if row.state == "due"]
    assert (again.key, again.lease_token, again.after_message_id) == ("paid:1", None, None)
    assert [row.last_message_id for row in await rows_of(database, chats)] == [None]
    assert not (await begin_first(database, now=T0 + 7 * DAY + SECOND)).maybe_sent
