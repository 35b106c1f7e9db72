"""A sandbox, and settings that point at it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from bot.settings import Settings

MakeSettings = Callable[..., Settings]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Telegram and KiriminAja on loopback."""
    async with Sandbox.serve() as served:
        yield served


@pytest.fixture
def make_settings(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeSettings:
    """Settings as they are read, with these changed."""

    def make(**changed: str) -> Settings:
        monkeypatch.chdir(tmp_path)
        for name, value in (sandbox.settings() | {"HTTP_PORT": "0"} | changed).items():
            monkeypatch.setenv(name, value)
        return Settings.load()

    return make
