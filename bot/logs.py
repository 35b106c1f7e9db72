"""Logs: one line an event, and nothing in it that must not be seen.

Everything that is logged, ours or a library's, passes one formatter; what it produced is then searched for our
secrets and for what looks like a bot token, a bearer or a phone number.
"""

import logging
import re
import sys
from collections.abc import Iterable
from typing import TextIO

import structlog

_TOKEN = re.compile(r"\b\d{5,}:[A-Za-z0-9_-]{20,}")
_BEARER = re.compile(r"(?i)\b(bearer)\s+[^\s'\",}\]]+")
# Indonesian mobile numbers; payment ids (`XID-0812…`) keep their digits.
_PHONE = re.compile(r"(?<![\w-])(?:\+?62|0)8\d{7,12}(?!\d)")

# These log URLs with the bot token, or every request.
_LOUD = ("httpx", "httpcore", "apscheduler", "aiosqlite", "telegram", "asyncio", "uvicorn.access", "alembic")


class Redaction(logging.Formatter):
    """Formats by another formatter, then takes secrets out of the finished line, tracebacks included."""

    def __init__(self, formatter: logging.Formatter, secrets: Iterable[str]) -> None:
        super().__init__()
        self._formatter = formatter
        told = sorted({secret for secret in secrets if len(secret) >= 4}, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, told))) if told else None

    def format(self, record: logging.LogRecord) -> str:
        return self.redact(self._formatter.format(record))

    def redact(self, line: str) -> str:
        """The line with every secret as `[redacted]`."""
        if self._secrets:
            line = self._secrets.sub("[redacted]", line)
        line = _TOKEN.sub("[redacted]", line)
        line = _BEARER.sub(r"\1 [redacted]", line)
        return _PHONE.sub("[phone]", line)


def set_up(*, level: str, form: str, secrets: Iterable[str], stream: TextIO | None = None) -> None:
    """Sends every logger's lines, redacted, to `stream` (standard error)."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    out = stream or sys.stderr
    render: list[structlog.typing.Processor]
    if form == "json":
        render = [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
    else:
        plain = structlog.dev.plain_traceback
        render = [structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=plain)]
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
        logging.getLogger(name).setLevel(logging.WARNING)
