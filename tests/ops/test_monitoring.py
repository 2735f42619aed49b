"""Rules, routes and dashboards as they are committed: each alert fires, resolves, has its page in the runbook."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "ops" / "monitoring"
RULES = sorted(MONITORING.glob("rules/*.yml"))
TESTS = sorted(MONITORING.glob("rules/tests/*_test.yml"))
SLOW = "healthy_week_test"


def loaded(name: str) -> ModuleType:
    """Return a module of ops/monitoring, which is no package of ours to import from."""
    spec = importlib.util.spec_from_file_location(f"monitoring_{name}", MONITORING / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def alerts() -> dict[str, dict]:
    groups = [group for file in RULES for group in yaml.safe_load(file.read_text())["groups"]]
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}


def run(*argv: object) -> str:
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, check=False, cwd=ROOT)

    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("file", [file for file in TESTS if file.stem != SLOW], ids=lambda file: file.stem)
def test_rules_do_what_their_tests_say(file):
    assert "SUCCESS" in run("promtool", "test", "rules", file)


@pytest.mark.drill
def test_a_healthy_week_is_quiet():
    assert "SUCCESS" in run("promtool", "test", "rules", MONITORING / "rules" / "tests" / f"{SLOW}.yml")


def test_a_rule_that_cannot_fire_fails_its_test(tmp_path):
    """The tests of rules are themselves tried: with one threshold moved they must be red."""
    text = (MONITORING / "rules" / "backups.yml").read_text()
    (tmp_path / "backups.yml").write_text(text.replace("> 26 * 3600", "> 26000 * 3600"))
    (tmp_path / "tests").mkdir()
    test = tmp_path / "tests" / "backups_test.yml"
    test.write_text((MONITORING / "rules" / "tests" / "backups_test.yml").read_text())
    done = subprocess.run(["promtool", "test", "rules", str(test)], capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert "BackupStale" in done.stdout + done.stderr


def test_every_alert_is_seen_to_fire_and_to_resolve():
    fires, resolves = set(), set()
    for file in TESTS:
        for test in yaml.safe_load(file.read_text())["tests"]:
            for case in test["promql_expr_test"]:
                names = re.findall(r'alertname="(\w+)"', case["expr"])
                (fires if case["exp_samples"] else resolves).update(names)

    assert fires == set(alerts())
    assert resolves == set(alerts()) - {"Heartbeat"}


@pytest.mark.parametrize("name", sorted(alerts()))
def test_every_alert_tells_what_to_do_and_has_its_page(name):
    rule = alerts()[name]
    headings = re.findall(r"^### (\w+)$", (ROOT / "ops" / "RUNBOOK.md").read_text(), flags=re.MULTILINE)

    assert set(rule["annotations"]) == {"summary", "action", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == f"ops/RUNBOOK.md#{name.lower()}"
    assert name in headings
    assert set(rule["labels"]) == {"severity", "team"}


def test_the_configuration_is_valid_and_every_alert_has_a_receiver(tmp_path):
    start = loaded("start")
    start.write_configuration(tmp_path, {}, "a-key")
    run("promtool", "check", "config", tmp_path / "prometheus.yml")
    run("amtool", "check-config", tmp_path / "alertmanager.yml")
    for name, rule in alerts().items():
        labels = [f"{key}={value}" for key, value in rule["labels"].items()]
        routed = run("amtool", "config", "routes", "test", f"--config.file={tmp_path / 'alertmanager.yml'}",
                     f"alertname={name}", *labels).strip()  # fmt: skip

        assert routed == ("heartbeat" if name == "Heartbeat" else rule["labels"]["team"])


def test_secrets_are_in_files_and_the_key_is_readable_by_its_owner_only(tmp_path):
    start = loaded("start")
    start.write_configuration(tmp_path, {}, "a-key")
    texts = "".join(file.read_text() for file in MONITORING.rglob("*.yml"))

    assert not re.search(r"(password|api_url|credentials): ", texts)
    assert (tmp_path / "secrets" / "monitoring_token").stat().st_mode & 0o777 == 0o600


def test_the_dashboards_are_those_of_the_code():
    dashboards = loaded("dashboards")
    committed = {file.stem: file.read_text() for file in dashboards.FOLDER.glob("*.json")}

    assert committed == {name: dashboards.rendered(name) for name in dashboards.DASHBOARDS}
