"""The table of APScheduler jobs, and how they are woken.

Each job takes the due rows of one table and says when the next are due; it never runs beside itself. Between runs it
sleeps until then, until it is woken, or until its longest pause is over.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

Wake = Callable[[], None]
Work = Callable[[Wake], Awaitable[datetime | None]]
"""Takes what wakes the job again; returns when the next row is due, None where only a wake will tell."""

_LAST_RUN_MAY_TAKE: Final = 1.0  # seconds
# A job must not be set to run while it is still counted as running: that drops the run.
_SOONEST: Final = timedelta(milliseconds=5)


@dataclass(slots=True)
class _Job:
    name: str
    work: Work
    longest_pause: timedelta
    run: asyncio.Task[Any] | None = None
    woken: bool = False
    failures: int = 0
    ran_at: datetime | None = field(default=None)


class Jobs:
    """The jobs of the process that holds the lease."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._jobs: dict[str, _Job] = {}
        self._scheduler: Any = None
        self._log = structlog.get_logger("jobs")

    def add(self, name: str, work: Work, *, longest_pause: timedelta = timedelta(seconds=5)) -> Wake:
        """Enters a job into the table; returns what wakes it."""
        self._jobs[name] = _Job(name, work, longest_pause)
        return lambda: self.wake(name)

    def start(self) -> None:
        """Runs every job now, and from then on as due."""
        self._scheduler = AsyncIOScheduler(executors={"default": AsyncIOExecutor()}, timezone="UTC")
        self._scheduler.add_listener(self._tell_error, EVENT_JOB_ERROR)
        for job in self._jobs.values():
            self._scheduler.add_job(
                self._run,
                IntervalTrigger(seconds=job.longest_pause.total_seconds()),
                args=[job],
                id=job.name,
                next_run_time=self._clock(),
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
            )
        self._scheduler.start()

    async def stop(self) -> None:
        """Starts no job any more and lets the running ones, which are short, come to their end.

        What they set going is drained by its own owner.
        """
        scheduler, self._scheduler = self._scheduler, None
        if scheduler is None:
            return
        scheduler.pause()
        runs = [job.run for job in self._jobs.values() if job.run is not None]
        if runs:
            await asyncio.wait(runs, timeout=_LAST_RUN_MAY_TAKE)
        # Only now: it cancels what still runs.
        scheduler.shutdown(wait=False)

    def wake(self, name: str) -> None:
        """Runs a job at once, or once more where it is running: no wake is lost."""
        job = self._jobs[name]
        job.woken = True
        if job.run is None and self._scheduler is not None:
            self._scheduler.modify_job(name, next_run_time=self._clock())

    def are_fresh(self, now: datetime) -> bool:
        """Whether each job ran within its longest pause, twice over."""
        return self._scheduler is not None and all(
            job.ran_at is not None and now - job.ran_at < 2 * job.longest_pause + timedelta(seconds=5)
            for job in self._jobs.values()
        )

    async def _run(self, job: _Job) -> None:
        job.run = asyncio.current_task()
        next_at: datetime | None = None
        try:
            while True:
                job.woken = False
                next_at = await job.work(lambda: self.wake(job.name))
                now = self._clock()
                job.ran_at, job.failures = now, 0
                if not job.woken and (next_at is None or next_at > now):
                    break
        except Exception:
            job.failures += 1
            next_at = self._clock() + min(timedelta(seconds=0.2 * 2 ** min(job.failures, 8)), job.longest_pause)
            raise
        finally:
            job.run = None
            if self._scheduler is not None:
                latest = self._clock() + job.longest_pause
                soonest = self._clock() + _SOONEST
                self._scheduler.modify_job(job.name, next_run_time=max(soonest, min(next_at or latest, latest)))

    def _tell_error(self, event: JobExecutionEvent) -> None:
        self._log.error(
            "job failed", job=event.job_id, problem=type(event.exception).__name__, exc_info=event.exception
        )
