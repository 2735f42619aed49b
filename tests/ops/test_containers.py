"""What compose.yaml promises, as far as it can be tried without Compose: mounts, secrets, proxy, monitoring."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "ops" / "docker"
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]


def volumes_of(service: dict) -> list[list[str]]:
    """Return source and destination of each mount."""
    return [mount.split(":")[:2] for mount in service.get("volumes", [])]


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_is_open_to_other_machines_or_may_more_than_it_must(name):
    service = SERVICES[name]

    assert service["network_mode"] == "host"
    assert "ports" not in service
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not re.search(r"0\.0\.0\.0|=:\d", str(service.get("command", "")))


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_is_committed_or_declared(name):
    for source, _ in volumes_of(SERVICES[name]):
        assert source in COMPOSE["volumes"] or (FOLDER / source).exists(), source
    for secret in SERVICES[name].get("secrets", []):
        assert (secret["source"] if isinstance(secret, dict) else secret) in COMPOSE["secrets"]


def test_no_secret_is_an_argument_or_a_variable():
    files = {COMPOSE["secrets"][name]["file"] for name in COMPOSE["secrets"]}
    ignored = subprocess.run(["git", "check-ignore", "--quiet", FOLDER / "secrets" / "any"], cwd=ROOT, check=False)

    assert all(file.startswith("./secrets/") for file in files)
    assert ignored.returncode == 0
    for service in SERVICES.values():
        variables = service.get("environment", {})
        assert not [name for name in variables if re.search("PASSWORD|KEY|TOKEN|URL", name) and "_FILE" not in name]


def test_the_proxy_takes_the_committed_configuration_and_sends_everybody_to_blue(tmp_path):
    service = SERVICES["proxy"]
    given = {name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value) for name, value in service["environment"].items()}
    environment = os.environ | given | {"DEPLOY_RUN": str(tmp_path), "PATH": f"{os.environ['PATH']}:/usr/sbin"}
    done = subprocess.run(
        ["haproxy", "-c", "-f", ROOT / "ops/haproxy/haproxy.cfg"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert (given["DEPLOY_WEIGHT_BLUE"], given["DEPLOY_WEIGHT_GREEN"]) == ("100", "0")
    assert given["DEPLOY_PORT_BLUE"] == SERVICES["blue"]["environment"]["CRYOKIT_PORT"]
    assert given["DEPLOY_PORT_GREEN"] == SERVICES["green"]["environment"]["CRYOKIT_PORT"]


def test_every_program_is_where_prometheus_looks_for_it():
    jobs = yaml.safe_load((ROOT / "ops/monitoring/prometheus.yml").read_text())["scrape_configs"]
    watched = [group for job in jobs for group in job.get("static_configs", [])]
    watched += [group for file in FOLDER.glob("targets/*.yml") for group in yaml.safe_load(file.read_text())]
    ports = {int(address.rpartition(":")[2]) for group in watched for address in group["targets"]}
    listening = {int(port) for port in re.findall(r"listen-address=127\.0\.0\.1:(\d+)", str(SERVICES))}
    app = {int(SERVICES[colour]["environment"]["CRYOKIT_PORT"]) for colour in ("blue", "green")}

    assert ports == listening | app | {int(SERVICES["proxy"]["environment"]["DEPLOY_FIGURES_PORT"])}


def test_mounted_configurations_are_valid_with_the_secrets_at_their_places(tmp_path):
    for name, service in (("prometheus", "prometheus"), ("alertmanager", "alertmanager")):
        place = tmp_path / name
        for source, destination in volumes_of(SERVICES[service]):
            if source.startswith("."):
                target = tmp_path / Path(destination).relative_to("/etc")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to((FOLDER / source).resolve())
        for secret in SERVICES[service]["secrets"]:
            target = tmp_path / Path(secret["target"]).relative_to("/etc")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text("https://localhost/none")
        tool, verb = ("promtool", "config") if name == "prometheus" else ("amtool", None)
        argv = [tool, "check", verb, place / f"{name}.yml"] if verb else [tool, "check-config", place / f"{name}.yml"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)

        assert done.returncode == 0, done.stdout + done.stderr
