"""Privacy: who may ask, who has to wait, and who sees whose name."""

import time
from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.chats import Message
from bot.sandbox.payment import Payment
from bot.sandbox.people import Person
from tests.e2e.conftest import QUICK
from tests.e2e.process import BotProcess

CANARIES: dict[str, dict[str, str | None]] = {
    "origin": {"name": "Kanarisatu Pengirim", "phone": "081911110001", "address": "Jl. Rahasiapertama, Kec. Kotagede"},
    "destination": {"name": "Kanaridua Penerima", "phone": "081922220002", "address": "Rahasiakedua, Kec. Ngaglik"},
}
SECRETS = (
    "Kanarisatu", "Pengirim ", "Kanaridua", "Kanaritiga", "Supir",
    "081911110001", "081922220002", "081933330003", "8192222", "Rahasiapertama", "Rahasiakedua",
)  # fmt: skip
IN_FULL = ("Kanarisatu Pengirim", "081911110001", "Kanaridua Penerima", "081922220002", "Rahasiakedua, Kec. Ngaglik")
MASKED = "K•••••••• P••••••• · •••••••••002 · Ngaglik"


@pytest.fixture
def rina(sandbox: Sandbox) -> Person:
    """Staff."""
    return sandbox.person("Rina", language_code="id")


def settings(rina: Person, **more: str) -> dict[str, str]:
    return {"STAFF_USER_IDS": str(rina.id), "POLL_FIRST": QUICK, "SHOP_CONTACT": "@tokosari"} | more


def with_canaries(payment: Payment) -> Payment:
    """The payment with people whose names stand nowhere else."""
    for package in payment.packages:
        package.origin = package.origin | CANARIES["origin"]
        package.destination = package.destination | CANARIES["destination"]
    return payment


def texts(messages: list[Message]) -> str:
    return "\n".join(message.text for message in messages)


async def test_a_life_of_a_package_leaves_no_trace_of_its_people(
    sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str, rina: Person, sari: Person
) -> None:
    """Staff in private read them in full; no log line, no table, no other chat ever holds them."""
    ops = sandbox.group("Ops", [rina])
    packing = sandbox.group("Packing", [rina, sari])
    payment = with_canaries(sandbox.payments.instant(54_000, packages=2))
    more = settings(rina, OPS_CHAT_IDS=str(ops.id))
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **more) as bot:
        for person, chat in ((rina, None), (sari, None), (rina, packing)):
            await person.send(f"/pay {payment.id}", chat)
            await (chat or person.private_chat).next_message()
        payment.pay()
        paid = [await chat.next_message() for chat in (rina.private_chat, sari.private_chat, packing)]
        assert all(part in paid[0].text for part in IN_FULL)
        assert all(MASKED in message.text for message in paid[1:])

        for status in (105, 106, 200):
            payment.assign_driver(name="Kanaritiga Supir", phone="081933330003")
            payment.set_status(status)
            await rina.send(f"/status {payment.id}")  # a look of its own, ahead of the next one due
            for chat in (sari.private_chat, packing):
                assert MASKED in (await chat.next_message()).text
        await rina.private_chat.wait_for_text("Kanaritiga Supir · 081933330003")
        bot.terminate()
        await bot.ended()
    assert not (tmp_path / "paybot.db-wal").exists()  # all is in the one file

    outside = texts([*sari.private_chat.from_bot, *packing.from_bot, *ops.from_bot])
    kept = (tmp_path / "paybot.db").read_bytes()
    assert payment.id.encode() in kept
    for secret in SECRETS:
        assert secret not in outside
        assert secret not in bot.log
        assert secret.encode() not in kept


async def test_a_paid_message_does_not_wait_for_names(
    sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str, rina: Person
) -> None:
    """KiriminAja fails right after it said paid: the message goes out, with packages and without people."""
    payment = with_canaries(sandbox.payments.instant(54_000))
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **settings(rina)):
        payment.pay()
        payment.answer_raw(200, {"status": True, "text": "ok", "result": payment.as_json()}, times=1)
        payment.answer_raw(500, "down", times=None)
        await rina.send(f"/pay {payment.id}")
        told = await rina.private_chat.next_message()
    assert payment.packages[0].order_id in told.text
    assert "Kanari" not in told.text


@pytest.mark.parametrize("access", ["link", "staff"])
async def test_unknown_and_not_allowed_read_the_same(
    sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str, rina: Person, tom: Person, access: str
) -> None:
    """A stranger gets one text for both, and no call is made; staff get the QR, in groups too."""
    payment = sandbox.payments.express(65_000)
    group = sandbox.group("Packing", [rina, tom])
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **settings(rina, ACCESS=access)):
        answers = []
        for payment_id in (payment.id, "XID-1000000001"):
            await tom.send(payment_id)
            answers.append((await tom.private_chat.next_message()).text.replace(payment_id, "…"))
        assert answers[0] == answers[1]
        assert "@tokosari" in answers[0]
        assert "link" in answers[0]
        await tom.send(f"/pay {payment.id}", group)
        assert not (await group.next_message()).photo
        assert sandbox.kiriminaja.requests == []

        await rina.send(f"/pay {payment.id}", group)
        card = await group.next_message()
        assert card.photo
        assert (await tom.press(card, "🔄")).text  # the group watches: whoever is there may look


async def test_a_refusal_takes_as_long_as_an_answer(
    sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str, rina: Person, tom: Person
) -> None:
    """Looks took long of late; so does the refusal."""
    slow = 0.8
    payment = sandbox.payments.express(65_000)
    more = settings(rina, ACCESS="staff", POLL_FIRST="60")
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **more):
        sandbox.kiriminaja.set_mode("slow", delay=slow)
        await rina.send(f"/pay {payment.id}")
        await rina.private_chat.next_message()
        begun = time.monotonic()
        await tom.send(f"/pay {payment.id}")
        await tom.private_chat.next_message()
        assert time.monotonic() - begun >= slow
        assert len(sandbox.kiriminaja.requests) == 1


async def test_five_unknown_ids_and_a_stranger_waits(
    sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str, rina: Person, sari: Person, tom: Person
) -> None:
    """Told how long, without a call, also after a restart; ops hear once; others and staff go on."""
    ops = sandbox.group("Ops", [rina])
    payment = sandbox.payments.express(65_000)
    more = settings(rina, OPS_CHAT_IDS=str(ops.id))
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **more) as bot:
        for person in (sari, rina):
            for number in range(5):
                await person.send(f"/pay XID-200000000{number}")
                assert "Tidak ditemukan" in (await person.private_chat.next_message()).text
        asked = len(sandbox.kiriminaja.requests)
        await sari.send(f"/pay {payment.id}")
        assert "10 menit" in (await sari.private_chat.next_message()).text
        alert = await ops.next_message()
        assert str(sari.id) in alert.text
        assert "Sari" not in alert.text

        bot.kill()
        await bot.ended()
        await bot.start()
        await sari.send(f"/pay {payment.id}")
        assert "menit" in (await sari.private_chat.next_message()).text
        assert len(sandbox.kiriminaja.requests) == asked
        for person in (rina, tom):
            await person.send(f"/pay {payment.id}")
            assert (await person.private_chat.next_message()).photo
        assert len(ops.from_bot) == 1


async def test_a_typing_error_sent_again_is_no_guess(bot: BotProcess, sandbox: Sandbox, tom: Person) -> None:
    """Five unknown ids are five different ones."""
    payment = sandbox.payments.express(65_000)
    for _ in range(6):
        await tom.send("/pay XID-2000000000")
        assert "Not found" in (await tom.private_chat.next_message()).text
    await tom.send(f"/pay {payment.id}")
    assert (await tom.private_chat.next_message()).photo
