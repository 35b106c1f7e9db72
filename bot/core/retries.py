"""When a message that did not go through is tried again: from seconds to an hour where the trouble is its own, every
few seconds where nobody's messages get through, as then Telegram is out of reach and any moment may be its return.

`spread` is a random number from 0 to 1, so that what failed together does not come back together.
"""

from datetime import timedelta
from typing import Final

LONGEST: Final = timedelta(hours=1)
PROBE_EVERY: Final = timedelta(seconds=10)
"""The longest pause between two probes of a Telegram that is out of reach."""
OUT_AFTER: Final = 3
"""So many chats in a row that nothing got through to: then it is Telegram, not they."""
ASIDE_AFTER: Final = 5
"""So many tries of its own, and a message no longer holds up those behind it in its chat."""

_FIRST: Final = timedelta(seconds=1)
_JITTER: Final = 0.2


def pause_after(tries: int, spread: float) -> timedelta:
    """Until the next try of a message that failed so often while others got through: doubling, up to an hour."""
    return _doubled(tries, LONGEST, spread)


def probe_pause(failures: int, spread: float) -> timedelta:
    """Until the next try where nothing got through since the last one, nor the `failures - 1` before it."""
    return _doubled(failures, PROBE_EVERY, spread)


def steps_aside(tries: int) -> bool:
    """Whether the messages behind one that failed so often go first: one that Telegram chokes on must not silence its
    chat."""
    return tries >= ASIDE_AFTER


def _doubled(times: int, longest: timedelta, spread: float) -> timedelta:
    # The exponent is kept small: 2 to the power of all tries is no number for a timedelta.
    pause: timedelta = min(_FIRST * 2 ** min(max(times - 1, 0), 12), longest)
    return pause * (1 - _JITTER * spread)
