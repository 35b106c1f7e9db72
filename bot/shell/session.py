"""How a shell command runs: settings, quiet logs, and one line on standard error where it could not do its work."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import typer

from bot.logs import Redactor, set_up
from bot.settings import Settings
from bot.shell import ShellError
from bot.storage.engine import Database, DatabaseError, is_out_of_reach
from bot.storage.trouble import problem_of

Task = Callable[[Settings], Coroutine[Any, Any, int]]
"""What a command does; returns the exit status."""


def run_task(settings: Settings, task: Task) -> int:
    """Runs a command's work. What stands in its way is one line: exit status 2 where an argument, a setting or
    what `DATABASE_URL` names is to be mended, else 1."""
    # Warnings go where the problems go: standard output is the command's answer.
    set_up(level="warning", form=settings.log_format, secrets=settings.secrets, stream=sys.stderr)
    try:
        return asyncio.run(task(settings))
    except DatabaseError as error:
        problem, status = str(error), 2
    except ShellError as error:
        problem, status = str(error), error.status
    except Exception as error:
        if not is_out_of_reach(error):
            raise
        # Without the error's text, which may hold what was written.
        problem = f"DATABASE_URL: the database cannot be reached or written ({problem_of(error)}): try again."
        status = 1
    typer.echo(f"paybot: {Redactor(settings.secrets).redact(problem)}", err=True)
    return status


@asynccontextmanager
async def database_beside(settings: Settings) -> AsyncIterator[Database]:
    """The database as it is, for one short transaction beside a running bot. Raises `DatabaseError`."""
    database = Database(settings.database_url)
    await database.open_existing()
    try:
        yield database
    finally:
        await database.close()
