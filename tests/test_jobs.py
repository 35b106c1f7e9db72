"""Jobs: no wake is lost, due times are kept, failures are waited out."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.events import EVENT_JOB_SUBMITTED

from bot.jobs import Jobs, Wake

SOON = timedelta(milliseconds=40)
NEVER = timedelta(hours=1)
PATIENCE = 5.0
"""Seconds after which something that should have happened counts as lost."""


def utc_now() -> datetime:
    """The scheduler's own clock is the real one."""
    return datetime.now(UTC)


class Work:
    """A job that says how often it ran, and does each time what the test wants."""

    def __init__(self, act: Callable[[int, Wake], Awaitable[datetime | None]] | None = None) -> None:
        self.runs = 0
        self.at: list[datetime] = []
        self.under_way = 0
        self.at_once = 0
        self._act = act
        self._ran = asyncio.Condition()

    async def __call__(self, wake: Wake) -> datetime | None:
        self.under_way += 1
        self.at_once = max(self.at_once, self.under_way)
        self.runs += 1
        self.at.append(utc_now())
        try:
            return await self._act(self.runs, wake) if self._act else None
        finally:
            self.under_way -= 1
            async with self._ran:
                self._ran.notify_all()

    async def ran(self, times: int) -> None:
        """Returns when it has run that often, and is at rest."""
        async with asyncio.timeout(PATIENCE), self._ran:
            await self._ran.wait_for(lambda: self.runs >= times and not self.under_way)


@pytest.fixture(params=[timedelta(0), timedelta(seconds=1)], ids=["by the scheduler", "where it is"])
async def jobs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Jobs]:
    """An empty table, stopped at the end; whichever way a job waits."""
    monkeypatch.setattr("bot.jobs._STAYS", request.param)
    jobs = Jobs(utc_now)
    yield jobs
    await jobs.stop()


async def idle(turns: int = 20) -> None:
    """Lets the loop do all there is to do now."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def test_every_job_runs_at_the_start(jobs: Jobs) -> None:
    """What was due while the process was off is not waited for."""
    first, second = Work(), Work()
    jobs.add("first", first, longest_pause=NEVER)
    jobs.add("second", second, longest_pause=NEVER)
    jobs.start()
    await first.ran(1)
    await second.ran(1)


async def test_a_run_that_begins_late_is_made_all_the_same() -> None:
    """By an hour, as a machine does that slept."""
    jobs, work = Jobs(lambda: utc_now() - timedelta(hours=1)), Work()
    jobs.add("work", work, longest_pause=timedelta(days=1))
    jobs.start()
    await work.ran(1)
    await jobs.stop()


async def test_a_wake_between_runs_runs_it_at_once(jobs: Jobs) -> None:
    """Not after the longest pause, which is an hour here."""
    work = Work()
    wake = jobs.add("job", work, longest_pause=NEVER)
    jobs.start()
    await work.ran(1)
    for times in range(2, 6):
        await idle()
        wake()
        await work.ran(times)


async def test_a_job_that_is_wanted_again_soon_does_not_go_through_the_scheduler() -> None:
    """By a wake or by its due time: it has never left."""

    async def act(run: int, _wake: Wake) -> datetime | None:
        return utc_now() + SOON if run == 2 else None

    jobs, work = Jobs(utc_now), Work(act)
    wake = jobs.add("job", work, longest_pause=NEVER)
    jobs.start()
    submitted: list[object] = []
    jobs._scheduler.add_listener(submitted.append, EVENT_JOB_SUBMITTED)
    await work.ran(1)
    await idle()
    wake()
    await work.ran(3)
    assert len(submitted) == 1
    await jobs.stop()


async def test_a_wake_during_a_run_runs_it_once_more(jobs: Jobs) -> None:
    """What came after the run had looked is looked at."""
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def act(run: int, _wake: Wake) -> None:
        if run == 1:
            inside.set()
            await go_on.wait()

    work = Work(act)
    wake = jobs.add("job", work, longest_pause=NEVER)
    jobs.start()
    await inside.wait()
    wake()
    go_on.set()
    await work.ran(2)


async def test_a_job_may_wake_itself(jobs: Jobs) -> None:
    """The wake it is handed is its own."""

    async def act(run: int, wake: Wake) -> None:
        if run < 4:
            wake()

    work = Work(act)
    jobs.add("job", work, longest_pause=NEVER)
    jobs.start()
    await work.ran(4)


@pytest.mark.parametrize("steps", range(12))
async def test_a_wake_in_the_moment_a_run_ends_is_not_lost(jobs: Jobs, steps: int) -> None:
    """Whichever step of the loop it falls on: still running, just over, not counted as over yet."""
    ended = asyncio.Event()

    async def act(_run: int, _wake: Wake) -> None:
        ended.set()

    work = Work(act)
    wake = jobs.add("job", work, longest_pause=NEVER)
    jobs.start()
    await ended.wait()
    for _ in range(steps):
        await asyncio.sleep(0)
    before = work.runs
    wake()
    await work.ran(before + 1)


async def test_a_wake_before_its_first_step_is_not_lost(jobs: Jobs) -> None:
    """A run that is set going has not looked yet: one run serves both."""
    work = Work()
    wake = jobs.add("job", work, longest_pause=NEVER)
    wake()
    jobs.start()
    wake()
    await work.ran(1)
    await idle()
    before = work.runs
    wake()
    await work.ran(before + 1)


async def test_many_wakes_collapse(jobs: Jobs) -> None:
    """A thousand during a run are one more run."""
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def act(run: int, _wake: Wake) -> None:
        if run == 1:
            inside.set()
            await go_on.wait()

    work = Work(act)
    wake = jobs.add("job", work, longest_pause=NEVER)
    jobs.start()
    await inside.wait()
    for _ in range(1000):
        wake()
    go_on.set()
    await work.ran(2)
    await idle(200)
    assert work.runs == 2


async def test_a_storm_of_wakes_never_runs_it_beside_itself(jobs: Jobs) -> None:
    """From within and from outside, at every moment; and the last one is served."""

    async def act(_run: int, _wake: Wake) -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    work = Work(act)
    wake = jobs.add("job", work, longest_pause=NEVER)
    jobs.start()
    for _ in range(300):
        wake()
        await asyncio.sleep(0)
    before = work.runs
    wake()
    await work.ran(before + 1)
    assert work.at_once == 1


async def test_a_due_time_is_honoured(jobs: Jobs) -> None:
    """Not before, and soon after."""
    due: list[datetime] = []

    async def act(run: int, _wake: Wake) -> datetime | None:
        if run == 1:
            due.append(utc_now() + SOON)
            return due[0]
        return None

    work = Work(act)
    jobs.add("job", work, longest_pause=NEVER)
    jobs.start()
    await work.ran(2)
    assert due[0] <= work.at[1] < due[0] + timedelta(seconds=1)


async def test_what_is_due_already_is_done_in_the_same_run(jobs: Jobs) -> None:
    """More rows than one run takes are taken at once."""

    async def act(run: int, _wake: Wake) -> datetime | None:
        return utc_now() - timedelta(days=1) if run < 5 else None

    work = Work(act)
    jobs.add("job", work, longest_pause=NEVER)
    jobs.start()
    await work.ran(5)


@pytest.mark.parametrize("far", [None, timedelta(days=365)], ids=["nothing due", "due in a year"])
async def test_no_pause_is_longer_than_the_longest(jobs: Jobs, far: timedelta | None) -> None:
    """A due time that was missed is found by looking anyway."""

    async def act(_run: int, _wake: Wake) -> datetime | None:
        return utc_now() + far if far else None

    work = Work(act)
    jobs.add("job", work, longest_pause=SOON)
    jobs.start()
    await work.ran(3)


async def test_a_failure_is_logged_waited_out_and_recovered_from(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses grow up to the longest; a run that went well starts them anew."""
    told: list[str] = []

    async def act(run: int, _wake: Wake) -> None:
        if run <= 3:
            raise RuntimeError("the database is away")

    work = Work(act)
    monkeypatch.setattr(jobs._log, "error", lambda _event, **more: told.append(more["problem"]))
    jobs.add("job", work, longest_pause=SOON)
    jobs.start()
    await work.ran(5)
    assert told == ["RuntimeError"] * 3
    gaps = [later - earlier for earlier, later in zip(work.at, work.at[1:], strict=False)]
    assert all(gap >= SOON * 0.9 for gap in gaps[:3])


async def test_pauses_after_failures_double(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read from what the scheduler is told, as waiting for them would take minutes."""
    pauses: list[float] = []

    async def act(_run: int, _wake: Wake) -> None:
        raise RuntimeError("away")

    monkeypatch.setattr(jobs._log, "error", lambda *_, **__: None)
    work = Work(act)
    wake = jobs.add("job", work, longest_pause=timedelta(seconds=30))
    jobs.start()
    await work.ran(1)
    modify = jobs._scheduler.modify_job

    def note(name: str, next_run_time: datetime) -> None:
        pauses.append((next_run_time - utc_now()).total_seconds())
        modify(name, next_run_time=next_run_time)

    monkeypatch.setattr(jobs._scheduler, "modify_job", note)
    for run in range(2, 10):
        await idle()
        wake()
        await work.ran(run)
    await idle()
    assert [pause for pause in pauses if pause > 0.1] == pytest.approx(
        [0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30], abs=0.2
    )


async def test_a_wake_cuts_the_pause_after_a_failure_short(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something new may well go through."""

    async def act(run: int, _wake: Wake) -> None:
        if run == 1:
            raise RuntimeError("away")

    monkeypatch.setattr(jobs._log, "error", lambda *_, **__: None)
    work = Work(act)
    wake = jobs.add("job", work, longest_pause=NEVER)
    jobs.start()
    await work.ran(1)
    await idle()
    wake()
    await work.ran(2)


async def test_freshness_tells_whether_every_job_runs(jobs: Jobs) -> None:
    """Not before the first run, not long after the last, not once stopped."""
    work, other = Work(), Work()
    jobs.add("job", work, longest_pause=NEVER)
    jobs.add("other", other, longest_pause=timedelta(seconds=1))
    assert not jobs.are_fresh(utc_now())
    jobs.start()
    assert not jobs.are_fresh(utc_now())
    await work.ran(1)
    await other.ran(1)
    await idle()
    assert jobs.are_fresh(utc_now())
    assert not jobs.are_fresh(utc_now() + timedelta(seconds=8))
    await jobs.stop()
    assert not jobs.are_fresh(utc_now())


async def test_a_job_that_only_fails_is_not_fresh(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trying is not running."""

    async def act(_run: int, _wake: Wake) -> None:
        raise RuntimeError("away")

    monkeypatch.setattr(jobs._log, "error", lambda *_, **__: None)
    work = Work(act)
    jobs.add("job", work)
    jobs.start()
    await work.ran(1)
    await idle()
    assert not jobs.are_fresh(utc_now())


async def test_a_stop_lets_a_run_end_and_starts_no_other(jobs: Jobs) -> None:
    """Neither by a wake nor by its due time."""
    inside, go_on = asyncio.Event(), asyncio.Event()
    ended: list[int] = []

    async def act(run: int, _wake: Wake) -> datetime | None:
        inside.set()
        await go_on.wait()
        ended.append(run)
        return utc_now() + timedelta(milliseconds=10)

    work = Work(act)
    wake = jobs.add("job", work, longest_pause=SOON)
    jobs.start()
    await inside.wait()
    stopping = asyncio.create_task(jobs.stop())
    await idle()
    assert not stopping.done()
    go_on.set()
    await stopping
    wake()
    await asyncio.wait([asyncio.create_task(asyncio.sleep(0.06))])  # longer than it would have paused
    assert ended == [1]
    assert work.runs == 1


async def test_a_stop_does_not_wait_for_a_run_that_hangs(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is cancelled."""
    monkeypatch.setattr("bot.jobs._LAST_RUN_MAY_TAKE", 0.01)
    inside, cancelled = asyncio.Event(), asyncio.Event()

    async def act(_run: int, _wake: Wake) -> None:
        inside.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    jobs.add("job", Work(act))
    jobs.start()
    await inside.wait()
    async with asyncio.timeout(PATIENCE):
        await jobs.stop()
        await cancelled.wait()
    await idle()


async def test_stopping_twice_or_before_the_start_is_nothing() -> None:
    """An early failure stops what never began."""
    jobs = Jobs(utc_now)
    await jobs.stop()
    jobs.add("job", Work(), longest_pause=NEVER)
    jobs.start()
    await jobs.stop()
    await jobs.stop()
