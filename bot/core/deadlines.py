"""How late is too late: for how long a message that could not be sent yet is still worth sending, by its kind.

"Paid" has no deadline: only Telegram's final no ends it; nor has the word that alerts were missed. A code to pay has
the shortest: who asked ten minutes ago has put the phone away, or paid elsewhere. What is past its deadline is kept,
with the reason, for the operators.
"""

from datetime import timedelta
from typing import Final

from bot.core.alerts import Alert
from bot.core.callbacks import ExpressNews
from bot.core.commands import Total
from bot.core.connections import AlertMissed
from bot.core.facts import Fact, Paid, PaymentFact
from bot.core.journey import DriverComing, NoDriver, PackageFact

QR_FOR: Final = timedelta(minutes=10)
"""A picture with a code, sent for the first time, and the sum of several; after that an offer takes its place."""
ALERT_FOR: Final = timedelta(hours=1)
DRIVER_FOR: Final = timedelta(hours=1)
"""A driver who comes, or does not: an hour later the package's state, which its list shows, is another."""
NEWS_FOR: Final = timedelta(days=1)
ANSWER_FOR: Final = timedelta(days=1)
"""What was asked is answered, however late that is; after a day nobody waits any more."""
SHORTEST: Final = min(QR_FOR, ALERT_FOR, DRIVER_FOR, NEWS_FOR, ANSWER_FOR)
"""Nothing is too late before."""


def deadline_of(fact: Fact) -> timedelta | None:
    """For how long after it was written a message may go out; None for ever."""
    if isinstance(fact, Paid | AlertMissed):
        return None
    if isinstance(fact, Alert):
        return ALERT_FOR
    if isinstance(fact, Total):
        return QR_FOR
    if isinstance(fact, DriverComing | NoDriver):
        return DRIVER_FOR
    return NEWS_FOR if isinstance(fact, PaymentFact | PackageFact | ExpressNews) else ANSWER_FOR


def is_past(fact: Fact, age: timedelta) -> bool:
    """Whether a message of that age is not worth sending any more."""
    deadline = deadline_of(fact)
    return deadline is not None and age > deadline


def is_missed(fact: Fact) -> bool:
    """Whether anybody misses what came too late: not what a package's list tells anyway, nor a sum of no codes."""
    return not isinstance(fact, DriverComing | NoDriver | Total)
