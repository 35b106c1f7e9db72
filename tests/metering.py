"""Reads metrics as Prometheus does."""

from prometheus_client.parser import text_string_to_metric_families

from bot.metrics import Metrics


def samples(metrics: Metrics, **changes: object) -> dict[str, dict[tuple[str, ...], float]]:
    """What a process that is ready and at work would show."""
    given: dict[str, object] = {"ready": True, "holds_lease": True} | changes
    return read_samples(metrics.show(**given).decode())  # type: ignore[arg-type]  # as `show` takes them


def read_samples(text: str) -> dict[str, dict[tuple[str, ...], float]]:
    """Each sample's values by the values of its labels."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found
