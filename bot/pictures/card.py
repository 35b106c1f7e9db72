"""A payment's picture in the chat: the QRIS card, and what it turns into once paid or withdrawn."""

import threading
from io import BytesIO
from typing import TYPE_CHECKING, Final

from bot.pictures.layout import MIDDLE, ROOM, WIDTH, CardText, lay_out
from bot.pictures.lettering import ACCENT, Lettering, Run
from bot.pictures.marks import bar_mark, check_mark
from bot.pictures.symbol import make_symbol

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

QUIET_ZONE: Final = 4
"""Modules left white on each side of the QR at the least (ISO/IEC 18004:2015, 5.3.8)."""

_MARK: Final = 360  # px
GREY: Final = (88, 94, 102)  # contrast 6.6:1 on white, so that it stands the JPEG that Telegram makes of it
GREEN: Final = (12, 128, 56)  # 5.1:1

# Black, grey, its tint, white; a receipt has green and its tint besides. Four colours are two bits a pixel: 10 KB and
# 3 ms of deflate where sixteen took 16 KB and 5 ms, and at 800 px two shades of smoothing are enough.
SMOOTH: Final = [round(shade * 3 / 255) for shade in range(256)]
# The same without the tint, for the rare card whose long texts make it too large.
_HARD: Final = [(0, 1, 3)[(shade > 42) + (shade > 170)] for shade in range(256)]
_MOST: Final = 14_500  # bytes


class CardPainter:
    """Draws cards as PNG: 800 px wide, about 1100 high, four to six colours, 9 to 15 KB.

    Build one and keep it: it holds the fonts. A card takes about 10 ms of CPU, so call it in a worker thread;
    any number of threads may share one painter, which letters one card at a time. The same arguments give the
    same bytes.
    """

    def __init__(self) -> None:
        self._lettering = Lettering()
        # FreeType faces are not for two threads at once.
        self._one_at_a_time = threading.Lock()
        self._marks: dict[str, Image.Image] = {}

    def draw_card(self, text: CardText, payload: str) -> bytes:
        """The card with the QR that reads exactly ``payload``.

        Raises ``ValueError`` for an empty payload, and for one longer than a QR holds.
        """
        symbol = _symbol_picture(payload)
        with self._one_at_a_time:
            canvas = lay_out(text, self._lettering)
        corner = (WIDTH - symbol.width) // 2
        canvas.paste(symbol, (corner, MIDDLE + corner))
        return _png(canvas)

    def draw_receipt(self, text: CardText, word: str) -> bytes:
        """The card once paid: a green check and ``word`` ("LUNAS") in the QR's place, nothing to scan."""
        return self._draw_mark(text, word, check_mark, green=True)

    def draw_void(self, text: CardText, word: str) -> bytes:
        """The card of a code that no longer counts: a grey bar and ``word`` ("Kode diganti")."""
        return self._draw_mark(text, word, bar_mark, green=False)

    def _draw_mark(
        self, text: CardText, word: str, draw_mark: "Callable[[int], Image.Image]", *, green: bool
    ) -> bytes:
        from PIL import Image, ImageDraw

        with self._one_at_a_time:
            mark = self._marks.get(draw_mark.__name__)
            if mark is None:
                mark = self._marks[draw_mark.__name__] = draw_mark(_MARK)
            canvas = lay_out(text, self._lettering)
            middle = Image.new("L", (WIDTH, WIDTH), 255)
            run = Run(self._lettering.readable(word), 104, bold=True, shade=ACCENT)
            run = self._lettering.fit(run, ROOM * 5 // 6, 32)
            left = (WIDTH - self._lettering.width(run)) // 2
            self._lettering.write(ImageDraw.Draw(middle), left, 640, run)
            middle.paste(ACCENT, ((WIDTH - _MARK) // 2, 130), mark)
        return _png(canvas, middle, green=green)


def _symbol_picture(payload: str) -> "Image.Image":
    """The QR in black on white, "L", without quiet zone: as large as whole pixels a module allow."""
    from PIL import Image

    rows = make_symbol(payload)
    side = len(rows)
    modules = Image.frombytes("L", (side, side), b"".join(rows)).point([255, 0] + [0] * 254)
    scale = WIDTH // (side + 2 * QUIET_ZONE)
    return modules.resize((side * scale, side * scale), Image.Resampling.NEAREST)


def _png(canvas: "Image.Image", middle: "Image.Image | None" = None, *, green: bool = False) -> bytes:
    """The PNG of an "L" picture, with another in its middle: from black over grey to white, or there over green."""
    encoded = b""
    for indexes, palette, greens in (
        (SMOOTH, [(0, 0, 0), GREY, tint(GREY), (255, 255, 255), GREEN, tint(GREEN)], {1: 4, 2: 5}),
        (_HARD, [(0, 0, 0), GREY, GREEN, (255, 255, 255)], {1: 2}),
    ):
        indexed = canvas.point(indexes)
        if middle is not None:
            recoloured = [greens.get(index, index) for index in indexes] if green else indexes
            indexed.paste(middle.point(recoloured), (0, MIDDLE))
        indexed.putpalette([part for colour in (palette if green else palette[:4]) for part in colour])
        target = BytesIO()
        indexed.save(target, "PNG", compress_level=6)
        encoded = target.getvalue()
        if len(encoded) <= _MOST:
            break
    return encoded


def tint(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    """Half way to white."""
    red, green, blue = (255 - (255 - part) // 2 for part in colour)
    return red, green, blue
