"""When what did not go through is tried again: a table, and what holds for every number of tries."""

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from bot.core.retries import ASIDE_AFTER, LONGEST, PROBE_EVERY, pause_after, probe_pause, steps_aside

tries = st.integers(0, 10**9)
spreads = st.floats(0, 1)


@pytest.mark.parametrize(
    ("tries", "seconds"),
    [(0, 1), (1, 1), (2, 2), (3, 4), (5, 16), (7, 64), (12, 2048), (13, 3600), (14, 3600), (10**9, 3600)],
)
def test_a_messages_own_trouble_doubles_its_pause_from_a_second_to_an_hour(tries: int, seconds: int) -> None:
    """However often it failed."""
    assert pause_after(tries, 0) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("failures", "seconds"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (720, 10)])
def test_a_telegram_out_of_reach_is_probed_every_few_seconds(failures: int, seconds: int) -> None:
    """After two hours as after a minute: its return is noticed at once."""
    assert probe_pause(failures, 0) == timedelta(seconds=seconds)


@given(tries, spreads, spreads)
def test_what_failed_together_comes_back_apart_but_never_much_earlier(tries: int, one: float, other: float) -> None:
    """Jitter shortens by a fifth at most, so that a longer pause stays the longer one."""
    for pause, longest in ((pause_after, LONGEST), (probe_pause, PROBE_EVERY)):
        full, short = pause(tries, 0), pause(tries, max(one, other))
        assert 0.8 * full - timedelta(microseconds=1) <= short <= full <= longest
        assert pause(tries, 1) <= pause(tries + 1, 1)
        assert pause(tries, 1) < full


def test_only_a_message_that_failed_often_on_its_own_steps_aside() -> None:
    """A few failures are everybody's lot, and order counts."""
    assert [steps_aside(tries) for tries in (0, 1, ASIDE_AFTER - 1, ASIDE_AFTER, 99)] == [False] * 3 + [True] * 2
