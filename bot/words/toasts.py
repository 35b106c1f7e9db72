"""Answers to button presses: plain text over the chat, for a few seconds."""

from typing import Final, assert_never

from bot.core.facts import (
    AskedTooOften,
    ButtonExpired,
    Checking,
    ClaimChecking,
    ClaimOver,
    ClaimTaken,
    Confirming,
    ForStaff,
    Help,
    NoQrYet,
    NotAllowed,
    NotAnId,
    NotFound,
    NotShown,
    NotUnderstood,
    NotWatched,
    NotYours,
    Paid,
    PaymentFact,
    Press,
    ProviderUnwell,
    QrBack,
    QrReplaced,
    Reply,
    SameQr,
    StillUnpaid,
    Stopped,
    Switched,
    TooManyIds,
    Unclear,
    Usage,
    WatchClosed,
    WatchingAgain,
    Welcome,
    WentWrong,
    Withheld,
)
from bot.core.links import LinkNotYours, LinkOver, LinkPress, LinkRevoked, SeeBelow
from bot.core.message import Toast
from bot.core.payer import AlreadyPaying, NothingToPay, PayerNoted, PayerTakenBack
from bot.words.markup import shortened
from bot.words.payers import payer_toast
from bot.words.voice import Voice

TOAST_LIMIT: Final = 200
"""UTF-16 code units (Bot API, answerCallbackQuery)."""
# Held until closed: whoever misses these may pay what must not be paid.
_HELD: Final = (Unclear, Withheld, ProviderUnwell, QrReplaced, ClaimTaken, ClaimChecking, AlreadyPaying)


def toast(fact: PaymentFact | Reply | Press, voice: Voice) -> Toast:
    """A fact as the answer to a press."""
    return Toast(shortened(_text(fact, voice), TOAST_LIMIT), alert=isinstance(fact, _HELD))


def _text(fact: PaymentFact | Reply | Press, voice: Voice) -> str:
    match fact:
        case Paid():
            bare = fact.amount is None
            return voice.plain("toast.paid" if bare else "toast.paid_amount", amount=voice.amount(fact.amount or 0))
        case StillUnpaid() | WatchClosed() | ClaimOver():
            return voice.plain("toast.unpaid", time=voice.seconds(fact.checked_at))
        case ClaimTaken():
            return voice.plain("toast.claimed", time=voice.seconds(fact.checked_at))
        case SameQr():
            return voice.plain("toast.same", time=voice.seconds(fact.checked_at))
        case (
            Checking() | ClaimChecking() | WatchingAgain() | NotYours() | ButtonExpired() | Stopped() | NotWatched()
            | ForStaff() | Switched()
        ):  # fmt: skip
            return voice.plain(_of_the_button(fact))
        case SeeBelow() | LinkRevoked() | LinkNotYours() | LinkOver():
            return voice.plain(_of_a_link(fact))
        case (
            Usage()
            | NotAnId()
            | TooManyIds()
            | Welcome()
            | Help()
            | NotUnderstood()
            | NotAllowed()
            | AskedTooOften()
            | NotShown()
        ):
            return voice.plain("toast.see_chat")
        case PayerNoted() | PayerTakenBack() | AlreadyPaying() | NothingToPay():
            return payer_toast(fact, voice)
        case _:
            return voice.plain(_of_the_payment(fact))


def _of_the_button(
    fact: Checking | ClaimChecking | WatchingAgain | NotYours | ButtonExpired | Stopped | NotWatched | ForStaff
    | Switched,
) -> str:  # fmt: skip
    match fact:
        case ForStaff():
            return "toast.for_staff"
        case Switched():
            return "toast.switched"
        case Checking():
            return "toast.checking"
        case ClaimChecking():
            return "toast.claim_checking"
        case WatchingAgain():
            return "toast.watching"
        case NotYours():
            return "toast.not_yours"
        case ButtonExpired():
            return "toast.expired"
        case Stopped():
            return "toast.stopped"
        case NotWatched():
            return "toast.not_watched"
        case _ as never:
            assert_never(never)


def _of_a_link(fact: LinkPress) -> str:
    match fact:
        case SeeBelow():
            return "toast.see_below"
        case LinkRevoked():
            return "toast.link_revoked"
        case LinkNotYours():
            return "toast.link_not_yours"
        case LinkOver():
            return "toast.link_over"
        case _ as never:
            assert_never(never)


def _of_the_payment(
    fact: NotFound | QrReplaced | QrBack | Withheld | NoQrYet | Confirming | Unclear | ProviderUnwell | WentWrong,
) -> str:
    match fact:
        case NotFound():
            return "toast.not_found"
        case QrReplaced():
            return "toast.replaced"
        case QrBack():
            return "toast.back"
        case Withheld():
            return "toast.withheld"
        case NoQrYet():
            return "toast.no_qr"
        case Confirming():
            return "toast.confirming"
        case Unclear():
            return "toast.unclear"
        case ProviderUnwell():
            return "toast.unwell"
        case WentWrong():
            return "toast.wrong"
        case _ as never:
            assert_never(never)
