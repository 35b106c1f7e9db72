"""How small the QRIS card may be shown and still be read, beside segno's own QR drawn the same way.

Run by hand: ``python -m tests.bench card``. Each shot scales the whole card to a shown width, turns it by up
to 15 degrees, tilts it, blurs it, stores it as JPEG of quality 30 to 87, and asks zxing-cpp for exactly the payload.
Ours and the baseline are shot with the same random numbers.
"""

import math
import random
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import segno
import zxingcpp
from PIL import Image, ImageFilter

from bot.pictures import CardPainter, CardText
from bot.pictures.layout import MIDDLE, OVERLAP, WIDTH, lay_out
from bot.pictures.lettering import Lettering
from tests.pictures.payloads import LOWER_PAYEES, SAMPLE, UPPER_PAYEES, make_payload

SHOWN_WIDTHS = (128, 160, 200, 240)  # px
BLURS = {"sharp": (0.0, 1.0), "soft": (0.5, 1.5), "blurred": (0.8, 2.0)}  # px, standard deviation at shown size

Points = list[tuple[float, float]]

TEXT = CardText(
    payee="KIRIMINAJA",
    city="KAB. SLEMAN",
    amount="Rp65.000",
    payment_id="XID-4875081955",
    time="Terbit 10.36 WIB",
    hint="Pindai dengan aplikasi bank atau e-wallet",
    shop="Toko Sari Jaya",
)


def draw_baseline(text: CardText, payload: str, lettering: Lettering) -> bytes:
    """The same card as plain segno and Pillow make it: ``segno.make``, its PNG pasted, saved as RGB."""
    code = segno.make(payload)
    drawn = BytesIO()
    code.save(drawn, kind="png", border=4, scale=WIDTH // (len(code.matrix) + 8))
    drawn.seek(0)
    above, below = lay_out(text, lettering)
    card = Image.new("RGB", (WIDTH, MIDDLE + WIDTH + below.height - OVERLAP), "white")
    card.paste(above, (0, 0))
    card.paste(below, (0, card.height - below.height))
    with Image.open(drawn) as symbol:
        corner = (WIDTH - symbol.width) // 2
        card.paste(symbol.convert("RGB"), (corner, MIDDLE + corner))
    target = BytesIO()
    card.save(target, "PNG")
    return target.getvalue()


def shoot(card: Image.Image, shown: int, blur: tuple[float, float], dice: random.Random) -> Image.Image:
    """``card`` as a phone's camera or a screenshot would have it, shown ``shown`` px wide, as a decoded JPEG."""
    height = card.height * shown // card.width
    scaling = dice.choice([Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS])
    small = card.resize((shown, height), scaling)
    pad = shown // 4
    around = dice.randrange(40, 255)
    scene = Image.new("L", (shown + 2 * pad, height + 2 * pad), around)
    scene.paste(small, (pad, pad))
    corners: Points = [(pad, pad), (pad + shown, pad), (pad + shown, pad + height), (pad, pad + height)]
    seen = _turned(corners, scene.size, shown, dice)
    scene = scene.transform(
        scene.size,
        Image.Transform.PERSPECTIVE,
        _perspective(seen, corners),
        Image.Resampling.BICUBIC,
        fillcolor=around,
    )
    scene = scene.filter(ImageFilter.GaussianBlur(dice.uniform(*blur)))
    stored = BytesIO()
    scene.save(stored, "JPEG", quality=dice.randrange(30, 88))
    return Image.open(stored)


def _turned(corners: Points, size: tuple[int, int], shown: int, dice: random.Random) -> Points:
    """``corners`` turned about the middle by up to 15 degrees, each then pushed by up to 6 % of the width."""
    angle, push = math.radians(dice.uniform(-15, 15)), dice.uniform(0, 0.06) * shown
    middle_x, middle_y = size[0] / 2, size[1] / 2
    turned = []
    for x, y in corners:
        dx, dy = x - middle_x, y - middle_y
        turned.append(
            (
                middle_x + dx * math.cos(angle) - dy * math.sin(angle) + dice.uniform(-push, push),
                middle_y + dx * math.sin(angle) + dy * math.cos(angle) + dice.uniform(-push, push),
            )
        )
    return turned


def _perspective(seen: Points, flat: Points) -> list[float]:
    """Pillow's eight coefficients that lead from ``seen`` back to ``flat`` (Gauss-Jordan elimination)."""
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(seen, flat, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    for column in range(8):
        pivot = max(range(column, 8), key=lambda row: abs(rows[row][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for row in range(8):
            if row != column:
                factor = rows[row][column] / rows[column][column]
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[column], strict=True)]
    return [rows[row][8] / rows[row][row] for row in range(8)]


def reads(picture: Image.Image, payload: str) -> bool:
    """Whether zxing-cpp finds exactly one QR code in ``picture``, and in it exactly ``payload``."""
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return len(found) == 1 and found[0].text == payload


def rates(payloads: list[str], drawers: dict[str, Callable[[str], bytes]], shots: int) -> Iterator[dict[str, Any]]:
    """The share of shots read, per blur and shown width, for each drawer: a row each."""
    cards = {
        name: [(payload, Image.open(BytesIO(draw(payload))).convert("L")) for payload in payloads]
        for name, draw in drawers.items()
    }
    for blur_name, blur in BLURS.items():
        for shown in SHOWN_WIDTHS:
            row: dict[str, Any] = {"blur": blur_name, "shown": shown}
            for name, drawn in cards.items():
                read = 0
                for number, (payload, card) in enumerate(drawn):
                    dice = random.Random(f"{number} {shown}")
                    read += sum(reads(shoot(card, shown, blur, dice), payload) for _ in range(shots))
                row[name] = round(read / (shots * len(payloads)), 4)
            yield row


def cpu_ms(draw: Callable[[str], bytes], payload: str, rounds: int = 40) -> float:
    """Milliseconds of CPU a picture, after one for warming up."""
    draw(payload)
    start = time.process_time()
    for _ in range(rounds):
        draw(payload)
    return round((time.process_time() - start) / rounds * 1000, 2)


def main(shots: int = 10) -> dict[str, Any]:
    """Measures and prints, ``shots`` a payload, blur and width; returns what the line of JSON says."""
    painter, lettering = CardPainter(), Lettering()
    drawers: dict[str, Callable[[str], bytes]] = {
        "ours": lambda payload: painter.draw_card(TEXT, payload),
        "segno": lambda payload: draw_baseline(TEXT, payload, lettering),
    }
    result: dict[str, Any] = {"shots": shots}
    sets = {
        "sample": [SAMPLE],
        "upper": [make_payload(payee, seed=seed) for seed, payee in enumerate(UPPER_PAYEES)],
        "lower": [make_payload(payee, "Kab. Sleman", seed) for seed, payee in enumerate(LOWER_PAYEES)],
    }
    for name, payloads in sets.items():
        print(f"\n{name:8} {'shown':>6} {'ours':>7} {'segno':>7} {'ratio':>7}")
        result[name] = []
        for row in rates(payloads, drawers, shots * 4 // len(payloads)):
            ratio = f"{row['ours'] / row['segno']:.2f}x" if row["segno"] else "-"
            print(f"{row['blur']:8} {row['shown']:4}px {row['ours']:7.1%} {row['segno']:7.1%} {ratio:>7}")
            result[name].append(row)
    for name, draw in drawers.items():
        result[f"{name}_cpu_ms"], result[f"{name}_bytes"] = cpu_ms(draw, SAMPLE), len(draw(SAMPLE))
        print(f"{name}: {result[f'{name}_cpu_ms']} ms CPU, {result[f'{name}_bytes']} bytes")
    return result
