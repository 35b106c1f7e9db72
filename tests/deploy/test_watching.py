"""Dashboard and rules: over metrics and labels the bot has, and rules that fire when they should."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from bot.core.payment import Status
from bot.metrics import Metrics
from tests.deploy.reading import DEPLOY, run, text_of, tool, yaml_of

CASES = [Path(__file__).with_name(name) for name in ("alerts_minutes.yaml", "alerts_days.yaml")]
RULES: list[Any] = [rule for group in yaml_of("alerts.yaml")["groups"] for rule in group["rules"]]
BOARD: Any = json.loads(text_of("grafana.json"))
PANELS: list[Any] = BOARD["panels"]
EXPRESSIONS = [target["expr"] for panel in PANELS for target in panel["targets"]] + [rule["expr"] for rule in RULES]


def labels_of_metrics() -> dict[str, set[str]]:
    """Every series the bot has, with its labels; `job` and `instance` are Prometheus's."""
    metrics = Metrics("0")
    shown = metrics.show(ready=True, holds_lease=True, payments={}, outbox=(0, timedelta(), 0)).decode()
    kinds = dict(re.findall(r"(?m)^# TYPE (\S+) (counter|gauge|histogram)$", shown))
    labels = {
        made._name: set(made._labelnames) for made in vars(metrics).values() if isinstance(made, MetricWrapperBase)
    }
    found: dict[str, set[str]] = {"up": set(), "paybot_build_info": {"version"}}
    for name, kind in kinds.items():
        if name.endswith("_created"):
            continue
        own = labels.get(name.removesuffix("_total"), found.get(name, set()))
        found |= (
            {f"{name}_{part}": own | {"le"} for part in ("bucket", "count", "sum")}
            if kind == "histogram"
            else {name: own}
        )
    return {name: own | {"job", "instance"} for name, own in found.items()}


SERIES = labels_of_metrics()


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_is_over_what_the_bot_has(expression: str) -> None:
    """Names, labels chosen by and summed by, and the statuses of payments."""
    names = re.findall(r"\b(paybot_\w+|up)\b", expression)
    assert names
    known: set[str] = set()
    for name in names:
        assert name in SERIES, name
        known |= SERIES[name]
    for name, matchers in re.findall(r"(\w+)\{([^}]*)\}", expression):
        for label in re.findall(r"(\w+)\s*[!=]~?\s*\"", matchers):
            assert label in SERIES[name], f"{name} has no {label}"
    for labels in re.findall(r"by \(([^)]*)\)", expression):
        assert {label.strip() for label in labels.split(",")} <= known, expression
    for status in re.findall(r'status="(\w+)"', expression):
        assert status in set(Status)


def test_every_metric_is_looked_at() -> None:
    """A metric that nobody sees is one too many."""
    used = {name for expression in EXPRESSIONS for name in re.findall(r"\bpaybot_\w+", expression)}
    stems = {re.sub(r"_(bucket|count|sum)$", "", name) for name in used}
    assert stems == {re.sub(r"_(bucket|count|sum)$", "", name) for name in SERIES} - {"up"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_says_what_is_wrong_and_what_to_do(rule: Any) -> None:
    """A line for the phone, and the way out."""
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert set(rule["annotations"]) == {"summary", "description"}
    assert "{{ $labels.job }}" in rule["annotations"]["summary"]
    assert len(rule["annotations"]["description"]) > 100


def test_the_panels_lie_side_by_side() -> None:
    """None over another, none out of the 24 columns, each with a word of explanation."""
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
        assert panel["title"]
        assert panel["description"]
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)


def test_prometheus_takes_the_rules(tmp_path: Path) -> None:
    """And the dashboard's expressions, as recording rules with its variables filled in."""
    promtool = tool("promtool", "prometheus")
    run(promtool, "check", "rules", DEPLOY / "alerts.yaml")
    filled = [expression.replace("$__rate_interval", "5m").replace("$job", ".*") for expression in EXPRESSIONS]
    rules = [{"record": f"paybot:panel_{number}", "expr": expression} for number, expression in enumerate(filled)]
    board = tmp_path / "board.yaml"
    board.write_text(yaml.safe_dump({"groups": [{"name": "board", "rules": rules}]}), encoding="utf-8")
    run(promtool, "check", "rules", board)


def test_every_rule_fires_in_a_case() -> None:
    """And the first case, a good day, is silent."""
    good, *bad = [
        {sample["labels"] for test in case["promql_expr_test"] for sample in test["exp_samples"]} for case in cases()
    ]
    assert not good
    assert set().union(*bad) == {f'{{alertname="{rule["alert"]}"}}' for rule in RULES}


def test_the_rules_fire_when_they_should() -> None:
    """promtool plays the cases beside this file."""
    assert "SUCCESS" in run(tool("promtool", "prometheus"), "test", "rules", *CASES)


def cases() -> list[Any]:
    """What promtool plays."""
    return [case for path in CASES for case in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]]
