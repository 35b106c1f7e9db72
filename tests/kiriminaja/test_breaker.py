"""The breaker: when it opens, how it probes, what closes it."""

from hypothesis import given, settings, strategies as st

from bot.kiriminaja.breaker import LONGEST_PAUSE, LONGEST_WHILE_REFUSED, OPENS_AFTER, PROBE_LASTS, Breaker


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def opened(first_probe: float = 2.0, *, refused: bool = False) -> tuple[Breaker, Clock]:
    clock = Clock()
    breaker = Breaker(first_probe=first_probe, clock=clock)
    for _ in range(OPENS_AFTER):
        breaker.failed(refused=refused)
    return breaker, clock


def pauses(breaker: Breaker, clock: Clock, probes: int, *, refused: bool = False) -> list[float]:
    """Seconds before each of so many probes, all of which fail at once."""
    seen = []
    for _ in range(probes):
        seen.append(breaker.probe_in)
        clock.now += breaker.probe_in
        breaker.begin_probe()
        breaker.failed(refused=refused)
    return seen


def test_it_opens_after_five_failures_in_a_row_and_knows_since_when() -> None:
    """An answer in between starts the count anew."""
    clock = Clock()
    breaker = Breaker(clock=clock)
    for _ in range(3):
        for _ in range(OPENS_AFTER - 1):
            breaker.failed()
            clock.now += 1
        assert not breaker.is_open
        assert breaker.failing_for == OPENS_AFTER - 1
        breaker.answered()
        assert breaker.failing_for == 0
    for _ in range(OPENS_AFTER):
        clock.now += 1
        breaker.failed()
    assert breaker.is_open
    assert breaker.failing_for == OPENS_AFTER - 1


def test_probes_grow_rare_up_to_half_a_minute() -> None:
    """And up to ten seconds while it is the key that is refused."""
    assert pauses(*opened(), 7) == [2, 4, 8, 16, 30, 30, 30]
    assert pauses(*opened(refused=True), 5, refused=True) == [2, 4, 8, 10, 10]
    assert pauses(*opened(60.0), 3) == [60, 60, 60], "never closer than the operator wants looks to be"


def test_one_probe_at_a_time_and_a_lost_one_does_not_stop_the_next() -> None:
    """Its process may have been cancelled: nothing is heard of it."""
    breaker, clock = opened()
    clock.now += 2
    assert breaker.probe_in == 0
    breaker.begin_probe()
    assert breaker.probe_in == PROBE_LASTS
    clock.now += PROBE_LASTS
    assert breaker.probe_in == 0


def test_what_people_ask_in_vain_does_not_put_the_probe_off() -> None:
    """A hundred of them while it is open."""
    breaker, clock = opened()
    for _ in range(100):
        breaker.failed()
    assert breaker.probe_in == 2
    clock.now += 2
    assert breaker.probe_in == 0


def test_any_usable_answer_closes_it_and_the_next_time_begins_afresh() -> None:
    """Also one that a person got."""
    breaker, clock = opened()
    pauses(breaker, clock, 6)
    breaker.answered()
    assert not breaker.is_open
    for _ in range(OPENS_AFTER):
        breaker.failed()
    assert breaker.probe_in == 2


@given(st.lists(st.sampled_from(["answer", "failure", "refusal", "probe", "time"]), max_size=80))
@settings(max_examples=200)
def test_it_is_open_just_after_failures_in_a_row_and_a_probe_is_never_far(events: list[str]) -> None:
    """Whatever happens in whatever order."""
    clock = Clock()
    breaker = Breaker(clock=clock)
    failures = 0
    for what in events:
        match what:
            case "answer":
                breaker.answered()
                failures = 0
            case "failure" | "refusal":
                breaker.failed(refused=what == "refusal")
                failures += 1
            case "probe":
                breaker.begin_probe()
            case _:
                clock.now += 7
        assert breaker.is_open == (failures >= OPENS_AFTER)
        assert 0 <= breaker.probe_in <= max(LONGEST_PAUSE, LONGEST_WHILE_REFUSED, PROBE_LASTS)
