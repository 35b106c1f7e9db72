"""`paybot demo`: the sandbox with its page, the real bot as a child, and an end that leaves nothing."""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import shutil
import signal
import sysconfig
import tempfile
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Final

from starlette.middleware.trustedhost import TrustedHostMiddleware

from bot.sandbox.cast import Cast, raise_curtain
from bot.sandbox.pages import page_routes
from bot.sandbox.process import BotProcess
from bot.sandbox.sandbox import Sandbox
from bot.settings import child_environment

_PREFIX: Final = "paybot-demo-"
_LOCK_NAME: Final = "lock"

Say = Callable[[str], None]
"""Takes a line for the terminal."""


class PortTaken(Exception):
    """The demo cannot listen; the text is one line with the mend."""


async def run_demo(port: int, *, say: Say, open_page: bool = False) -> None:
    """Runs until SIGINT, SIGTERM or SIGHUP. Raises `PortTaken`. Port 0 takes a free one."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    sweep()
    with (
        tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as name,
        (Path(name) / _LOCK_NAME).open("w") as lock,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        sandbox = _sandbox()
        cast = raise_curtain(sandbox)
        try:
            await sandbox.start(port)
        except OSError as error:
            raise PortTaken(
                f"--port: 127.0.0.1:{port} cannot be used ({os.strerror(error.errno or 0)}): "
                f"stop what uses it, or choose another such as --port {port + 1 if port < 65535 else 8765}."
            ) from None
        process = sandbox.process = BotProcess(
            sandbox.changes,
            Path(name),
            child_environment(_settings(sandbox, cast, Path(name))),
            ended=lambda status: _tell_end(status, process, say),
        )
        telling = asyncio.create_task(_tell(sandbox, cast, process, say, open_page))
        try:
            await process.start()
            await stop.wait()
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
            await process.stop()
            await sandbox.stop()


def sweep() -> None:
    """Removes the folders of demos that were killed before they could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            if folder.stat(follow_symlinks=False).st_uid != os.getuid():
                continue
            with (folder / _LOCK_NAME).open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # in use, just begun, or none of ours
            continue


def _sandbox() -> Sandbox:
    """Keys of its own, so that a web page that knows the source still knows no address of the bot's API."""
    sandbox = Sandbox(
        token=f"7012345678:AA{secrets.token_hex(16)}", api_key=secrets.token_hex(20), username="paybot_demo_bot"
    )
    sandbox.app.router.routes.extend(page_routes())
    # Loopback is no wall to a browser: a foreign name may be made to point here (DNS rebinding).
    sandbox.app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"], www_redirect=False)
    return sandbox


def _settings(sandbox: Sandbox, cast: Cast, folder: Path) -> dict[str, str]:
    root = str(Path(__file__).parents[2])
    installed = root in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    loopback = "127.0.0.1,localhost"
    path = [root, *filter(None, [child_environment({}).get("PYTHONPATH")])]
    return {
        **sandbox.settings(),
        "DATABASE_URL": f"sqlite:///{folder / 'demo.db'}",
        "STAFF_USER_IDS": str(cast.rina.id),
        "OPS_CHAT_IDS": str(cast.ops.id),
        "SHOP_NAME": "Toko Batik Sekar",
        "SHOP_CONTACT": "@rina_batik_sekar",
        "NO_PROXY": loopback,
        "no_proxy": loopback,
        # The bot runs in the temporary folder: from a checkout it would not find itself.
        **({} if installed else {"PYTHONPATH": os.pathsep.join(path)}),
    }


async def _tell(sandbox: Sandbox, cast: Cast, process: BotProcess, say: Say, open_page: bool) -> None:
    say(f"Paybot's demo: {sandbox.url}")
    say(f"  Write to the bot as Sari, Tom or Rina: /pay {cast.payments[0].id}")
    say("  Beside the chat: pay, deliver, break KiriminAja, kill the bot and start it again.")
    say("  Ctrl-C ends it. No account is needed and nothing is kept.")
    while process.state != "running":
        await sandbox.changes.next()
    say("The bot is ready.")
    if open_page:
        # Some browsers return only when they are closed; the demo's end does not wait for one.
        threading.Thread(target=webbrowser.open, args=(sandbox.url,), daemon=True).start()


def _tell_end(status: int, process: BotProcess, say: Say) -> None:
    how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
    say(f"The bot stopped by itself ({how}); the page can start it again. The end of its log, {process.log}:")
    for line in process.last_lines(10):
        say(f"  {line}")
