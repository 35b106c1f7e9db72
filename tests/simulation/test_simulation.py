"""Worlds made up from numbers, in each of which every promise is kept.

There are few here: they are the same each time, and those that found something are kept. CI goes on to two thousand
(`.ci/run`), and `python -m tests.simulation` runs any number.
"""

from pathlib import Path

import pytest

from tests.simulation.run import how_to_rerun, run

WORLDS = 40
SMALL_WORLDS = 200
CHUNK = 10
KEPT = [
    line.split(maxsplit=2)[:2] if line.startswith("small ") else ["large", line.split()[0]]
    for line in Path(__file__).with_name("kept.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def assert_kept(seed: int, *, small: bool = False) -> None:
    """Fails with the promises that were broken, and how to see it."""
    broken = [f"{violation.promise}: {violation.how}" for violation in run(seed, small=small).violations]
    see = f"See it: {how_to_rerun(seed, small=small)}"
    assert not broken, "\n".join([*broken, see, "Mended, keep it in kept.txt."])


@pytest.mark.parametrize("first", range(1, WORLDS + 1, CHUNK))
def test_every_promise_is_kept(first: int) -> None:
    """In worlds that nobody chose."""
    for seed in range(first, first + CHUNK):
        assert_kept(seed)


@pytest.mark.parametrize("first", range(1, SMALL_WORLDS + 1, 5 * CHUNK))
def test_every_promise_is_kept_to_one_chat(first: int) -> None:
    """In worlds of one chat and one payment, each with one sort of trouble: many more of them fit into the time."""
    for seed in range(first, first + 5 * CHUNK):
        assert_kept(seed, small=True)


@pytest.mark.parametrize(("size", "seed"), KEPT)
def test_what_was_once_broken_stays_mended(size: str, seed: str) -> None:
    """In worlds that found something."""
    assert_kept(int(seed), small=size == "small")


def test_the_same_number_is_the_same_world() -> None:
    """A failure can be looked at again. Only the names of buttons are drawn anew."""
    once, again = ([line for line in run(7).history if line[1] != "press"] for _ in range(2))
    assert once == again
