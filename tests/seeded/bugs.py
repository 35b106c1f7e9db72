"""All seeded bugs, by name."""

from typing import Final

from tests.seeded import about_messages, about_money, about_secrets
from tests.seeded.bug import Bug

BUGS: Final[dict[str, Bug]] = {bug.name: bug for bug in (*about_money.BUGS, *about_messages.BUGS, *about_secrets.BUGS)}
