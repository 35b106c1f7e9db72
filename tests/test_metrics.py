"""The table of metrics: named as the dashboard and the rules name them, explained, without ids."""

from datetime import timedelta

from prometheus_client.parser import text_string_to_metric_families

from bot.core.payment import Status
from bot.metrics import Metrics
from tests.metering import samples


def test_what_is_noted_is_samples() -> None:
    """Each counter and histogram by its labels."""
    metrics = Metrics("1.2.3")
    metrics.note_call("express", "paid", 0.3)
    metrics.note_look("paid")
    metrics.note_look_begun(timedelta(seconds=-1))
    metrics.note_delivery("delivered")
    metrics.note_told_paid(timedelta(seconds=4))
    metrics.note_callback("shipped_packages", "stored")
    metrics.note_forward("failed")
    metrics.note_update("message")
    metrics.note_update("poll_answer")
    found = samples(metrics)
    assert found["paybot_build_info"] == {("1.2.3",): 1}
    assert found["paybot_provider_calls_total"] == {("express", "paid"): 1}
    assert found["paybot_provider_seconds_sum"] == {("express",): 0.3}
    assert found["paybot_looks_total"] == {("paid",): 1}
    assert found["paybot_look_delay_seconds_sum"] == {(): 0}
    assert found["paybot_deliveries_total"] == {("delivered",): 1}
    assert found["paybot_paid_to_told_seconds_sum"] == {(): 4}
    assert found["paybot_callbacks_total"] == {("shipped_packages", "stored"): 1}
    assert found["paybot_forwards_total"] == {("failed",): 1}
    assert found["paybot_updates_total"] == {("message",): 1, ("other",): 1}


def test_the_databases_part_stands_until_it_is_counted_again() -> None:
    """A database out of reach takes nothing away from what was known."""
    metrics = Metrics("1")
    counts = {status.value: number for number, status in enumerate(Status)}
    samples(metrics, payments=counts, outbox=(3, timedelta(seconds=7), 2))
    found = samples(metrics, ready=False, holds_lease=False)
    assert found["paybot_payments"] == {(status,): number for status, number in counts.items()}
    assert found["paybot_outbox_due"] == {(): 3}
    assert found["paybot_outbox_oldest_seconds"] == {(): 7}
    assert found["paybot_outbox_dead"] == {(): 2}
    assert found["paybot_ready"] == {(): 0}
    assert found["paybot_lease_held"] == {(): 0}


def test_every_metric_says_what_it_is() -> None:
    """A sentence or more each."""
    families = list(text_string_to_metric_families(Metrics("1").show(ready=True, holds_lease=True).decode()))
    assert len(families) > 10
    for family in families:
        assert family.name.startswith("paybot_")
        assert len(family.documentation) > 20, family.name


def test_two_processes_in_one_test_do_not_share() -> None:
    """Nothing is global."""
    one, other = Metrics("1"), Metrics("1")
    one.note_look("paid")
    assert "paybot_looks_total" not in samples(other)
