"""Makes a world's plan from one number."""

import random
from typing import Final

from bot.core.ids import Kind
from tests.simulation.messenger import SUPERGROUPS
from tests.simulation.planned import CALM, Deed, Plan, Span, Weather
from tests.simulation.provider import Bill, Issue

_AMOUNTS: Final = (15_000, 65_000, 120_500)
_TOPICS: Final = SUPERGROUPS - 31
_GROUP: Final = -32
_CHATS: Final = ((701, 701), (702, 702), (_TOPICS, 801), (_GROUP, 802))
_METHODS: Final = ("processed_packages", "shipped_packages", "finished_packages", "canceled_packages")
_PRESSES: Final = ("check", "claim", "renew", "stop", "go_on", "show")
_DAY: Final = 86_400.0


def make_plan(seed: int, *, small: bool = False) -> Plan:
    """The same number, the same world; a `small` one has one chat and one payment, and all that can go wrong."""
    if small:
        return _small(random.Random(f"small plan {seed}"), seed)
    chance = random.Random(f"plan {seed}")
    is_calm = chance.random() < 0.3
    watch_for = float(chance.choice((100, 200, 400)))
    busy_for = chance.choice((40.0, 120.0, 300.0))
    chats = chance.sample(_CHATS, chance.choice((1, 1, 2, 3)))
    bills = [_bill(chance, number, busy_for, watch_for) for number in range(chance.choice((1, 1, 2, 2, 3)))]
    deeds = _deeds(chance, [chat for chat, _ in chats], [bill.id for bill in bills], busy_for)
    heals_at = max(deed.at for deed in deeds) + (0.0 if is_calm else chance.uniform(10, watch_for))
    last_news = max(max((bill.paid_at or 0.0) + bill.lag + bill.doubt, bill.issues[-1].since) for bill in bills)
    never_ends = chance.random() < 0.03
    ends_at = heals_at + watch_for + 900.0 if not never_ends else heals_at + 3 * _DAY + 3 * 3600.0
    ends_at = max(ends_at, last_news + 3_700.0 + watch_for)
    provider_out = [] if is_calm else _spans(chance, busy_for + watch_for, ("down", "down", "refused", "throttled"))
    telegram_out = [] if is_calm else _spans(chance, busy_for + watch_for, ("down",), (5.0, 30.0, 90.0))[:1]
    out_until = max([0.0, *(span.end for span in (*provider_out, *telegram_out))])
    kills = 0 if is_calm else chance.choice((0, 1, 1, 2, 3))
    freezes = not is_calm and chance.random() < 0.15
    return Plan(
        seed=seed,
        bills=bills,
        chats=chats,
        deeds=deeds,
        pushes=_pushes(chance, bills, busy_for + watch_for),
        weather=CALM if is_calm else _weather(chance),
        provider_out=provider_out,
        telegram_out=telegram_out,
        dies_at=[chance.randint(1, chance.choice((30, 120, 400))) for _ in range(kills)],
        down_for=[chance.choice((0.5, 3.0, 20.0, 90.0, 300.0)) for _ in range(kills)],
        freezes_at=(chance.randint(5, 150), chance.choice((4.0, 15.0, 40.0))) if freezes else None,
        heals_at=max(heals_at, out_until),
        ends_at=max(ends_at, out_until + watch_for + 900.0) + 700.0 * kills,
        watch_for=watch_for,
        poll_first=chance.choice((2.0, 5.0, 15.0)),
        poll_budget=chance.choice((0.02, 0.05)),
    )


def _small(chance: random.Random, seed: int) -> Plan:
    watch_for, busy_for = 60.0, chance.choice((20.0, 60.0))
    chat, person = chance.choice(_CHATS)
    bill = _bill(chance, 0, busy_for, watch_for)
    deeds = [Deed(chance.uniform(0, 5), chat, "/pay", bill.id)]
    others: tuple[tuple[str, str], ...] = (("/pay", bill.id), ("/stop", bill.id), ("press", chance.choice(_PRESSES)))
    for what, about in chance.sample(others, chance.choice((0, 1, 1, 2))):
        deeds.append(Deed(chance.uniform(1, busy_for), chat, what, about))
    if chat == _GROUP and chance.random() < 0.4:
        deeds.append(Deed(chance.uniform(0, busy_for), chat, "migrate"))
    if chat > 0 and chance.random() < 0.1:
        deeds.extend(_absence(chance, chat, busy_for))
    deeds.sort(key=lambda deed: deed.at)
    trouble = chance.choice(("none", "weather", "provider", "telegram", "kill", "kill", "freeze"))
    spans = [Span(begin := chance.uniform(0, busy_for), begin + chance.choice((10.0, 60.0)), "down")]
    if trouble == "provider":
        spans = [Span(spans[0].begin, spans[0].end, chance.choice(("down", "refused", "throttled")))]
    heals_at = max(deeds[-1].at, spans[0].end if trouble in {"provider", "telegram"} else busy_for)
    last_news = max((bill.paid_at or 0.0) + bill.lag + bill.doubt, bill.issues[-1].since)
    return Plan(
        seed=seed,
        bills=[bill],
        chats=[(chat, person)],
        deeds=deeds,
        pushes=_pushes(chance, [bill], busy_for + watch_for)[:2],
        weather=_weather(chance) if trouble in {"weather", "kill"} else CALM,
        provider_out=spans if trouble == "provider" else [],
        telegram_out=spans if trouble == "telegram" else [],
        dies_at=[chance.randint(1, 60)] if trouble == "kill" else [],
        down_for=[chance.choice((0.5, 20.0))],
        freezes_at=(chance.randint(5, 60), chance.choice((4.0, 15.0))) if trouble == "freeze" else None,
        heals_at=heals_at,
        # Whatever was last, a look comes after it: of a payment whose watch is over within the hour.
        ends_at=max(heals_at, last_news) + 3_700.0 + watch_for + 700.0,
        watch_for=watch_for,
        poll_first=chance.choice((5.0, 15.0)),
        poll_budget=0.05,
    )


def _bill(chance: random.Random, number: int, busy_for: float, watch_for: float) -> Bill:
    kind = chance.choice((Kind.EXPRESS, Kind.INSTANT))
    fate = chance.random()
    paid_at: float | None = None
    if fate < 0.65:
        paid_at = chance.uniform(0, busy_for + watch_for)
    elif fate < 0.85:
        paid_at = chance.uniform(busy_for + watch_for, busy_for + watch_for + chance.choice((600, 7_200, 20_000)))
    issues = [Issue(0.0, chance.choice(("1", "1", "1", None)), chance.choice(_AMOUNTS))]
    for _ in range(chance.choice((0, 0, 1, 2))):
        before = issues[-1]
        amount = before.amount if chance.random() < 0.7 else chance.choice(_AMOUNTS)
        bill = chance.choice((None, "1", "2", "3"))
        since = before.since + chance.uniform(5, busy_for + watch_for / 2)
        issues.append(Issue(since, bill, amount, is_whole=chance.random() < 0.85))
    journey: list[tuple[float, int]] = []
    if kind is Kind.INSTANT and chance.random() < 0.7:
        driver = chance.uniform(5, 200)
        journey = [
            (driver, 101),
            (driver + 60, 106),
            (driver + chance.uniform(61, 400), chance.choice((200, 200, 300))),
        ]
    prefix = "XID" if kind is Kind.EXPRESS else "PID"
    return Bill(
        id=f"{prefix}-{number + 1}",
        kind=kind,
        is_known=chance.random() > 0.06,
        issues=issues,
        paid_at=paid_at,
        lag=chance.choice((0.0, 0.0, 3.0, 20.0)),
        doubt=chance.choice((0.0, 0.0, 0.0, 8.0, 90.0)),
        proof=chance.choice(("paid_at", "label", "no code", "twice")),
        journey=journey,
    )


def _deeds(chance: random.Random, chats: list[int], bills: list[str], busy_for: float) -> list[Deed]:
    deeds = []
    for chat in chats:
        topic = 5 if chat == _TOPICS and chance.random() < 0.5 else None

        def do(what: str, about: str = "", chat: int = chat, topic: int | None = topic) -> None:
            deeds.append(Deed(chance.uniform(0, busy_for), chat, what, about, topic))

        for _ in range(chance.choice((1, 1, 2, 3))):
            do("/pay", " ".join(chance.sample(bills, 1 if chance.random() < 0.8 else len(bills))))
        for what, share in (("/stop", 0.3), ("/status", 0.2), ("/start", 0.4)):
            if chance.random() < share:
                do(what, "" if what == "/start" else chance.choice(bills))
        for _ in range(chance.choice((0, 1, 2, 4))):
            do("press", chance.choice(_PRESSES))
        for what, share in (("migrate", 0.6 if chat == _GROUP else 0.0), ("delete", 0.1), ("forget files", 0.1)):
            if chance.random() < share:
                do(what)
        if chat > 0 and chance.random() < 0.15:
            deeds.extend(_absence(chance, chat, busy_for))
    return sorted(deeds, key=lambda deed: deed.at)


def _absence(chance: random.Random, chat: int, busy_for: float) -> list[Deed]:
    """A person blocks the bot, mostly for a while."""
    blocked_at = chance.uniform(0, busy_for)
    back_at = blocked_at + chance.choice((5, 100, 2_000))
    comes_back = [Deed(back_at, chat, "unblock")] if chance.random() < 0.8 else []
    return [Deed(blocked_at, chat, "block"), *comes_back]


def _pushes(chance: random.Random, bills: list[Bill], until: float) -> list[tuple[float, str, str, int]]:
    pushes = []
    for bill in bills:
        for number in range(chance.choice((0, 0, 1, 3))):
            about = (bill.id, chance.choice(_METHODS), number)
            true = bill.paid_at is not None and chance.random() < 0.6
            at = (bill.paid_at or 0.0) + chance.uniform(0, 60) if true else chance.uniform(0, until)
            pushes += [(at + chance.uniform(0, 5), *about) for _ in range(chance.choice((1, 1, 2)))]
    return pushes


def _weather(chance: random.Random) -> Weather:
    def share(*choices: float) -> float:
        return chance.choice((0.0, *choices))

    return Weather(
        refused=share(0.03, 0.08),
        answer_lost=share(0.05, 0.25),
        unsure=share(0.03, 0.08),
        flood=share(0.05, 0.1),
        too_old=share(0.5),
        fetch_failed=share(0.1, 0.3),
        call_failed=share(0.05, 0.3),
        slow=share(0.05),
        odd=share(0.1, 0.3),
        disk=share(0.2),
    )


def _spans(
    chance: random.Random,
    until: float,
    how: tuple[str, ...],
    lasts: tuple[float, ...] = (10.0, 10.0, 60.0, 60.0, 320.0),
) -> list[Span]:
    spans = []
    for _ in range(chance.choice((0, 0, 1, 1, 2))):
        begin = chance.uniform(0, until)
        spans.append(Span(begin, begin + chance.choice(lasts), chance.choice(how)))
    return spans
