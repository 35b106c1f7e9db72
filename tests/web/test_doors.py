"""The doors for pushes: who gets in, what is refused, and that 200 means stored."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx
import pytest

from bot.core.callbacks import Callback
from bot.kiriminaja.callbacks import MAX_BODY
from bot.storage.engine import DatabaseError
from bot.web import kiriminaja, telegram
from tests.web.test_server import serving

SECRET, KEY = "hook-secret", "kiriminaja-key-0001"
UPDATE = {"update_id": 7, "message": {"text": "halo"}}
CALLBACK = {"method": "shipped_packages", "data": [{"order_id": "BDI-1"}]}


class Kept:
    """Takes what is pushed, or fails as it is told."""

    def __init__(self) -> None:
        self.updates: list[Mapping[str, Any]] = []
        self.callbacks: list[tuple[Callback, bytes, str]] = []
        self.error: Exception | None = None

    async def take_in(self, updates: Sequence[Mapping[str, Any]]) -> None:
        """Telegram's."""
        self._fail()
        self.updates += updates

    async def accept(self, callback: Callback, body: bytes, content_type: str) -> None:
        """KiriminAja's."""
        self._fail()
        self.callbacks.append((callback, body, content_type))

    def _fail(self) -> None:
        if self.error:
            raise self.error


@pytest.fixture
def kept() -> Kept:
    """Empty."""
    return Kept()


@pytest.fixture
async def doors(kept: Kept) -> AsyncIterator[httpx.AsyncClient]:
    """Both doors, on a real server."""
    async with (
        serving(*telegram.routes(SECRET, kept.take_in), *kiriminaja.routes(KEY, kept.accept)) as web,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{web.port}", trust_env=False) as client,
    ):
        yield client


def telegrams(secret: str | None = SECRET) -> dict[str, str]:
    """What Telegram shows."""
    return {"X-Telegram-Bot-Api-Secret-Token": secret} if secret is not None else {}


def kiriminajas(authorization: str | None = f"Bearer {KEY}") -> dict[str, str]:
    """What KiriminAja shows."""
    return {"Authorization": authorization, "Content-Type": "application/json"} if authorization is not None else {}


async def test_what_comes_in_is_stored_then_answered(doors: httpx.AsyncClient, kept: Kept) -> None:
    """Whole, raw body and its type included."""
    assert (await doors.post("/telegram", json=UPDATE, headers=telegrams())).status_code == 200
    body = b" " + json.dumps(CALLBACK).encode()
    assert (await doors.post("/kiriminaja", content=body, headers=kiriminajas())).status_code == 200
    assert kept.updates == [UPDATE]
    ((callback, raw, content_type),) = kept.callbacks
    assert (callback.method, raw, content_type) == ("shipped_packages", body, "application/json")


@pytest.mark.parametrize("secret", [None, "", "hook-secre", "hook-secret2", "HOOK-SECRET", "\xc3\xa9"])
async def test_telegram_needs_the_secret(doors: httpx.AsyncClient, kept: Kept, secret: str | None) -> None:
    """Before a byte of the body is read."""
    headers = {name: value.encode("latin-1") for name, value in telegrams(secret).items()}
    answer = await doors.post("/telegram", content=b"x" * 10_000, headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 401
    assert kept.updates == []


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", KEY, f"Basic {KEY}", f"Bearer {KEY}x", f"Bearer {KEY[:-1]}"]
)
async def test_kiriminaja_needs_the_key(doors: httpx.AsyncClient, kept: Kept, authorization: str | None) -> None:
    """As a bearer."""
    answer = await doors.post("/kiriminaja", json=CALLBACK, headers=kiriminajas(authorization))
    assert answer.status_code == 401
    assert kept.callbacks == []


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"\xff", b"null", b"[]", b"5", b"{}", b'{"update_id": "7"}', b'{"update_id": true}',
        b'{"update_id": -1}', b'{"update_id": 9223372036854775808}', b"[" * 50_000, b'{"method": 5}',
    ],
    ids=lambda body: str(body)[:30],
)  # fmt: skip
async def test_what_is_none_is_refused(doors: httpx.AsyncClient, kept: Kept, body: bytes) -> None:
    """Neither an update nor a callback."""
    for path, headers in (("/telegram", telegrams()), ("/kiriminaja", kiriminajas())):
        assert (await doors.post(path, content=body, headers=headers)).status_code == 400
    assert (kept.updates, kept.callbacks) == ([], [])


@pytest.mark.parametrize(
    ("path", "limit", "headers"),
    [
        ("/telegram", telegram.MAX_BODY, telegrams()),
        ("/kiriminaja", MAX_BODY, kiriminajas()),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
async def test_too_much_is_refused(
    doors: httpx.AsyncClient, path: str, limit: int, headers: dict[str, str], chunked: bool
) -> None:
    """With a length told or without one; as much as allowed is read."""

    async def chunks(size: int) -> AsyncIterator[bytes]:
        yield b" " * (size - 1)
        yield b"x"

    for size, status in ((limit, 400), (limit + 1, 413)):
        content = chunks(size) if chunked else b" " * size
        assert (await doors.post(path, content=content, headers=headers)).status_code == status


@pytest.mark.parametrize("error", [OSError(), TimeoutError(), DatabaseError("DATABASE_URL: not open")], ids=repr)
async def test_where_it_cannot_be_stored_it_is_to_come_again(
    doors: httpx.AsyncClient, kept: Kept, error: Exception
) -> None:
    """503 with a pause; the next one is taken."""
    kept.error = error
    for path, body, headers in (("/telegram", UPDATE, telegrams()), ("/kiriminaja", CALLBACK, kiriminajas())):
        answer = await doors.post(path, json=body, headers=headers)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
    kept.error = None
    assert (await doors.post("/telegram", json=UPDATE, headers=telegrams())).status_code == 200


async def test_only_posts_are_taken(doors: httpx.AsyncClient) -> None:
    """A browser that comes by sees nothing."""
    for path in ("/telegram", "/kiriminaja"):
        assert (await doors.get(path)).status_code == 405
