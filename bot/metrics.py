"""What an operator's Prometheus reads: the whole table of metrics. No ids, no secrets, nothing of a chat.

One `Metrics` a process, made in `app`; nothing is global. Counters and histograms are written where things happen;
the gauges that stand in the database are read when somebody asks (`storage.depths`).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 6, 10, 30, 60, 300, 900, 3600)
_CALL_SECONDS: Final = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15)
_UPDATES: Final = ("message", "callback_query", "my_chat_member")


class Metrics:
    """The metrics of one process."""

    def __init__(self, version: str) -> None:
        self._registry = registry = CollectorRegistry()
        self._payments = Gauge(
            "paybot_payments", "Payments in the database, by where they stand.", ["status"], registry=registry
        )
        self._outbox_due = Gauge("paybot_outbox_due", "Messages that wait to be sent.", registry=registry)
        self._outbox_oldest = Gauge(
            "paybot_outbox_oldest_seconds",
            "How long the message that has waited longest has been due; 0 with none.",
            registry=registry,
        )
        self._outbox_dead = Gauge(
            "paybot_outbox_dead",
            "Messages given up, which `paybot outbox list` shows; dropped after 30 days.",
            registry=registry,
        )
        self._lease = Gauge(
            "paybot_lease_held", "1 in the process that does the work, 0 in one that stands by.", registry=registry
        )
        self._ready = Gauge("paybot_ready", "What /readyz says: 1 for 200, 0 for 503.", registry=registry)
        build = Gauge("paybot_build_info", "Always 1; the label names the version.", ["version"], registry=registry)
        build.labels(version).set(1)
        self._looks = Counter(
            "paybot_looks",
            "Looks at payments, by what KiriminAja answered: unpaid, paid, unknown, missing, throttled, refused, "
            "or why there was no usable answer.",
            ["outcome"],
            registry=registry,
        )
        self._look_delay = Histogram(
            "paybot_look_delay_seconds",
            "From the moment a look was due until it began; grows when the call budget is short.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._paid_to_told = Histogram(
            "paybot_paid_to_told_seconds",
            "From the look that found a payment paid until Telegram had taken the message that says so.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._deliveries = Counter(
            "paybot_deliveries",
            "Attempts to deliver, by outcome: delivered, retryat (put off), undeliverable, messagegone, moved, …",
            ["outcome"],
            registry=registry,
        )
        self._provider_calls = Counter(
            "paybot_provider_calls",
            "Calls to KiriminAja, by endpoint and outcome.",
            ["endpoint", "outcome"],
            registry=registry,
        )
        self._provider_seconds = Histogram(
            "paybot_provider_seconds",
            "How long a call to KiriminAja took, without the wait for its turn.",
            ["endpoint"],
            buckets=_CALL_SECONDS,
            registry=registry,
        )
        self._held_back = Gauge(
            "paybot_provider_held_back",
            "1 while looks wait because a side of KiriminAja does not answer, but for a probe now and then.",
            ["side"],
            registry=registry,
        )
        self._callbacks = Counter(
            "paybot_callbacks",
            "Callbacks of KiriminAja, by method (`unknown` if we don't know it) and outcome: stored, repeated.",
            ["method", "outcome"],
            registry=registry,
        )
        self._forwards = Counter(
            "paybot_forwards",
            "Callbacks passed on to CALLBACK_FORWARD_URL, by outcome: delivered, failed (tried again), given_up.",
            ["outcome"],
            registry=registry,
        )
        self._updates = Counter("paybot_updates", "Updates stored, by kind.", ["kind"], registry=registry)

    def note_call(self, endpoint: str, outcome: str, seconds: float) -> None:
        """A call to KiriminAja ended."""
        self._provider_calls.labels(endpoint, outcome).inc()
        self._provider_seconds.labels(endpoint).observe(seconds)

    def note_look(self, outcome: str) -> None:
        """A look was taken in."""
        self._looks.labels(outcome).inc()

    def note_look_begun(self, late: timedelta) -> None:
        """A look that was due began, so much later."""
        self._look_delay.observe(max(0.0, late.total_seconds()))

    def note_delivery(self, outcome: str) -> None:
        """A try at a message ended."""
        self._deliveries.labels(outcome).inc()

    def note_told_paid(self, after: timedelta) -> None:
        """A chat was told "paid", so long after the look that found it."""
        self._paid_to_told.observe(max(0.0, after.total_seconds()))

    def note_callback(self, method: str, outcome: str) -> None:
        """A callback came. `method` is one we know, or `unknown`: nobody outside makes up labels."""
        self._callbacks.labels(method, outcome).inc()

    def note_forward(self, outcome: str) -> None:
        """A callback was passed on, or not."""
        self._forwards.labels(outcome).inc()

    def note_update(self, kind: str) -> None:
        """An update was stored."""
        self._updates.labels(kind if kind in _UPDATES else "other").inc()

    def show(
        self,
        *,
        ready: bool,
        holds_lease: bool,
        payments: Mapping[str, int] | None = None,
        outbox: tuple[int, timedelta, int] | None = None,
        held_back: Mapping[str, bool] | None = None,
    ) -> bytes:
        """The exposition text. `payments` by status and `outbox` (due, age of the oldest, dead) as the database has
        them; without a database their last values stand."""
        self._ready.set(ready)
        self._lease.set(holds_lease)
        for status, count in (payments or {}).items():
            self._payments.labels(status).set(count)
        for side, is_held in (held_back or {}).items():
            self._held_back.labels(side).set(is_held)
        if outbox is not None:
            due, oldest, dead = outbox
            self._outbox_due.set(due)
            self._outbox_oldest.set(oldest.total_seconds())
            self._outbox_dead.set(dead)
        return generate_latest(self._registry)
