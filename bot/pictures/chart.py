"""The shop's figures as a picture: the sum in large type, below it panels of bars, each measured by its own peak."""

import threading
from typing import Final

from bot.core.chart import Chart, Panel
from bot.pictures.card import GREEN, GREY, SMOOTH, in_palette, tint
from bot.pictures.layout import EDGE, ROOM, WIDTH
from bot.pictures.lettering import ACCENT, Lettering, Run
from bot.pictures.png import encode_png

_LINE, _STRONG, _PALE = 2, 4, 5  # places in the palette
_HEAD: Final = 286  # px, all that stands above the panels
_BARS: Final = 150  # px, the highest bar
_ABOVE: Final = 100  # px, heading and what stands on the highest bar
_NAME: Final = 90  # px, the least a bar's label may take: narrow bars are not all labelled
_LEAST: Final = 6  # px, the lowest bar: something was paid


class ChartPainter:
    """Draws charts as PNG: 800 px wide, up to about 1200 high, six colours. The same chart gives the same bytes.

    Any number of threads may share one painter, which draws one chart at a time. It loads its font at the first.
    """

    def __init__(self) -> None:
        self._lettering: Lettering | None = None
        self._one_at_a_time = threading.Lock()

    def draw(self, chart: Chart) -> bytes:
        """The picture."""
        with self._one_at_a_time:
            if self._lettering is None:
                self._lettering = Lettering()
            return _Sheet(chart, self._lettering).png()


class _Sheet:
    """One picture in the making: letters in grey first, as they are smoothed, then bars in colour."""

    def __init__(self, chart: Chart, lettering: Lettering) -> None:
        from PIL import Image, ImageDraw

        self._lettering = lettering
        height = _HEAD + sum(_height(panel) for panel in chart.panels) + 64
        self._canvas = Image.new("L", (WIDTH, height), 255)
        self._letters = ImageDraw.Draw(self._canvas)
        self._boxes: list[tuple[tuple[int, int, int, int], int]] = []
        self._head(chart)
        top = _HEAD
        for panel in chart.panels:
            self._panel(panel, top)
            top += _height(panel)
        foot = lettering.fit(Run(lettering.readable(chart.foot), 28, shade=ACCENT), ROOM, 18)
        lettering.write(self._letters, EDGE, height - 36, foot)

    def png(self) -> bytes:
        """The picture as a file."""
        from PIL import ImageDraw

        indexed = in_palette(self._canvas, SMOOTH)
        draw = ImageDraw.Draw(indexed)
        for box, colour in self._boxes:
            draw.rectangle(box, fill=colour)
        palette = [(0, 0, 0), GREY, tint(GREY), (255, 255, 255), GREEN, tint(GREEN)]
        return encode_png([(indexed, 1)], palette, level=6)

    def _head(self, chart: Chart) -> None:
        self._ends(90, Run(chart.title, 48, bold=True), Run(chart.time, 34, shade=ACCENT))
        amount = Run(self._lettering.readable(chart.amount), 100, bold=True)
        self._lettering.write(self._letters, EDGE, 192, self._lettering.fit(amount, ROOM, 28))
        counts = Run(self._lettering.readable(chart.counts), 34, shade=ACCENT)
        self._lettering.write(self._letters, EDGE, 246, self._lettering.fit(counts, ROOM, 18))

    def _panel(self, panel: Panel, top: int) -> None:
        self._ends(top + 40, Run(panel.heading, 38, bold=True), Run(panel.note, 32, shade=ACCENT))
        ground = top + _ABOVE + _BARS
        self._boxes.append(((EDGE, ground, WIDTH - EDGE - 1, ground + 1), _LINE))
        peak = max((bar.value for bar in panel.bars), default=0) or 1
        step = ROOM / len(panel.bars)
        for number, bar in enumerate(panel.bars):
            middle = EDGE + round((number + 0.5) * step)
            height = max(_LEAST, round(bar.value * _BARS / peak)) if bar.value or bar.above else 0
            half = max(4, round(step * 0.36))
            if height:
                box = (middle - half, ground - height, middle + half - 1, ground - 1)
                self._boxes.append((box, _STRONG if bar.strong else _PALE))
            room = round(step) - 2
            self._centred(bar.above, middle, ground - height - 10, Run("", 28 if step > 60 else 22, bold=True), room)
            shade = 0 if bar.strong else ACCENT
            self._centred(bar.label, middle, ground + 36, Run("", 28, bold=bar.strong, shade=shade), max(room, _NAME))
            self._centred(bar.below, middle, ground + 70, Run("", 26, shade=ACCENT), room)

    def _ends(self, baseline: int, left: Run, right: Run) -> None:
        """A line with a text at each end; the left one has half of it at least."""
        lettering = self._lettering
        left, right = (
            Run(lettering.readable(run.text), run.size, bold=run.bold, shade=run.shade) for run in (left, right)
        )
        left = lettering.fit(left, max(ROOM // 2, ROOM - lettering.width(right) - 30), 20)
        right = lettering.fit(right, ROOM - lettering.width(left) - 30, 18)
        lettering.write(self._letters, EDGE, baseline, left)
        lettering.write(self._letters, WIDTH - EDGE - lettering.width(right), baseline, right)

    def _centred(self, text: str, middle: int, baseline: int, style: Run, room: int) -> None:
        """A text around a bar's middle, within the margins: smaller where it is too wide for its room, and left out
        where that does not help, as half a number is a wrong one."""
        run = Run(self._lettering.readable(text), style.size, bold=style.bold, shade=style.shade)
        fitted = self._lettering.fit(run, room, 18)
        if fitted.text != run.text:
            return
        width = self._lettering.width(fitted)
        left = min(max(EDGE, middle - width // 2), WIDTH - EDGE - width)
        self._lettering.write(self._letters, left, baseline, fitted)


def _height(panel: Panel) -> int:
    return _ABOVE + _BARS + 84 + (34 if any(bar.below for bar in panel.bars) else 0)
