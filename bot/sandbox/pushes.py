"""The callbacks of what happens in the demo's panel, pushed to its own bot as KiriminAja would."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from bot.sandbox.payment import Payment

if TYPE_CHECKING:
    from bot.sandbox.sandbox import Sandbox

_METHODS: Final = {
    "assign_driver": "update_instant_packages",
    "pick_up": "shipped_packages",
    "deliver": "finished_packages",
    "cancel": "canceled_packages",
    "return": "returned_packages",
}
"""By what was done to a package. Of "paid" there is no callback."""


class Pushes:
    """One for each package concerned; a bot that is dead misses them, as it would the real ones."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._under_way: set[asyncio.Task[None]] = set()

    def tell(self, payment: Payment, action: str, package: int | None) -> None:
        """Pushes in the background; nothing without a bot of our own."""
        method, process = _METHODS.get(action), self._sandbox.process
        if method is None or process is None or process.url is None:
            return
        task = asyncio.create_task(self._push(payment, method, package, f"{process.url}/kiriminaja"))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _push(self, payment: Payment, method: str, package: int | None, url: str) -> None:
        provider = self._sandbox.kiriminaja
        for each in range(len(payment.packages)) if package is None else [package]:
            await provider.push(provider.callback(payment, method, package=each), url)
