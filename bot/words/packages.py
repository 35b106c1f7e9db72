"""The list of a payment's packages: as many as one message holds, each with its link, then how many more."""

from typing import Final

from bot.core.message import Keyboard, LinkButton
from bot.core.packages import PHASE_OF, Package, Phase
from bot.words.markup import Html, clean, entities, lines, link, paragraphs, sane_url, units
from bot.words.voice import Voice

TEXT_LIMIT: Final = 4096
"""UTF-16 code units of a message after entity parsing (Bot API, sendMessage)."""
_ENTITIES: Final = 90  # Telegram keeps a hundred; it adds those it finds itself, such as phone numbers
_BUTTONS: Final = 90  # of a hundred
_KEYBOARD_BYTES: Final = 8000  # Telegram refuses a keyboard of about ten thousand
_BUTTONS_IN_A_COLUMN: Final = 8


class _Room:
    """What the message still has room for: units, entities, buttons, bytes of keyboard."""

    def __init__(self, frame: Html) -> None:
        self._left = (TEXT_LIMIT - units(frame), _ENTITIES - entities(frame), _BUTTONS, _KEYBOARD_BYTES)

    def take(self, block: Html, button: LinkButton | None) -> bool:
        """Takes the room for a package; False, and nothing taken, when there is not enough."""
        keyboard = len(f"{button.label}{button.url}".encode()) + 30 if button else 0
        needs = (units(block) + 2, entities(block), int(button is not None), keyboard)
        left = self._left
        after = (left[0] - needs[0], left[1] - needs[1], left[2] - needs[2], left[3] - needs[3])
        if min(after) < 0:
            return False
        self._left = after
        return True


def with_packages(head: Html, packages: tuple[Package, ...], voice: Voice) -> tuple[Html, Keyboard]:
    """`head` and, below it, the packages; their live links are buttons where Telegram takes them as such."""
    if not packages:
        return head, ()
    title = voice.count("packages.count", len(packages))
    promise = voice.say("packages.driver_later") if any(_awaits_driver(package) for package in packages) else None
    frame = paragraphs(head, title, voice.count("packages.more", len(packages)), promise)
    room = _Room(frame)
    blocks: list[Html] = []
    buttons: list[LinkButton] = []
    for position, package in enumerate(packages, 1):
        number = position if len(packages) > 1 else None
        block, button = _block(package, number, voice), _button(package, number, voice)
        if not room.take(block, button):
            break
        blocks.append(block)
        buttons.extend([button] if button else [])
    more = len(packages) - len(blocks)
    tail = voice.count("packages.more", more) if more else None
    return paragraphs(head, title, *blocks, tail, promise), _rows(buttons)


def status_words(status: int | None, voice: Voice) -> Html:
    """A package's status in words; a code that is in no table is shown as its number."""
    if status is None:
        return voice.say("status.none")
    return voice.say(f"status.{status}") if status in PHASE_OF else voice.say("status.unknown", code=status)


def _awaits_driver(package: Package) -> bool:
    """Whether a driver is still to come; a package under way has one, one in trouble may never get one."""
    return package.phase in {Phase.ENTRY, Phase.UNKNOWN} and not package.has_driver and not sane_url(package.live_url)


def _block(package: Package, number: int | None, voice: Voice) -> Html:
    courier = voice.say("package.courier", courier=package.courier_name or voice.plain("package.no_courier"))
    awb = voice.say("package.awb", awb=package.awb) if package.awb else voice.say("package.no_awb")
    status = status_words(package.status, voice)
    url = sane_url(package.live_url)
    inline = bool(url) and not _takes_button(url)
    return lines(
        Html(f"{f'{number}. ' if number else ''}{courier} · {awb}"),
        voice.say("package.order", order=package.order_id) if package.order_id else None,
        Html(status[:1].upper() + status[1:]),
        link(url, voice.plain("package.track")) if url and inline else None,
    )


def _button(package: Package, number: int | None, voice: Voice) -> LinkButton | None:
    url = sane_url(package.live_url)
    if not url or not _takes_button(url):
        return None
    courier = clean(package.courier_name or "", 24)
    if number is None:
        return LinkButton(voice.plain("button.track", courier=courier).strip(), url)
    end = (package.awb or package.order_id)[-4:] or str(number)
    label = voice.plain("button.track_one", number=number, courier=courier, end=end)
    return LinkButton(" ".join(label.split()), url)


def _takes_button(url: str | None) -> bool:
    """Telegram's link buttons want `https`."""
    return bool(url) and str(url)[:8].lower() == "https://"


def _rows(buttons: list[LinkButton]) -> Keyboard:
    width = 1 if len(buttons) <= _BUTTONS_IN_A_COLUMN else 2
    return tuple(tuple(buttons[start : start + width]) for start in range(0, len(buttons), width))
