"""Who opens the one-time link first owns the bot; the link is shown at a terminal and nowhere else."""

import asyncio
import os
import pty
import sqlite3
from contextlib import closing
from pathlib import Path

from bot.sandbox import Sandbox
from bot.sandbox.people import Person
from tests.e2e.conftest import QUICK
from tests.e2e.nursery import run
from tests.e2e.process import BotProcess


async def paybot_owner(bot: BotProcess, folder: Path) -> str:
    """`paybot owner` with the bot's settings: the handle of the link it prints."""
    ran = await asyncio.to_thread(run, "owner", env=bot.environment, cwd=folder)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout.partition("?start=")[2].strip()


async def test_the_first_to_open_the_link_owns_the_bot(
    bot_on_each: BotProcess, sandbox: Sandbox, tmp_path: Path, sari: Person, tom: Person
) -> None:
    """Made while the bot runs; a newer link voids an older one; the second opener is refused; nothing tells it."""
    bot = bot_on_each
    older, newer = await paybot_owner(bot, tmp_path), await paybot_owner(bot, tmp_path)
    for handle, part in ((older, "can't be opened"), (newer, "yours now"), (newer, "can't be opened")):
        await tom.start(handle)
        assert part in (await tom.private_chat.next_message()).text
    await sari.start(newer)
    assert "tidak bisa dibuka" in (await sari.private_chat.next_message()).text

    payment = sandbox.payments.express(65_000)
    for person, part in ((tom, "?start="), (sari, "staf")):
        await person.send(f"/link {payment.id}")
        assert part in (await person.private_chat.next_message()).text
    bot.terminate()
    await bot.ended()
    assert not [handle for handle in (older, newer) if handle in bot.log]
    if (tmp_path / "paybot.db").exists():
        with closing(sqlite3.connect(tmp_path / "paybot.db")) as connection:
            kept = "\n".join(connection.iterdump())
        assert not [handle for handle in (older, newer) if handle in kept]


async def test_a_start_at_a_terminal_shows_the_link_while_nobody_is_staff(
    sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str, tom: Person
) -> None:
    """On the terminal, not in the log; with an owner, and away from a terminal, there is none."""
    bot = BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, POLL_FIRST=QUICK)
    said = await at_a_terminal(bot)
    handle = said.partition("?start=")[2].split()[0]
    async with bot:
        await tom.start(handle)
        assert "yours now" in (await tom.private_chat.next_message()).text
        bot.terminate()
        await bot.ended()
    assert "?start=" not in await at_a_terminal(bot)
    assert "?start=" not in bot.log


async def at_a_terminal(bot: BotProcess) -> str:
    """What a start shows whose standard error is a terminal, and whose log goes to a file, until it is stopped."""
    ours, theirs = pty.openpty()
    try:
        await bot.spawn(stderr=theirs)
        await bot.ready()
        bot.terminate()
        assert await bot.ended() == 0
    finally:
        os.close(theirs)
    said = b""
    with open(ours, "rb", buffering=0) as terminal:  # noqa: ASYNC230, PTH123  # a descriptor, whose writer has ended
        try:
            while part := terminal.read(4096):
                said += part
        except OSError:  # how Linux tells the end of a terminal
            pass
    return said.decode()
