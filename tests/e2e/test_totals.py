"""The shop's figures: /stats as picture and text, /recap as a file, the digest in the evening."""

import csv
import io
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from bot.sandbox import Sandbox
from bot.sandbox.chats import Chat, Message
from bot.sandbox.people import Person
from tests.e2e.conftest import QUICK
from tests.e2e.process import BotProcess, zone_at


@pytest.fixture
def rina(sandbox: Sandbox) -> Person:
    """Staff."""
    return sandbox.person("Rina", last_name="Wati; =1+1", language_code="en")


@pytest.fixture
async def bot_for_rina(
    sandbox: Sandbox, rina: Person, tmp_path: Path, migrated_sqlite_url: str
) -> AsyncIterator[BotProcess]:
    """The bot of a shop in which Rina works."""
    settings = {"STAFF_USER_IDS": str(rina.id), "POLL_FIRST": QUICK, "SHOP_NAME": "Toko Sari"}
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **settings) as running:
        yield running


async def answer(person: Person, text: str, chat: Chat | None = None) -> Message:
    """Says something and returns what the bot says next."""
    chat = chat or person.private_chat
    chat.skip()
    await person.send(text, chat)
    return await chat.next_message()


def rows_of(message: Message) -> list[dict[str, str]]:
    """The rows of a message's CSV."""
    assert message.document is not None
    return list(csv.DictReader(io.StringIO(message.document.decode("utf-8-sig"), newline="")))


async def test_staff_get_the_figures_as_a_picture_and_the_month_as_a_file(
    bot_for_rina: BotProcess, sandbox: Sandbox, sari: Person, rina: Person, migrated_sqlite_url: str
) -> None:
    """First a word where there is nothing, then figures, then the picture; the file names whom this chat may know."""
    ops = sandbox.supergroup("Ops", [rina])
    assert "Nothing yet" in (await answer(rina, "/stats")).text
    assert "no file" in (await answer(rina, "/recap")).text
    assert "hanya untuk staf" in (await answer(sari, "/stats")).text
    assert "hanya untuk staf" in (await answer(sari, "/recap")).text
    paid, open_one = sandbox.payments.express(1_065_000), sandbox.payments.instant(20_000)
    await answer(sari, f"/pay {paid.id} {open_one.id}")
    asked = await answer(rina, "/stats")
    assert asked.photo is None
    assert "0 paid · 2 asked for · 2 unpaid" in asked.text

    with sqlite3.connect(migrated_sqlite_url.removeprefix("sqlite:///")) as database:
        database.execute(
            "UPDATE payments SET payer_id = ?, payer_chat_id = ? WHERE id = ?", (rina.id, rina.id, paid.id)
        )
    paid.pay()
    await sari.private_chat.wait_for_text("✅")
    told = await answer(rina, "/stats")
    for part in ("Today: Rp1,065,000", "1 paid · 2 asked for · 1 unpaid", "within", "went through this bot"):
        assert part in told.text
    assert told.photo is not None
    with Image.open(io.BytesIO(told.photo)) as picture:
        assert (picture.format, picture.width) == ("PNG", 800)

    recap = await answer(rina, "/recap")
    assert "1 paid: Rp1,065,000" in recap.text
    month = datetime.now(UTC) + timedelta(hours=7)
    assert recap.now.file is not None
    assert recap.now.file.name == f"paybot-{month:%Y-%m}.csv"
    row = next(row for row in rows_of(recap) if row["id"] == paid.id)
    assert (row["kind"], row["amount"], row["payer"]) == ("express", "1065000", "Rina Wati =1+1")
    assert row["asked"].endswith("+07:00")
    assert int(row["seconds"]) >= 0
    assert [row["paid"] for row in rows_of(recap) if row["id"] == open_one.id] == [""]
    in_group = await answer(rina, "/recap", ops)
    assert {row["payer"] for row in rows_of(in_group)} == {"", str(rina.id)}
    assert "no file" in (await answer(rina, "/recap last")).text
    assert "Which month" in (await answer(rina, "/recap soon")).text


async def test_a_picture_or_file_whose_answer_was_lost_is_not_sent_again(
    bot_for_rina: BotProcess, sandbox: Sandbox, rina: Person
) -> None:
    """Telegram took it, and the connection broke: it is found where it was sent to."""
    group = sandbox.group("Packing", [rina])
    payment = sandbox.payments.express(65_000)
    await answer(rina, f"/pay {payment.id}", group)
    payment.pay()
    await group.wait_for_text("✅")
    for method in ("sendDocument", "sendPhoto"):
        sandbox.telegram.reset(method, when="after")
    await rina.send("/recap")
    await rina.send("/stats", group)
    for chat in (rina.private_chat, group):
        await rina.send("/id", chat)
        await chat.wait_for_text(str(chat.id), timeout=20)
    assert [message.document is not None for message in rina.private_chat.from_bot] == [True, False]
    assert len([message for message in group.from_bot if "📊" in message.text]) == 1


async def test_the_digest_comes_once_an_evening(
    sandbox: Sandbox, sari: Person, rina: Person, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """Not before nine; by whoever was off at nine, in the same evening; not again after a restart."""
    ops = sandbox.supergroup("Ops", [rina])
    at_noon = {"OPS_CHAT_IDS": str(ops.id), "POLL_FIRST": QUICK}
    at_nine = at_noon | {"TIMEZONE": zone_at(21)}
    payment = sandbox.payments.express(65_000)
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **at_noon):
        await answer(sari, f"/pay {payment.id}")
        payment.pay()
        await ops.wait_for_text("✅")
    assert len(ops.from_bot) == 1
    for _ in range(2):
        async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **at_nine):
            digest = await ops.wait_for_text("🌙")
            assert "Hari ini: Rp65.000" in digest.text
            assert digest.photo is not None
            # What the start wrote to the group would have come before this answer.
            await answer(rina, "/id", ops)
    assert len([message for message in ops.from_bot if "🌙" in message.text]) == 1
