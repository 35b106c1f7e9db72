"""Whose trouble it is: the message's own, or Telegram's as a whole."""

from datetime import timedelta

from bot.core.retries import OUT_AFTER, PROBE_EVERY
from bot.flows.reach import Pause, Reach
from tests.storage.making import SECOND, T0


def a_reach(*chats: int) -> Reach:
    """Without jitter; these chats have failed just now."""
    reach = Reach(lambda: 0.0)
    for chat in chats:
        reach.failed(chat, 1, T0)
    return reach


def test_a_failure_or_two_close_no_door() -> None:
    """Sparks fly on every line; each chat only tries again in a moment."""
    reach = Reach(lambda: 0.0)
    for chat in range(OUT_AFTER - 1):
        assert reach.failed(chat, 1, T0) == Pause(SECOND, own=False)
    assert not reach.is_out
    assert reach.may_try(99)
    assert reach.probe_at(T0) is None


def test_one_chat_alone_never_closes_the_door() -> None:
    """Whether it is its own trouble nobody can know: it is tried every few seconds, and not counted."""
    reach = Reach(lambda: 0.0)
    pauses = [reach.failed(1, 1, T0) for _ in range(9)]
    assert pauses[-1] == Pause(PROBE_EVERY, own=False)
    assert not reach.is_out


def test_where_nobody_gets_through_one_knocks_at_a_time() -> None:
    """And only when the pause is over; each knock in vain makes it longer, up to ten seconds."""
    reach = a_reach(1, 2, 3)
    assert reach.is_out
    assert not reach.may_try(4)
    now, waited = T0, []
    for chat in range(4, 14):
        at = reach.probe_at(now)
        assert at is not None
        waited.append((at - now).total_seconds())
        reach.begin_probe(chat)
        assert reach.probe_at(at) is None
        assert reach.may_try(chat)
        assert not reach.may_try(chat + 1)
        now = at
        reach.failed(chat, 1, now)
        reach.end_probe(chat)
    assert waited == [1, 2, 4, 8, 10, 10, 10, 10, 10, 10]
    assert set(reach.tried) == set(range(1, 14))


def test_what_was_on_its_way_together_is_one_failure() -> None:
    """Sixty connections that break at once say no more than three."""
    reach = a_reach(*range(60))
    assert reach.probe_at(T0) == T0 + SECOND


def test_a_probe_that_came_to_no_try_makes_room_for_another() -> None:
    """Its row was sent or dropped by then."""
    reach = a_reach(1, 2, 3)
    reach.begin_probe(4)
    reach.end_probe(5)
    assert reach.probe_at(T0 + SECOND) is None
    reach.end_probe(4)
    assert reach.probe_at(T0 + SECOND) == T0 + SECOND


def test_the_first_that_gets_through_opens_the_door() -> None:
    """Said once; the next time out of reach begins with short pauses."""
    reach = a_reach(1, 2, 3)
    assert reach.went(4)
    assert not reach.is_out
    assert not reach.went(5)
    for chat in (6, 7, 8):
        assert reach.failed(chat, 1, T0) == Pause(SECOND, own=False)
    assert reach.probe_at(T0) == T0 + SECOND


def test_trouble_is_a_messages_own_where_others_get_through_meanwhile() -> None:
    """Then its tries count, and its pauses grow to an hour; its own success ends that."""
    reach = Reach(lambda: 0.0)
    reach.failed(1, 1, T0)
    reach.went(2)
    assert reach.failed(1, 1, T0) == Pause(SECOND, own=True)
    reach.went(2)
    assert reach.failed(1, 20, T0) == Pause(timedelta(hours=1), own=True)
    assert reach.failed(1, 21, T0) == Pause(SECOND, own=False)
    reach.went(1)
    assert reach.failed(1, 1, T0) == Pause(SECOND, own=False)
