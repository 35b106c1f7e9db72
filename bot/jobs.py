"""The table of APScheduler jobs, and how they are woken.

Each job takes the due rows of one table and says when the next are due; it never runs beside itself. Between runs it
sleeps until then, until it is woken, or until its longest pause is over: for a moment where it is, as most are wanted
again soon and the scheduler takes more CPU to set one going than many a run does; from then on in the scheduler.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, EVENT_JOB_SUBMITTED, JobEvent
from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.storage.trouble import log_failure

Wake = Callable[[], None]
Work = Callable[[Wake], Awaitable[datetime | None]]
"""Takes what wakes the job again; returns when the next row is due, None where only a wake will tell."""

_LAST_RUN_MAY_TAKE: Final = 1.0  # seconds
_STAYS: Final = timedelta(seconds=1)
"""For how long a job waits where it is before it goes back to the scheduler."""


@dataclass(slots=True)
class _Job:
    name: str
    work: Work
    longest_pause: timedelta
    wake: Wake
    submitted: bool = False
    """Whether the scheduler counts it as running, which begins before the first step and ends after the last. Set to
    run meanwhile, a run would be dropped."""
    run: asyncio.Task[Any] | None = None
    rest: asyncio.Future[None] | None = None
    """Ends its waiting, while it waits where it is."""
    woken: bool = False
    next_at: datetime | None = None
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
        job = self._jobs[name] = _Job(name, work, longest_pause, lambda: self.wake(name))
        return job.wake

    def start(self) -> None:
        """Runs every job now, and from then on as due."""
        self._scheduler = AsyncIOScheduler(executors={"default": AsyncIOExecutor()}, timezone="UTC")
        self._scheduler.add_listener(self._follow, EVENT_JOB_SUBMITTED | EVENT_JOB_EXECUTED | EVENT_JOB_ERROR)
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
        for job in self._jobs.values():
            _end_rest(job)
        runs = [job.run for job in self._jobs.values() if job.run is not None]
        if runs:
            await asyncio.wait(runs, timeout=_LAST_RUN_MAY_TAKE)
        # Only now: it cancels what still runs.
        scheduler.shutdown(wait=False)

    def wake(self, name: str) -> None:
        """Runs a job at once, or once more where it is running: no wake is lost."""
        job = self._jobs[name]
        is_set, job.woken = job.woken, True
        _end_rest(job)
        # Set to run already, it need not be told again: to move a job costs more than many a run of it.
        if not is_set and not job.submitted and self._scheduler is not None:
            self._scheduler.modify_job(name, next_run_time=self._clock())

    def are_fresh(self, now: datetime) -> bool:
        """Whether each job ran within its longest pause, twice over."""
        return self._scheduler is not None and all(
            job.ran_at is not None and now - job.ran_at < 2 * job.longest_pause + timedelta(seconds=5)
            for job in self._jobs.values()
        )

    async def _run(self, job: _Job) -> None:
        job.run = asyncio.current_task()
        try:
            is_due = True
            while is_due:
                job.woken = False
                job.next_at = await job.work(job.wake)
                job.ran_at, job.failures = self._clock(), 0
                is_due = await self._becomes_due(job, job.ran_at)
        except Exception:
            job.failures += 1
            job.woken = False  # looked at again after the pause
            job.next_at = self._clock() + timedelta(seconds=0.2 * 2 ** min(job.failures, 8))
            raise
        finally:
            job.run = None

    async def _becomes_due(self, job: _Job, now: datetime) -> bool:
        """Waits for a moment; whether the job is to run again. If not, the scheduler has it from then on."""
        latest = now + job.longest_pause
        job.next_at = min(job.next_at or latest, latest)
        pause = job.next_at - now
        if self._scheduler is None or job.woken or pause <= timedelta(0):
            return self._scheduler is not None
        loop = asyncio.get_running_loop()
        job.rest = loop.create_future()
        timer = loop.call_later(min(pause, _STAYS).total_seconds(), _end_rest, job)
        try:
            await job.rest
        finally:
            timer.cancel()
            job.rest = None
        return self._scheduler is not None and (job.woken or pause <= _STAYS)

    def _follow(self, event: JobEvent) -> None:
        """Keeps count with the scheduler, and sets the next run once the last one is over for it too."""
        job = self._jobs[event.job_id]
        job.submitted = event.code == EVENT_JOB_SUBMITTED
        if job.submitted:
            return
        error = getattr(event, "exception", None)
        if error is not None and not isinstance(error, asyncio.CancelledError):
            log_failure(self._log, "job failed", error, job=job.name)
        if self._scheduler is not None:
            now = self._clock()
            latest = now + job.longest_pause
            next_at = now if job.woken else min(job.next_at or latest, latest)
            self._scheduler.modify_job(job.name, next_run_time=next_at)


def _end_rest(job: _Job) -> None:
    if job.rest is not None and not job.rest.done():
        job.rest.set_result(None)
