"""`paybot qr`: the payment, and a QR in the terminal that reads as the API gave it."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from bot.pictures.terminal import black_on_white, draw_terminal
from bot.sandbox import Sandbox
from bot.settings import Settings
from bot.shell import ShellError
from bot.shell.qr import ShowQr
from tests.shell.conftest import MakeSettings

INK = {" ": (255, 255), "▀": (0, 255), "▄": (255, 0), "█": (0, 0)}


def read_terminal(lines: list[str], scale: int = 6) -> list[str]:
    """What a scanner reads off half blocks, black on white."""
    upper_lower = [[INK[letter] for letter in line] for line in lines]
    pixels = [bytes(pair[half] for pair in line) for line in upper_lower for half in (0, 1)]
    picture = Image.frombytes("L", (len(pixels[0]), len(pixels)), b"".join(pixels))
    picture = picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)
    return [found.text for found in zxingcpp.read_barcodes(picture)]


def qr_lines(out: str) -> list[str]:
    """The lines of a printed QR."""
    return [line for line in out.splitlines() if line and set(line) <= set(INK)]


async def show(settings: Settings, given: str, *, png: Path | None = None, as_json: bool = False) -> int:
    """The command without its start."""
    return await ShowQr(given, png, as_json)(settings)


@pytest.mark.parametrize("payload", ["a", "00020101021226", "X" * 700])
def test_a_qr_in_half_blocks_reads_as_it_was_given(payload: str) -> None:
    """With an odd number of rows too; a quiet zone all around, and every line as wide."""
    lines = draw_terminal(payload)
    assert read_terminal(lines) == [payload]
    assert len({len(line) for line in lines}) == 1
    assert not lines[0].strip()
    assert not lines[-1].strip()
    assert all(line.startswith("    ") and line.endswith("    ") for line in lines)
    assert black_on_white(" ").startswith("\x1b[38;5;16;48;5;231m ")


async def test_an_unpaid_payment_is_shown_with_its_qr(
    sandbox: Sandbox, make_settings: MakeSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Id as forgiving as in the chat; nothing is stored, and no chat is told."""
    payment = sandbox.payments.express(65_000)
    assert await show(make_settings(COLUMNS="100"), f" {payment.id.lower()} ") == 0
    out = capsys.readouterr().out
    for part in (payment.id, "express", "Rp65,000", "unpaid", "KIRIMINAJA"):
        assert part in out
    assert read_terminal(qr_lines(out)) == [payment.qr_content]
    assert sandbox.telegram.calls == []


async def test_the_picture_is_the_one_that_chats_get(
    sandbox: Sandbox, make_settings: MakeSettings, tmp_path: Path
) -> None:
    """In LOCALE; instead of the QR in the terminal."""
    payment = sandbox.payments.express(65_000)
    settings = make_settings(LOCALE="en")
    file = tmp_path / "card.png"
    assert await show(settings, payment.id, png=file) == 0
    picture = Image.open(BytesIO(file.read_bytes()))
    assert [found.text for found in zxingcpp.read_barcodes(picture)] == [payment.qr_content]
    payment.pay()
    assert await show(settings, payment.id, png=file) == 0
    assert zxingcpp.read_barcodes(Image.open(BytesIO(file.read_bytes()))) == []


async def test_a_paid_payment_has_no_qr_and_lists_its_packages(
    sandbox: Sandbox, make_settings: MakeSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Couriers, AWB, status, link; nobody's name, phone or address, also not as JSON."""
    payment = sandbox.payments.instant(30_500, packages=2)
    payment.pay()
    payment.assign_driver()
    settings = make_settings()
    assert await show(settings, payment.id) == 0
    out = capsys.readouterr().out
    assert "paid: there is nothing to scan" in out
    assert qr_lines(out) == []
    assert await show(settings, payment.id, as_json=True) == 0
    printed = capsys.readouterr().out
    told: dict[str, Any] = json.loads(printed)
    assert (told["id"], told["kind"], told["status"], told["amount"], told["qr"]) == (
        payment.id, "instant", "paid", 30_500, None,
    )  # fmt: skip
    for package, shown in zip(payment.packages, told["packages"], strict=True):
        assert shown["awb"] == package.awb
        assert shown["status"] == package.status
        assert shown["live_url"] == package.live_track_url
        assert shown["order_id"] in out
    for personal in ("Budi", "Joko", "0857", "0812", "Kaliurang"):
        assert personal not in out + printed


async def test_an_unpaid_payment_as_json_has_its_qr(
    sandbox: Sandbox, make_settings: MakeSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    """For other programs: nothing but JSON on standard output."""
    payment = sandbox.payments.express(65_000)
    assert await show(make_settings(), payment.id, as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["qr"], told["payee"]) == ("unpaid", payment.qr_content, "KIRIMINAJA")
    assert told["issued_at"].endswith("+00:00")


@pytest.mark.parametrize(
    ("qr", "said", "status"),
    [("broken_crc", "damaged", 1), ("other_amount", "amount is not", 1), ("none", "without a QR", 0)],
)
async def test_a_qr_that_must_not_be_paid_is_not_shown(
    sandbox: Sandbox, make_settings: MakeSettings, capsys: pytest.CaptureFixture[str],
    tmp_path: Path, qr: Any, said: str, status: int,
) -> None:  # fmt: skip
    """It says why, in the terminal; there is no picture of it, and it is not in the JSON."""
    payment = sandbox.payments.express(65_000, qr=qr)
    settings = make_settings()
    assert await show(settings, payment.id) == status
    out = capsys.readouterr().out
    assert said in out
    assert qr_lines(out) == []
    assert await show(settings, payment.id, as_json=True) == status
    assert json.loads(capsys.readouterr().out)["qr"] is None
    with pytest.raises(ShellError, match="no QR to show"):
        await show(settings, payment.id, png=tmp_path / "card.png")


async def test_an_answer_that_contradicts_itself_is_told_as_unclear(
    sandbox: Sandbox, make_settings: MakeSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither paid nor to be paid."""
    payment = sandbox.payments.express(65_000)
    payment.odd("label_opposite")
    assert await show(make_settings(), payment.id) == 1
    assert "unclear" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "mode", "said"),
    [
        ("XID-404404", "up", "knows no payment XID-404404"),
        ("two words", "up", "one payment id"),
        ("XID-1111 XID-2222", "up", "one payment id"),
        ("XID-1111", "key_refused", "KIRIMINAJA_API_KEY is refused"),
        ("XID-1111", "down", "no usable answer"),
        ("XID-1111", "too_many", "too often"),
    ],
)
async def test_what_cannot_be_shown_is_one_line(
    sandbox: Sandbox, make_settings: MakeSettings, given: str, mode: Any, said: str
) -> None:
    """With the mend."""
    sandbox.kiriminaja.set_mode(mode)
    with pytest.raises(ShellError, match=said) as refused:
        await show(make_settings(), given)
    assert "\n" not in str(refused.value)


async def test_a_terminal_that_is_too_narrow_gets_no_torn_qr(
    sandbox: Sandbox, make_settings: MakeSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrapped lines read as nothing, or as something else."""
    payment = sandbox.payments.express(65_000)
    with pytest.raises(ShellError, match="this terminal has 40"):
        await show(make_settings(COLUMNS="40"), payment.id)
    assert qr_lines(capsys.readouterr().out) == []


async def test_paid_without_proof_is_read_a_second_time(
    sandbox: Sandbox, make_settings: MakeSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in the chat: the same answer two seconds later is the proof."""
    payment = sandbox.payments.instant(30_500)
    payment.pay("bare")
    assert await show(make_settings(), payment.id) == 0
    assert "paid: " in capsys.readouterr().out
    assert len(payment.requests) == 2
