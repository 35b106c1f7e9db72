"""Trouble with the database: what it is, told from mistakes of ours, and said in one line instead of a thousand.

Everything that works runs into a database that is locked, full or gone, and tries again. `Trouble` hears of each
failure and logs the first, a reminder a minute, and the end.
"""

import time
from collections.abc import Callable
from typing import Any, Final

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError as PoolTimeout

_REMINDED_EVERY: Final = 60.0
# A failure counts for readiness until another try must have come: twice a statement's patience and the jobs' pause.
_COUNTS_FOR: Final = 20.0

_LOCKED: Final = "locked by another program"
_FULL: Final = "its disk is full: make room"
_READ_ONLY: Final = "it cannot be written: mend the rights of file and folder, or the mount"
_DAMAGED: Final = "it is damaged: stop the bot and put a backup back (`paybot db restore`)"
FILE_GONE: Final = (
    "its file was moved, deleted or replaced while the bot runs: put it back, or stop the bot and restore a backup"
)
# SQLite's primary result codes.
_SQLITE: Final = {
    5: _LOCKED,
    6: _LOCKED,
    8: _READ_ONLY,
    10: "its disk fails",
    11: _DAMAGED,
    13: _FULL,
    14: "its file cannot be opened: mend the rights of file and folder",
    26: _DAMAGED,
}
_SQLITE_WAITED_OUT: Final = frozenset({5, 6, 7, 10, 13})
_MOVE_AWAY: Final = "move it away and put a backup back (`paybot db restore FILE`), or mend the path."
_SQLITE_MENDS: Final = {8: "mend the rights of file and folder, or the mount.", 11: _MOVE_AWAY, 26: _MOVE_AWAY}
_SQLITE_MISTAKE: Final = 1
_POSTGRES: Final = {
    "53100": _FULL,
    "25006": "it takes no writes at present",
    "53300": "it has no connection left",
    "55P03": _LOCKED,
    "57P03": "it is starting or stopping",
}


class DatabaseAway(Exception):
    """A transaction that could not be: not now. It is logged already; the text is why, in a few words."""


def is_trouble(error: BaseException) -> bool:
    """Whether it lies with the database, and not with what was asked of it: no log wants to know where it happened."""
    if isinstance(error, DBAPIError):
        # SQLite calls a table that is not there by the same name as a disk that is full.
        operational = isinstance(error, OperationalError | InterfaceError) and _sqlite_code(error) != _SQLITE_MISTAKE
        return operational or _known(error) is not None
    return isinstance(error, DatabaseAway | PoolTimeout | OSError | TimeoutError)


def mend_of_file(error: DBAPIError) -> str | None:
    """What is to be done about a SQLite file that cannot be opened; None where waiting may help."""
    code = _sqlite_code(error)
    return None if code in _SQLITE_WAITED_OUT else _SQLITE_MENDS.get(code or 0, "check the file and its rights.")


def problem_of(error: BaseException) -> str:
    """What is the matter, in a few words; nothing of what was written."""
    return _words(error) or type(error).__name__


def log_failure(log: Any, event: str, error: BaseException, **said: object) -> None:
    """Logs what an error kept from being done, at length. That the database is away has been said, once for all."""
    if isinstance(error, DatabaseAway):
        log.debug(event, problem=str(error), **said)
    else:
        log.error(event, problem=type(error).__name__, exc_info=None if is_trouble(error) else error, **said)


class Trouble:
    """How the database does, by the transactions of this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: seconds that only ever rise."""
        self._clock = clock
        self._log = structlog.get_logger("storage")
        self._since: float | None = None
        self._last = 0.0
        self._failures = 0
        self._problem = ""
        self._said_at: float | None = None
        self._end_is_owed = False

    @property
    def problem(self) -> str | None:
        """What is the matter right now; None where nothing is, or nothing was tried lately."""
        is_on = self._since is not None and self._clock() - self._last < _COUNTS_FOR
        return self._problem if is_on else None

    def note(self, error: BaseException) -> None:
        """A transaction failed. Says so where nothing was said within a minute."""
        now = self._clock()
        if self._since is None:
            self._since, self._failures = now, 0
        self._last, self._problem = now, _words(error) or "out of reach"
        self._failures += 1
        if self._said_at is None or now - self._said_at >= _REMINDED_EVERY:
            self._said_at, self._end_is_owed = now, True
            seconds = round(now - self._since)
            problem = problem_of(error)
            self._log.error("database out of reach", problem=problem, seconds=seconds, failed=self._failures)

    def is_over(self) -> None:
        """Something was written: whatever was the matter is over."""
        if self._since is None:
            return
        if self._end_is_owed:
            seconds = round(self._clock() - self._since, 1)
            self._log.warning("database back", seconds=seconds, failed=self._failures)
        self._since, self._end_is_owed = None, False


def _sqlite_code(error: DBAPIError) -> int | None:
    """SQLite's primary result code; None for other databases' errors, and for the driver's own."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _words(error: BaseException) -> str | None:
    if isinstance(error, DatabaseAway):
        return str(error)
    return _known(error) if isinstance(error, DBAPIError) else None


def _known(error: DBAPIError) -> str | None:
    code = _sqlite_code(error)
    return _POSTGRES.get(getattr(error.orig, "sqlstate", None) or "") if code is None else _SQLITE.get(code)
