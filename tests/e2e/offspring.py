"""A demo's bot as a fork of the demo: its child as any other, but with all imports and tables there from the start."""

import asyncio
import gc
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, NoReturn
from unittest.mock import patch

from tests.e2e.nursery import become


class _Child:
    """With what asyncio's own subprocesses offer."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._ending = asyncio.create_task(asyncio.to_thread(os.waitpid, pid, 0))

    async def wait(self) -> int:
        """Waits for the end; the exit status, negative for a signal."""
        _, status = await asyncio.shield(self._ending)
        return os.waitstatus_to_exitcode(status)

    def send_signal(self, number: signal.Signals) -> None:
        """As `kill` does."""
        if not self._ending.done():
            os.kill(self.pid, number)


def arm_demo(tables: Path) -> None:
    """The demo that this process becomes starts its bot by a fork, on a copy of the database `tables`."""

    async def fork(
        *command: str, env: Mapping[str, str], cwd: Path, stdout: IO[bytes], preexec_fn: Callable[[], None] | None,
        **_: object,
    ) -> _Child:  # fmt: skip
        database = Path(env["DATABASE_URL"].removeprefix("sqlite:///"))
        if not database.exists():  # noqa: ASYNC240  # nothing waits
            shutil.copy(tables, database)
        nothing = os.open(os.devnull, os.O_RDONLY)
        pid = os.fork()
        if pid == 0:
            _leave_parent()
            if preexec_fn:
                preexec_fn()
            _end_with(lambda: become(command[3:], env, cwd, [nothing, stdout.fileno(), stdout.fileno()]))
        os.close(nothing)
        return _Child(pid)

    patch("bot.sandbox.process.asyncio.create_subprocess_exec", fork).start()


def _leave_parent() -> None:
    """Nothing of the loop that this process was forked from goes on here."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    asyncio._set_running_loop(None)
    gc.freeze()  # sockets of the parent must not be closed here by their number


def _end_with(life: Callable[[], None]) -> NoReturn:
    """Lives, and ends without a way back into the parent's code."""
    status = 0
    try:
        life()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1 if end.code else 0
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
