"""Keeps the bot from asking a provider that does not answer: after some failures in a row only single probes go out.

Pure but for its clock. It never forbids a call; who makes calls asks it first (`sides`, `flows.hold`).
"""

import time
from collections.abc import Callable
from typing import Final

OPENS_AFTER: Final = 5
"""Failures in a row that open it."""
FIRST_PROBE: Final = 2.0
LONGEST_PAUSE: Final = 30.0
"""Seconds to the first probe, and what the pause doubles up to."""
LONGEST_WHILE_REFUSED: Final = 10.0
"""The same while the key is refused: an answer that costs little, and a mend that should be noticed soon."""
PROBE_LASTS: Final = 30.0
"""Seconds after which a probe that nothing was heard of counts as lost."""


class Breaker:
    """Closed, it lets all calls pass; open, a probe now and then. `clock` is monotonic, in seconds."""

    def __init__(self, *, first_probe: float = FIRST_PROBE, clock: Callable[[], float] = time.monotonic) -> None:
        """`first_probe`: shortest time in seconds between two probes."""
        self._first_probe = first_probe
        self._clock = clock
        self._failures = 0
        self._failing_since = 0.0
        self._pause = first_probe
        self._probe_at = 0.0
        self._is_probing = False

    @property
    def is_open(self) -> bool:
        """Whether calls are better left alone."""
        return self._failures >= OPENS_AFTER

    @property
    def failing_for(self) -> float:
        """Seconds since the first of the failures in a row; 0 with none."""
        return self._clock() - self._failing_since if self._failures else 0.0

    @property
    def probe_in(self) -> float:
        """Seconds until a probe may go out; 0 when it may now."""
        return max(0.0, self._probe_at - self._clock())

    def answered(self) -> None:
        """A call, anybody's, brought a usable answer: it closes."""
        self._failures = 0
        self._is_probing = False

    def failed(self, *, refused: bool = False) -> None:
        """A call brought none; `refused` where that was for our key.

        While it is open only the failure of a probe puts the next one off: people's asks must not keep it from
        being sent.
        """
        now, was_open = self._clock(), self.is_open
        if not self._failures:
            self._failing_since = now
        self._failures += 1
        if not self.is_open or (was_open and not self._is_probing):
            return
        longest = max(LONGEST_WHILE_REFUSED if refused else LONGEST_PAUSE, self._first_probe)
        self._pause = min(2 * self._pause, longest) if was_open else self._first_probe
        self._probe_at = now + self._pause
        self._is_probing = False

    def begin_probe(self) -> None:
        """A probe goes out: no other one until its end is heard of, or it counts as lost."""
        self._is_probing = True
        self._probe_at = self._clock() + PROBE_LASTS
