"""The QRIS card: what a scanner reads from it, and what it weighs."""

from dataclasses import replace
from io import BytesIO

import pytest
import zxingcpp
from hypothesis import HealthCheck, given, settings, strategies as st
from PIL import Image

from bot.pictures import CardPainter, CardText
from bot.pictures.layout import EDGE, MIDDLE, WIDTH
from tests.pictures.payloads import LOWER_PAYEES, SAMPLE, UPPER_PAYEES, crc16, make_payload

LARGEST = 15_000  # bytes

LOWER = [make_payload(payee, "Kab. Sleman", seed) for seed, payee in enumerate(LOWER_PAYEES)]
UPPER = [make_payload(payee, seed=seed) for seed, payee in enumerate(UPPER_PAYEES)]
LONG = [make_payload(LOWER_PAYEES[3], seed=9, extra="9950" + "Catatan no. " * 4 + "0" * 45)]
ACCENTED = [
    make_payload(payee) for payee in ("CAFÉ ÉTOILE", "Warung Bü Sari", "é", "店铺 Sari", "кафе", "Kopi ☕ – 1", "ñ™")
]


def sent_through_telegram(png: bytes, shown: int = 400, quality: int = 50) -> Image.Image:
    """The picture as Telegram has it: a JPEG, ``shown`` px wide."""
    with Image.open(BytesIO(png)) as picture:
        small = picture.convert("RGB").resize(
            (shown, picture.height * shown // picture.width), Image.Resampling.BICUBIC
        )
    stored = BytesIO()
    small.save(stored, "JPEG", quality=quality)
    return Image.open(stored)


QR_CODES = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


def texts_in(picture: Image.Image) -> list[str]:
    """All that any reader of zxing-cpp finds, of any kind of code, damaged ones included."""
    return [found.text for found in zxingcpp.read_barcodes(picture, return_errors=True)]


def open_png(png: bytes) -> Image.Image:
    """The PNG, checked to be one with a palette."""
    picture = Image.open(BytesIO(png))
    picture.load()
    assert (picture.format, picture.mode) == ("PNG", "P")
    return picture


@pytest.mark.parametrize("payload", [SAMPLE, *UPPER, *LOWER, *LONG, *ACCENTED])
def test_telegrams_jpeg_still_reads_as_the_payload(painter: CardPainter, text: CardText, payload: str) -> None:
    """400 px wide at quality 50, byte for byte, whatever the payee's letters."""
    shown = sent_through_telegram(painter.draw_card(text, payload))
    found = zxingcpp.read_barcodes(shown)
    assert [(code.text, code.bytes) for code in found] == [(payload, payload.encode())]


@given(
    st.text(st.characters(codec="ascii", min_codepoint=32), min_size=1, max_size=25),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=15),
    st.integers(0, 10**6),
    st.integers(0, 60),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_payee_reads_after_telegrams_jpeg(
    painter: CardPainter, text: CardText, payee: str, city: str, seed: int, more: int
) -> None:
    """Payloads up to about 350 bytes, with any text in tags 59 and 60."""
    payload = make_payload(payee, city, seed, extra=f"99{more:02d}" + "x" * more)
    png = painter.draw_card(replace(text, payee=payee, city=city), payload)
    assert len(png) <= LARGEST
    found = zxingcpp.read_barcodes(sent_through_telegram(png), formats=QR_CODES)  # text may look like bars
    assert [code.bytes for code in found] == [payload.encode()]


@pytest.mark.parametrize("payload", [SAMPLE, UPPER[1], LOWER[0], LONG[0], "A", "a" * 900])
def test_quiet_zone_is_four_modules_or_more(painter: CardPainter, longest: CardText, payload: str) -> None:
    """Measured on pixels: from the dark modules to the nearest other ink, on every side."""
    grey = open_png(painter.draw_card(longest, payload)).convert("L")
    found = zxingcpp.read_barcodes(grey)[0].position
    dark = grey.point([255 if shade < 128 else 0 for shade in range(256)])
    middle = dark.crop((0, MIDDLE, WIDTH, MIDDLE + WIDTH))
    box = middle.getbbox()
    assert box is not None
    left, top, right, bottom = box
    assert right - left == bottom - top
    assert abs(found.top_left.x - left) <= 2
    # The finder pattern's first row is seven modules long.
    row = middle.crop((left, top, right, top + 1)).tobytes()
    module = row.index(0) / 7
    assert module == int(module)
    assert min(left, WIDTH - right, top, WIDTH - bottom) >= 4 * module


def test_qr_is_as_wide_as_whole_pixels_allow(painter: CardPainter, text: CardText) -> None:
    """The sample's 53 modules, quiet zone included, are 15 px each: 795 of 800 px."""
    grey = open_png(painter.draw_card(text, SAMPLE)).convert("L")
    box = grey.crop((0, MIDDLE, WIDTH, MIDDLE + WIDTH)).point([255] + [0] * 255).getbbox()
    assert box is not None
    assert box[2] - box[0] == 45 * 15


@pytest.mark.parametrize("shown", [800, 640, 400, 320, 240, 200, 160, 128, 96])
@pytest.mark.parametrize("kind", ["receipt", "void"])
def test_receipt_and_void_hold_nothing_to_scan(
    painter: CardPainter, text: CardText, longest: CardText, kind: str, shown: int
) -> None:
    """At no size, and not a damaged code of any kind either."""
    draw = painter.draw_receipt if kind == "receipt" else painter.draw_void
    for said in (text, longest):
        assert texts_in(sent_through_telegram(draw(said, "LUNAS"), shown, 87)) == []


def test_cards_of_one_payment_have_one_size(painter: CardPainter, text: CardText) -> None:
    """So that the edit to a receipt does not make the chat jump."""
    sizes = {
        open_png(png).size
        for png in (
            painter.draw_card(text, SAMPLE),
            painter.draw_receipt(replace(text, time="Tercatat 10.42 WIB", hint="Jangan bayar lagi"), "LUNAS"),
            painter.draw_void(text, "Kode diganti"),
        )
    }
    assert len(sizes) == 1
    width, height = sizes.pop()
    assert 1.3 <= height / width <= 1.4


def test_every_card_is_light(painter: CardPainter, text: CardText, longest: CardText) -> None:
    """At most 15 KB, the longest texts and payloads included."""
    for said in (text, longest):
        pictures = [painter.draw_card(said, payload) for payload in (SAMPLE, *LOWER, *LONG)]
        pictures += [painter.draw_receipt(said, "LUNAS"), painter.draw_void(said, "Berhenti dipantau")]
        assert max(map(len, pictures)) <= LARGEST


def test_longest_texts_stay_inside_the_margins(painter: CardPainter, longest: CardText) -> None:
    """Nothing is cut off by an edge: 40 px at the sides and 24 px above and below are white."""
    wide = replace(longest, payee="W" * 25, city="W" * 15, shop="W" * 60, hint="W" * 60, time="W" * 40)
    for said in (longest, wide, replace(wide, payment_id="W" * 64, title="W" * 40, part="W" * 20, amount="W" * 40)):
        for png in (
            painter.draw_card(said, SAMPLE),
            painter.draw_receipt(said, "W" * 40),
            painter.draw_void(said, "Berhenti dipantau"),
        ):
            picture = open_png(png).convert("L")
            box = picture.point([255] * 255 + [0]).getbbox()
            assert box is not None
            assert box[0] >= EDGE - 20
            assert box[2] <= WIDTH - EDGE + 20
            assert box[1] >= 24
            assert box[3] <= picture.height - 24


def test_same_card_is_the_same_bytes(painter: CardPainter, text: CardText) -> None:
    """From a fresh painter and from a used one, whatever it drew before."""
    cards = [painter.draw_card(text, SAMPLE), painter.draw_card(text, SAMPLE)]
    receipts = [painter.draw_receipt(text, "LUNAS"), painter.draw_receipt(text, "LUNAS")]
    assert set(cards) == {CardPainter().draw_card(text, SAMPLE)}
    assert set(receipts) == {CardPainter().draw_receipt(text, "LUNAS")}


def test_sample_has_a_valid_checksum() -> None:
    """The generator of payloads computes what KiriminAja's sample carries."""
    assert crc16(SAMPLE[:-4]) == SAMPLE[-4:]


def test_importing_loads_neither_pillow_nor_segno() -> None:
    """`paybot --version` must not pay for pictures."""
    import subprocess
    import sys

    program = "import sys, bot.pictures; print([m for m in sys.modules if m in ('PIL', 'segno')])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
