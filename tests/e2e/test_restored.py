"""A backup of a week ago is put back: what people hear of it, and what they don't."""

import sqlite3
from contextlib import closing
from pathlib import Path

from bot.sandbox import Sandbox
from bot.sandbox.people import Person
from bot.storage.tables import Moment, metadata
from tests.e2e.process import BotProcess
from tests.shell.running import paybot

WEEK = 7 * 24 * 3600 * 1_000_000
"""In microseconds, as SQLite keeps times."""


def age(path: Path) -> None:
    """Makes a backup a week older than it is."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for table in metadata.sorted_tables:
            for column in table.columns:
                if isinstance(column.type, Moment):
                    connection.execute(f"UPDATE {table.name} SET {column.name} = {column.name} - {WEEK}")


def add_news(path: Path, chat_id: int) -> None:
    """A message that waited to be sent when the backup was made, and one whose sending had been begun."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for key, token in (("news:1", None), ("news:2", 1)):
            connection.execute(
                "INSERT INTO outbox (key, kind, chat_id, topic_id, locale, fact, state, lease_token, after_message_id,"
                " created_at, due_at) VALUES (?, 'notice', ?, 0, 'en', 'WentWrong {}', 'due', ?, 1, 0, 0)",
                (key, chat_id, token),
            )


async def test_a_week_old_backup_floods_nobody(sandbox: Sandbox, sari: Person, tom: Person, tmp_path: Path) -> None:
    """Paid is said again, once, as the backup cannot know that it was said; of a package its last step, silently."""
    url = f"sqlite:///{tmp_path / 'paybot.db'}"
    settings = sandbox.settings() | {"DATABASE_URL": url}
    told, unpaid = sandbox.payments.express(65_000), sandbox.payments.express(70_000)
    followed = sandbox.payments.instant(54_000, packages=1)
    async with BotProcess.against(sandbox, tmp_path, url, POLL_FIRST="0.3") as bot:
        for payment in (told, unpaid):
            await sari.send(f"/pay {payment.id}")
        await tom.send(f"/pay {followed.id}")
        await sari.private_chat.wait_for(lambda found: sum(bool(one.photo) for one in found) == 2)
        await tom.private_chat.wait_for_message(lambda one: one.photo is not None)
        followed.pay()
        await tom.private_chat.wait_for_text("✅")
        await bot.logged("what=Paid")  # what was sent and not noted yet would be repeated, as after a kill
        assert (await paybot(tmp_path, settings, "db", "backup", "saved.db")).status == 0
        # The week after it.
        told.pay()
        await sari.private_chat.wait_for_text("✅")
        bot.terminate()
        assert await bot.ended() == 0
    for step in (followed.assign_driver, followed.pick_up, followed.deliver):
        step()
    age(tmp_path / "saved.db")
    add_news(tmp_path / "saved.db", sari.id)
    restored = await paybot(tmp_path, settings, "db", "restore", "saved.db", "--yes")
    assert restored.status == 0, restored.err
    before = len(sari.private_chat.messages), len(tom.private_chat.messages)
    async with BotProcess.against(sandbox, tmp_path, url, POLL_FIRST="0.3") as bot:
        await sari.private_chat.wait_for(lambda found: any("✅" in one.text for one in found[before[0] :]))
        await bot.logged(f"payment={unpaid.id}")
        await tom.private_chat.wait_for(lambda found: any("elivered" in one.text for one in found[before[1] :]))
        for person in (sari, tom):
            seen = len(person.private_chat.messages)
            await person.send("/id")
            await person.private_chat.wait_for(lambda found, seen=seen: len(found) >= seen + 2)  # type: ignore[misc]
    heard = [one.text for one in sari.private_chat.messages[before[0] :] if one.from_bot]
    assert len(heard) == 2, heard
    assert told.id in heard[0]
    heard = [one.text for one in tom.private_chat.messages[before[1] :] if one.from_bot]
    assert len(heard) == 2, heard
