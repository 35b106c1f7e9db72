"""The one door to the words: a fact, a card or a press in, a message in a language out."""

from dataclasses import replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from bot.core.alerting import Switches
from bot.core.alerts import Alert
from bot.core.callbacks import ExpressNews
from bot.core.chart import Chart
from bot.core.commands import CommandReply
from bot.core.facts import Fact, Paid, PaymentFact, Press, Reply
from bot.core.journey import PackageFact
from bot.core.links import LinkFact
from bot.core.locales import LOCALES, locale_of
from bot.core.message import Message, Toast
from bot.core.payment import Payment
from bot.core.privacy import PackagePeople
from bot.core.team import TeamFact
from bot.core.totals import Totals, TotalsFact
from bot.core.watch import Face
from bot.words.alert_batches import Alike, together
from bot.words.alerts import alert
from bot.words.cards import CardStrings, caption, strings
from bot.words.catalogue import Catalogue
from bot.words.commands import OpenHere, command_reply
from bot.words.express import express_news
from bot.words.links import link_message
from bot.words.markup import shortened
from bot.words.news import news
from bot.words.notices import reply, story
from bot.words.payers import payer_line
from bot.words.shop import Shop
from bot.words.team import team_message
from bot.words.toasts import toast
from bot.words.totals import chart_strings, totals_message
from bot.words.voice import Voice

_OFF: Final = Switches(is_on=False)
_MENU: Final = ("pay", "status", "watching", "stop", "lang")
_OF_STAFF: Final = ("link", "team", "alerts", "stats", "recap")
_DESCRIPTION_LIMIT = 512  # Bot API, setMyDescription
_SHORT_DESCRIPTION_LIMIT = 120  # Bot API, setMyShortDescription


def lists_packages(fact: Fact) -> bool:
    """Whether a fact's message lists the payment's packages, and has room for their people."""
    return isinstance(fact, Paid | PackageFact)


class Words:
    """Speaks for one shop in its time zone. A locale without a catalogue is read by `locale_of`."""

    def __init__(self, *, shop: Shop, zone: ZoneInfo) -> None:
        self._shop = shop
        self._zone = zone
        self._catalogues = {locale: Catalogue(locale) for locale in LOCALES}

    def notice(
        self,
        fact: Fact,
        locale: str,
        *,
        payment: Payment | None = None,
        handle: str | None = None,
        people: tuple[PackagePeople, ...] = (),
        open_here: OpenHere = (),
        totals: Totals | None = None,
        link: str | None = None,
        switches: Switches = _OFF,
        now: datetime,
    ) -> Message:
        """A fact as a message. `payment` gives id, amount and packages, `handle` (of the watch) the buttons, `people`
        who stands under the packages: what whoever is told may know of them; `totals` the figures it tells; `link` is
        the URL a message shows, where it is about one that still works; `switches` how the place has alerts."""
        voice = replace(self._voice(locale, now), people=people)
        if isinstance(fact, PaymentFact):
            return story(fact, voice, payment, handle)
        if isinstance(fact, PackageFact):
            return news(fact, voice, payment)
        if isinstance(fact, ExpressNews):
            return express_news(fact, voice, payment)
        if isinstance(fact, Alert):
            return alert(fact, voice, payment)
        if isinstance(fact, CommandReply):
            return command_reply(fact, voice, open_here, switches)
        if isinstance(fact, TotalsFact):
            return totals_message(fact, voice, totals or Totals())
        if isinstance(fact, LinkFact):
            return link_message(fact, voice, payment, link)
        if isinstance(fact, TeamFact):
            return team_message(fact, voice)
        return reply(fact, voice, payment, handle)

    def chart(self, as_of: datetime, locale: str, totals: Totals, *, now: datetime) -> Chart | None:
        """What is written in the picture of the totals; None where there is nothing to draw."""
        return chart_strings(as_of, self._voice(locale, now), totals)

    def together(self, alike: Alike, locale: str, *, now: datetime) -> Message:
        """Alerts of one sort, each with its payment, as one message."""
        return together(alike, self._voice(locale, now))

    def card(
        self,
        payment: Payment,
        face: Face,
        locale: str,
        *,
        handle: str,
        part: str | None = None,
        in_group: bool = False,
        paying_since: datetime | None = None,
        payer_name: str | None = None,
        now: datetime,
    ) -> Message:
        """The caption under the picture, and its buttons; `part` is as "1/2" where several were asked for at once,
        `paying_since` when somebody said that they pay it, and `payer_name` who, as far as this chat may know.
        Raises ValueError on a receipt for what is not paid."""
        voice = self._voice(locale, now)
        paying = payer_line(paying_since, payer_name, voice) if paying_since else None
        return caption(payment, face, voice, handle, part, in_group=in_group, paying=paying)

    def card_strings(
        self, payment: Payment, face: Face, locale: str, *, part: str | None = None, now: datetime
    ) -> CardStrings:
        """What is written in the picture. Raises ValueError on a receipt for what is not paid."""
        return replace(strings(payment, face, self._voice(locale, now)), part=part)

    def toast(self, fact: PaymentFact | Reply | Press, locale: str, *, now: datetime) -> Toast:
        """A fact as the answer to a button press."""
        return toast(fact, self._voice(locale, now))

    def menu(self, locale: str, *, of_groups: bool = False, of_staff: bool = False) -> list[tuple[str, str]]:
        """The command menu in private, or of groups: each command, without its slash, and what it does. `of_staff`:
        with what only staff may do."""
        catalogue = self._catalogue(locale)
        staffs = _OF_STAFF if of_staff else ()
        commands = [*_MENU, *staffs, "id", "help"] if of_groups else [*_MENU, *staffs, "help"]
        return [(command, catalogue.plain(f"menu.{command}")) for command in commands]

    def description(self, locale: str) -> str:
        """What an empty chat with the bot shows."""
        catalogue, contact = self._catalogue(locale), self._shop.written()
        parts = [
            catalogue.plain("profile.shop", name=self._shop.name) if self._shop.name else "",
            catalogue.plain("profile.description"),
            catalogue.plain("profile.contact", contact=contact) if contact else "",
        ]
        return shortened("\n\n".join(part for part in parts if part), _DESCRIPTION_LIMIT)

    def short_description(self, locale: str) -> str:
        """What the bot's profile shows, and links to it."""
        catalogue = self._catalogue(locale)
        return shortened(catalogue.plain("profile.short"), _SHORT_DESCRIPTION_LIMIT)

    def _voice(self, locale: str, now: datetime) -> Voice:
        return Voice(self._catalogue(locale), self._shop, self._zone, now)

    def _catalogue(self, locale: str) -> Catalogue:
        return self._catalogues[locale_of(locale, "id")]


__all__ = ["CardStrings", "Shop", "Words", "lists_packages"]
