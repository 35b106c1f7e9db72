"""`paybot outbox` beside a bot that runs: what failed is seen, retried and discarded without stopping it."""

import asyncio
from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from bot.storage.engine import Database
from tests.e2e.process import BotProcess
from tests.shell.running import paybot
from tests.storage.making import keep_notice


async def test_a_message_that_failed_is_retried_while_the_bot_runs(
    sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """From the list to the chat: the id is copied, the message comes, both rows stay."""
    sari = sandbox.person("Sari", language_code="id")
    settings = sandbox.settings() | {"DATABASE_URL": migrated_sqlite_url}
    sandbox.telegram.fail("sendMessage", 400, "Bad Request: can't parse entities", times=2)
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url):
        await sari.send("/help")
        await sari.send("/id")
        await sandbox.telegram.wait_for_call("sendMessage")
        async with asyncio.timeout(15):
            listed = await paybot(tmp_path, settings, "outbox", "list")
            while (listed.status, listed.err) == (0, "") and listed.out.count("dead") < 2:
                listed = await paybot(tmp_path, settings, "outbox", "list")
        assert (listed.status, listed.err) == (0, "")
        heading, second, first = listed.out.splitlines()
        assert heading.split() == ["ID", "STATE", "AGE", "CHAT", "WHAT", "PAYMENT", "TRIES", "PROBLEM"]
        assert "Help" in first
        assert str(sari.id) in first
        assert "Can't parse entities" in first
        ids = [line.split()[0] for line in (first, second)]

        retried = await paybot(tmp_path, settings, "outbox", "retry", ids[0])
        assert (retried.status, retried.err) == (0, "")
        assert (await sari.private_chat.next_message()).text
        discarded = await paybot(tmp_path, settings, "outbox", "discard", ids[1])
        assert (discarded.status, discarded.out) == (0, f"✓ {ids[1]} is discarded.\n")

        assert "every message was delivered" in (await paybot(tmp_path, settings, "outbox", "list")).out
        shown = (await paybot(tmp_path, settings, "outbox", "show", ids[0])).out
        assert "retried as" in shown
        assert "dead" in shown
        again = await paybot(tmp_path, settings, "outbox", "retry", "--all-dead")
        assert (again.status, again.out) == (0, "Nothing to retry.\n")
        everything = (await paybot(tmp_path, settings, "outbox", "list", "--all")).out
        assert everything.count("Help") == 2
        assert "discarded by the operator" in everything
    assert len(sari.private_chat.from_bot) == 1


async def test_what_cannot_be_done_is_told_and_the_rest_is_done(
    sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """Exit status 1, with a line for each."""
    database = Database(migrated_sqlite_url)
    await database.open()
    await keep_notice(database, "waits")
    await database.close()
    settings = sandbox.settings() | {"DATABASE_URL": migrated_sqlite_url}
    ran = await paybot(tmp_path, settings, "outbox", "retry", "1", "1", "77")
    assert ran.status == 1
    assert [line[:4] for line in ran.out.splitlines()] == ["✗ 1:", "✗ 77"]
    ran = await paybot(tmp_path, settings, "outbox", "discard", "1", "77")
    assert ran.status == 1
    assert ran.out.splitlines()[0] == "✓ 1 is discarded."
    for arguments, status in ((["retry"], 2), (["retry", "1", "--all-dead"], 2), (["show", "77"], 1)):
        ran = await paybot(tmp_path, settings, "outbox", *arguments)
        assert (ran.status, ran.out) == (status, "")
        (line,) = ran.err.splitlines()
        assert line.startswith("paybot: ")


@pytest.mark.parametrize("arguments", [["outbox", "list"], ["db", "purge"], ["db", "backup", "x.db"]], ids=" ".join)
async def test_without_a_database_there_is_one_line_and_none_is_made(
    sandbox: Sandbox, tmp_path: Path, sqlite_url: str, arguments: list[str]
) -> None:
    """A mistyped DATABASE_URL must not look like an empty outbox."""
    ran = await paybot(tmp_path, sandbox.settings() | {"DATABASE_URL": sqlite_url}, *arguments)
    assert (ran.status, ran.out) == (2, "")
    (line,) = ran.err.splitlines()
    assert line.startswith("paybot: DATABASE_URL: ")
    assert not [found for found in tmp_path.iterdir() if found.suffix == ".db"]  # noqa: ASYNC240  # nothing waits


async def test_a_database_out_of_reach_is_one_line(sandbox: Sandbox, tmp_path: Path) -> None:
    """No traceback, no password."""
    url = f"postgresql://somebody:pa55word@/none?host={tmp_path}"
    ran = await paybot(tmp_path, sandbox.settings() | {"DATABASE_URL": url}, "outbox", "list")
    assert (ran.status, ran.out) == (1, "")
    (line,) = ran.err.splitlines()
    assert "DATABASE_URL" in line
    assert "pa55word" not in line
