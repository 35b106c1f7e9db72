"""The list of a payment's packages: as many as one message holds, each with its link, then how many more."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.core.message import Keyboard, LinkButton
from bot.core.packages import PHASE_OF, Package
from bot.core.privacy import Somebody
from bot.words.markup import Html, clean, entities, lines, link, paragraphs, quoted, sane_url, units
from bot.words.voice import Voice

TEXT_LIMIT: Final = 4096
"""UTF-16 code units of a message after entity parsing (Bot API, sendMessage)."""
PERSON_LIMIT: Final = 500
"""Code points of an address; the longest that people write have about two hundred."""
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

    def take_more(self, block: Html) -> bool:
        """Takes the room for further lines of a package that is there."""
        if units(block) + 1 > self._left[0]:
            return False
        self._left = (self._left[0] - units(block) - 1, *self._left[1:])
        return True


def with_packages(
    head: Html, packages: tuple[Package, ...], voice: Voice, *, followed: bool = True
) -> tuple[Html, Keyboard]:
    """`head` and, below it, the packages; their live links are buttons where Telegram takes them as such.

    `followed`: whether more will be told of them.
    """
    if not packages:
        return head, ()
    title = voice.count("packages.count", len(packages))
    awaited = followed and any(_awaits_driver(package) for package in packages)
    promise = voice.say("packages.driver_later") if awaited else None
    return listed(paragraphs(head, title), numbered(packages), promise, voice)


def numbered(packages: tuple[Package, ...]) -> list[tuple[int | None, Package]]:
    """The packages with their numbers; a single one has none."""
    return list(enumerate(packages, 1)) if len(packages) > 1 else [(None, package) for package in packages]


def listed(
    head: Html, packages: Sequence[tuple[int | None, Package]], promise: Html | None, voice: Voice
) -> tuple[Html, Keyboard]:
    """As many packages as there is room for between `head` and `promise`, each with its number, then how many more."""
    room = _Room(paragraphs(head, voice.count("packages.more", len(packages)), promise))
    blocks: list[Html] = []
    buttons: list[LinkButton] = []
    for number, package in packages:
        block, button = _block(package, number, voice), _button(package, number, voice)
        if not room.take(block, button):
            break
        blocks.append(block)
        buttons.extend([button] if button else [])
    # Only now: every package is worth more than one package's people.
    for position, (_, package) in enumerate(packages[: len(blocks)]):
        if (people := _people(package, voice)) and room.take_more(people):
            blocks[position] = lines(blocks[position], people)
    more = len(packages) - len(blocks)
    tail = voice.count("packages.more", more) if more else None
    return paragraphs(head, *blocks, tail, promise), _rows(buttons)


def status_words(status: int | None, voice: Voice) -> Html:
    """A package's status in words; a code that is in no table is shown as its number."""
    if status is None:
        return voice.say("status.none")
    return voice.say(f"status.{status}") if status in PHASE_OF else voice.say("status.unknown", code=status)


def _awaits_driver(package: Package) -> bool:
    """Whether a driver is still to come, as far as can be shown: a link that is none leads to nobody."""
    return replace(package, live_url=sane_url(package.live_url)).awaits_driver


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


def _people(package: Package, voice: Voice) -> Html | None:
    """Who sends, receives and drives, as far as whoever is told may know."""
    named = [people for people in voice.people if people.order_id == package.order_id]
    if len(named) > 1:  # an AWB may have come meanwhile, so it only tells apart what the order id does not
        named = [people for people in named if people.awb == package.awb][:1]
    if not named:
        return None
    found = named[0]
    sender, recipient, driver = map(_person, (found.sender, found.recipient, found.driver))
    told = lines(
        voice.say("package.sender", person=sender) if sender else None,
        voice.say("package.recipient", person=recipient) if recipient else None,
        voice.say("package.driver", person=driver) if driver else None,
    )
    return told or None


def _person(somebody: Somebody | None) -> Html | None:
    """Name, phone and address in one line, in whole: staff act on them."""
    if somebody is None:
        return None
    parts = (clean(part, PERSON_LIMIT).strip() for part in (somebody.name, somebody.phone, somebody.address) if part)
    return quoted(" · ".join(part for part in parts if part)) or None


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
