"""Links: the one for a customer, and what is passed on to a buyer: packages, and nothing else of the payment."""

from typing import Final, assert_never

from bot.core.links import ForBuyer, LinkFact, LinkMade, LinkRefused, MayNotLink, OpenInPrivate, Tracked
from bot.core.message import THIS_MESSAGE, Action, ActionButton, Button, CopyButton, Message
from bot.core.packages import PHASE_OF, Package
from bot.core.payment import Payment
from bot.words.markup import Html, clean, lines, paragraphs, plain_units, quoted, sane_url
from bot.words.packages import TEXT_LIMIT, numbered
from bot.words.voice import Voice

_COPIED: Final = 256
"""UTF-16 code units that a button copies at most (Bot API, CopyTextButton)."""


def link_message(fact: LinkFact, voice: Voice, payment: Payment | None, link: str | None) -> Message:
    """A fact about links as a message; `link` is the URL it shows, None where that works no longer."""
    match fact:
        case LinkMade():
            return _made(fact, voice, link)
        case MayNotLink():
            return Message(voice.say("link.not_yours"))
        case LinkRefused():
            return Message(voice.say("link.refused"))
        case OpenInPrivate():
            return Message(voice.say("link.in_private"))
        case ForBuyer():
            text = _packages(voice, payment, voice.plain("buyer.live") if link else None, link)
            copy = _copy(text, link, voice)
            return Message(quoted(text), ((copy,),) if copy else ())
        case Tracked():
            checked_at = payment.looked_at if payment else None
            foot = voice.plain("buyer.checked", time=voice.seconds(checked_at)) if checked_at else None
            refresh = ActionButton(voice.plain("button.refresh"), Action.REFRESH, THIS_MESSAGE)
            return Message(quoted(_packages(voice, payment, foot)), ((refresh,),))
        case _ as never:
            assert_never(never)


def _made(fact: LinkMade, voice: Voice, link: str | None) -> Message:
    named = voice.say("line.id", id=fact.payment_id)
    if link is None:
        return Message(paragraphs(lines(voice.say("link.over_title"), named), voice.say("link.over")))
    buttons: tuple[tuple[Button, ...], ...] = (
        (CopyButton(voice.plain("button.copy_link"), link),),
        (ActionButton(voice.plain("button.revoke"), Action.REVOKE, THIS_MESSAGE),),
    )
    head = lines(voice.say("link.title"), named)
    url = Html(f"<code>{quoted(link)}</code>")
    return Message(paragraphs(head, url, voice.say("link.text", time=voice.time(fact.expires_at))), buttons)


def _packages(voice: Voice, payment: Payment | None, foot: str | None, link: str | None = None) -> str:
    """Plain text that survives being copied: as many packages as fit, below them `foot` and `link`."""
    name = (voice.shop.name or "").strip()
    title = voice.plain("buyer.title_shop", name=name) if name else voice.plain("buyer.title")
    tail = "\n".join(part for part in (foot, link) if part)
    known = numbered(payment.packages) if payment else []
    blocks = [_block(package, number, voice) for number, package in known]
    while True:
        left = len(known) - len(blocks)
        more = voice.plain("buyer.more", count=left) if left else None
        none = None if known else voice.plain("buyer.none")
        text = "\n\n".join(part for part in (title, *blocks, none, more, tail) if part)
        if plain_units(text) <= TEXT_LIMIT:
            return text
        blocks.pop()


def _block(package: Package, number: int | None, voice: Voice) -> str:
    courier = clean(package.courier_name or "") or voice.plain("package.no_courier")
    awb = voice.plain("buyer.awb", awb=package.awb) if package.awb else voice.plain("package.no_awb")
    status = _status(package.status, voice)
    url = sane_url(package.live_url)
    # Not filled into a sentence, which would cut a long one short.
    track = f"{voice.plain('buyer.track')} {url}" if url else None
    head = f"{f'{number}. ' if number else ''}{courier} · {awb}"
    return "\n".join(part for part in (head, status[:1].upper() + status[1:], track) if part)


def _status(status: int | None, voice: Voice) -> str:
    if status is None:
        return voice.plain("status.none")
    return voice.plain(f"status.{status}") if status in PHASE_OF else voice.plain("status.unknown", code=status)


def _copy(text: str, link: str | None, voice: Voice) -> Button | None:
    """The whole text where a button takes it, else the link that leads to it."""
    if plain_units(text) <= _COPIED:
        return CopyButton(voice.plain("button.copy_text"), text)
    return CopyButton(voice.plain("button.copy_link"), link) if link else None
