"""Packages after payment: what is told of each and when, that it is told once, and that it ends."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from bot.core import following
from bot.core.answer import Answer, Missing, Refused, Statement, Throttled, Unwell
from bot.core.facts import Fact, Paid
from bot.core.ids import Kind
from bot.core.journey import (
    AlertNoDriver,
    AlertPackageTrouble,
    Arrived,
    DriverComing,
    Mishap,
    NoDriver,
    PackageFact,
    PackageFailed,
    PackageTrouble,
    PickedUp,
)
from bot.core.packages import PHASE_OF, Package, Phase
from bot.core.payment import Decision, Payment, Status, asked, claimed, decide, decide_on_ask
from tests.core.making import FIRST, ID, RULES, SECOND, T0, look, proven, shown, unpaid, waiting

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
LINK = "https://track.example.com/1"


def package(order: str = "A", status: int | None = 105, **more: Any) -> Package:
    return Package(order, f"AWB-{order}", "gosend", status=status, **more)


def answer(*packages: Package, **more: Any) -> Statement:
    """Paid, with these packages."""
    return proven(kind=Kind.INSTANT, packages=packages, **more)


def followed(*packages: Package) -> Payment:
    """A payment that was watched, and paid at the start of all tests."""
    return look(shown(kind=Kind.INSTANT), answer(*(packages or (package(),)))).payment


def story(payment: Payment, *steps: tuple[timedelta, Answer]) -> list[Fact]:
    """Everything the chats are told, look by look."""
    facts: list[Fact] = []
    for after, said in steps:
        decision = look(payment, said, after)
        payment = decision.payment
        facts += decision.facts
    return facts


# --- when it begins and ends ---


def test_a_paid_instant_payment_is_followed_from_the_look_that_finds_it_paid() -> None:
    """In 15 seconds for the first time."""
    decision = look(shown(kind=Kind.INSTANT), answer(package()))
    assert decision.payment.status is Status.FOLLOWING
    assert decision.facts == (Paid(65_000, T0),)
    assert decision.look_again_at == T0 + 15 * SECOND


def test_one_that_was_already_paid_when_asked_is_followed_too() -> None:
    """Nobody knows since when; the 24 hours count from here."""
    decision = look(waiting(), answer(package()))
    assert decision.payment.status is Status.FOLLOWING
    assert decision.payment.closes_at == T0 + DAY


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (proven(), Status.PAID),
        (proven(packages=(package(),)), Status.PAID),  # Express
        (proven(kind=Kind.INSTANT), Status.PAID),
        (answer(package(status=200), package("B", 300)), Status.DONE),
    ],
)
def test_without_open_instant_packages_there_is_nothing_to_follow(said: Statement, status: Status) -> None:
    """Express payments, and packages that are all at their end."""
    decision = look(waiting(), said)
    assert (decision.payment.status, decision.look_again_at) == (status, None)


def test_packages_that_come_with_a_later_look_are_followed_from_then() -> None:
    """The answer that proved the payment may have lacked them; they are not in the list yet, so they are news."""
    paid = look(waiting(), proven(kind=Kind.INSTANT)).payment
    decision = look(paid, answer(package(status=106)), MINUTE)
    assert (decision.payment.status, decision.list_changed) == (Status.FOLLOWING, True)
    assert decision.facts == (PickedUp(("A",)),)


def test_the_last_final_package_ends_it() -> None:
    """Told, listed, done."""
    payment = followed(package(), package("B"))
    first = look(payment, answer(package(status=200), package("B", 106)), MINUTE)
    assert first.payment.status is Status.FOLLOWING
    last = look(first.payment, answer(package(status=200), package("B", 400)), 2 * MINUTE)
    assert (last.payment.status, last.look_again_at, last.list_changed) == (Status.DONE, None, True)
    assert last.facts == (PackageFailed((Mishap("B", 400),)),)


@pytest.mark.parametrize("said", [answer(package()), Missing(), unpaid(kind=Kind.INSTANT)])
def test_after_24_hours_it_is_over_whatever_is_open(said: Answer) -> None:
    """The list no longer promises anything."""
    payment = replace(followed(), alerted=frozenset({"odd:unpaid_again"}))
    before = look(payment, said, DAY - SECOND)
    assert before.payment.status is Status.FOLLOWING
    assert before.look_again_at == T0 + DAY + SECOND
    over = look(before.payment, said, DAY)
    assert (over.payment.status, over.look_again_at, over.list_changed) == (Status.DONE, None, True)


def test_what_comes_after_the_end_is_listed_but_not_told() -> None:
    """Somebody looks again by hand."""
    payment = look(followed(), answer(package()), DAY).payment
    later = look(payment, answer(package(status=200)), 2 * DAY)
    assert (later.payment.status, later.facts, later.alerts, later.list_changed) == (Status.DONE, (), (), True)
    assert later.look_again_at is None


def test_asking_or_claiming_does_not_end_the_following() -> None:
    """Paid is never left."""
    payment = followed()
    assert asked(payment, ID, T0 + MINUTE, DAY) == claimed(payment, T0) == payment


# --- when it looks ---


def test_the_intervals_grow_from_15_seconds_to_five_minutes() -> None:
    """Each a quarter longer than the one before."""
    waited, intervals = timedelta(0), []
    for _ in range(30):
        interval = following.next_look_in([package(has_driver=True)], waited, FIRST)
        intervals.append(interval)
        waited += interval
    assert intervals[:3] == [15 * SECOND, 18.75 * SECOND, 23.4375 * SECOND]
    assert all(earlier <= later for earlier, later in pairwise(intervals))
    assert intervals[-1] == 5 * MINUTE


@pytest.mark.parametrize(("first", "interval"), [(0.2, 1.5), (2, 15), (30, 30)])
def test_a_short_poll_first_shortens_them_and_a_long_one_holds(first: float, interval: float) -> None:
    """POLL_FIRST is the shortest time between two looks."""
    assert following.next_look_in([package()], timedelta(0), first * SECOND) == interval * SECOND
    assert following.next_look_in([package()], -DAY, first * SECOND) == interval * SECOND


def test_a_look_falls_on_the_moment_a_missing_driver_is_told() -> None:
    """Not up to five minutes later; but never closer than POLL_FIRST."""
    assert following.next_look_in([package()], 13 * MINUTE, FIRST) == 2 * MINUTE
    assert following.next_look_in([package()], 15 * MINUTE - SECOND, FIRST) == FIRST
    assert following.next_look_in([package()], 58 * MINUTE, FIRST) == 2 * MINUTE
    assert following.next_look_in([package(has_driver=True)], 58 * MINUTE, FIRST) == 5 * MINUTE


def test_a_short_budget_stretches_the_intervals_but_not_the_wait_for_a_driver() -> None:
    """As with all looks; a free one does not shorten them."""
    coming = [package(has_driver=True)]
    assert following.next_look_in(coming, MINUTE, FIRST, 3.0) == 3 * following.next_look_in(coming, MINUTE, FIRST)
    assert following.next_look_in(coming, MINUTE, FIRST, 0.1) == following.next_look_in(coming, MINUTE, FIRST)
    assert following.next_look_in([package()], 13 * MINUTE, FIRST, 3.0) == 2 * MINUTE


@pytest.mark.parametrize("trouble", [Unwell("html"), Refused(), Throttled(), Throttled(7.0)])
def test_an_outage_is_waited_out_and_does_not_count(trouble: Answer) -> None:
    """The 24 hours stand still; the tries become as rare as the looks."""
    payment = followed()
    now = MINUTE
    for _ in range(12):
        decision = look(payment, trouble, now)
        payment = decision.payment
        assert (payment.status, decision.facts) == (Status.FOLLOWING, ())
        assert decision.look_again_at
        assert FIRST <= decision.look_again_at - (T0 + now) <= 5 * MINUTE
        now += 3 * DAY
    back = look(payment, answer(package(status=106)), now)
    assert back.facts == (PickedUp(("A",)),)
    assert back.payment.status is Status.FOLLOWING


def test_an_overtaken_answer_does_not_end_the_looks() -> None:
    """Two looks may end in the other order."""
    payment = look(followed(), answer(package(status=106)), MINUTE).payment
    decision = look(payment, answer(package(has_driver=True)), MINUTE - SECOND)
    assert (decision.payment, decision.facts) == (payment, ())
    assert decision.look_again_at
    assert decision.look_again_at > T0 + MINUTE


# --- what it tells ---


@pytest.mark.parametrize(
    ("stands", "fact"),
    [
        (package(has_driver=True), DriverComing(("A",))),
        (package(live_url=LINK), DriverComing(("A",))),
        (package(status=110, has_driver=True), DriverComing(("A",))),
        (package(status=999, has_driver=True), DriverComing(("A",))),
        (package(status=None, has_driver=True), DriverComing(("A",))),
        (package(status=103, has_driver=True), None),
        (package(status=106, has_driver=True, live_url=LINK), PickedUp(("A",))),
        (package(status=106), PickedUp(("A",))),
        *((package(status=code, has_driver=True), None) for code in (107, 152, 210, 211)),
        (package(status=200), Arrived(("A",))),
        *((package(status=code), PackageFailed((Mishap("A", code),))) for code in (300, 333, 400, 500, 555, 703)),
        *((package(status=code), PackageTrouble((Mishap("A", code),))) for code in (301, 350, 403, 701, 901)),
        (package(status=999), None),
        (package(status=None), None),
    ],
)
def test_each_news_is_told_as_it_is_and_once(stands: Package, fact: PackageFact | None) -> None:
    """Straight from 105, as codes may jump; then the same answer again."""
    told = story(followed(), (MINUTE, answer(stands)), (2 * MINUTE, answer(stands)))
    assert told == ([fact] if fact else [])


def test_driver_pickup_and_delivery_are_each_told_in_their_turn() -> None:
    """Driver, pickup, delivery, each in its turn."""
    steps = [package(), package(has_driver=True), package(status=106), package(status=210), package(status=200)]
    told = story(followed(), *((number * MINUTE, answer(step)) for number, step in enumerate(steps, 1)))
    assert told == [DriverComing(("A",)), PickedUp(("A",)), Arrived(("A",))]


def test_codes_that_go_back_are_listed_and_not_told() -> None:
    """Nor is a driver after the pickup, or another driver under the same order."""
    steps = [package(has_driver=True), package(), package(has_driver=True, live_url=LINK), package(status=106)]
    steps += [package(has_driver=True), package(status=106), package(), package(status=200)]
    payment = followed()
    told: list[Fact] = []
    for number, step in enumerate(steps, 1):
        decision = look(payment, answer(step), number * 10 * MINUTE)
        told += decision.facts
        assert decision.list_changed == (step.shown != payment.packages[0].shown or step.status == 200)
        payment = decision.payment
    assert told == [DriverComing(("A",)), PickedUp(("A",)), Arrived(("A",))]


def test_what_a_step_has_overtaken_is_no_news_when_codes_go_back() -> None:
    """Picked up without a driver that anybody heard of; then the driver."""
    told = story(followed(), (MINUTE, answer(package(status=106))), (2 * MINUTE, answer(package(has_driver=True))))
    assert told == [PickedUp(("A",))]


def test_packages_of_one_order_id_are_told_apart_by_their_order() -> None:
    """Three under the same name: each keeps what was told of it."""
    payment = followed(package(), package(), package())
    first = look(payment, answer(package(), package(status=106), package()), MINUTE)
    assert first.facts == (PickedUp(("A",)),)
    second = look(first.payment, answer(package(status=106), package(status=106), package(status=106)), 2 * MINUTE)
    assert second.facts == (PickedUp(("A", "A")),)
    assert len(second.payment.packages) == 3


@pytest.mark.parametrize(("minutes", "told"), [(15, 15), (60, 60)])
def test_a_missing_driver_is_told_on_the_minute(minutes: int, told: int) -> None:
    decision = look(followed(), answer(package()), minutes * MINUTE)
    assert decision.facts == (NoDriver(told, ("A",)),)


def test_a_payment_found_paid_late_in_its_watch_is_followed_for_a_day_all_the_same() -> None:
    """The 24 hours are the packages', not what the watch has left."""
    almost_over = shown(kind=Kind.INSTANT).closes_at - T0 - MINUTE
    assert look(shown(kind=Kind.INSTANT), answer(package()), almost_over).payment.closes_at == T0 + almost_over + DAY


def test_an_ask_that_finds_it_paid_has_its_packages_looked_at_as_any_look_does() -> None:
    known = shown(kind=Kind.INSTANT)
    decision = decide_on_ask(known, ID, answer(package()), T0 + MINUTE, RULES, watch_for=DAY)
    assert (decision.payment.status, decision.look_again_at) == (Status.FOLLOWING, T0 + MINUTE + 15 * SECOND)


def test_a_cancelled_package_that_comes_back_is_told_of_again() -> None:
    """Another package keeps the payment open; what was not told before the cancelling is news."""
    other = package("B", 106)
    payment = followed(package(), other)
    told = story(
        payment,
        (MINUTE, answer(package(status=300), other)),
        (2 * MINUTE, answer(package(has_driver=True), other)),
        (3 * MINUTE, answer(package(status=300), other)),
        (4 * MINUTE, answer(package(status=106), other)),
    )
    assert told == [PackageFailed((Mishap("A", 300),)), DriverComing(("A",)), PickedUp(("A",))]


def test_trouble_and_its_end_are_two_messages_however_many_codes() -> None:
    """A return goes through many."""
    codes = (301, 403, 401, 402, 400)
    told = story(followed(), *((n * MINUTE, answer(package(status=code))) for n, code in enumerate(codes, 1)))
    assert told == [PackageTrouble((Mishap("A", 301),)), PackageFailed((Mishap("A", 400),))]


def test_several_packages_make_one_message_a_kind() -> None:
    """In a fixed order of kinds, each with its packages in the list's order."""
    names = "ABCDEF"
    payment = followed(*(package(name) for name in names))
    stands = [package("A", 200), package("B", 106), package("C", has_driver=True), package("D", 106)]
    decision = look(payment, answer(*stands, package("E", 300), package("F", 301)), MINUTE)
    assert decision.facts == (
        DriverComing(("C",)),
        PickedUp(("B", "D")),
        Arrived(("A",)),
        PackageTrouble((Mishap("F", 301),)),
        PackageFailed((Mishap("E", 300),)),
    )
    assert decision.alerts == (AlertPackageTrouble((Mishap("F", 301),)), AlertPackageTrouble((Mishap("E", 300),)))


def test_what_the_paid_list_shows_is_not_said_again() -> None:
    """A driver who was there when it was paid stands in the list."""
    assert story(followed(package(has_driver=True)), (MINUTE, answer(package(has_driver=True)))) == []


def test_trouble_at_the_moment_of_payment_is_said() -> None:
    """Somebody has just paid for a package that is cancelled; of an old payment the list is enough."""
    said = answer(package(status=300), package("B"))
    fresh = look(shown(kind=Kind.INSTANT), said)
    assert fresh.facts == (Paid(65_000, T0), PackageFailed((Mishap("A", 300),)))
    assert fresh.alerts[1:] == (AlertPackageTrouble((Mishap("A", 300),)),)
    assert look(waiting(), said).facts == (Paid(65_000, T0),)


@pytest.mark.parametrize(
    ("minutes", "facts"),
    [
        ([14], []),
        ([14, 15, 16], [15]),
        ([15, 59, 60, 61, 600], [15, 60]),
        ([90, 91], [60]),  # an outage in between: the longer word is enough
    ],
)
def test_no_driver_is_told_after_15_and_60_minutes(minutes: list[int], facts: list[int]) -> None:
    """Once each, to the operators too."""
    payment = followed()
    told: list[Fact] = []
    alerted: list[Fact] = []
    for minute in minutes:
        decision = look(payment, answer(package()), minute * MINUTE)
        payment = decision.payment
        told += decision.facts
        alerted += decision.alerts
    assert told == [NoDriver(minute, ("A",)) for minute in facts]
    assert alerted == [AlertNoDriver(minute, ("A",)) for minute in facts]


@pytest.mark.parametrize(
    "stands", [package(has_driver=True), package(status=106), package(status=103), package(status=301)]
)
def test_no_driver_is_not_said_of_a_package_that_has_had_one(stands: Package) -> None:
    """Nor of one that needs none, or is in trouble."""
    said = answer(stands)
    assert not [fact for fact in story(followed(), (20 * MINUTE, said)) if isinstance(fact, NoDriver)]


# --- which packages ---


def test_a_package_that_an_answer_leaves_out_stays_and_stays_told() -> None:
    """A gap in an answer is no news, and its return neither."""
    driver = package(has_driver=True)
    told = story(
        followed(package(), package("B")),
        (1 * MINUTE, answer(driver, package("B"))),
        (2 * MINUTE, answer(package("B"))),
        (3 * MINUTE, answer()),
        (4 * MINUTE, answer(driver, package("B"))),
    )
    assert told == [DriverComing(("A",))]


def test_new_packages_are_added_and_the_order_stays() -> None:
    """As the numbers in the list are spoken of; there is an end to them."""
    merged = following.merged((package("A"), package("B")), (package("C"), package("B", 106), package("A")))
    assert [(item.order_id, item.status) for item in merged] == [("A", 105), ("B", 106), ("C", 105)]
    many = tuple(package(f"N{number}") for number in range(300))
    assert following.merged((package("A"),), many)[0].order_id == "A"
    assert len(following.merged((package("A"),), many)) == 100


def test_two_packages_of_one_order_are_told_apart() -> None:
    """By their order in the list."""
    payment = followed(package(), package(service="two"))
    decision = look(payment, answer(package(status=106), package(service="two")), MINUTE)
    assert decision.facts == (PickedUp(("A",)),)
    assert [item.status for item in decision.payment.packages] == [106, 105]


# --- whatever comes ---

CODES = st.none() | st.sampled_from([*sorted(PHASE_OF), 105, 105, 106, 200, 999])
ANSWERS = st.lists(
    st.builds(
        package,
        st.sampled_from("ABC"),
        CODES,
        has_driver=st.booleans(),
        live_url=st.sampled_from([None, LINK]),
    ),
    max_size=3,
    unique_by=lambda item: item.order_id,
).map(lambda items: answer(*items))
TROUBLES = st.sampled_from([Unwell("html"), Throttled(), Refused(), Missing(), unpaid(kind=Kind.INSTANT)])
PAUSES = st.sampled_from([SECOND, 15 * SECOND, 5 * MINUTE, 16 * MINUTE, 61 * MINUTE, 25 * 60 * MINUTE])


def named(fact: Fact) -> list[tuple[str, str]]:
    """(kind, order) of everything a fact tells."""
    match fact:
        case NoDriver():
            return [(f"no driver {fact.minutes}", order) for order in fact.orders]
        case DriverComing() | PickedUp() | Arrived():
            return [(type(fact).__name__, order) for order in fact.orders]
        case PackageTrouble() | PackageFailed():
            return [(type(fact).__name__, mishap.order_id) for mishap in fact.mishaps]
        case _:
            return []


@settings(deadline=None)
@given(
    first=ANSWERS.filter(lambda said: bool(said.packages)),
    looks=st.lists(st.tuples(PAUSES, st.one_of(ANSWERS, ANSWERS, TROUBLES)), max_size=30),
    is_known=st.booleans(),
)
def test_each_is_told_once_and_only_what_is_so(
    first: Statement, looks: list[tuple[timedelta, Answer]], is_known: bool
) -> None:
    """Whatever codes come, jump or go back, with or without answers in between."""
    now = T0
    decision = decide(shown(kind=Kind.INSTANT) if is_known else waiting(), first, now, RULES)
    told: Counter[tuple[str, str]] = Counter(item for fact in decision.facts for item in named(fact))
    for pause, said in looks:
        now += pause
        before = decision.payment
        decision = decide(before, said, now, RULES)
        check(before, decision, said)
        told.update(item for fact in decision.facts for item in named(fact))
        if decision.look_again_at:
            assert FIRST <= decision.look_again_at - now <= timedelta(hours=1)
    assert all(count == 1 for count in told.values()), told
    for order in "ABC":
        # The longer word makes the shorter one needless.
        assert told["no driver 15", order] <= 1


def check(before: Payment, decision: Decision, said: Answer) -> None:
    """What holds of every look after payment."""
    after = decision.payment
    assert (decision.look_again_at is not None) == (after.status is Status.FOLLOWING)
    assert not (before.status is Status.DONE and decision.facts)
    assert len({type(fact) for fact in decision.facts if not isinstance(fact, NoDriver)}) == len(
        [fact for fact in decision.facts if not isinstance(fact, NoDriver)]
    )
    said_now = {item.order_id: item for item in said.packages} if isinstance(said, Statement) else {}
    known = {item.order_id: item for item in after.packages} | said_now
    for fact in decision.facts:
        for _, order in named(fact):
            stands = known[order]
            match fact:
                case PickedUp():
                    assert stands.status == 106
                case Arrived():
                    assert stands.status == 200
                case DriverComing():
                    assert stands.has_driver or stands.live_url
                    assert stands.status not in {103, 104, 106, 107, 152, 200}
                case PackageFailed():
                    assert stands.phase is Phase.FINAL
                case PackageTrouble():
                    assert stands.phase is Phase.TROUBLE
                case NoDriver():
                    assert not stands.has_driver
    shown_before = [item.shown for item in before.packages]
    if [item.shown for item in after.packages] != shown_before:
        assert decision.list_changed


@settings(deadline=None)
@given(st.lists(ANSWERS, min_size=1, max_size=5))
def test_looked_at_when_due_it_ends_within_a_day_and_few_looks(said: list[Statement]) -> None:
    """The answers over and over."""
    payment = followed()
    due, looks = T0 + 15 * SECOND, 0
    while True:
        decision = decide(payment, said[looks % len(said)], due, RULES)
        payment, looks = decision.payment, looks + 1
        if decision.look_again_at is None:
            break
        assert decision.look_again_at > due
        due = decision.look_again_at
    assert payment.status is Status.DONE
    assert due <= T0 + DAY + 5 * MINUTE
    assert looks < 320
