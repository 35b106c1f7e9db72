""" "I'll pay this" in a group: seen on every chat's card, so that two people don't pay twice."""

import re
import sqlite3
from pathlib import Path

from bot.sandbox import Sandbox
from bot.sandbox.chats import Chat, Message
from bot.sandbox.people import Person
from tests.e2e.process import BotProcess

BUTTON = "Saya yang bayar"
BY_SARI = re.compile(r"Sedang dibayar oleh Sari, \d\d\.\d\d WIB")
BY_SOMEONE = re.compile(r"being paid by someone, \d\d:\d\d WIB")


async def test_one_pays_and_every_card_says_so(
    bot_on_each: BotProcess, sandbox: Sandbox, sari: Person, tom: Person
) -> None:
    """Named where the person is a member, "someone" to outsiders; another's press is told so; a second one of their
    own takes it back; and once paid nothing is left of it."""
    budi = sandbox.person("Budi", language_code="id")
    group = sandbox.group("Packing", [sari, budi])
    payment = sandbox.payments.express(65_000)
    ours, toms = await card_in(group, sari, payment.id), await card_in(tom.private_chat, tom, payment.id)
    assert not any("pay this" in button.text for button in toms.buttons)
    picture = ours.photo

    assert "lima menit" in (await sari.press(ours, BUTTON)).text
    await group.wait_for(lambda _: BY_SARI.search(ours.text))
    await tom.private_chat.wait_for(lambda _: BY_SOMEONE.search(toms.text))
    assert "Sari" not in toms.text
    assert ours.photo == picture
    told = await budi.press(ours, BUTTON)
    assert (told.show_alert, "Sari sedang membayar" in told.text) == (True, True)
    assert BY_SARI.search(ours.text)

    await sari.press(ours, BUTTON)
    await group.wait_for(lambda _: "dibayar oleh" not in ours.text)
    await tom.private_chat.wait_for(lambda _: "being paid" not in toms.text)
    await budi.press(ours, BUTTON)
    await group.wait_for(lambda _: "oleh Budi" in ours.text)
    payment.pay()
    await group.wait_for_text("✅")
    await group.wait_for(lambda _: "Lunas" in ours.text and "Budi" not in ours.text)
    assert "Sari" not in bot_on_each.log


async def test_it_lapses_after_five_minutes_and_telegram_may_be_slow_to_name(
    bot: BotProcess, sandbox: Sandbox, sari: Person, sqlite_url: str
) -> None:
    """Where Telegram can't say who it is the card says "someone"; five minutes later nothing."""
    group = sandbox.group("Packing", [sari])
    payment = sandbox.payments.express(65_000)
    card = await card_in(group, sari, payment.id)
    sandbox.telegram.delay("getChatMember", 8)
    await sari.press(card, BUTTON)
    await group.wait_for(lambda _: "oleh seseorang" in card.text, timeout=6)
    bot.kill()
    await bot.ended()
    with sqlite3.connect(Path(sqlite_url.removeprefix("sqlite:///"))) as database:
        database.execute("UPDATE payments SET payer_since = payer_since - ?", (300 * 1_000_000,))
    database.close()
    await bot.start()
    await group.wait_for(lambda _: "dibayar oleh" not in card.text)
    assert "lima menit" in (await sari.press(card, BUTTON)).text


async def card_in(chat: Chat, person: Person, payment_id: str) -> Message:
    """Asks, and waits for the picture."""
    await person.send(f"/pay {payment_id}", chat)
    card = await chat.next_message()
    assert card.photo
    return card
