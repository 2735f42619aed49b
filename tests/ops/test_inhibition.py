"""A cause silences what follows from it, in Debian's Alertmanager, for as long as it lasts."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import httpx
import pytest
import yaml

from tests.ops import sinks

MONITORING = Path(__file__).resolve().parents[2] / "ops" / "monitoring"


@cache
def committed() -> dict[str, dict[str, str]]:
    """Labels of every committed alert by its name."""
    groups = [group for file in MONITORING.glob("rules/*.yml") for group in yaml.safe_load(file.read_text())["groups"]]
    rules = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    return {rule["alert"]: rule["labels"] | {"alertname": rule["alert"]} for rule in rules}


@dataclass
class Alerts:
    """An Alertmanager, and what it told Slack."""

    address: str
    told: list

    def post(self, *alerts: dict[str, str], ends: bool = False) -> None:
        end = {"endsAt": datetime.now(UTC).isoformat()} if ends else {}
        body = [{"labels": labels, "annotations": {"summary": "s", "action": "a"}} | end for labels in alerts]
        httpx.post(f"{self.address}/api/v2/alerts", json=body).raise_for_status()

    def inhibited(self) -> set[str]:
        found = httpx.get(f"{self.address}/api/v2/alerts").raise_for_status().json()
        return {item["labels"]["alertname"] for item in found if item["status"]["inhibitedBy"]}

    def messages(self, labels: dict[str, str]) -> list[str]:
        titles = [body["attachments"][0]["title"] for _, body in self.told]
        return [title.split("]")[0] for title in titles if f" {labels['alertname']} ({labels['severity']}," in title]


@pytest.fixture(scope="module")
def alerts(alertmanager_in, tmp_path_factory) -> Iterator[Alerts]:
    with sinks.mail_sink() as mail, sinks.hook_sink() as hooks:
        mail_port, hook_port = mail.server_address[1], hooks.server_address[1]
        folder = tmp_path_factory.mktemp("inhibition")
        with alertmanager_in(folder, lambda folder: sinks.hurry(folder, mail_port, hook_port)) as address:
            yield Alerts(address, hooks.received)


def waited_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def pair(cause: str, effect: str) -> tuple[dict[str, str], dict[str, str]]:
    """What two committed alerts look like when they fire, on two machines."""
    return committed()[cause] | {"instance": "one"}, committed()[effect] | {"instance": "two"}


@pytest.mark.parametrize(
    "pairs",
    [
        [
            pair("DatabaseDown", "SchemaBehind"),
            pair("ServerDown", "RequestsSlow"),
            pair("DiskFull", "DiskShort"),
        ],
        [pair("ErrorBudgetBurnsFast", "ErrorBudgetBurnsSlowly")],
    ],
    ids=["components", "budget"],
)
def test_what_follows_from_a_cause_is_told_only_once_the_cause_is_over(alerts, pairs):
    causes, effects = [cause for cause, _ in pairs], [effect for _, effect in pairs]
    alerts.post(*causes)
    alerts.post(*effects)
    waited_for(lambda: alerts.inhibited() >= {effect["alertname"] for effect in effects})
    waited_for(lambda: all(alerts.messages(cause) for cause in causes))
    time.sleep(6)  # a group interval, in which an effect would have been told
    during = [alerts.messages(effect) for effect in effects]
    alerts.post(*causes, ends=True)
    waited_for(lambda: all(alerts.messages(effect) for effect in effects))

    assert during == [[] for _ in effects]
    assert [alerts.messages(effect) for effect in effects] == [["[FIRING 1"] for _ in effects]
    waited_for(lambda: all(alerts.messages(cause) == ["[FIRING 1", "[RESOLVED"] for cause in causes))
    alerts.post(*effects, ends=True)


def test_every_cause_and_every_effect_is_a_committed_alert():
    """A rule that matches by anything else than names may match nothing, and nobody would notice."""
    rules = yaml.safe_load((MONITORING / "alertmanager.yml").read_text())["inhibit_rules"]
    matchers = [text for rule in rules for text in (*rule["source_matchers"], *rule["target_matchers"])]
    patterns = [part for text in matchers for part in text.split('"')[1].split("|")]

    assert {text.split()[0] for text in matchers} == {"alertname"}
    assert [part for part in patterns if not any(re.fullmatch(part, name) for name in committed())] == []
