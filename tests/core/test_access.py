"""Who may ask, and who has to wait."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from bot.core.access import GUESSES, GUESSES_WITHIN, WAIT, Access, may_ask, waits_until

T0 = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("access", "stranger", "holder"),
    [(Access.OPEN, True, True), (Access.LINK, False, True), (Access.STAFF, False, False)],
)
def test_access_is_a_table(access: Access, stranger: bool, holder: bool) -> None:
    """Staff may always; a customer link opens only where links are what opens."""
    assert may_ask(access, is_staff=False, holds_link=False) is stranger
    assert may_ask(access, is_staff=False, holds_link=True) is holder
    assert may_ask(access, is_staff=True, holds_link=False)


@pytest.mark.parametrize(
    ("minutes", "until"),
    [
        ([], None),
        ([0, 1, 2, 3], None),
        ([0, 1, 2, 3, 4], 14),
        ([4, 2, 0, 3, 1], 14),
        ([0, 0, 0, 0, 0], 10),
        ([0, 1, 2, 3, 10], None),
        ([0, 1, 2, 3, 4, 11], None),
        ([0, 7, 8, 9, 10, 11], 21),
    ],
)
def test_five_within_ten_minutes_wait_ten_minutes(minutes: list[int], until: int | None) -> None:
    """From the last one on; what is older than ten minutes then does not count."""
    found = waits_until([T0 + minute * MINUTE for minute in minutes])
    assert found == (None if until is None else T0 + until * MINUTE)


@given(st.lists(st.integers(0, 60), max_size=12))
def test_nobody_waits_for_few_guesses_or_for_long(minutes: list[int]) -> None:
    """Fewer than five never wait, and a wait ends ten minutes after the last guess."""
    times = [T0 + minute * MINUTE for minute in minutes]
    until = waits_until(times)
    if until is None:
        return
    assert len(times) >= GUESSES
    assert until == max(times) + WAIT
    assert sum(max(times) - at < GUESSES_WITHIN for at in times) >= GUESSES
