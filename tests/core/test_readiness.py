"""What a process says of itself, and when it may be relied on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.core.readiness import Parts, ProviderState, told_time

T0 = datetime(2026, 3, 1, 10, 42, 7, 900_000, tzinfo=UTC)
WELL = Parts(
    version="1",
    database=True,
    migrated=True,
    telegram=True,
    works=True,
    standby=False,
    updates=True,
    no_updates_for=None,
    jobs=True,
    kiriminaja="ok",
    last_failed_push=None,
)
STANDBY = replace(WELL, works=False, standby=True, updates=False, jobs=False, kiriminaja="unknown")


def test_who_works_is_ready_when_all_is_fresh() -> None:
    """And says so of each part."""
    assert WELL.are_ready
    assert WELL.told() == {
        "version": "1",
        "database": "ok",
        "migrations": "current",
        "telegram": "ok",
        "updates": "ok",
        "work": "holder",
        "jobs": "ok",
        "kiriminaja": "ok",
    }


def test_who_stands_by_is_ready_too() -> None:
    """With nothing to receive or do."""
    assert STANDBY.are_ready
    told = STANDBY.told()
    assert (told["work"], told["updates"], told["jobs"], told["telegram"]) == ("standby", "idle", "idle", "ok")


@pytest.mark.parametrize("parts", [WELL, STANDBY], ids=["holder", "standby"])
@pytest.mark.parametrize(
    ("change", "part", "said"),
    [
        ({"database": False, "migrated": None}, "database", "out of reach"),
        ({"database": False, "migrated": True, "trouble": "its disk is full"}, "database", "its disk is full"),
        ({"database": False, "migrated": None}, "migrations", "unknown"),
        ({"migrated": False}, "migrations", "not current"),
        ({"telegram": False}, "telegram", "out of reach"),
    ],
)
def test_what_is_amiss_in_any_process_is_named(parts: Parts, change: dict[str, Any], part: str, said: str) -> None:
    """And makes it not ready."""
    sick = replace(parts, **change)
    assert not sick.are_ready
    assert sick.told()[part] == said


def test_what_is_amiss_in_the_work_is_named() -> None:
    """With the reason where there is one; before the work has begun too."""
    deaf = replace(WELL, updates=False, no_updates_for="another program polls this bot")
    assert not deaf.are_ready
    assert deaf.told()["updates"] == "late: another program polls this bot"
    assert replace(deaf, no_updates_for=None).told()["updates"] == "late"
    stuck = replace(WELL, jobs=False)
    assert not stuck.are_ready
    assert stuck.told()["jobs"] == "late"
    begins = replace(STANDBY, standby=False)
    assert not begins.are_ready
    assert begins.told()["work"] == "starting"


def test_a_failed_push_and_kiriminaja_are_told_and_not_judged() -> None:
    """A failed push may be long over."""
    told = replace(WELL, last_failed_push="2026-03-01T10:42:07Z Connection refused", kiriminaja="refuses the key")
    assert told.are_ready
    assert told.told()["last_failed_push"] == "2026-03-01T10:42:07Z Connection refused"
    assert told.told()["kiriminaja"] == "refuses the key"


def test_kiriminajas_state_follows_the_calls() -> None:
    """Silence counts from the first call in a row that brought nothing."""
    state = ProviderState()
    said = [str(state)]
    for minute, outcome in enumerate(["unpaid", "timeout", "throttled", "refused", "missing", "http_500", "paid"]):
        state.note(outcome, T0 + timedelta(minutes=minute))
        said.append(str(state))
    assert said == [
        "unknown",
        "ok",
        "no usable answer since 2026-03-01T10:43:07Z",
        "no usable answer since 2026-03-01T10:43:07Z",
        "refuses the key",
        "ok",
        "no usable answer since 2026-03-01T10:47:07Z",
        "ok",
    ]


def test_times_are_told_to_the_second() -> None:
    """In UTC, as in the log."""
    assert told_time(T0) == "2026-03-01T10:42:07Z"
