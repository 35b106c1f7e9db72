"""What is promised, checked against what Telegram took and what was true at KiriminAja: never the bot's own tables."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Final

from tests.simulation.interests import Interest, Told
from tests.simulation.messenger import Sent
from tests.simulation.planned import CALM
from tests.simulation.provider import Bill, payload
from tests.simulation.words import Said
from tests.simulation.world import OPS, Asked, World

_NEWS: Final = frozenset({
    "Paid", "QrReplaced", "QrBack", "Withheld", "NotFound", "WatchClosed", "ClaimOver", "DriverComing", "PickedUp",
    "Arrived", "PackageTrouble", "PackageFailed", "NoDriver", "ExpressNews",
})  # fmt: skip
_NOTED_WITHIN: Final = 1.0
"""Seconds after which a process has noted what it sent."""
_UNDER_WAY_FOR: Final = 8.0
"""Seconds that a picture may be on its way since it was made."""
_SOON: Final = 45.0
"""Seconds within which everything that is woken is done, where nothing goes wrong."""


class Promises:
    """Checks a world that has come to its end."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._told = [
            Told(sent, Said.read(line)) for sent in world.messenger.sent for line in sent.text.split("\n") if line
        ]
        self._told += self._toasts()
        self._told.sort(key=lambda told: told.sent.at)
        self._blocked = {
            chat for chat in {chat for _, chat, _ in world.blocks} if world.messenger.chat(chat).is_blocked
        }

    def _toasts(self) -> Iterator[Told]:
        """What was told as the answer to a press, as far as it ends a watch."""
        for press_id, at, text in self._world.messenger.toasts:
            fact, _, locale = text.partition("|")
            chat, topic, _, under = self._world.messenger.presses[press_id]
            if fact == "Stopped":
                said = Said(fact, Said.read(under).payment_id, locale, "toast")
                yield Told(Sent(at, at, chat, topic, 0, str(said), None, False, True, 0), said)

    def check(self) -> None:
        """All of them."""
        checks: list[Callable[[], None]] = [
            self._never_false, self._told_once, self._told_to_all, self._nothing_after_stop, self._nothing_to_pay,
            self._no_old_code, self._commands_answered, self._presses_answered, self._outages, self._floods,
            self._soon,
        ]  # fmt: skip
        for check in checks:
            check()

    def _about(self, payment_id: str) -> Iterator[Told]:
        return (told for told in self._told if told.said.payment_id == payment_id and told.sent.chat != OPS)

    def _never_false(self) -> None:
        for told in self._told:
            bill = self._world.provider.bills.get(told.said.payment_id)
            says_paid = told.said.fact in {"Paid", "card receipt", "AlertPaid"}
            if says_paid and bill and not bill.is_paid(told.sent.begun):
                self._world.violate("paid is never said of what is not paid", f"{told.sent}")

    def _told_once(self) -> None:
        copies: dict[tuple[object, ...], list[Told]] = defaultdict(list)
        for told in self._told:
            said = told.said
            if not told.sent.is_new or said.fact == "card qr":
                continue
            if told.is_news_of_paid:
                copies["Paid", *told.place, said.payment_id].append(told)
            elif said.fact.startswith("AlertProvider") or said.fact == "AlertPaid":
                copies[said.fact, said.payment_id, said.detail].append(told)
            elif said.fact not in _NEWS and not said.fact.startswith("Alert"):
                copies[said.fact, *told.place, said.payment_id, said.locale].append(told)
        for what, found in copies.items():
            if len(found) > 1 + sum(self._is_doubtful(told.sent) for told in found):
                self._world.violate("everything is told once", f"{what}: at {[told.sent.at for told in found]}")

    def _is_doubtful(self, sent: Sent) -> bool:
        """Whether the process may not have been able to note that it was sent."""
        soon = (sent.at, sent.at + _NOTED_WITHIN)
        return (
            not sent.answered
            or sent.process in self._world.lost_lease
            or any(soon[0] - 0.001 <= killed_at <= soon[1] for killed_at, _ in self._world.kills)
        )

    def _interests(self, bill: Bill) -> dict[tuple[int, int | None], Interest]:
        found: dict[tuple[int, int | None], Interest] = defaultdict(Interest)
        for told in self._about(bill.id):
            found[told.place].take(told, self._world.watch_asks)
        return found

    def _told_to_all(self) -> None:
        for bill in self._world.provider.bills.values():
            for place, interest in self._interests(bill).items():
                if not interest.watches or place[0] in self._blocked or interest.was_told:
                    continue
                if self._may_have_stopped(place, bill):
                    continue
                if bill.paid_at is not None and bill.is_known:
                    self._world.violate("whoever watches hears that it is paid", f"{bill.id} in {place}")
                elif not interest.was_closed and bill.is_known:
                    self._world.violate("every watch ends", f"{bill.id} in {place}")

    def _may_have_stopped(self, place: tuple[int, int | None], bill: Bill) -> bool:
        """Whether a stop came to no answer: a press whose process died, as its message may be deleted meanwhile; or a
        command in a chat that has blocked the bot since."""
        commands = (asked for asked in self._world.asked if asked.command == "/stop" and bill.id in asked.payments)
        if any((asked.chat, asked.topic) == place and self._blocks_after(asked) for asked in commands):
            return True
        answered = {press_id for press_id, _, _ in self._world.messenger.toasts}
        return any(
            press_id not in answered and (chat, topic) == place and Said.read(under).payment_id == bill.id
            for press_id, (chat, topic, _, under) in self._world.messenger.presses.items()
        )

    def _nothing_after_stop(self) -> None:
        for bill in self._world.provider.bills.values():
            interests: dict[tuple[int, int | None], Interest] = defaultdict(Interest)
            for told in self._about(bill.id):
                interest = interests[told.place]
                # Asked for again the code may never have come through, but the watch did.
                number = int(told.said.locale[1:] or 0)
                again = number in self._world.watch_asks and number > interest.asked_by
                stopped_at = None if again else interest.stopped_at
                if (
                    told.is_news_of_paid
                    and told.sent.is_new
                    and stopped_at is not None
                    and told.sent.begun > stopped_at
                ):
                    self._world.violate("nothing is told after stop", f"{told.sent}")
                interest.take(told, self._world.watch_asks)

    def _nothing_to_pay(self) -> None:
        known: dict[str, float] = {}
        for told in self._told:
            if told.said.fact == "Paid":
                known.setdefault(told.said.payment_id, told.sent.begun)
        for told in self._told:
            paid_since = known.get(told.said.payment_id)
            if told.said.fact == "card qr" and paid_since and told.sent.begun > paid_since + _UNDER_WAY_FOR:
                self._world.violate("nobody is asked to pay what is paid", f"a new code: {told.sent}")
        for chat_id, number, payment_id, _ in self._codes_that_stand():
            bill = self._world.provider.bills[payment_id]
            if bill.paid_at is not None and bill.is_known:
                self._world.violate("nobody is asked to pay what is paid", f"{payment_id} in {chat_id} #{number}")

    def _codes_that_stand(self) -> Iterator[tuple[int, int, str, str]]:
        for chat in self._world.messenger.chats.values():
            if chat.first_id in self._blocked or chat.moved_to is not None:
                continue
            for number, message in chat.messages.items():
                face, payment_id, code = (message.picture or "||").split("|")
                if face == "qr":
                    yield chat.id, number, payment_id, code

    def _no_old_code(self) -> None:
        for chat_id, number, payment_id, code in self._codes_that_stand():
            bill = self._world.provider.bills[payment_id]
            issue = bill.issue(self._world.plan.ends_at)
            now = payload(issue.bill, issue.amount, is_whole=issue.is_whole) if issue.bill else None
            if bill.paid_at is None and (code != now or not issue.is_whole):
                self._world.violate("no old code stands", f"{payment_id} in {chat_id} #{number}")

    def _commands_answered(self) -> None:
        for asked in self._world.asked:
            if self._blocks_after(asked):
                continue  # answers to a chat that takes none are given up
            mine = [told for told in self._told if told.place == (asked.chat, asked.topic)]
            answers = {told.said.payment_id for told in mine if told.said.locale == f"u{asked.update}"}
            if asked.command == "/pay":
                # Asked twice at once, one picture answers both; and what is told anyway is not told twice.
                answers |= {told.said.payment_id for told in mine if told.sent.at > asked.at}
                missing = set(asked.payments) - answers
            else:
                missing = set() if answers else {asked.command}
                missing -= {"/status"} if any(told.is_news_of_paid for told in mine) else set()
            if missing:
                self._world.violate("every command is answered", f"{asked}: {missing}")

    def _blocks_after(self, asked: Asked) -> bool:
        """Whether a command's chat has blocked the bot since."""
        return any(chat == asked.chat and at >= asked.at and blocked for at, chat, blocked in self._world.blocks)

    def _presses_answered(self) -> None:
        answered = {press_id for press_id, _, _ in self._world.messenger.toasts}
        for press_id, (chat, _, at, _) in self._world.messenger.presses.items():
            # Killed between what a press does and its answer, which nobody would see so late.
            if press_id not in answered and not any(back_at >= at for _, back_at in self._world.kills):
                self._world.violate("every press is answered", f"{press_id} in {chat} at {at}")

    def _outages(self) -> None:
        world = self._world
        told: dict[str, set[str]] = {"AlertProviderDown": set(), "AlertProviderBack": set()}
        for one in self._told:
            if one.said.fact in told:
                told[one.said.fact].add(one.said.detail)
        downs = [one.sent.begun for one in self._told if one.said.fact == "AlertProviderDown"]
        lasts = told["AlertProviderDown"] - told["AlertProviderBack"]
        # Where nobody watches any more nothing is asked, and nobody knows.
        may_last = len(lasts) <= 1 and not any(at > max(downs, default=0.0) for at in world.provider.usable)
        if told["AlertProviderBack"] - told["AlertProviderDown"] or (lasts and not may_last):
            world.violate("operators hear of an outage, and of its end", f"{told}")
        if world.weather.call_failed:
            return
        for at in downs:
            if not any(span.begin + 110 <= at for span in world.plan.provider_out):
                world.violate("operators hear of an outage, and of its end", f"told at {at}, but there was none")
        if not world.kills and not world.plan.telegram_out:
            self._long_outages(downs)

    def _long_outages(self, told_at: list[float]) -> None:
        for span in self._world.plan.provider_out:
            is_long = span.how == "down" and span.end - span.begin > 300
            is_told = any(span.begin + 110 <= at <= span.end + 60 for at in told_at)
            if is_long and not is_told and self._is_watched(span.begin - 60, span.end):
                self._world.violate("operators hear of an outage, and of its end", f"not told of {span}")

    def _is_watched(self, begin: float, end: float) -> bool:
        """Whether some place was surely watching an unpaid payment all the time."""
        for bill in self._world.provider.bills.values():
            if (bill.paid_at is not None and bill.paid_at < end) or not bill.is_known:
                continue
            for place in {told.place for told in self._about(bill.id)}:
                interest = Interest()
                for told in self._about(bill.id):
                    if told.place == place and told.sent.at < end:
                        interest.take(told, self._world.watch_asks)
                if interest.watches and interest.since < begin and not interest.was_closed:
                    return place[0] not in {chat for _, chat, _ in self._world.blocks}
        return False

    def _floods(self) -> None:
        for at, chat in self._world.floods:
            # A pause is forgotten by whoever died before noting it, and where a chat went and came back.
            forgotten = any(at - 30 <= killed_at <= at for killed_at, _ in self._world.kills)
            if not forgotten and not self._ever_blocked(chat):
                self._world.violate("a 429 is obeyed", f"{chat} at {at}")

    def _soon(self) -> None:
        """Where nothing goes wrong nobody waits long: no wake is lost."""
        plan = self._world.plan
        if plan.weather != CALM or plan.provider_out or plan.telegram_out or self._world.kills:
            return
        self._hints_followed()
        for asked in self._world.asked:
            first = [told.sent.at for told in self._told if told.said.locale == f"u{asked.update}"]
            is_late = asked.command == "/start" and not any(at < asked.at + _SOON for at in first)
            if is_late and not self._ever_blocked(asked.chat):
                self._world.violate("nobody waits long", f"{asked}")

    def _hints_followed(self) -> None:
        for at, payment_id, _, _ in self._world.plan.pushes:
            bill = self._world.provider.bills[payment_id]
            if bill.paid_at is None or not bill.is_known or at < bill.paid_at + bill.lag + bill.doubt:
                continue
            interests: dict[tuple[int, int | None], Interest] = defaultdict(Interest)
            for told in self._about(payment_id):
                if told.sent.at < at + _SOON:
                    interests[told.place].take(told, self._world.watch_asks)
            for place, interest in interests.items():
                late = interest.watches and not interest.was_told and interest.since < at
                if late and not self._ever_blocked(place[0]):
                    self._world.violate("nobody waits long", f"{payment_id} in {place}, hinted at {at}")

    def _ever_blocked(self, chat: int) -> bool:
        return any(chat == blocked for _, blocked, _ in self._world.blocks)
