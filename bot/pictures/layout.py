"""Where things stand on a card. All cards share it, so that editing the message moves nothing but the middle.

First line: title and part on the left, the amount on the right. Second: payee and city, tags 59 and 60 of the QR.
Then a square for the QR with its quiet zone, or a mark and a word. Below: the id, its last four characters large,
with the time; the hint; the shop.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.pictures.lettering import ACCENT, Lettering, Run

if TYPE_CHECKING:
    from PIL import Image

WIDTH: Final = 800
"""Pixels. Modules are whole pixels, and 800 is nearly a multiple of each likely symbol with its quiet zone: versions
6 to 10 fill 97.5 to 99.8 % of it. It is also a step of Telegram's photo sizes."""

MIDDLE: Final = 172
"""Upper edge, in pixels, of the square that is the QR's."""

OVERLAP: Final = 16
"""Pixels by which letters may reach into that square: less than any quiet zone."""

EDGE: Final = 60
"""Left and right margin in pixels: where a QR's dark modules begin (57 to 62), so text and code share an edge."""

ROOM: Final = WIDTH - 2 * EDGE

_GAP: Final = 32  # the least between two texts on one line
_BELOW: Final = MIDDLE + WIDTH


@dataclass(frozen=True, slots=True)
class CardText:
    """What stands on a card, each ready to be read in the chat's language; plain text, no markup.

    ``payee`` and ``city`` are tags 59 and 60 of the QR, ``amount`` is as "Rp65.000", ``time`` as "Terbit 10.36 WIB"
    (issued) or "Tercatat 10.42 WIB" (recorded), ``hint`` as "Pindai dengan aplikasi bank atau e-wallet", ``part``
    as "1/2" where several cards were asked for at once. Empty ``shop``, ``hint`` and ``part`` leave no gap. What is
    too wide is written smaller, then wrapped (the id) or ended with an ellipsis; the lengths that QRIS and KiriminAja
    allow fit whole.
    """

    payee: str
    city: str
    amount: str
    payment_id: str
    time: str
    hint: str
    shop: str = ""
    part: str = ""
    title: str = "QRIS"


@dataclass(frozen=True, slots=True)
class _Placed:
    """A run with the pixel its left edge and its baseline stand on."""

    left: int
    baseline: int
    run: Run


def lay_out(text: CardText, lettering: Lettering) -> "tuple[Image.Image, Image.Image]":
    """What stands above the middle and what stands below it: two "L" pictures WIDTH px wide, white, each ``OVERLAP``
    px higher than its part of the card."""
    above = _write(_head(text, lettering), MIDDLE + OVERLAP, 0, lettering)
    placed, baseline = _foot(text, lettering)
    return above, _write(placed, baseline + 44 - _BELOW + OVERLAP, _BELOW - OVERLAP, lettering)


def _write(placed: list[_Placed], height: int, top: int, lettering: Lettering) -> "Image.Image":
    """A part of the card that begins ``top`` px below its upper edge."""
    from PIL import Image, ImageDraw

    part = Image.new("L", (WIDTH, height), 255)
    draw = ImageDraw.Draw(part)
    for item in placed:
        lettering.write(draw, item.left, item.baseline - top, item.run)
    return part


def _head(text: CardText, lettering: Lettering) -> list[_Placed]:
    """Title and amount on the first line, payee and city on the second."""
    title = lettering.fit(Run(lettering.readable(text.title), 66, bold=True), ROOM // 3, 28)
    part = lettering.fit(Run(lettering.readable(text.part), 44, shade=ACCENT), ROOM // 6, 18)
    taken = lettering.width(title) + (_GAP // 2 + lettering.width(part) if part.text else 0)
    amount = Run(lettering.readable(text.amount), 88, bold=True)
    amount = lettering.fit(amount, ROOM - taken - _GAP, 28)
    payee = Run(lettering.readable(text.payee), 40, bold=True)
    city = Run(lettering.readable(text.city), 34, shade=ACCENT)
    # Both give way alike, so that neither a long payee nor a long city pushes the other out.
    whole, room = lettering.width(payee) + lettering.width(city), ROOM - _GAP
    if whole > room:
        payee = lettering.fit(payee, lettering.width(payee) * room // whole, 18)
        city = lettering.fit(city, room - lettering.width(payee), 18)
    return [
        _Placed(EDGE, 104, title),
        _Placed(EDGE + lettering.width(title) + _GAP // 2, 104, part),
        _right(104, amount, lettering),
        _Placed(EDGE, 164, payee),
        _right(164, city, lettering),
    ]


def _foot(text: CardText, lettering: Lettering) -> tuple[list[_Placed], int]:
    """The id with the time, the hint and the shop; and the last baseline in pixels."""
    # With its date the time still leaves room for KiriminAja's ids, of fourteen characters.
    time = lettering.fit(Run(lettering.readable(text.time), 34, shade=ACCENT), ROOM * 12 // 25, 18)
    placed, baseline = _identify(text, lettering, ROOM - lettering.width(time) - _GAP)
    placed.append(_right(baseline, time, lettering))
    for line in (
        Run(lettering.readable(text.hint), 34, shade=ACCENT),
        Run(lettering.readable(text.shop), 34, bold=True),
    ):
        if line.text:
            baseline += 52
            placed.append(_Placed(EDGE, baseline, lettering.fit(line, ROOM, 18)))
    return placed, baseline


def _identify(text: CardText, lettering: Lettering, room: int) -> tuple[list[_Placed], int]:
    """The payment id, its last four characters large; a long one fills lines of its own first."""
    name = lettering.readable(text.payment_id)
    head, tail = Run(name[:-4], 40, shade=ACCENT), Run(name[-4:], 60, bold=True)
    space = 6
    baseline = _BELOW + 42
    room -= lettering.width(tail) + space
    fitted = lettering.fit(head, room, 30)
    if fitted.text == head.text:
        after = EDGE + (lettering.width(fitted) + space if head.text else 0)
        return [_Placed(EDGE, baseline, fitted), _Placed(after, baseline, tail)], baseline
    placed: list[_Placed] = []
    baseline -= 14
    for line in lettering.wrap(replace(head, size=32), ROOM):
        placed.append(_Placed(EDGE, baseline, line))
        baseline += 42
    baseline += 24  # the tail is twice as tall
    return [*placed, _Placed(EDGE, baseline, tail)], baseline


def _right(baseline: int, run: Run, lettering: Lettering) -> _Placed:
    return _Placed(WIDTH - EDGE - lettering.width(run), baseline, run)
