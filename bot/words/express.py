"""What KiriminAja reports of an Express payment's packages: said as its word, as nothing of it was checked."""

from typing import Final

from bot.core.callbacks import ExpressNews, Parcel, ParcelEvent
from bot.core.message import Message
from bot.core.packages import COURIERS
from bot.core.payment import Payment
from bot.words.markup import Html, clean, lines, paragraphs
from bot.words.notices import id_line
from bot.words.voice import Voice

_LISTED: Final = 20
_LONGEST: Final = 40
"""Of an AWB, order id or courier: twenty packages fit a message, whatever is pushed to us."""
_TITLES: Final = {
    ParcelEvent.PROCESSED: "express.processed",
    ParcelEvent.SHIPPED: "express.shipped",
    ParcelEvent.DELIVERED: "express.delivered",
    ParcelEvent.RETURNED: "express.returned",
    ParcelEvent.CANCELED: "express.canceled",
}
_BAD_ENDS: Final = frozenset({ParcelEvent.RETURNED, ParcelEvent.CANCELED})


def express_news(fact: ExpressNews, voice: Voice, payment: Payment | None) -> Message:
    """One event, and the packages it is about. A delivery makes no sound: nobody has to act on it."""
    more = len(fact.parcels) - _LISTED
    html = paragraphs(
        lines(voice.say(_TITLES[fact.event]), id_line(payment, voice)),
        *(_parcel(parcel, voice) for parcel in fact.parcels[:_LISTED]),
        voice.count("packages.more", more) if more > 0 else None,
        voice.say("failed.next") if fact.event in _BAD_ENDS else None,
    )
    return Message(html, silent=fact.event is ParcelEvent.DELIVERED)


def _parcel(parcel: Parcel, voice: Voice) -> Html:
    courier = COURIERS.get(parcel.courier, clean(parcel.courier, _LONGEST)) if parcel.courier else None
    awb = voice.say("package.awb", awb=clean(parcel.awb, _LONGEST)) if parcel.awb else voice.say("package.no_awb")
    named = Html(f"{voice.say('package.courier', courier=courier)} · {awb}") if courier else awb
    order = clean(parcel.order_id, _LONGEST)
    return lines(named, voice.say("package.order", order=order) if order else None)
