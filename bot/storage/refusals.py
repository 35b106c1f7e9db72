"""A database that cannot be used, where waiting would not help; and why PostgreSQL lets nobody in: a wrong password,
user or database.

The driver gives no SQLSTATE for a connection that failed, only the server's text, of which nothing is passed on. What
is not known here counts as an outage: a server that starts, stops or has no connection left is waited for.
"""

import re
from typing import Final


class DatabaseError(Exception):
    """The database cannot be used; the text is one line with the mend."""


class NotThereYet(DatabaseError):
    """There is no database of ours yet."""


_LOGIN: Final = (
    "refuses the user or the password: give those it knows in postgresql://user:password@host/database, "
    "with %40 for an @ in the password."
)
_DATABASE: Final = "has no such database: name one that is there, or create it (`createdb`)."
_HOST: Final = "lets this user in from elsewhere only, or otherwise only: see its pg_hba.conf, and sslmode in the URL."
_RIGHTS: Final = "does not let this user into that database: grant it CONNECT, and CREATE on its schema."

_STATES: Final = {"28P01": _LOGIN, "28000": _LOGIN, "3D000": _DATABASE, "42501": _RIGHTS}
# PgBouncer's words stand beside the server's own.
_WORDS: Final = (
    (re.compile(r"no password supplied|password authentication failed|authentication failed for user"), _LOGIN),
    (re.compile(r"role .* does not exist|role .* is not permitted to log in|no such user"), _LOGIN),
    (re.compile(r"database .* does not exist|no such database"), _DATABASE),
    (re.compile(r"no pg_hba\.conf entry|pg_hba\.conf rejects"), _HOST),
    (re.compile(r"permission denied for (database|schema)"), _RIGHTS),
)


def mend_of(text: str, sqlstate: str | None) -> str | None:
    """What is wrong with what DATABASE_URL names, and the mend, by the driver's text; None where it may pass."""
    if sqlstate is not None:
        return _STATES.get(sqlstate)
    return next((mend for words, mend in _WORDS if words.search(text)), None)
