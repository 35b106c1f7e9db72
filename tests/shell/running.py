"""The shell commands as an operator runs them: `paybot …`, with settings from the environment alone."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.nursery import run
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
    ran = await asyncio.to_thread(run, *arguments, env=environment | dict(settings), cwd=folder)
    return Ran(ran.returncode, ran.stdout, ran.stderr)
