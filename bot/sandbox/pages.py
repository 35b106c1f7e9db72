"""The demo's page: the static files in ``page/``, and nothing from anywhere else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

FOLDER: Final = Path(__file__).parent / "page"

# Not the system's table: on some machines that calls a script text/plain, which a browser refuses as a module.
_MEDIA_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}

_FILE: Final = re.compile(r"[\w-]+(/[\w-]+)*(\.[\w-]+)+", re.ASCII)
"""A file of ours, in a folder or not; no way leads up."""

_HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def page_routes() -> list[Route]:
    """``/`` and ``/page/<file>``."""
    return [Route("/", _index), Route("/page/{path:path}", _file)]


async def _index(request: Request) -> Response:
    return _served("index.html")


async def _file(request: Request) -> Response:
    return _served(request.path_params["path"])


def _served(path: str) -> Response:
    file = FOLDER / path
    media_type = _MEDIA_TYPES.get(file.suffix)
    if not _FILE.fullmatch(path) or media_type is None or not file.is_file():
        return PlainTextResponse("no such file\n", 404, _HEADERS)
    return Response(file.read_bytes(), headers={**_HEADERS, "Content-Type": media_type})
