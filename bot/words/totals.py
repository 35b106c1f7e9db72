"""The shop's figures in words, and what is written in their picture."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final, assert_never

from bot.core.chart import Bar, Chart, Panel
from bot.core.message import Message
from bot.core.totals import Digest, Figures, MayNotSeeTotals, NotAMonth, Recap, Slot, Stats, Totals, TotalsFact
from bot.words.markup import Html, escape, lines, paragraphs
from bot.words.voice import Voice

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR


def totals_message(fact: TotalsFact, voice: Voice, totals: Totals) -> Message:
    """The figures as a message, short enough for a caption; of a recap, those of its month (`totals.month`)."""
    match fact:
        case Stats():
            return Message(_told(voice.say("totals.title", time=voice.time(fact.as_of)), fact.as_of, voice, totals))
        case Digest():
            title = voice.say("totals.digest", day=voice.spelled(fact.as_of, "format.day"))
            return Message(_told(title, fact.as_of, voice, totals))
        case Recap():
            return Message(_recap(fact, voice, totals.month))
        case NotAMonth():
            return Message(voice.say("recap.usage"))
        case MayNotSeeTotals():
            return Message(voice.say("totals.for_staff"))
        case _ as never:
            assert_never(never)


def chart_strings(as_of: datetime, voice: Voice, totals: Totals) -> Chart | None:
    """The picture's words; None where nothing was paid that could be drawn."""
    local = voice.local(as_of)
    panels = [
        Panel(voice.plain("picture.hours"), _busiest(totals.hours, voice), _hours(totals.hours, voice)),
        Panel(voice.plain("totals.week"), _summed(totals.week, voice), _week(totals.days[-7:], voice)),
        Panel(
            voice.spelled(as_of, "format.month"),
            _summed(totals.month, voice),
            _month([(day, slot) for day, slot in totals.days if day.month == local.month], local.date()),
        ),
    ]
    shown = tuple(panel for panel in panels if any(bar.value or bar.above for bar in panel.bars))
    if not shown:
        return None
    name = (voice.shop.name or "").strip()
    return Chart(
        title=voice.plain("totals.today"),
        time=voice.plain("picture.as_of", day=voice.spelled(as_of, "format.day"), time=voice.clock(as_of)),
        amount=voice.amount(totals.today.rupiah),
        counts=" · ".join(_counts(totals.today, voice)),
        panels=shown,
        foot=voice.plain("picture.foot_shop", name=name) if name else voice.plain("picture.foot"),
    )


def _told(title: Html, as_of: datetime, voice: Voice, totals: Totals) -> Html:
    if totals.nothing:
        return lines(title, voice.say("totals.none"))
    return paragraphs(
        title,
        _span(voice.plain("totals.today"), totals.today, voice),
        _span(voice.plain("totals.yesterday"), totals.yesterday, voice),
        _span(voice.plain("totals.week"), totals.week, voice),
        _span(voice.spelled(as_of, "format.month"), totals.month, voice),
        voice.say("totals.only_here"),
    )


def _span(name: str, figures: Figures, voice: Voice) -> Html:
    if not figures.asked and not figures.paid:
        return voice.say("totals.span_none", span=name)
    head = voice.say("totals.span", span=name, amount=voice.amount(figures.rupiah))
    return lines(head, escape(" · ".join(_counts(figures, voice))), _took(figures, voice))


def _took(figures: Figures, voice: Voice) -> Html | None:
    """How long it took until paid; of several, half of them."""
    if figures.median_seconds is None:
        return None
    time = _duration(figures.median_seconds, voice)
    return voice.say("totals.took", time=time) if figures.paid == 1 else voice.say("totals.half", time=time)


def _counts(figures: Figures, voice: Voice) -> list[str]:
    counts = [
        voice.plain("totals.paid", n=voice.number(figures.paid)),
        voice.plain("totals.asked", n=voice.number(figures.asked)),
    ]
    return counts + ([voice.plain("totals.unpaid", n=voice.number(figures.unpaid))] if figures.unpaid else [])


def _recap(fact: Recap, voice: Voice, figures: Figures) -> Html:
    month = voice.spelled(fact.begins_at, "format.month_of_year")
    if not figures.asked and not figures.paid:
        # Not the very month that was just found empty.
        before = voice.local(fact.begins_at).replace(day=1) - timedelta(days=1)
        return voice.say("recap.none", month=month, before=f"{before:%Y-%m}")
    return paragraphs(
        lines(
            voice.say("recap.title", month=month),
            voice.say("recap.paid", n=voice.number(figures.paid), amount=voice.amount(figures.rupiah)),
            voice.say("recap.unpaid", n=voice.number(figures.unpaid)) if figures.unpaid else None,
        ),
        voice.say("recap.about"),
    )


def _duration(seconds: int, voice: Voice) -> str:
    """`45 detik`, `4 menit`, `1 jam 20 menit`, `2 hari`: as exact as one cares for."""
    if seconds < 2 * _MINUTE:
        return voice.plain("span.seconds", n=seconds)
    if seconds < _HOUR:
        return voice.plain("span.minutes", n=seconds // _MINUTE)
    if seconds < 2 * _DAY:
        return voice.plain("span.hours", hours=seconds // _HOUR, minutes=seconds % _HOUR // _MINUTE)
    return voice.plain("span.days", n=voice.number(seconds // _DAY))


def _summed(figures: Figures, voice: Voice) -> str:
    return f"{voice.amount(figures.rupiah)} · {voice.plain('totals.paid', n=voice.number(figures.paid))}"


def _busiest(hours: Sequence[Slot], voice: Voice) -> str:
    """The hour in which most was paid."""
    if not hours:
        return ""
    hour = max(range(len(hours)), key=lambda one: hours[one].rupiah)
    return voice.plain("picture.busiest", hour=f"{hour:02}", amount=voice.amount(hours[hour].rupiah))


def _hours(hours: Sequence[Slot], voice: Voice) -> tuple[Bar, ...]:
    return tuple(
        Bar(
            slot.rupiah,
            label=f"{hour:02}" if hour % 6 == 0 else "",
            above=voice.number(slot.paid) if slot.paid else "",
            strong=True,
        )
        for hour, slot in enumerate(hours)
    )


def _week(days: Sequence[tuple[date, Slot]], voice: Voice) -> tuple[Bar, ...]:
    return tuple(
        Bar(
            slot.rupiah,
            label=voice.weekday(day),
            above=voice.compact(slot.rupiah) if slot.paid else "",
            below=voice.plain("picture.times", n=voice.number(slot.paid)) if slot.paid else "",
            strong=number == len(days),
        )
        for number, (day, slot) in enumerate(days, 1)
    )


def _month(days: Sequence[tuple[date, Slot]], today: date) -> tuple[Bar, ...]:
    """A bar for each day of the month, those to come empty."""
    paid = {day.day: slot.rupiah for day, slot in days}
    return tuple(
        Bar(paid.get(day, 0), label=str(day) if day == 1 or day % 5 == 0 else "", strong=day == today.day)
        for day in range(1, _length(today) + 1)
    )


def _length(today: date) -> int:
    from calendar import monthrange

    return monthrange(today.year, today.month)[1]
