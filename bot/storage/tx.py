"""A transaction in progress, whichever the database: what every function of this package takes first."""

from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar, TypeVarTuple, overload

from sqlalchemy import CursorResult, Dialect, Executable
from sqlalchemy.sql.selectable import TypedReturnsRows

BUSY_MS: Final = 3_000
"""How long a statement waits for others' locks. Less than whoever pushes waits, who is then told the reason."""
WROTE: Final = "wrote"
"""In a transaction's `info`: whether it has changed any row."""

Columns = TypeVarTuple("Columns")
Result = TypeVar("Result")


class Tx(Protocol):
    """SQLAlchemy's `AsyncConnection`, or on SQLite as much of it as is used."""

    @property
    def dialect(self) -> Dialect:
        """The database's."""

    @property
    def info(self) -> dict[Any, Any]:
        """What is kept along with the connection."""

    @overload
    async def execute(  # type: ignore[overload-overlap]  # as SQLAlchemy has it
        self, statement: "TypedReturnsRows[*Columns]", parameters: Any = None, /
    ) -> "CursorResult[*Columns]": ...

    @overload
    async def execute(self, statement: Executable, parameters: Any = None, /) -> CursorResult[Any]: ...

    async def execute(self, statement: Any, parameters: Any = None, /) -> Any:
        """The statement's result."""

    async def run_sync(self, work: Callable[..., Result], /, *given: Any) -> Result:
        """What `work` returns, given SQLAlchemy's own connection."""
