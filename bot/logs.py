"""Logs: one line an event, and nothing in it that must not be seen.

Everything that is logged, ours or a library's, passes one formatter; what it produced is then searched for our
secrets and for what looks like a bot token, a bearer or a phone number.
"""

import json
import logging
import re
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any, TextIO
from urllib.parse import quote

import structlog

# In a URL "bot" stands right before it.
_TOKEN = re.compile(r"(?<!\d)\d{5,}:[A-Za-z0-9_-]{20,}")
_BEARER = re.compile(r"(?i)\b(bearer)\s+(?!\[redacted)[^\s'\",}\]\\]+")
# Indonesian mobile numbers, at the start of a word or after a terminal's colour. Payment ids (`XID-0812…`), Telegram's
# ids (ten digits) and fractions keep their digits.
_PHONE = re.compile(
    r"(?:(?<![\w.-])|(?<=\x1b\[\dm)|(?<=\x1b\[\d\dm))"
    r"(?:\+62[ .-]?|62[ .-]?(?=8(?:[ .-]?\d){8})|0)8\d{1,3}(?:[ .-]?\d{3,4}){2,3}(?!\d)"
)

# These log URLs with the bot token, or every request.
_LOUD = ("httpx", "httpcore", "apscheduler", "telegram", "asyncio", "uvicorn", "tzlocal", "alembic")
# What others have told: that a run failed, that one took longer than the pause between two (as all do while the
# database is locked, and one that is always wanted again soon), and that a connection is closed because a query was
# given up. And what nobody may be told: whole answers of Telegram's that are no JSON.
_ECHOES = ("apscheduler.executors", "apscheduler.scheduler", "psycopg", "telegram.request.BaseRequest")


_REMINDED_EVERY = 600.0


class Lasting:
    """Trouble that may last for hours while something tries again and again: a line when it begins or is another, one
    every ten minutes, and one when it is over."""

    def __init__(self, log: Any, event: str, over: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`event` and `over` name its begin and its end; `clock`: seconds that only ever rise."""
        self._log = log
        self._event, self._over = event, over
        self._clock = clock
        self._since: float | None = None
        self._said_at = 0.0
        self._failed = 0
        self._told: set[str] = set()

    def note(self, problem: str) -> None:
        """A try failed."""
        now = self._clock()
        if self._since is None:
            self._since, self._failed = now, 0
            self._told.clear()
        self._failed += 1
        if problem in self._told and now - self._said_at < _REMINDED_EVERY:
            return
        self._told.add(problem)
        self._said_at = now
        self._log.warning(self._event, problem=problem, seconds=round(now - self._since), failed=self._failed)

    def is_over(self) -> None:
        """A try went well."""
        if self._since is not None:
            seconds = round(self._clock() - self._since, 1)
            self._log.warning(self._over, seconds=seconds, failed=self._failed)
        self._since = None


class Redaction(logging.Formatter):
    """Formats by another formatter, then takes secrets out of the finished line, tracebacks included."""

    def __init__(self, formatter: logging.Formatter, secrets: Iterable[str]) -> None:
        super().__init__()
        self._formatter = formatter
        self.redact = Redactor(secrets).redact

    def format(self, record: logging.LogRecord) -> str:
        try:
            line = self._formatter.format(record)
        except Exception as error:
            # `logging` itself would print such a record as it is, secrets and all.
            line = self._formatter.format(_unformatted(record, error))
        # A lone surrogate is no text that a stream takes.
        return self.redact(line.encode("utf-8", "backslashreplace").decode())


class Redactor:
    """Takes secrets out of texts and values."""

    def __init__(self, secrets: Iterable[str]) -> None:
        told = {form for secret in secrets if len(secret) >= 4 for form in _forms(secret)}
        longest_first = sorted(told, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, longest_first))) if told else None

    def redact(self, line: str) -> str:
        """The line with every secret as `[redacted]`."""
        if self._secrets:
            line = self._secrets.sub("[redacted]", line)
        line = _TOKEN.sub("[redacted]", line)
        line = _BEARER.sub(r"\1 [redacted]", line)
        return _PHONE.sub("[phone]", line)

    def values(self, _logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        """Redacts what JSON is made of: a number that became `[phone]` only afterwards would be no JSON."""
        return {key: self._value(value) for key, value in event.items()}

    def _value(self, value: Any) -> Any:
        match value:
            case bool() | None:
                return value
            case int() | float():
                text = str(value)
                redacted = self.redact(text)
                return value if redacted == text else redacted
            case str():
                return self.redact(value)
            case dict():
                return {self.redact(str(key)): self._value(part) for key, part in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self._value(part) for part in value]
            case _:
                return self.redact(repr(value))


def _forms(secret: str) -> set[str]:
    """A secret as it is, as URLs quote it, and as JSON and `repr` do."""
    return {secret, quote(secret, safe=""), quote(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1]}


def _in_json(secrets: Iterable[str]) -> list[structlog.typing.Processor]:
    # Without the locals of each frame: people's names are among them.
    tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    renderer = structlog.processors.JSONRenderer()
    return [structlog.processors.ExceptionRenderer(tracebacks), Redactor(secrets).values, renderer]


def _for_people(*, colours: bool) -> list[structlog.typing.Processor]:
    return [structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback)]


def _only_what_is_known(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """`payment=None` says nothing."""
    return {key: value for key, value in event.items() if value is not None}


def _unformatted(record: logging.LogRecord, error: Exception) -> logging.LogRecord:
    """A record in the place of one that cannot be formatted: a wrong number of arguments, a `repr` that raises."""
    try:
        said = repr((record.msg, record.args))
    except Exception:
        said = "(not printable)"
    message = f"{said} ({type(error).__name__} while formatting)"
    return logging.LogRecord(record.name, record.levelno, record.pathname, record.lineno, message, None, None)


def set_up(*, level: str, form: str, secrets: Iterable[str], stream: TextIO | None = None) -> None:
    """Sends every logger's lines, redacted, to `stream` (standard output).

    Standard error is kept for the one line that tells an operator what to mend.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _only_what_is_known,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        # What the level lets go costs a comparison, not a line that is made and dropped.
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    out = stream or sys.stdout
    secrets = tuple(secrets)
    render = _in_json(secrets) if form == "json" else _for_people(colours=out.isatty())
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(Redaction(formatter, secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _LOUD:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    for name in _ECHOES:
        logging.getLogger(name).setLevel(logging.CRITICAL)
