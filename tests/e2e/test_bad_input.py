"""Bad input and a provider in trouble: a clear answer each, in the person's language, and never "paid"."""

from pathlib import Path
from typing import Any

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.people import Person
from tests.e2e.process import BotProcess

HOPELESS = ["../../etc/passwd", "X" * 300, "<b>x</b>", "XID-١٢٣٤٥٦٧٨٩٠", "a b&c", "-rf"]


async def test_what_cannot_be_an_id_is_answered_without_a_call(
    bot: BotProcess, sandbox: Sandbox, sari: Person, tom: Person
) -> None:
    """The hint names the right kind of id, in each person's language, and KiriminAja hears nothing."""
    for given in HOPELESS:
        answers = []
        for person in (sari, tom):
            await person.send(f"/pay {given}")
            answers.append((await person.private_chat.next_message()).text)
        assert answers[0] != answers[1], given
        assert all("XID-" in answer for answer in answers), given
    assert sandbox.kiriminaja.requests == []


async def test_pay_without_an_id_says_how(bot: BotProcess, sandbox: Sandbox, sari: Person) -> None:
    """`/pay` alone is answered with an example."""
    await sari.send("/pay")
    assert "/pay XID-" in (await sari.private_chat.next_message()).text
    assert sandbox.kiriminaja.requests == []


async def test_private_small_talk_gets_one_line_of_help(bot: BotProcess, sandbox: Sandbox, tom: Person) -> None:
    """What is no id in private gets one line and no call."""
    await tom.send("hello there")
    told = (await tom.private_chat.next_message()).text
    assert "/help" in told
    assert "\n" not in told
    assert sandbox.kiriminaja.requests == []


@pytest.mark.parametrize("unknown", ["status_false", "not_found", "null"])
async def test_an_unknown_id_is_told_as_such(bot: BotProcess, sandbox: Sandbox, sari: Person, unknown: Any) -> None:
    """Whichever way KiriminAja says it: not found, with what to copy instead."""
    sandbox.kiriminaja.unknown = unknown
    for payment_id in ("XID-9999999999", "PID-9999999999", "PICKUP-77"):
        await sari.send(f"/pay {payment_id}")
        told = (await sari.private_chat.next_message()).text
        assert "Tidak ditemukan" in told, payment_id
        assert "resi" in told, payment_id


@pytest.mark.parametrize("mode", ["down", "html", "key_refused", "too_many", "wrong_types"])
async def test_trouble_at_kiriminaja_is_told_and_the_ask_completes_by_itself(
    bot: BotProcess, sandbox: Sandbox, tom: Person, mode: Any
) -> None:
    """One clear line, no picture, nothing "paid"; when KiriminAja is back the QR comes unasked."""
    payment = sandbox.payments.express(65_000)
    sandbox.kiriminaja.set_mode(mode)
    await tom.send(f"/pay {payment.id}")
    told = await tom.private_chat.next_message()
    assert "trouble" in told.text
    assert told.photo is None
    assert "✅" not in told.text
    sandbox.kiriminaja.set_mode("up")
    card = await tom.private_chat.next_message(timeout=15)
    assert card.photo


@pytest.mark.parametrize("oddity", ["paid_at_unpaid", "label_opposite", "unknown_code", "no_code", "other_id"])
async def test_an_odd_answer_is_never_paid(bot: BotProcess, sandbox: Sandbox, sari: Person, oddity: Any) -> None:
    """Asked or watched: no "paid", no QR of an odd answer; the watch goes on, and tells when it is really paid."""
    asked_odd = sandbox.payments.express(65_000)
    asked_odd.odd(oddity)
    await sari.send(f"/pay {asked_odd.id}")
    told = await sari.private_chat.next_message()
    assert told.photo is None
    assert "✅" not in told.text

    turning_odd = sandbox.payments.express(70_000)
    await sari.send(f"/pay {turning_odd.id}")
    assert (await sari.private_chat.next_message()).photo
    turning_odd.odd(oddity)
    seen = len(turning_odd.requests)
    await turning_odd.wait_for_requests(seen + 4, timeout=10)
    assert not any("✅" in message.text for message in sari.private_chat.from_bot)
    turning_odd.normal()
    turning_odd.pay()
    assert turning_odd.id in (await sari.private_chat.wait_for_text("✅")).text


@pytest.mark.parametrize("qr", ["broken_crc", "other_amount"])
async def test_a_qr_that_would_take_the_money_elsewhere_is_withheld(
    bot: BotProcess, sandbox: Sandbox, sari: Person, qr: Any
) -> None:
    """A payload with a wrong CRC or another amount is not shown; the chat is told to wait."""
    payment = sandbox.payments.express(65_000, qr=qr)
    await sari.send(f"/pay {payment.id}")
    told = await sari.private_chat.next_message()
    assert told.photo is None
    assert "jangan" in told.text.lower()


async def test_key_and_token_are_in_no_message_and_no_log_line(
    sandbox: Sandbox, sari: Person, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """At the chattiest log level, through every kind of trouble on both sides."""
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, POLL_FIRST="0.2", LOG_LEVEL="debug") as bot:
        payment = sandbox.payments.instant(65_000, packages=2)
        for mode in ("key_refused", "reset", "html", "too_many", "up"):
            sandbox.kiriminaja.set_mode(mode)
            await sari.send(f"/pay {payment.id}")
            await sari.private_chat.next_message(timeout=15)
        sandbox.telegram.fail("sendMessage", 500)
        sandbox.telegram.reset("sendMessage", "after")
        payment.pay()
        await sari.private_chat.wait_for_text("✅", timeout=20)
        bot.terminate()
        assert await bot.ended() == 0
        texts = [bot.log, *(version.text for message in sari.private_chat.messages for version in message.versions)]
        buyer = payment.packages[0].destination
        for secret in (sandbox.telegram.token, sandbox.kiriminaja.api_key, buyer["name"], buyer["phone"]):
            assert not any(secret in text for text in texts), secret
