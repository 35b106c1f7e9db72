"""The marks that stand where the QR was: a check for paid, a bar for a code that no longer counts."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

# Pillow draws shapes without smoothing: they are drawn this many times larger and averaged down.
_FINER: Final = 4


def check_mark(size: int) -> "Image.Image":
    """A filled disc with a check left out of it: "L", ``size`` x ``size`` px, 255 where it is coloured."""
    mark, draw, unit = _blank(size)
    draw.ellipse((0, 0, mark.width - 1, mark.height - 1), fill=255)
    points = [(unit * x, unit * y) for x, y in ((28, 52), (43.5, 67.5), (73, 36))]
    stroke = round(unit * 9)
    draw.line(points, fill=0, width=stroke, joint="curve")
    for x, y in (points[0], points[-1]):
        draw.ellipse((x - stroke / 2, y - stroke / 2, x + stroke / 2, y + stroke / 2), fill=0)
    return mark.reduce(_FINER)


def bar_mark(size: int) -> "Image.Image":
    """A filled disc with a level bar left out of it: "L", ``size`` x ``size`` px, 255 where it is coloured."""
    mark, draw, unit = _blank(size)
    draw.ellipse((0, 0, mark.width - 1, mark.height - 1), fill=255)
    draw.rounded_rectangle((unit * 25, unit * 45.5, unit * 75, unit * 54.5), radius=unit * 4.5, fill=0)
    return mark.reduce(_FINER)


def _blank(size: int) -> tuple["Image.Image", "ImageDraw.ImageDraw", float]:
    """A fine canvas, its pen, and how many of its pixels make a hundredth of the mark."""
    from PIL import Image, ImageDraw

    canvas = Image.new("L", (size * _FINER, size * _FINER), 0)
    return canvas, ImageDraw.Draw(canvas), size * _FINER / 100
