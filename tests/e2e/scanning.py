"""Pictures as a phone sees them: Telegram's JPEG, shown small, read by a decoder that is not ours."""

from io import BytesIO

import zxingcpp
from PIL import Image


def scanned(picture: bytes, *, width: int = 400, quality: int = 50) -> list[str]:
    """What zxing reads off a picture shown `width` pixels wide after JPEG of that `quality`."""
    shown = Image.open(BytesIO(picture)).convert("RGB")
    shown = shown.resize((width, round(shown.height * width / shown.width)), Image.Resampling.BILINEAR)
    compressed = BytesIO()
    shown.save(compressed, "JPEG", quality=quality)
    return [found.text for found in zxingcpp.read_barcodes(Image.open(compressed))]


def scanned_at_any_size(picture: bytes) -> list[str]:
    """What zxing reads at all, from thumbnails to the original."""
    width = Image.open(BytesIO(picture)).width
    return [text for shown in (160, 240, 400, 800, width) for text in scanned(picture, width=shown, quality=90)]
