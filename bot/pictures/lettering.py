"""Text on pictures: the font that ships with Pillow, its missing glyphs, and fitting into a width."""

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

BLACK: Final = 0
ACCENT: Final = 85
"""The darker of the two shades between black and white: a picture has four colours, see card.py."""

# What Unicode's own decomposition does not lead to ASCII.
_CLOSEST: Final = str.maketrans(
    {
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "•": "·", "‚": ",", "„": "“",
        "′": "'", "″": '"', "×": "x", "→": ">", "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o",
        "Ø": "O", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "ł": "l", "Ł": "L", "þ": "th", "Þ": "Th", "ı": "i",
    }
)  # fmt: skip

_KEPT: Final = 512
"""Pieces of text whose letters are kept, and as many whose length is: 1 MB, as most are single letters."""
_LINES: Final = 64
"""Whole texts that are kept in pieces: a few cards' labels."""


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text in one size: the size in px per em, ``shade`` BLACK or ACCENT."""

    text: str
    size: int
    bold: bool = False
    shade: int = BLACK

    @property
    def stroke(self) -> int:
        """Pixels added around each glyph: Aileron has one weight here, so bold is drawn by a stroke."""
        return max(1, round(self.size / 32)) if self.bold else 0

    @property
    def tracking(self) -> int:
        """Pixels put between glyphs, so that the strokes do not close the letters up."""
        return self.stroke


class Lettering:
    """Aileron as embedded in Pillow, in any size. Not safe for use by two threads at once.

    It is the one font a slim container surely has. Raqm is left aside, so that the same text gives the
    same pixels whether or not the host has that library.
    """

    def __init__(self) -> None:
        from PIL import ImageFont

        self._basic = ImageFont.Layout.BASIC
        embedded = cast("ImageFont.FreeTypeFont", ImageFont.load_default(40))
        self._any_size = embedded.font_variant(layout_engine=self._basic)
        self._sizes: dict[int, ImageFont.FreeTypeFont] = {}
        self._glyphs: dict[str, bool] = {}
        # Most of a card was on the one before: its labels, the payee, and digits in the same few sizes.
        self._length = lru_cache(_KEPT)(self._measure)
        self._letters = lru_cache(_KEPT)(self._draw)
        self._spelt = lru_cache(_KEPT)(self._spell)
        self._fitted = lru_cache(_KEPT)(self._fit)
        self._pieces = lru_cache(_LINES)(self._split)
        self._missing = self._outline("\uffff")

    def readable(self, text: str) -> str:
        """``text`` on one line with glyphs this font has: "é" as "e", "–" as "-", emoji left out, else "?"."""
        return self._spelt(text)

    def _spell(self, text: str) -> str:
        kept: list[str] = []
        for char in unicodedata.normalize("NFC", " ".join(text.split())):
            if self._has(char):
                kept.append(char)
                continue
            plain = unicodedata.normalize("NFKD", char.translate(_CLOSEST))
            for part in plain:
                if self._has(part):
                    kept.append(part)
                elif unicodedata.category(part)[0] in "LN":
                    kept.append("?")
        # A word in a script the font lacks is one question mark, not a row of them.
        return " ".join(re.sub(r"\?{2,}", "?", "".join(kept)).split())

    def width(self, run: Run) -> int:
        """Pixels from the left edge of the first glyph to the right edge of the last, strokes included."""
        plain = round(self._length(run.text, run.size))
        return plain + max(0, len(run.text) - 1) * run.tracking + 2 * run.stroke

    def fit(self, run: Run, room: int, least: int) -> Run:
        """``run`` in the largest size, at most its own and at least ``least``, that ``room`` pixels hold.

        What is still too wide in the least size ends in an ellipsis.
        """
        return self._fitted(run, room, least)

    def _fit(self, run: Run, room: int, least: int) -> Run:
        while self.width(run) > room and run.size > least:
            # Straight to where the measured width leads, then down by ones: kerning is not quite linear.
            guess = run.size * room // self.width(run)
            run = replace(run, size=max(least, min(run.size - 1, guess)))
        text = run.text
        while self.width(run) > room and text:
            text = text[:-1]
            run = replace(run, text=text.rstrip() + "…")
        return run

    def wrap(self, run: Run, room: int) -> list[Run]:
        """``run`` broken between any two characters into lines of at most ``room`` pixels each."""
        lines: list[Run] = []
        line = replace(run, text="")
        for char in run.text:
            longer = replace(line, text=line.text + char)
            if line.text and self.width(longer) > room:
                lines.append(line)
                longer = replace(line, text=char)
            line = longer
        return [*lines, line] if line.text else lines

    def write(self, draw: "ImageDraw.ImageDraw", left: int, baseline: int, run: Run) -> int:
        """Writes ``run`` on an "L" picture and returns its right edge, all in pixels."""
        for right, down, letters in self._pieces(run):
            draw.bitmap((left + right, baseline + down), letters, fill=run.shade)
        return left + self.width(run)

    def _split(self, run: Run) -> "list[tuple[int, int, Image.Image]]":
        """The masks that make up ``run``, and where the upper left corner of each is, seen from its beginning."""
        stroke, pieces = run.stroke, [(0, run.text)] if run.text else []
        if run.tracking:
            # Measured from the start of the text each time, which keeps the kerning.
            pieces = [
                (round(self._length(run.text[:at], run.size)) + at * run.tracking, char)
                for at, char in enumerate(run.text)
            ]
        masks = [(offset, self._letters(piece, run.size, stroke)) for offset, piece in pieces]
        return [(stroke + offset + right, down, letters) for offset, (right, down, letters) in masks]

    def _measure(self, text: str, size: int) -> float:
        return self._font(size).getlength(text)

    def _draw(self, text: str, size: int, stroke: int) -> "tuple[int, int, Image.Image]":
        """``text`` as a mask, and where its upper left corner is, seen from the start of the baseline."""
        from PIL import Image, ImageDraw

        font = self._font(size)
        left, top, right, bottom = map(round, font.getbbox(text, anchor="ls", stroke_width=stroke))
        mask = Image.new("L", (max(1, right - left), max(1, bottom - top)))
        ImageDraw.Draw(mask).text((-left, -top), text, fill=255, font=font, anchor="ls", stroke_width=stroke)
        return left, top, mask

    def _font(self, size: int) -> "ImageFont.FreeTypeFont":
        font = self._sizes.get(size)
        if font is None:
            font = self._sizes[size] = self._any_size.font_variant(size=size, layout_engine=self._basic)
        return font

    def _has(self, char: str) -> bool:
        known = self._glyphs.get(char)
        if known is None:
            known = self._glyphs[char] = char == " " or (char.isprintable() and self._outline(char) != self._missing)
        return known

    def _outline(self, char: str) -> tuple[tuple[int, int], bytes]:
        mask = self._any_size.getmask(char, mode="L")
        return mask.size, bytes(mask)
