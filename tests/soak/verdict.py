"""What a soak's samples say: whether a process grows. Pure; `tests.soak` takes the samples."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

MIB = 1024 * 1024
MEMORY_A_MINUTE = 0.3 * MIB
"""How much the memory may rise, measured between the medians of the last third and of the one before."""
SPARE = 4
"""By how many the files, sockets and threads of the last third may be above those of the one before."""
WAL = 16 * MIB
"""SQLite makes a checkpoint at 4 MiB; a long read or a large write carries it over that."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at the process. Sizes in bytes, times in seconds; `cpu` is all that it has used so far."""

    at: float
    rss: int
    threads: int
    files: int
    sockets: int
    wal: int
    database: int
    cpu: float


def thirds(samples: Sequence[Sample]) -> tuple[Sequence[Sample], Sequence[Sample]]:
    """The middle third and the last, by their time; the first is for warming up."""
    begin, end = samples[0].at, samples[-1].at
    length = (end - begin) / 3
    middle = [one for one in samples if begin + length <= one.at < end - length]
    return middle, [one for one in samples if one.at >= end - length]


def memory_slope(samples: Sequence[Sample]) -> float:
    """Bytes a minute."""
    middle, last = thirds(samples)
    minutes = (median(one.at for one in last) - median(one.at for one in middle)) / 60
    return (median(one.rss for one in last) - median(one.rss for one in middle)) / minutes


def complaints(samples: Sequence[Sample]) -> list[str]:
    """What grows; empty where nothing does. At least nine samples, evenly spread."""
    if len(samples) < 9:
        return ["too few samples to tell anything"]
    found = []
    slope = memory_slope(samples)
    if slope > MEMORY_A_MINUTE:
        found.append(f"memory grows by {slope / MIB:.2f} MiB a minute; {MEMORY_A_MINUTE / MIB:.2f} are allowed")
    middle, last = thirds(samples)
    counted: dict[str, Callable[[Sample], int]] = {
        "files": lambda one: one.files,
        "sockets": lambda one: one.sockets,
        "threads": lambda one: one.threads,
    }
    for name, count in counted.items():
        before, after = max(map(count, middle)), max(map(count, last))
        if after > before + SPARE:
            found.append(f"{name} rose from {before} to {after}")
    if (highest := max(one.wal for one in (*middle, *last))) > WAL:
        found.append(f"the WAL grew to {highest / MIB:.1f} MiB; {WAL / MIB:.0f} are allowed")
    return found
