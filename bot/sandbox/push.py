"""A small HTTP client for what the sandbox sends by itself: webhooks and callbacks."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Pushed:
    """The answer: the status and the headers in lower case; status 0 and the reason in `error` if there was none."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the status was 2xx."""
        return 200 <= self.status < 300


async def post_json(url: str, body: Any, headers: dict[str, str], *, seconds: float = 10.0) -> Pushed:
    """POSTs `body` (JSON, or bytes as they are) over a connection of its own; never raises for a failing peer.

    After `seconds` it gives up.
    """
    content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    try:
        async with asyncio.timeout(seconds):
            return await _exchange(url, content, headers)
    except (OSError, EOFError, ValueError, TimeoutError) as failure:
        return Pushed(0, error=str(failure) or type(failure).__name__)


async def _exchange(url: str, content: bytes, headers: dict[str, str]) -> Pushed:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    host = parts.hostname or ""
    reader, writer = await asyncio.open_connection(host, parts.port or (443 if secure else 80), ssl=secure or None)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        fields = {
            "Host": parts.netloc.rpartition("@")[2],
            "Content-Type": "application/json",
            "Content-Length": str(len(content)),
            "Connection": "close",
            **headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        writer.write(f"POST {target} HTTP/1.1\r\n{head}\r\n".encode() + content)
        await writer.drain()
        return await _answer(reader)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> Pushed:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split(" ")[1])
    lines = (line.partition(":") for line in head[1:] if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in lines}
    length = headers.get("content-length")
    body = await (reader.readexactly(int(length)) if length is not None else reader.read())
    return Pushed(status, headers, body)
