"""Links that staff make: they open one payment for whoever holds them, and nothing that is kept leads back to them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.chats import Message
from bot.sandbox.people import Person
from tests.e2e.conftest import QUICK
from tests.e2e.process import BotProcess


@pytest.fixture
def rina(sandbox: Sandbox) -> Person:
    """Staff."""
    return sandbox.person("Rina", language_code="en")


def settings(rina: Person, **more: str) -> dict[str, str]:
    return {"STAFF_USER_IDS": str(rina.id), "POLL_FIRST": QUICK, "SHOP_CONTACT": "@tokosari", "ACCESS": "link"} | more


def handle_in(message: Message) -> str:
    """The handle of the link that a message shows."""
    return message.text.partition("?start=")[2].split()[0]


def dump(folder: Path) -> Iterator[str]:
    """Everything that the database holds, as SQL."""
    with closing(sqlite3.connect(folder / "paybot.db")) as connection:
        yield from connection.iterdump()


async def test_a_link_opens_its_payment_and_no_other(
    sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str, rina: Person, sari: Person, tom: Person
) -> None:
    """For whoever holds it, again and again; then the id alone does. Neither log nor tables tell the handle."""
    payment, other = sandbox.payments.express(65_000), sandbox.payments.express(70_000)
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **settings(rina)) as bot:
        await sari.send(f"/link {payment.id}")
        assert "@tokosari" in (await sari.private_chat.next_message()).text
        await rina.send(f"/link  {payment.id.lower()} ")
        made = await rina.private_chat.next_message()
        assert payment.id in made.text
        assert made.buttons[0].value == f"https://t.me/paybot_sandbox_bot?start={handle_in(made)}"

        for person in (sari, tom):
            await person.send(payment.id)
            assert not (await person.private_chat.next_message()).photo
            await person.start(handle_in(made))
            assert (await person.private_chat.next_message()).photo
        await sari.send(f"/pay {payment.id}")
        assert (await sari.private_chat.wait_for_message(lambda one: one.photo is not None)).photo
        await tom.send(f"/pay {other.id}")
        assert "Can't open" in (await tom.private_chat.next_message()).text

        await rina.send(f"/link {payment.id}")
        again = await rina.private_chat.next_message()
        assert handle_in(again) != handle_in(made)
        bot.terminate()
        await bot.ended()
    kept = "\n".join(dump(tmp_path))
    assert payment.id in kept
    for handle in (handle_in(made), handle_in(again)):
        assert handle not in kept
        assert handle not in bot.log


async def test_a_pasted_link_opens_as_a_followed_one(
    sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str, rina: Person, sari: Person
) -> None:
    """In private, with words and the id around it; a forged one is refused, and another bot's is mere text."""
    payment = sandbox.payments.express(65_000)
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **settings(rina)):
        await rina.send(f"/link {payment.id}")
        url = (await rina.private_chat.next_message()).buttons[0].value
        await sari.send(url.replace("start=", "start=x"))
        assert "tidak bisa dibuka" in (await sari.private_chat.next_message()).text
        await sari.send(url.replace("paybot_sandbox_bot", "other_bot"))
        assert "XID-1234567890" in (await sari.private_chat.next_message()).text
        await sari.send(f"Kata Rina, bayar {payment.id} lewat {url} ya")
        assert (await sari.private_chat.next_message()).photo


async def test_a_link_that_opens_nothing_is_refused_and_counted(
    sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str, rina: Person, sari: Person, tom: Person
) -> None:
    """Forged, revoked and expired read the same; after five of them a stranger waits, also with a good one."""
    payment = sandbox.payments.express(65_000)
    packing = sandbox.group("Packing", [rina, tom])
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **settings(rina, LOCALE="en")) as bot:
        links = []
        for _ in range(3):
            await rina.send(f"/link {payment.id}", packing)
            links.append(await packing.next_message())
        revoked, expired, good = map(handle_in, links)
        assert "staff" in (await tom.press(links[0], "Revoke")).text
        assert "revoked" in (await rina.press(links[0], "Revoke")).text
        await packing.wait_for(lambda _: "no longer works" in links[0].text)
        assert revoked not in links[0].text
        assert not links[0].buttons

        told = set()
        for handle in ("x" * 32, "short", revoked):
            await tom.start(handle)
            told.add((await tom.private_chat.next_message()).text)
        bot.kill()
        await bot.ended()
        with closing(sqlite3.connect(tmp_path / "paybot.db")) as connection, connection:
            digest = sha256(expired.encode()).hexdigest()
            assert connection.execute("UPDATE links SET expires_at = 1 WHERE digest = ?", [digest]).rowcount == 1
        await bot.start()
        for handle in (expired, "y" * 32):
            await tom.start(handle)
            told.add((await tom.private_chat.next_message()).text)
        assert len(told) == 1
        assert all("can't be opened" in text and "@tokosari" in text for text in told)
        await tom.start(good)
        assert "10 minutes" in (await tom.private_chat.next_message()).text

        await tom.send(f"/start {good}", packing)
        assert "private chat" in (await packing.next_message()).text
        await sari.start(good)
        assert (await sari.private_chat.next_message()).photo


async def test_a_link_that_is_sent_again_is_the_same(
    sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str, rina: Person, sari: Person
) -> None:
    """Killed while the answer is on its way: what is delivered afterwards works, and is one link."""
    payment = sandbox.payments.express(65_000)
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **settings(rina)) as bot:
        hold = sandbox.telegram.hold("sendMessage")
        await rina.send(f"/link {payment.id}")
        await hold.reached()
        bot.kill()
        await bot.ended()
        hold.release()
        await bot.start()
        made = await rina.private_chat.wait_for_text("?start=")
        await sari.start(handle_in(made))
        assert (await sari.private_chat.next_message()).photo
        assert sum(line.startswith('INSERT INTO "links"') for line in dump(tmp_path)) == 1
