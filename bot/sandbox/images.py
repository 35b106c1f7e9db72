"""The size of a picture, read from the header of a PNG or JPEG file."""

from __future__ import annotations

import struct

_PNG = b"\x89PNG\r\n\x1a\n"
# Start-of-frame markers; C4, C8 and CC share the range but are no frames (ITU T.81, table B.1).
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


def dimensions(content: bytes) -> tuple[int, int] | None:
    """(width, height) in pixels, or None for what is neither a whole-looking PNG nor JPEG."""
    if content.startswith(_PNG):
        return _png(content)
    if content.startswith(b"\xff\xd8\xff"):
        return _jpeg(content)
    return None


def extension(content: bytes) -> str:
    """``png`` or ``jpg``; ``bin`` for anything else."""
    if content.startswith(_PNG):
        return "png"
    return "jpg" if content.startswith(b"\xff\xd8\xff") else "bin"


def _png(content: bytes) -> tuple[int, int] | None:
    # A file cut off on its way lacks the end chunk.
    if content[12:16] != b"IHDR" or b"IEND" not in content[-12:]:
        return None
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _jpeg(content: bytes) -> tuple[int, int] | None:
    position = 2
    while position + 9 <= len(content):
        if content[position] != 0xFF:
            return None
        marker = content[position + 1]
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", content[position + 5 : position + 9])
            return width, height
        position += 2 + int.from_bytes(content[position + 2 : position + 4], "big")
    return None
