"""The image: what is in it, and that its container serves with nothing writable but its state folder."""

import json
import subprocess
import time
from pathlib import Path

import httpx
import pytest

ACCOUNT = 10001
PATIENCE_SECONDS = 3600
"""To load, train and validate takes four minutes on a quiet machine, ten times that on a busy one."""
STRONG = "".join(map(chr, range(48, 58))) + "".join(map(chr, range(65, 91)))
"""No secret: all digits and capital letters."""


def answer(port: int, path: str) -> int | None:
    """Return the status of an answer, None where nobody answers."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=10).status_code
    except httpx.TransportError:
        return None


def wait_until_ready(container) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while answer(container.port, "/health/ready") != 200:
        assert container.process.poll() is None, container.log.read_text()[-3000:]
        assert time.monotonic() < deadline, container.log.read_text()[-3000:]
        time.sleep(1)


def test_the_container_loads_trains_and_serves_on_a_read_only_root(image, bundle):
    with image.container(bundle, "up") as container:
        wait_until_ready(container)

        assert container.inside(*image.healthcheck).returncode == 0
        assert container.inside("id", "-u").stdout.strip() == str(ACCOUNT)
        assert "Read-only file system" in container.inside("touch", "/srv/cryokit/x").stderr
        assert answer(container.port, "/login") == 200
        assert answer(container.port, "/api/v1/targets") == 401
        predicted = container.inside("cryokit", "predict", "tg", "OCC(O)CO", "--json")
        assert predicted.returncode == 0, predicted.stderr
        assert 150 < json.loads(predicted.stdout)[0]["value"] < 250


def test_a_container_that_does_not_serve_is_unhealthy(image, bundle):
    with image.program(bundle, image.healthcheck, {}) as container:
        assert container.process.wait(60) == 1

    assert "not ready" in container.log.read_text()


@pytest.mark.parametrize(("secret", "status"), [(STRONG, 0), ("changeme" * 4, 78)])
def test_a_mounted_secret_is_read_and_never_printed(image, bundle, secret, status):
    (bundle / "secrets" / "CRYOKIT_SESSION_KEY").write_text(secret)
    with image.container(bundle, "config", "check", CRYOKIT_PROFILE="production") as container:
        assert container.process.wait(60) == status

    said = container.log.read_text()
    assert ("CRYOKIT_SESSION_KEY" in said) == (status == 78)
    assert secret not in said


def test_the_image_says_what_it_is(image):
    labels = image.config["Labels"]
    commit = dict(line.split("=", 1) for line in (image.release / "RELEASE").read_text().splitlines())["commit"]

    assert labels["org.opencontainers.image.title"] == "cryokit"
    assert labels["org.opencontainers.image.version"] == image.release.name
    assert labels["org.opencontainers.image.revision"] == commit
    assert image.config["User"] == f"{ACCOUNT}:{ACCOUNT}"


def test_where_packages_come_from_is_read_and_not_kept(image):
    place = image.files / "srv" / "cryokit"

    assert json.loads((place / ".venv" / "installed.json").read_text())["install"]
    found = subprocess.run(["grep", "-rlI", "planted-in-pip-conf", image.files / "etc", place], capture_output=True)
    assert [path for path in found.stdout.decode().split() if "/tests/" not in path] == []


def test_the_bill_of_materials_names_the_packages_of_the_image_and_no_others(image):
    place = image.files / "srv" / "cryokit"
    bill = json.loads((place / "sbom.json").read_text())
    installed = json.loads((place / ".venv" / "installed.json").read_text())["install"]
    there = {(item["metadata"]["name"], item["metadata"]["version"]) for item in installed}
    named = {(part["name"], part["version"]) for part in (bill["metadata"]["component"], *bill["components"])}

    assert there <= named
    assert {name for name, _ in named - there} == {"pip"}  # it was there before all others


def test_no_file_of_the_image_can_be_changed_by_its_account(image):
    argv = ["find", image.files / "srv", "-writable", "-not", "-type", "l"]
    asked = subprocess.run(argv, user=ACCOUNT, group=ACCOUNT, capture_output=True, text=True, check=False)

    assert Path(image.files / "srv/cryokit/cryokit").is_dir()
    assert asked.stdout == ""
