"""The image of the committed code, built here, and its container run by runc under a read-only root."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("buildah", "runc", "debootstrap")
MARKER = "planted-in-pip-conf"
REPORT = ".venv/installed.json"
"""Pip writes it because the mounted configuration says so: a sign that it was read."""
ACCOUNT = 10001


def run(*argv: object, **more: object) -> str:
    """Run a program and return what it prints; what it says of a failure is shown."""
    done = subprocess.run([str(word) for word in argv], stdout=subprocess.PIPE, text=True, check=False, **more)

    assert done.returncode == 0, f"{argv[0]} ended with {done.returncode}: {done.stdout[-2000:]}"
    return done.stdout.strip()


@dataclass
class Image:
    """A built image: its name, its configuration, and its files where they can be looked at."""

    name: str
    release: Path
    config: dict
    files: Path

    @property
    def healthcheck(self) -> list[str]:
        """The command by which an engine asks a container whether it is well."""
        return self.config["Healthcheck"]["Test"][1:]

    @contextmanager
    def container(self, folder: Path, *words: str, **environment: str) -> Iterator["Container"]:
        """Run a command of cryokit as the image's account, nothing writable but /tmp and the state folder."""
        argv = [*self.config["Entrypoint"], *(words or self.config["Cmd"])]
        with self.program(folder, argv, environment) as container:
            yield container

    @contextmanager
    def program(self, folder: Path, argv: list[str], environment: dict[str, str]) -> Iterator["Container"]:
        """Run any program of the image likewise."""
        port = free_port()
        given = self.config["Env"] + [f"{name}={value}" for name, value in environment.items()]
        specification = self._specification(folder, argv)
        specification["process"]["env"] = [*given, f"CRYOKIT_PORT={port}"]
        (folder / "config.json").write_text(json.dumps(specification))
        name = f"cryokit-test-{os.getpid()}-{port}"
        with (folder / "log").open("w") as log:
            start = ["runc", "run", "--bundle", str(folder), name]
            process = subprocess.Popen(start, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
            try:
                yield Container(name, process, port, folder / "log")
            finally:
                subprocess.run(["runc", "kill", name, "KILL"], check=False, capture_output=True)
                process.wait(30)

    def _specification(self, folder: Path, argv: list[str]) -> dict:
        run("runc", "spec", cwd=folder)
        specification = json.loads((folder / "config.json").read_text())
        (folder / "config.json").unlink()
        user, group = map(int, self.config["User"].split(":"))
        specification["root"] = {"path": str(self.files), "readonly": True}
        specification["process"] |= {
            "terminal": False, "args": argv, "cwd": self.config["WorkingDir"], "noNewPrivileges": True,
            "user": {"uid": user, "gid": group}, "capabilities": {},
            "rlimits": [],
        }  # fmt: skip
        namespaces = specification["linux"]["namespaces"]
        specification["linux"]["namespaces"] = [space for space in namespaces if space["type"] != "network"]
        specification["mounts"] += [
            {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["mode=1777"]},  # noqa: S108
            *(bind(folder / name, path) for name, path in MOUNTED.items() if (folder / name).exists()),
        ]
        return specification


MOUNTED = {"state": "/var/lib/cryokit", "secrets": "/run/secrets"}
"""Folders beside a container's bundle, and where it sees them."""


def bind(source: Path, destination: str) -> dict:
    return {"destination": destination, "type": "bind", "source": str(source), "options": ["rbind", "rw"]}


@dataclass
class Container:
    """A running container."""

    name: str
    process: subprocess.Popen
    port: int
    log: Path

    def inside(self, *argv: str) -> subprocess.CompletedProcess:
        """Run a program inside, as the container's account."""
        return subprocess.run(["runc", "exec", self.name, *argv], capture_output=True, text=True, check=False)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A folder for a container, with an empty state folder that belongs to the image's account."""
    for name in ("state", "secrets"):
        (tmp_path / name).mkdir(mode=0o700)
        os.chown(tmp_path / name, ACCOUNT, ACCOUNT)
    return tmp_path


@pytest.fixture(scope="session")
def image(tmp_path_factory) -> Iterator[Image]:
    """The image of the committed code, on the base that IMAGE_BASE names or one made of this machine's own files."""
    missing = [name for name in PROGRAMS if not (shutil.which(name) or Path("/usr/sbin", name).exists())]
    if missing or os.geteuid() != 0:
        pytest.fail(f"no image was built: it needs root and {', '.join(PROGRAMS)}; missing: {missing}")
    home = tmp_path_factory.mktemp("releases")
    environment = os.environ | {"DEPLOY_HOME": str(home)}
    release = run(ROOT / "ops/release.sh", "image-test", "--venv", sys.prefix, env=environment)
    base = os.environ.get("IMAGE_BASE") or run(ROOT / "ops/docker/local-base.sh", "cryokit-base", sys.executable)
    settings = home / "pip.conf"
    trusted = "/etc/ssl/certs/ca-certificates.crt"  # what the base trusts, not only what pip ships
    settings.write_text(f"# {MARKER}\n[global]\ncert = {trusted}\n[install]\nreport = /srv/cryokit/{REPORT}\n")
    argv = (ROOT / "ops/image.sh", release, "--base", base, "--pip-conf", settings)
    name = run(*argv, env=environment).splitlines()[-1]
    container = run("buildah", "from", "--pull-never", name)
    config = json.loads(run("buildah", "inspect", "--type", "image", name))["Docker"]["config"]
    files = Path(run("buildah", "mount", container))
    # Beside the image that `make export-image` writes.
    (ROOT / "test-results/image").mkdir(parents=True, exist_ok=True)
    shutil.copy(files / "srv/cryokit/sbom.json", ROOT / "test-results/image/sbom.json")
    yield Image(name, home / "releases" / release, config, files)
    run("buildah", "rm", container)
    run("chmod", "-R", "u+w", home)
