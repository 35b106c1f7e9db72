"""A QR for a terminal: two rows of modules a line, as half blocks."""

from typing import Final

from bot.pictures.card import QUIET_ZONE
from bot.pictures.symbol import make_symbol

# Black on white by number, whatever the terminal's own colours are: readers want the dark modules dark.
_COLOURS: Final = "\x1b[38;5;16;48;5;231m"
_AS_BEFORE: Final = "\x1b[0m"
_BLOCKS: Final = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}


def draw_terminal(payload: str) -> list[str]:
    """The lines of a QR that reads exactly ``payload``, quiet zone included; dark modules are ink.

    Raises ``ValueError`` as ``draw_card`` does.
    """
    rows = make_symbol(payload)
    blank = bytes(len(rows) + 2 * QUIET_ZONE)
    side = bytes(QUIET_ZONE)
    padded = [blank] * QUIET_ZONE + [side + row + side for row in rows] + [blank] * (QUIET_ZONE + 1)
    return [
        "".join(_BLOCKS[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(padded[::2], padded[1::2], strict=False)
    ]


def black_on_white(line: str) -> str:
    """A line with the escapes that make its ink black and the rest white."""
    return f"{_COLOURS}{line}{_AS_BEFORE}"
