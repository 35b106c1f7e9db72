"""A voice: one language at one moment, in the shop's name and time zone. Amounts and times are spelled here."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from bot.core.privacy import PackagePeople
from bot.words.catalogue import Catalogue
from bot.words.markup import Html
from bot.words.shop import Shop

_RUPIAH: Final = "'Rp'#,##0"


@dataclass(frozen=True, slots=True)
class Voice:
    """What every message is spoken with."""

    catalogue: Catalogue
    shop: Shop
    zone: ZoneInfo
    now: datetime
    people: tuple[PackagePeople, ...] = ()
    """Of the packages that are told of: in full or masked, as whoever is told may know."""

    def say(self, key: str, /, **values: str | int) -> Html:
        """A sentence as HTML (`Catalogue.say`). `{shop}` is known to every sentence."""
        return self.catalogue.say(key, **{"shop": self.shop_html(), **values})

    def count(self, key: str, n: int, /, **values: str | int) -> Html:
        """A sentence that counts (`Catalogue.count`)."""
        return self.catalogue.count(key, n, **values)

    def plain(self, key: str, /, **values: str | int) -> str:
        """A sentence as plain text (`Catalogue.plain`)."""
        return self.catalogue.plain(key, **values)

    def shop_html(self) -> Html:
        """Whom to ask: the shop's name and contact, as far as they are set, else "the shop"."""
        name, contact = (self.shop.name or "").strip(), self.shop.linked()
        if name and contact:
            return self.catalogue.say("shop.with_contact", name=name, contact=contact)
        return contact or self.catalogue.say("shop.named", name=name or self.plain("shop.unnamed"))

    def amount(self, rupiah: int) -> str:
        """`Rp65.000` or `Rp65,000`."""
        from babel.numbers import format_decimal

        return format_decimal(rupiah, _RUPIAH, locale=self.catalogue.locale)

    def compact(self, rupiah: int) -> str:
        """The same without its unit and as short as bars need it: `65 rb`, `1,2 jt`."""
        from babel.numbers import format_compact_decimal

        # Rounded first: 999.999 is "1 jt" and not "1000 rb".
        rounded = round(rupiah, min(0, 3 - len(str(rupiah))))
        return format_compact_decimal(rounded, locale=self.catalogue.locale, fraction_digits=2)

    def number(self, count: int) -> str:
        """A count, `1.298`."""
        from babel.numbers import format_decimal

        return format_decimal(count, locale=self.catalogue.locale)

    def local(self, moment: datetime) -> datetime:
        """The moment in the shop's zone."""
        return moment.astimezone(self.zone)

    def spelled(self, moment: datetime, pattern: str) -> str:
        """A moment's date by one of the patterns `format.…`."""
        return self._spelled(self.local(moment), pattern)

    def clock(self, moment: datetime) -> str:
        """The time of day without its date, `10.36 WIB`."""
        local = self.local(moment)
        return f"{self._spelled(local, 'format.time')} {_zone_label(local)}"

    def weekday(self, day: date) -> str:
        """A day of the week in short, `Sen`."""
        from babel.dates import format_date

        return format_date(day, "EEE", locale=self.catalogue.locale)

    def time(self, moment: datetime) -> str:
        """The time of day in the shop's zone, `10.36 WIB`; with the date where that is not today's."""
        return self._dated(self.local(moment), self.clock(moment))

    def stamp(self, moment: datetime) -> str:
        """The same as short as pictures need it: `10.36 WIB`, `2 Feb 10.36 WIB`."""
        return self._dated(self.local(moment), self.clock(moment), "format.stamped")

    def seconds(self, moment: datetime) -> str:
        """The same to the second, `10.42.07`: for what was checked just now."""
        local = self.local(moment)
        return self._dated(local, self._spelled(local, "format.seconds"))

    def _dated(self, local: datetime, time: str, how: str = "format.dated") -> str:
        today = self.local(self.now).date()
        if local.date() == today:
            return time
        pattern = "format.date" if local.year == today.year else "format.date_with_year"
        return self.plain(how, date=self._spelled(local, pattern), time=time)

    def _spelled(self, local: datetime, pattern: str) -> str:
        from babel.dates import format_datetime

        return format_datetime(local, self.plain(pattern), tzinfo=self.zone, locale=self.catalogue.locale)


def _zone_label(local: datetime) -> str:
    """`WIB`, `WITA`, `WIT`; zones without a name of their own are told by their offset."""
    name = local.tzname() or ""
    return f"UTC{name}" if name[:1] in {"+", "-"} else name
