"""How long something that keeps failing must have worked before it is called well again."""

from datetime import timedelta
from typing import Final

OFTEN_WITHIN: Final = timedelta(hours=1)
"""What was told longer ago is forgotten."""
_THIRD_TIME: Final = timedelta(minutes=2)
_AT_MOST: Final = timedelta(minutes=32)


def steady_after(times_told: int) -> timedelta:
    """From `times_told`, how often trouble was told within `OFTEN_WITHIN`: at once the first two times, then
    after 2, 4, 8 … 32 minutes."""
    if times_told < 3:
        return timedelta(0)
    doublings = min(times_told - 3, 10)
    return min(_THIRD_TIME * (1 << doublings), _AT_MOST)
