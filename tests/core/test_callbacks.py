"""What a chat is told of callbacks: each event once a package, and none that a later one overtook."""

from typing import Any

import pytest

from bot.core.callbacks import EVENT_OF, METHODS, Callback, ExpressNews, Parcel, ParcelEvent, news_of

A, B = Parcel("A", "AWB-A"), Parcel("B")
PROCESSED, SHIPPED, DELIVERED, RETURNED, CANCELED = ParcelEvent


@pytest.mark.parametrize(
    ("told", "event", "parcels", "news"),
    [
        ([], PROCESSED, (A, B), (A, B)),
        ([], SHIPPED, (), None),
        ([], SHIPPED, (A, A), (A,)),
        ([(PROCESSED, (A,))], PROCESSED, (A, B), (B,)),
        ([(PROCESSED, (A,))], SHIPPED, (A,), (A,)),
        ([(SHIPPED, (A,))], SHIPPED, (Parcel("A", "another"),), None),
        ([(SHIPPED, (A,))], PROCESSED, (A,), None),
        ([(DELIVERED, (A,))], SHIPPED, (A, B), (B,)),
        ([(CANCELED, (A,))], PROCESSED, (A,), None),
        # An end does not overtake another one: a package may be delivered and then come back.
        ([(DELIVERED, (A,))], RETURNED, (A,), (A,)),
        ([(PROCESSED, (A,)), (SHIPPED, (B,))], SHIPPED, (A, B), (A,)),
    ],
)
def test_news_is_what_was_not_told(told: Any, event: ParcelEvent, parcels: Any, news: Any) -> None:
    """The whole table."""
    found = news_of(event, parcels, [ExpressNews(*one) for one in told])
    assert found == (ExpressNews(event, news) if news else None)


def test_methods_that_tell_of_an_event_are_known_ones() -> None:
    """And those of no event, or unknown, tell none."""
    assert EVENT_OF.keys() < METHODS
    assert Callback("shipped_packages", "d").event is SHIPPED
    assert Callback("validated_packages", "d").event is None
    assert (Callback("validated_packages", "d").label, Callback("x", "d").label) == ("validated_packages", "unknown")
