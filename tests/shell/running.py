"""The shell commands as an operator runs them: `python -m bot …`, with settings from the environment alone."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.process import _PASSED_ON


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    status: int
    out: str
    err: str


async def paybot(folder: Path, settings: Mapping[str, str], *arguments: str) -> Ran:
    """Runs a command to its end."""
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | {"NO_COLOR": "1"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *arguments, cwd=folder, env=environment | dict(settings),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(30):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(), err.decode())
