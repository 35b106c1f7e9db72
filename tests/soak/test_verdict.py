"""The soak's verdict is right about made-up processes."""

from dataclasses import replace

import pytest

from tests.soak.verdict import MIB, Sample, complaints, memory_slope

FLAT = [Sample(10.0 * number, 80 * MIB, 4, 20, 9, 4 * MIB, 9 * MIB, number) for number in range(30)]


def test_what_stays_as_it_is_is_well() -> None:
    """Warming up counts for nothing, a spike for little."""
    samples = [replace(one, rss=one.rss - max(0, 90 - int(one.at)) * MIB // 3) for one in FLAT]
    samples[25] = replace(samples[25], rss=200 * MIB)
    assert complaints(samples) == []


def test_a_leak_is_told_by_its_slope() -> None:
    """A MiB a minute, whatever the noise around it."""
    samples = [
        replace(one, rss=int(one.rss + one.at / 60 * MIB + (-1) ** number * MIB)) for number, one in enumerate(FLAT)
    ]
    assert memory_slope(samples) == pytest.approx(MIB, rel=0.15)
    assert complaints(samples) == [f"memory grows by {memory_slope(samples) / MIB:.2f} MiB a minute; 0.30 are allowed"]


def test_a_slope_within_the_bound_is_well() -> None:
    """A fifth of a MiB a minute, and one that falls."""
    for slope in (0.2, -1.0):
        assert complaints([replace(one, rss=int(one.rss + slope * one.at / 60 * MIB)) for one in FLAT]) == []


@pytest.mark.parametrize("name", ["files", "sockets", "threads"])
def test_what_is_opened_and_not_closed_is_told(name: str) -> None:
    """One a minute is enough over half an hour; a handful more or less is not."""
    leaking = [replace(one, **{name: getattr(one, name) + number}) for number, one in enumerate(FLAT)]
    (complaint,) = complaints(leaking)
    assert complaint.startswith(f"{name} rose from ")
    wavering = [replace(one, **{name: getattr(one, name) + number % 4}) for number, one in enumerate(FLAT)]
    assert complaints(wavering) == []


def test_a_wal_without_an_end_is_told() -> None:
    """Also where it was large only for a moment; at the beginning it may be."""
    samples = [*FLAT[:15], replace(FLAT[15], wal=17 * MIB), *FLAT[16:]]
    assert complaints(samples) == ["the WAL grew to 17.0 MiB; 16 are allowed"]
    assert complaints([replace(FLAT[0], wal=99 * MIB), *FLAT[1:]]) == []


def test_too_few_samples_are_no_proof() -> None:
    """An empty run must not pass."""
    assert complaints([]) == complaints(FLAT[:8]) == ["too few samples to tell anything"]
