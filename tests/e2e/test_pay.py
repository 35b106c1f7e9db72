"""The main job: `/pay`, the QR, the watch, the word when paid."""

import asyncio
import time
from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.payment import Proof
from bot.sandbox.people import Person
from tests.e2e.process import BotProcess
from tests.e2e.scanning import scanned, scanned_at_any_size


async def test_express_shows_the_qr_and_says_when_it_is_paid(
    bot_on_each: BotProcess, sandbox: Sandbox, sari: Person
) -> None:
    """One photo with exactly the payload; once paid it cannot be scanned, and a new message says so."""
    payment = sandbox.payments.express(65_000)
    await sari.send(f"/pay {payment.id}")
    card = await sari.private_chat.next_message()
    assert card.photo
    assert scanned(card.photo) == [payment.qr_content]
    for part in ("Rp65.000", payment.id, "KIRIMINAJA", "WIB"):
        assert part in card.text
    assert [button.action for button in card.buttons] == ["callback_data"] * 4 + ["copy_text"]
    assert [len(row) for row in card.rows] == [2, 2, 1]

    payment.pay()
    paid = await sari.private_chat.next_message()
    assert "✅" in paid.text
    assert "Rp65.000" in paid.text
    assert payment.id in paid.text
    receipt = await sari.private_chat.wait_for_message(lambda message: message is card and message.edits > 0)
    assert receipt.photo
    assert scanned_at_any_size(receipt.photo) == []
    assert not paid.silent


async def test_instant_lists_each_package_when_paid(bot_on_each: BotProcess, sandbox: Sandbox, sari: Person) -> None:
    """Courier, AWB, order, status in words; the live link is a button where https, text where http."""
    payment = sandbox.payments.instant(54_000, packages=3)
    payment.packages[0].live_track_url = "https://track.example.com/live/abc"
    payment.packages[1].live_track_url = "http://track.example.com/live/def"
    await sari.send(f"/pay {payment.id}")
    card = await sari.private_chat.next_message()
    assert card.photo
    assert scanned(card.photo) == [payment.qr_content]

    payment.pay()
    paid = await sari.private_chat.next_message()
    for package in payment.packages:
        assert package.awb
        assert package.awb in paid.text
        assert package.order_id in paid.text
    for courier in ("GoSend", "GrabExpress", "Borzo"):
        assert courier in paid.text
    assert "Menunggu dijemput kurir" in paid.text
    links = [button.value for button in paid.buttons if button.action == "url"]
    assert links == ["https://track.example.com/live/abc"]
    assert "http://track.example.com/live/def" in paid.text or any(
        entity.get("url") == "http://track.example.com/live/def" for entity in paid.entities
    )


async def test_an_already_paid_instant_payment_shows_no_qr(bot: BotProcess, sandbox: Sandbox, sari: Person) -> None:
    """The documented sample: code 0 and no QR is paid at once, with its packages."""
    payment = sandbox.payments.instant(54_000, packages=1)
    payment.pay("qr_null")
    await sari.send(f"/pay {payment.id}")
    told = await sari.private_chat.next_message()
    assert told.photo is None
    assert "lunas" in told.text.lower()
    assert payment.packages[0].awb
    assert payment.packages[0].awb in told.text


async def test_a_payment_without_qr_is_told_and_its_qr_comes_when_it_is_there(
    bot: BotProcess, sandbox: Sandbox, sari: Person
) -> None:
    """Unpaid without a code: says so, keeps looking, sends the picture as soon as there is one."""
    payment = sandbox.payments.express(80_000, qr="none")
    await sari.send(f"/pay {payment.id}")
    told = await sari.private_chat.next_message()
    assert told.photo is None
    payment.qr = "valid"
    payload = payment.reissue()
    card = await sari.private_chat.next_message()
    assert card.photo
    assert scanned(card.photo) == [payload]


@pytest.mark.parametrize("kind", ["express", "instant"])
async def test_other_prefixes_ask_express_then_instant(
    bot: BotProcess, sandbox: Sandbox, sari: Person, kind: str
) -> None:
    """A pickup number is found on whichever side knows it."""
    make = getattr(sandbox.payments, kind)
    payment = make(65_000, payment_id="PICKUP-2211-7")
    await sari.send("/pay PICKUP-2211-7")
    card = await sari.private_chat.next_message()
    assert card.photo
    assert scanned(card.photo) == [payment.qr_content]
    asked = [request.endpoint for request in payment.requests]
    assert asked[0] == "express"
    payment.pay()
    assert "✅" in (await sari.private_chat.next_message()).text


async def test_ids_are_forgiving(bot: BotProcess, sandbox: Sandbox, sari: Person) -> None:
    """Lower case, spaces around, within pasted text; in private the bare id is enough."""
    payment = sandbox.payments.express(65_000)
    for text in (f"/pay   {payment.id.lower()} ", f"tolong dibayar ya: {payment.id.lower()}, makasih"):
        await sari.send(text)
        card = await sari.private_chat.next_message()
        assert card.photo
        assert payment.id in card.text


async def test_one_look_serves_two_chats_and_both_are_told_once(
    bot: BotProcess, sandbox: Sandbox, sari: Person, tom: Person
) -> None:
    """Two chats on one payment: no call more than for one, and one "paid" in each."""
    payment = sandbox.payments.express(65_000)
    await sari.send(f"/pay {payment.id}")
    await sari.private_chat.next_message()
    await tom.send(f"/pay {payment.id}")
    await tom.private_chat.next_message()
    asked = len(payment.requests)
    started = time.monotonic()
    await payment.wait_for_requests(asked + 5)
    spent = time.monotonic() - started
    assert len(payment.requests) - asked <= spent / 0.3 + 2

    payment.pay()
    for person in (sari, tom):
        assert "✅" in (await person.private_chat.next_message()).text
    await asyncio.gather(*(person.send("/help") for person in (sari, tom)))
    for person in (sari, tom):
        assert "✅" not in (await person.private_chat.next_message()).text
        assert sum("✅" in message.text and message.photo is None for message in person.private_chat.from_bot) == 1


async def test_asking_twice_sends_the_same_upload_and_tells_once(
    bot: BotProcess, sandbox: Sandbox, sari: Person
) -> None:
    """One watch a chat: the second card comes by `file_id`, the first goes, "paid" is said once."""
    payment = sandbox.payments.express(65_000)
    for _ in range(2):
        await sari.send(f"/pay {payment.id}")
        await sari.private_chat.next_message()
    photos = sandbox.telegram.calls_of("sendPhoto")
    assert len(photos) == 2
    assert isinstance(photos[1].params["photo"], str)
    await sari.private_chat.wait_for(lambda _: len([m for m in sari.private_chat.from_bot if m.photo]) == 1)

    payment.pay()
    assert "✅" in (await sari.private_chat.next_message()).text
    await sari.send("/help")
    assert "✅" not in (await sari.private_chat.next_message()).text
    card = next(message for message in sari.private_chat.from_bot if message.photo)
    await sari.private_chat.wait_for(lambda _: card.edits > 0)
    assert card.photo
    assert scanned_at_any_size(card.photo) == []


@pytest.mark.patient
async def test_a_proven_payment_is_told_within_three_seconds(
    sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """With the default pace and an answer that proves itself, in each of the four ways."""
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url):

        async def told_after(person: Person, proof: Proof) -> float:
            payment = sandbox.payments.express(65_000)
            await person.send(f"/pay {payment.id}")
            await person.private_chat.next_message()
            await payment.wait_for_requests(2)
            payment.pay(proof)
            paid_at = time.monotonic()
            assert "✅" in (await person.private_chat.next_message()).text
            return time.monotonic() - paid_at

        proofs: tuple[Proof, ...] = ("full", "paid_at", "qr_null", "label")
        people = [sandbox.person(f"Buyer {proof}", language_code="id") for proof in proofs]
        delays = await asyncio.gather(*map(told_after, people, proofs))
        assert max(delays) < 3, dict(zip(proofs, delays, strict=True))


@pytest.mark.patient
async def test_a_bare_zero_is_told_after_a_second_read_within_six_seconds(
    sandbox: Sandbox, sari: Person, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """Code 0 with the QR still there counts once the same answer came again, two seconds later."""
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url):
        payment = sandbox.payments.express(65_000)
        await sari.send(f"/pay {payment.id}")
        await sari.private_chat.next_message()
        payment.pay("bare")
        paid_at = time.monotonic()
        assert "✅" in (await sari.private_chat.next_message(timeout=8)).text
        assert 2 <= time.monotonic() - paid_at < 6


@pytest.mark.patient
async def test_ten_open_payments_are_each_told_within_three_seconds(
    sandbox: Sandbox, sari: Person, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """Ten at once, on the default call budget."""
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url):
        payments = [sandbox.payments.express(10_000 + number) for number in range(10)]
        people = [sandbox.person(f"Buyer {number}", language_code="id") for number in range(10)]
        for person, payment in zip(people, payments, strict=True):
            await person.send(f"/pay {payment.id}")
        for person in people:
            await person.private_chat.next_message(timeout=15)
        delays = []
        for person, payment in zip(people, payments, strict=True):
            payment.pay()
            paid_at = time.monotonic()
            assert "✅" in (await person.private_chat.next_message()).text
            delays.append(time.monotonic() - paid_at)
        assert max(delays) < 3


async def test_a_second_chat_that_asked_in_trouble_is_shown_the_code_after_it(
    bot: BotProcess, sandbox: Sandbox, sari: Person, tom: Person
) -> None:
    """Nothing has changed for the first, who has its picture; the second was promised one."""
    payment = sandbox.payments.express(65_000)
    await sari.send(f"/pay {payment.id}")
    await sari.private_chat.next_message()
    sandbox.kiriminaja.set_mode("down")
    await tom.send(f"/pay {payment.id}")
    assert "trouble" in (await tom.private_chat.next_message()).text
    sandbox.kiriminaja.set_mode("up")
    assert (await tom.private_chat.next_message(timeout=15)).photo
    await sari.send("/help")
    assert (await sari.private_chat.next_message()).photo is None
