"""The card follows its payment: another code, another amount, no code, the end of the watch, a late payment."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.chats import Chat, Message
from bot.sandbox.payloads import broken
from bot.sandbox.payment import Payment
from bot.sandbox.people import Person
from tests.e2e.process import BotProcess, zone_at
from tests.e2e.scanning import scanned, scanned_at_any_size

MISSING = {"status": False, "text": "data not found", "code": 2, "method": None, "data": None}


@pytest.fixture
async def brief(sandbox: Sandbox, tmp_path: Path, sqlite_url: str) -> AsyncIterator[BotProcess]:
    """The bot with a watch of two seconds, and a shop to turn to."""
    settings = {"WATCH_FOR": "2", "POLL_FIRST": "0.3", "SHOP_CONTACT": "@tokosari"}
    async with BotProcess.against(sandbox, tmp_path, sqlite_url, **settings) as running:
        yield running


async def shown(person: Person, payment: Payment) -> Message:
    """Asks for a payment; returns its card."""
    await person.send(f"/pay {payment.id}")
    card = await person.private_chat.next_message()
    assert card.photo
    assert scanned(card.photo) == [payment.qr_content]
    return card


async def now_shows(card: Message, payload: str | None) -> None:
    """Waits until the very message shows another code; None: nothing to scan."""
    wanted = [payload] if payload else []

    def look(_: object) -> bool:
        return card.edits > 0 and card.photo is not None and scanned(card.photo) == wanted

    await card.chat.wait_for(look)
    assert card.photo
    if payload is None:
        assert scanned_at_any_size(card.photo) == []


# --- another code ---


async def test_a_reissued_code_takes_the_place_of_the_old_one_in_every_chat(
    bot: BotProcess, sandbox: Sandbox, sari: Person, tom: Person
) -> None:
    """The same message reads as the new payload, and a new one says so, in each chat's language."""
    payment = sandbox.payments.express(65_000)
    cards = [await shown(person, payment) for person in (sari, tom)]
    payload = payment.reissue()
    for person, card, words in zip((sari, tom), cards, ("hapus gambar lama", "delete the old picture"), strict=True):
        told = await person.private_chat.next_message()
        assert words in told.text
        assert payment.id in told.text
        assert told.photo is None
        assert not told.silent
        await now_shows(card, payload)
    payment.pay()
    for person in (sari, tom):
        assert "✅" in (await person.private_chat.next_message()).text


async def test_a_changed_amount_is_named_beside_the_old_one(
    bot: BotProcess, sandbox: Sandbox, sari: Person, tom: Person
) -> None:
    """In the notice, the caption and the code itself."""
    payment = sandbox.payments.instant(65_000, packages=2)
    cards = [await shown(person, payment) for person in (sari, tom)]
    payment.change_amount(72_500)
    for person, card, amounts in zip(
        (sari, tom), cards, (("Rp72.500", "Rp65.000"), ("Rp72,500", "Rp65,000")), strict=True
    ):
        told = await person.private_chat.next_message()
        assert all(amount in told.text for amount in amounts)
        await now_shows(card, payment.qr_content)
        assert amounts[0] in card.text
        assert amounts[1] not in card.text


@pytest.mark.parametrize("between", ["none", "broken"])
async def test_a_new_code_after_there_was_none_is_still_called_new(
    bot: BotProcess, sandbox: Sandbox, sari: Person, tom: Person, between: str
) -> None:
    """Who was shown the old picture is told to delete it; who only came in between simply gets the code."""
    payment = sandbox.payments.express(65_000)
    card = await shown(sari, payment)
    payment.override(qr_content=None if between == "none" else broken(payment.qr_content or ""))
    if between == "broken":
        assert "Jangan dibayar dulu" in (await sari.private_chat.next_message()).text
    await now_shows(card, None)
    await tom.send(f"/pay {payment.id}")
    assert (await tom.private_chat.next_message()).photo is None

    payload = payment.reissue()
    payment.normal()
    told = await sari.private_chat.next_message()
    assert "hapus gambar lama" in told.text
    await now_shows(card, payload)
    toms = await tom.private_chat.next_message()
    assert toms.photo
    assert scanned(toms.photo) == [payload]
    await tom.send("/help")
    assert "old picture" not in (await tom.private_chat.next_message()).text


async def test_the_same_code_back_after_it_was_withheld_is_said(
    bot: BotProcess, sandbox: Sandbox, tom: Person
) -> None:
    """Tom was told not to pay and that the code will come back here: an edit alone makes no sound."""
    payment = sandbox.payments.express(65_000)
    card = await shown(tom, payment)
    payment.override(qr_content=broken(payment.qr_content or ""))
    assert "don't pay" in (await tom.private_chat.next_message()).text
    await now_shows(card, None)
    payment.normal()
    assert "used again" in (await tom.private_chat.next_message()).text
    await now_shows(card, payment.qr_content)


async def test_an_amount_that_no_longer_fits_its_code_takes_the_code_away(
    brief: BotProcess, sandbox: Sandbox, tom: Person
) -> None:
    """The amount changed and the code did not: paying it would be wrong, so the chat is sent to the shop."""
    payment = sandbox.payments.express(65_000)
    card = await shown(tom, payment)
    payment.change_amount(72_500, reissue=False)
    told = await tom.private_chat.next_message()
    assert "@tokosari" in told.text
    assert "delete it" in told.text
    await now_shows(card, None)


@pytest.mark.parametrize("qr", ["broken_crc", "other_amount"])
async def test_a_withheld_code_sends_the_chat_to_the_shop_and_is_told_to_the_operators_once(
    sandbox: Sandbox, sari: Person, tom: Person, tmp_path: Path, sqlite_url: str, qr: Any
) -> None:
    """Both languages; no picture; one alert, however often it is seen and by whom."""
    ops = sandbox.supergroup("Ops", [tom], admins=[tom])
    settings = {"OPS_CHAT_IDS": str(ops.id), "SHOP_CONTACT": "@tokosari", "POLL_FIRST": "0.3"}
    async with BotProcess.against(sandbox, tmp_path, sqlite_url, **settings):
        payment = sandbox.payments.express(65_000, qr=qr)
        for person in (sari, tom):
            await person.send(f"/pay {payment.id}")
            told = await person.private_chat.next_message()
            assert told.photo is None
            assert "@tokosari" in told.text
        assert payment.id in (await ops.next_message()).text
        await payment.wait_for_requests(len(payment.requests) + 3)
        assert len(ops.from_bot) == 1


# --- the end of the watch ---


async def closed(chat: Chat) -> Message:
    """The notice that a watch is over."""
    return await chat.wait_for_text("Masih belum tercatat lunas", timeout=8)


async def test_at_its_end_a_watch_looks_once_more_says_so_and_can_go_on(
    brief: BotProcess, sandbox: Sandbox, sari: Person
) -> None:
    """The notice and the card have the button; looking stops; going on brings a fresh card and the watch."""
    payment = sandbox.payments.express(65_000)
    card = await shown(sari, payment)
    told = await closed(sari.private_chat)
    assert "@tokosari" in told.text
    assert [button.text for button in told.buttons] == ["▶️ Pantau lagi"]
    await sari.private_chat.wait_for(lambda _: card.edits > 0)
    assert "Masa pantaunya sudah habis" in card.text
    assert [button.text for button in card.buttons] == ["▶️ Pantau lagi", "💬 Sudah bayar", "📋 Salin ID"]
    sari.private_chat.skip()

    asked = len(payment.requests)
    await sari.press(told, "Pantau lagi")
    again = await sari.private_chat.next_message()
    assert again.photo
    assert scanned(again.photo) == [payment.qr_content]
    assert "Begitu lunas" in again.text
    await sari.private_chat.wait_for(lambda _: card.deleted)
    await payment.wait_for_requests(asked + 3)
    payment.pay()
    paid = await sari.private_chat.next_message()
    assert "✅" in paid.text
    assert "setelah masa pantau" not in paid.text


@pytest.mark.parametrize("last", ["odd", "vanished"])
async def test_a_last_look_that_is_unclear_is_not_told_as_unpaid(
    brief: BotProcess, sandbox: Sandbox, tom: Person, last: str
) -> None:
    """Neither paid nor unpaid: the chat is asked not to pay, and to turn to the shop."""
    payment = sandbox.payments.express(65_000)
    await shown(tom, payment)
    if last == "odd":
        payment.odd("paid_at_unpaid")
    else:
        payment.answer_raw(body=MISSING, times=None)
    told = await tom.private_chat.next_message(timeout=8)
    assert "unclear" in told.text
    assert "don't pay now" in told.text
    assert "@tokosari" in told.text
    assert "Still not recorded" not in told.text
    assert [button.text for button in told.buttons] == ["▶️ Watch again"]


async def test_a_late_payment_is_told_as_late(
    sandbox: Sandbox, tom: Person, sari: Person, tmp_path: Path, sqlite_url: str
) -> None:
    """Found by the hourly look, or as here by one made for another chat: whoever watched to the end hears it."""
    ops = sandbox.supergroup("Ops", [sari], admins=[sari])
    settings = {"WATCH_FOR": "1", "POLL_FIRST": "0.3", "OPS_CHAT_IDS": str(ops.id), "LOCALE": "en"}
    async with BotProcess.against(sandbox, tmp_path, sqlite_url, **settings):
        payment = sandbox.payments.express(65_000)
        card = await shown(tom, payment)
        await tom.private_chat.wait_for_text("Still not recorded", timeout=8)
        tom.private_chat.skip()
        payment.pay()
        await sari.send(f"/pay {payment.id}")
        assert "Sudah lunas" in (await sari.private_chat.next_message()).text
        paid = await tom.private_chat.next_message()
        assert "✅" in paid.text
        assert "after I had stopped watching" in paid.text
        await now_shows(card, None)
        assert "Late" in (await ops.next_message()).text


# --- "already paid" ---


async def test_already_paid_after_the_end_has_it_looked_at_closely_again(
    brief: BotProcess, sandbox: Sandbox, sari: Person
) -> None:
    """A closed payment is looked at hourly; the word that it is paid makes that every 0.3 s. It is told as late."""
    payment = sandbox.payments.express(65_000)
    card = await shown(sari, payment)
    await closed(sari.private_chat)
    await sari.private_chat.wait_for(lambda _: card.edits > 0)
    sari.private_chat.skip()
    asked = len(payment.requests)
    answer = await sari.press(card, "Sudah bayar")
    assert "Belum tercatat pada" in answer.text
    await payment.wait_for_requests(asked + 4)
    payment.pay()
    paid = await sari.private_chat.next_message()
    assert "✅" in paid.text
    assert "setelah masa pantau" in paid.text


async def test_ten_minutes_after_already_paid_the_chat_hears_what_to_send_and_the_operators_once(
    sandbox: Sandbox, sari: Person, tom: Person, tmp_path: Path, sqlite_url: str
) -> None:
    """Id, amount, time, screenshot, contact; only who said so is told. A second word later alerts nobody again."""
    ops = sandbox.supergroup("Ops", [tom], admins=[tom])
    settings = {"POLL_FIRST": "0.3", "OPS_CHAT_IDS": str(ops.id), "SHOP_CONTACT": "@tokosari"}
    settings["TIMEZONE"] = zone_at(12)  # its alerts are counted over restarts
    async with BotProcess.against(sandbox, tmp_path, sqlite_url, **settings) as bot:
        payment = sandbox.payments.express(65_000)
        card = await shown(tom, payment)
        await shown(sari, payment)
        for alerts in (1, 1):
            answer = await tom.press(card, "Already paid")
            assert answer.show_alert
            assert "Not recorded at" in answer.text
            assert "Don't pay twice" in answer.text
            bot.kill()
            await bot.ended()
            _ten_minutes_pass(sqlite_url)
            tom.private_chat.skip()
            await bot.start()
            told = (await tom.private_chat.next_message()).text
            for part in (payment.id, "Rp65,000", "When you paid", "screenshot", "@tokosari", "don't pay again"):
                assert part in told
            alert = await ops.wait_for_text("Katanya sudah dibayar")
            assert payment.id in alert.text
            assert len(ops.from_bot) == alerts
        payment.pay()
        assert "✅" in (await tom.private_chat.next_message()).text
        assert "✅" in (await sari.private_chat.next_message()).text


def _ten_minutes_pass(sqlite_url: str) -> None:
    """The bot is down: the ten minutes are over by the time it starts."""
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as database:
        (count,) = database.execute("SELECT count(*) FROM payments WHERE claim_until IS NOT NULL").fetchone()
        assert count == 1
        database.execute("UPDATE payments SET claim_until = claim_until - 600000000 WHERE claim_until IS NOT NULL")
    database.close()


async def test_paid_between_already_paid_and_its_end_is_told_as_ever(
    bot: BotProcess, sandbox: Sandbox, sari: Person
) -> None:
    """No more is heard of what was said."""
    payment = sandbox.payments.express(65_000)
    card = await shown(sari, payment)
    await asyncio.gather(*(sari.press(card, "Sudah bayar") for _ in range(3)))
    payment.pay()
    assert "✅" in (await sari.private_chat.next_message()).text
    await now_shows(card, None)
    await sari.send("/help")
    assert "✅" not in (await sari.private_chat.next_message()).text
