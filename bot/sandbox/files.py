"""Files the messenger knows: what bots sent, each with the ids Telegram would give it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Literal

from bot.sandbox.bot_api import Json, Upload, bad_request
from bot.sandbox.images import dimensions, extension

Kind = Literal["photo", "document"]

# https://core.telegram.org/bots/api#sending-files and #sendphoto
PHOTO_BYTES = 10 * 1024 * 1024
DOCUMENT_BYTES = 50 * 1024 * 1024
DOWNLOAD_BYTES = 20 * 1024 * 1024
_THUMBNAIL = 90  # the longer side, in pixels


@dataclass(frozen=True, eq=False)
class StoredFile:
    """One file; `width` and `height` in pixels, 0 for a document."""

    file_id: str
    unique_id: str
    kind: Kind
    name: str
    media_type: str
    path: str
    content: bytes
    width: int = 0
    height: int = 0
    thumbnail: StoredFile | None = None

    def size_json(self) -> Json:
        """PhotoSize, or the same fields of a Document."""
        facts: Json = {
            "file_id": self.file_id,
            "file_unique_id": self.unique_id,
            "file_size": len(self.content),
        }
        if self.kind == "photo":
            return facts | {"width": self.width, "height": self.height}
        return facts | {"file_name": self.name, "mime_type": self.media_type}


class Files:
    """All stored files, by each of their names."""

    def __init__(self) -> None:
        self._files: dict[str, StoredFile] = {}

    def store(self, kind: Kind, upload: Upload) -> StoredFile:
        """Keeps an upload; `Refusal` 400 for what Telegram would not take as a photo or a document."""
        if not upload.content:
            raise bad_request("file must be non-empty")
        width, height = _photo_size(upload.content) if kind == "photo" else (0, 0)
        if kind == "document" and len(upload.content) > DOCUMENT_BYTES:
            raise bad_request("file is too big")
        number = len(self._files) + 1
        unique = hashlib.sha256(upload.content + str(number).encode()).hexdigest()[:16]
        suffix = extension(upload.content) if kind == "photo" else upload.name.rpartition(".")[2] or "bin"
        stored = StoredFile(
            file_id=f"SANDBOX-{kind}-{number}-{unique}",
            unique_id=unique,
            kind=kind,
            name=upload.name,
            media_type=upload.media_type,
            path=f"{kind}s/file_{number}.{suffix}",
            content=upload.content,
            width=width,
            height=height,
        )
        if kind == "photo" and max(width, height) > _THUMBNAIL:
            stored = replace(stored, thumbnail=self._thumbnail(stored))
        self._files[stored.file_id] = stored
        return stored

    def _thumbnail(self, stored: StoredFile) -> StoredFile:
        """A smaller size of a photo with ids of its own; only its numbers are smaller, the bytes are not redrawn."""
        scale = _THUMBNAIL / max(stored.width, stored.height)
        small = replace(
            stored,
            file_id=f"{stored.file_id}-s",
            unique_id=f"{stored.unique_id}s",
            path=stored.path.replace("/file_", "/thumbnail_"),
            width=max(1, int(stored.width * scale)),
            height=max(1, int(stored.height * scale)),
        )
        self._files[small.file_id] = small
        return small

    def by_id(self, file_id: str, kind: Kind | None = None) -> StoredFile:
        """`Refusal` 400 for an id that was never given out, or one of another kind."""
        stored = self._files.get(file_id)
        if stored is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
        if kind is not None and stored.kind != kind:
            raise bad_request(f"can't use file of type {stored.kind.title()} as {kind.title()}")
        return stored

    def found(self, *, path: str = "", unique_id: str = "") -> StoredFile | None:
        """By the path of a download, or by the unique id."""
        for stored in self._files.values():
            if stored.path == path or stored.unique_id == unique_id:
                return stored
        return None


def _photo_size(content: bytes) -> tuple[int, int]:
    if len(content) > PHOTO_BYTES:
        raise bad_request("file is too big for a photo; the maximum size is 10485760 bytes")
    size = dimensions(content)
    if size is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    width, height = size
    if not min(size) or width + height > 10_000 or max(size) > 20 * min(size):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return size
