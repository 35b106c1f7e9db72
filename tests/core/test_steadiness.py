"""How long something must have worked before it is called well again."""

from datetime import timedelta

import pytest

from bot.core.steadiness import OFTEN_WITHIN, steady_after


@pytest.mark.parametrize(
    ("times", "minutes"), [(0, 0), (1, 0), (2, 0), (3, 2), (4, 4), (5, 8), (6, 16), (7, 32), (8, 32), (10**9, 32)]
)
def test_the_oftener_it_failed_the_longer_it_must_have_worked(times: int, minutes: int) -> None:
    """At once the first two times, and never longer than half of what is remembered, or so."""
    assert steady_after(times) == timedelta(minutes=minutes) < OFTEN_WITHIN
