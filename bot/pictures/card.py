"""A payment's picture in the chat: the QRIS card, and what it turns into once paid or withdrawn."""

from typing import TYPE_CHECKING, Final

from bot.pictures.layout import OVERLAP, ROOM, WIDTH, CardText, lay_out
from bot.pictures.lettering import ACCENT, Lettering, Run
from bot.pictures.marks import bar_mark, check_mark
from bot.pictures.png import Band, Colour, encode_png
from bot.pictures.symbol import make_symbol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PIL import Image

QUIET_ZONE: Final = 4
"""Modules left white on each side of the QR at the least (ISO/IEC 18004:2015, 5.3.8)."""

_MARK: Final = 360  # px
GREY: Final = (88, 94, 102)  # contrast 6.6:1 on white, so that it stands the JPEG that Telegram makes of it
GREEN: Final = (12, 128, 56)  # 5.1:1

# Black, grey, its tint, white; a receipt has green in the tint's place. Four colours are two bits a pixel: 10 KB where
# sixteen took 16 KB, and at 800 px two shades of smoothing are enough.
SMOOTH: Final = bytes(round(shade * 3 / 255) for shade in range(256))
# The same without the tint, for a receipt and for the rare card whose long texts make it too large.
_HARD: Final = bytes((0, 1, 3)[(shade > 42) + (shade > 170)] for shade in range(256))
_GREY, _GREEN, _WHITE = 1, 2, 3  # places in the palette
_MOST: Final = 14_500  # bytes
_HARDER: Final = ((SMOOTH, 7), (_HARD, 7))
"""What a card that is too large is tried with: packed harder, then without the tint."""


class CardPainter:
    """Draws cards as PNG: 800 px wide, about 1100 high, four colours, 9 to 15 KB.

    Build one and keep it: it holds the fonts and what it lettered last. A card takes 1 to 3 ms of CPU, the first of
    all some 30 more. Not for two threads at once. The same arguments give the same bytes.
    """

    def __init__(self) -> None:
        self._lettering = Lettering()
        self._marks: dict[str, Image.Image] = {}

    def draw_card(self, text: CardText, payload: str) -> bytes:
        """The card with the QR that reads exactly ``payload``.

        Raises ``ValueError`` for an empty payload, and for one longer than a QR holds.
        """
        from PIL import Image

        symbol, scale = _symbol(payload)
        above, below = lay_out(text, self._lettering)
        space = WIDTH - symbol.height * scale
        white = Image.new("P", (WIDTH, 1), _WHITE)
        return _small_enough(
            lambda shades: [
                (in_palette(above, shades), 1),
                (white, space // 2 - OVERLAP),
                (symbol, scale),
                (white, space - space // 2 - OVERLAP),
                (in_palette(below, shades), 1),
            ],
            ((SMOOTH, 1), (SMOOTH, 4), *_HARDER),
        )

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

        mark = self._marks.get(draw_mark.__name__)
        if mark is None:
            mark = self._marks[draw_mark.__name__] = draw_mark(_MARK)
        above, below = lay_out(text, self._lettering)
        middle = Image.new("L", (WIDTH, WIDTH), 255)
        run = Run(self._lettering.readable(word), 104, bold=True, shade=ACCENT)
        run = self._lettering.fit(run, ROOM * 5 // 6, 32)
        left = (WIDTH - self._lettering.width(run)) // 2
        self._lettering.write(ImageDraw.Draw(middle), left, 640, run)
        middle.paste(ACCENT, ((WIDTH - _MARK) // 2, 130), mark)
        middle = middle.crop((0, OVERLAP, WIDTH, WIDTH - OVERLAP))

        def bands(shades: bytes) -> list[Band]:
            shown = bytes(_GREEN if green and shade == _GREY else shade for shade in shades)
            return [(in_palette(above, shades), 1), (in_palette(middle, shown), 1), (in_palette(below, shades), 1)]

        # Large as the mark is, the least packing is never enough.
        return _small_enough(bands, ((_HARD, 4), (_HARD, 7)) if green else ((SMOOTH, 4), *_HARDER), green=green)


def _symbol(payload: str) -> "tuple[Image.Image, int]":
    """The QR in black on white, a row for each of its modules, and how often each row is shown: as large as whole
    pixels a module allow."""
    from PIL import Image

    rows = make_symbol(payload)
    side = len(rows)
    scale = WIDTH // (side + 2 * QUIET_ZONE)
    modules = Image.frombytes("P", (side, side), b"".join(rows).translate(bytes([_WHITE, 0]) + bytes(254)))
    band = Image.new("P", (WIDTH, side), _WHITE)
    band.paste(modules.resize((side * scale, side), Image.Resampling.NEAREST), ((WIDTH - side * scale) // 2, 0))
    return band, scale


def _small_enough(
    bands: "Callable[[bytes], list[Band]]", tries: "Sequence[tuple[bytes, int]]", *, green: bool = False
) -> bytes:
    """The PNG of what ``bands`` makes of the shades of grey: the first of the tries (shades, zlib's level) that is
    small enough, else the last."""
    palette = [(0, 0, 0), GREY, GREEN if green else tint(GREY), (255, 255, 255)]
    encoded = b""
    for shades, level in tries:
        encoded = encode_png(bands(shades), palette, level)
        if len(encoded) <= _MOST:
            break
    return encoded


def in_palette(grey: "Image.Image", shades: bytes) -> "Image.Image":
    """A picture in shades of grey, each as the place in the palette that ``shades`` has for it."""
    return grey.point(shades, "P")


def tint(colour: Colour) -> Colour:
    """Half way to white."""
    red, green, blue = (255 - (255 - part) // 2 for part in colour)
    return red, green, blue
