"""Deployments of real releases behind a real HAProxy, under load: what goes wrong never stays with the visitors."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import yaml

from cryokit import scheduling
from tests.ports import free_ports
from tests.processes import kill_all_of

ROOT = Path(__file__).resolve().parents[2]
UNITS = [
    *(f"cryokit{part}@staging-blue.service" for part in ("", "-standby", "-proxy")),
    *scheduling.units(Path("/srv")),
]
BUILT = "built"
SSL = httpx.create_ssl_context()
"""Made once: for each new visitor it would cost 36 ms of the processor, more than all that is tried here."""
SMOOTH = ("/docs", "/login", "/health/live")
"""What visitors of the drills ask for; the smoke test of a deployment does not ask for the first."""

ON_DOCS = """

_sound = make_app


def make_app(*arguments):
    import asyncio

    app = _sound(*arguments)

    @app.middleware("http")
    async def faulty(request, call_next):
        if request.url.path == "/docs":
            {fault}
        return await call_next(request)

    return app
"""
FAULTS = {
    "errors": ("dashboards/server.py", ON_DOCS.format(fault='raise RuntimeError("planted")')),
    "slow": ("dashboards/server.py", ON_DOCS.format(fault="await asyncio.sleep(3)")),
    "unready": ("dashboards/server.py", ON_DOCS.format(fault="pass") + "\nmake_app = None\n"),
    "migration": ("sql/migrations/9999_pre_broken.sql", "SELECT 1 / 0;\n"),
}


def plant(folder: Path, name: str, text: str) -> None:
    """Add to a file of a release, or a new one, as if it had been built like that."""
    if name.startswith("sql"):
        name = name.replace("9999", f"{len(list((folder / 'sql' / 'migrations').glob('*.sql'))) + 1:04}")
    file, sums = folder / name, folder / "SHA256SUMS"
    for changed in (file.parent, sums, *([file] if file.exists() else [])):
        changed.chmod(0o755)
    with file.open("a") as opened:
        opened.write(text)
    others = [line for line in sums.read_text().splitlines() if not line.endswith(f"  ./{name}")]
    others.append(f"{sha256(file.read_bytes()).hexdigest()}  ./{name}")
    sums.write_text("\n".join(others) + "\n")


class Sink(BaseHTTPRequestHandler):
    """Takes notifications."""

    def do_POST(self) -> None:
        self.server.messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Visitors:
    """Ask again and again for as long as the block lasts, each time as somebody new, and count."""

    address: str
    paths: tuple[str, ...] = SMOOTH
    pause_seconds: float = 0.2
    answers: list[tuple[float, str, int | str]] = field(default_factory=list)

    def __enter__(self) -> "Visitors":
        self._leaving = threading.Event()
        self._threads = [threading.Thread(target=self._visit, args=(path,)) for path in self.paths]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leaving.set()
        for thread in self._threads:
            thread.join()

    def _visit(self, path: str) -> None:
        while not self._leaving.wait(self.pause_seconds):
            try:
                answer: int | str = httpx.get(self.address + path, timeout=60, verify=SSL).status_code
            except httpx.HTTPError as error:
                answer = type(error).__name__
            self.answers.append((time.monotonic(), path, answer))

    @property
    def failed(self) -> list[tuple[float, str, int | str]]:
        """Answers that were no success."""
        return [answer for answer in self.answers if answer[2] != 200]


@dataclass
class Site:
    """One environment, with what operators run on it."""

    home: Path
    root: Path
    messages: list[dict]
    address: str
    figures: str

    def run(self, script: str, *words: str, seconds: int = 300) -> subprocess.CompletedProcess:
        """Run a script as an operator would."""
        return subprocess.run(
            [str(ROOT / "ops" / script), *words],
            env=os.environ | {"DEPLOY_HOME": str(self.home)},
            capture_output=True, text=True, check=False, timeout=seconds,
        )  # fmt: skip

    def deploy(self, release: str, *words: str) -> subprocess.CompletedProcess:
        """Deploy a release; what a backup is worth is tested elsewhere."""
        return self.run("deploy.sh", release, "--without-backup", "--least-requests", "6", *words)

    def release(self, name: str, fault: str | None = None) -> str:
        """Return a release of the committed code, perhaps with a planted fault."""
        if not (self.home / "releases" / BUILT).exists():
            argv = [str(ROOT / "ops" / "release.sh"), BUILT, "--venv", str(Path(sys.prefix))]
            subprocess.run(argv, env=os.environ | {"DEPLOY_HOME": str(self.home)}, check=True, capture_output=True)
        folder = self.home / "releases" / name
        if not folder.exists():  # one build is enough: the others differ from it in a file at most
            shutil.copytree(self.home / "releases" / BUILT, folder, symlinks=True)
            if fault:
                plant(folder, *FAULTS[fault])
        return name

    @property
    def live(self) -> str:
        """Name of the release that serves."""
        return (self.root / "live" / "release").resolve().name

    @property
    def idle(self) -> str:
        """The colour that does not serve."""
        return "green" if (self.root / "live").readlink().name == "blue" else "blue"

    @property
    def kept(self) -> str | None:
        """Name of the release to which a rollback would go."""
        link = self.root / self.idle / "release"
        return link.resolve().name if link.is_symlink() else None

    @property
    def log(self) -> list[dict]:
        """What was written down of deployments."""
        return [json.loads(line) for line in (self.root / "deployments.log").read_text().splitlines()]

    def cryokit(self, *words: str) -> str:
        """Run a command of the checkout on the state of the site."""
        argv = [sys.executable, "-m", "cryokit.cli", *words]
        return subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, text=True, env=self.settings).stdout

    @property
    def settings(self) -> dict[str, str]:
        """Environment of the app."""
        lines = (self.root / "app.env").read_text().splitlines()
        return os.environ | dict(line.split("=", 1) for line in lines)


@pytest.fixture(scope="module")
def alertmanager(alertmanager_in, tmp_path_factory) -> Iterator[str]:
    """The address of an Alertmanager."""
    with alertmanager_in(tmp_path_factory.mktemp("alertmanager")) as address:
        yield address


@pytest.fixture(scope="module")
def site(demo_state_dir, alertmanager, tmp_path_factory) -> Iterator[Site]:
    """An environment over the state of the demo, without any release yet; all that it started ends with it."""
    home = tmp_path_factory.mktemp("site")
    sink = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    sink.messages = []
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    port, blue, green, figures = free_ports(4)
    root = home / "staging"
    root.mkdir()
    (root / "app.env").write_text(f"CRYOKIT_STATE_DIR={demo_state_dir}\nCRYOKIT_BEHIND_PROXY=true\n")
    (root / "deploy.env").write_text(
        f"DEPLOY_PORT={port}\nDEPLOY_PORT_BLUE={blue}\nDEPLOY_PORT_GREEN={green}\nDEPLOY_FIGURES_PORT={figures}\n"
        f"DEPLOY_SUPERVISOR=own\nDEPLOY_STANDBY=0\nDEPLOY_COOKIE=\nDEPLOY_STEP_SECONDS=1\nDEPLOY_PATIENCE_SECONDS=60\n"
        # Other tests keep this machine busy meanwhile: what is late on a quiet one is not here.
        f"DEPLOY_LATE_MILLISECONDS=8000\nDEPLOY_SLOWER_MILLISECONDS=5000\n"
        f"DEPLOY_ALERTMANAGER_URL={alertmanager}\nDEPLOY_DRAIN_SECONDS=3\nDEPLOY_NOTIFY_URL=http://127.0.0.1:{sink.server_port}/\n"
    )
    site = Site(home, root, sink.messages, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{figures}/metrics")
    site.cryokit("db", "start")
    yield site
    stop_all(root)
    sink.shutdown()
    sink.server_close()
    for folder, _, _ in os.walk(home / "releases"):
        Path(folder).chmod(0o755)
    shutil.rmtree(home)


def stop_all(root: Path) -> None:
    for file in (*sorted(root.glob("*/*.supervisor"), reverse=True), root / "run" / "haproxy.pid"):
        if file.exists():  # the one that stands by goes first
            for pid in file.read_text().split():
                os.kill(int(pid), signal.SIGTERM)


@pytest.fixture
def serving(site) -> Site:
    """A site on which a good release serves."""
    if not (site.root / "live").exists():
        done = site.deploy(site.release("first", None), "--env", "staging")
        assert done.returncode == 0, done.stdout + done.stderr
    return site


def test_a_good_release_follows_without_a_failed_request_and_its_silence_ends_with_it(serving, alertmanager):
    tried = serving.idle
    before, release = serving.live, serving.release(f"good-{len(serving.log)}")
    with Visitors(serving.address) as visitors:
        done = serving.deploy(release, "--env", "staging", "--canary", "30,100")

    assert done.returncode == 0, done.stdout + done.stderr
    assert (before != release, serving.live) == (True, release)
    assert len(visitors.answers) > 50
    assert visitors.failed == []
    assert (serving.log[-1]["outcome"], serving.log[-1]["release"]) == ("succeeded", release)
    assert serving.messages[-1] == serving.log[-1]
    status = serving.run("status.sh", "--env", "staging").stdout
    assert f"{release}, answers 200, weight 100" in status
    assert f"{before}, stopped" in status
    silences = httpx.get(f"{alertmanager}/api/v2/silences").json()
    newest = max(silences, key=lambda item: item["startsAt"])
    assert newest["comment"] == f"deploy.sh: staging tries {tried}"
    assert {item["status"]["state"] for item in silences} == {"expired"}


@pytest.mark.drill
def test_a_release_with_errors_is_taken_back_from_its_first_visitors(serving):
    before, kept, release = serving.live, serving.kept, serving.release("errors", "errors")
    with Visitors(serving.address) as visitors:
        # Of twenty visitors it may by chance be fewer than three who meet the fault.
        done = serving.deploy(release, "--env", "staging", "--canary", "30,100", "--least-requests", "60")
        ended = time.monotonic()
        time.sleep(1)

    assert done.returncode == 1
    assert (serving.live, serving.kept) == (before, kept)
    assert "requests failed or were late at weight 30" in serving.log[-1]["reason"]
    assert serving.messages[-1]["outcome"] == "failed"
    moments = [moment for moment, _, _ in visitors.failed]
    assert moments, "no visitor met the planted fault, so the drill proves nothing"
    assert max(moments) - min(moments) < 5
    assert max(moments) < ended
    assert {path for _, path, _ in visitors.failed} == {"/docs"}


def versions(site: Site, target: str) -> list[dict]:
    return json.loads(site.cryokit("models", "list", "--target", target, "--json"))


@pytest.mark.drill
def test_a_rollback_restores_code_and_current_models_without_a_failed_request(serving):
    if serving.kept is None:
        with Visitors(serving.address):
            serving.deploy(serving.release("second"), "--env", "staging", "--canary", "50,100")
    before, broken = serving.kept, serving.live
    remembered = json.loads((serving.root / serving.idle / "models.json").read_text())
    version = next(row["version"] for row in remembered if row["target"] == "viability" and row["is_current"])
    serving.cryokit("train", "viability", "--estimator", "ridge")
    newest = max(row["version"] for row in versions(serving, "viability"))
    serving.cryokit("models", "promote", "viability", str(newest), "--override", "--reason", "came with the release")

    with Visitors(serving.address) as visitors:
        done = serving.run("rollback.sh", "--env", "staging")

    assert done.returncode == 0, done.stdout + done.stderr
    assert serving.live == before
    assert [row["version"] for row in versions(serving, "viability") if row["is_current"]] == [version]
    assert visitors.failed == []
    assert (serving.log[-1]["action"], serving.log[-1]["reason"]) == ("rollback", f"from {broken}")


def test_the_proxy_has_the_figures_that_alerts_ask_for(serving):
    exported = httpx.get(serving.figures).text
    groups = yaml.safe_load((ROOT / "ops" / "monitoring" / "rules" / "proxy.yml").read_text())["groups"]
    asked = {name for rule in groups[0]["rules"] for name in re.findall(r"haproxy_\w+", rule["expr"])}

    assert asked == {"haproxy_backend_active_servers", "haproxy_backend_http_responses_total"}
    assert re.search(r'^haproxy_backend_active_servers{proxy="colours"} 1$', exported, re.MULTILINE)
    assert 'haproxy_backend_http_responses_total{proxy="colours",code="5xx"}' in exported
    # By this the alert ServerDown knows a colour that was stopped on purpose.
    stopped = f'haproxy_server_status{{proxy="colours",server="{serving.idle}",state="MAINT"}} 1'
    assert stopped in exported.splitlines()
    assert httpx.get(f"{serving.address}/metrics").status_code == 404


def test_planned_commands_run_in_the_release_that_serves(serving):
    argv = [
        str(serving.root / "live" / "release" / "ops" / "cryokit.sh"),
        str(serving.root),
        "models",
        "list",
        "--json",
    ]
    done = subprocess.run(argv, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True)

    assert {row["target"] for row in json.loads(done.stdout)} == {"tg", "iri", "viability"}


def test_a_failing_migration_switches_nothing(serving):
    before, release = serving.live, serving.release("migration", "migration")
    kept = serving.kept
    done = serving.deploy(release, "--env", "staging")

    assert done.returncode == 1
    assert (serving.live, serving.kept, serving.log[-1]["reason"]) == (before, kept, "the migration failed")
    assert httpx.get(f"{serving.address}/health/ready").status_code == 200


def test_wrong_words_are_refused(serving):
    assert serving.deploy(serving.live, "--env", "staging", "--canary", "10,50").returncode == 2
    assert serving.deploy('a"b', "--env", "staging").returncode == 2
    assert serving.deploy("never-built", "--env", "staging").returncode == 1
    assert serving.log[-1]["reason"] == "there is no release never-built"


def kill_a_deployment(serving) -> None:
    """Deploy a release never-done, and kill that as soon as the release is in place."""
    release = serving.release("never-done")
    argv = [str(ROOT / "ops" / "deploy.sh"), release, "--env", "staging", "--without-backup"]
    deployment = subprocess.Popen(argv, env=os.environ | {"DEPLOY_HOME": str(serving.home)}, stdout=subprocess.DEVNULL)
    waited_for(lambda: serving.kept == release)
    deployment.kill()
    deployment.wait()


def test_a_deployment_that_was_killed_is_ended_by_a_rollback(serving):
    before, kept = serving.live, serving.kept
    kill_a_deployment(serving)

    done = serving.run("rollback.sh", "--env", "staging")

    assert done.returncode == 0, done.stdout + done.stderr
    assert (serving.live, serving.kept) == (before, kept)
    assert serving.log[-1]["reason"] == "ended the interrupted deployment of never-done"
    assert httpx.get(f"{serving.address}/health/ready").status_code == 200


def test_a_changed_release_is_refused(serving):
    release = serving.release(f"good-{len(serving.log)}")
    file = serving.home / "releases" / release / "cryokit" / "__init__.py"
    file.chmod(0o644)
    file.write_text(file.read_text() + "# changed on the machine\n")

    assert serving.deploy(release, "--env", "staging").returncode == 1
    assert serving.log[-1]["reason"] == "files of the release were changed"


def test_a_proxy_that_starts_again_sends_everybody_where_they_were_sent_before(serving):
    pid = int((serving.root / "run" / "haproxy.pid").read_text())
    os.kill(pid, signal.SIGTERM)
    waited_for(lambda: not Path(f"/proc/{pid}").exists())
    again = f". {ROOT}/ops/deployment.sh; open_environment staging; start_proxy"
    subprocess.run(["bash", "-euc", again], env=os.environ | {"DEPLOY_HOME": str(serving.home)}, check=True)
    waited_for(lambda: httpx.get(f"{serving.address}/health/ready").status_code == 200)

    status = serving.run("status.sh", "--env", "staging").stdout
    assert f"{serving.live}, answers 200, weight 100" in status


def test_after_everything_was_killed_one_command_brings_back_what_served(serving, demo_state_dir):
    before, kept = serving.live, serving.kept
    kill_a_deployment(serving)
    kill_all_of(serving.home, demo_state_dir)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{serving.address}/health/live")

    done = serving.run("resume.sh", "--env", "staging")

    assert done.returncode == 0, done.stdout + done.stderr
    assert (serving.live, serving.kept) == (before, kept)
    assert (serving.log[-1]["action"], serving.log[-1]["outcome"]) == ("resume", "succeeded")
    assert serving.log[-1]["reason"] == "ended the interrupted deployment of never-done"
    assert httpx.get(f"{serving.address}/health/ready").status_code == 200
    assert f"{before}, answers 200, weight 100" in serving.run("status.sh", "--env", "staging").stdout
    assert serving.run("resume.sh", "--env", "staging").returncode == 0  # what runs is left alone


@pytest.mark.parametrize("unit", UNITS)
def test_units_are_what_systemd_understands(unit, tmp_path):
    scheduling.write_units(Path("/srv/cryokit/staging"), tmp_path)
    for file in (ROOT / "ops" / "systemd").iterdir():
        shutil.copy(file, tmp_path / file.name.replace("@.", "@staging-blue."))
    for file in tmp_path.iterdir():
        # The programs and the account of an installation are not here; everything else is verified.
        text = re.sub(r"/srv/cryokit/\S+/(python|cryokit\.sh)", sys.executable, file.read_text())
        file.write_text(text.replace("User=cryokit", "User=root"))
    place = tmp_path / unit
    done = subprocess.run(["systemd-analyze", "verify", str(place)], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.drill
@pytest.mark.parametrize(
    ("fault", "reason"),
    [("slow", "requests failed or were late at weight"), ("unready", "does not stay up")],
    ids=["slow", "unready"],
)
def test_a_faulty_release_is_taken_back(serving, fault, reason):
    settings = serving.root / "deploy.env"
    # Longer than a slow answer takes, and shorter than it may take.
    settings.write_text(f"{settings.read_text()}DEPLOY_STEP_SECONDS=8\nDEPLOY_LATE_MILLISECONDS=2000\n")
    before, release = serving.live, serving.release(fault, fault)
    with Visitors(serving.address, SMOOTH + 5 * ("/docs",)) as visitors:
        done = serving.deploy(release, "--env", "staging", "--canary", "30,100")

    assert (done.returncode, serving.live, visitors.failed) == (1, before, [])
    assert reason in serving.log[-1]["reason"]


@pytest.fixture
def standing_by(serving) -> Site:
    """The site with a second process of the colour that serves, ready to take over."""
    again = f". {ROOT}/ops/deployment.sh; open_environment staging; DEPLOY_STANDBY=1 start_standby $(live_colour)"
    subprocess.run(["bash", "-euc", again], env=os.environ | {"DEPLOY_HOME": str(serving.home)}, check=True)
    wait_until_one_stands_by(serving)
    return serving


def wait_until_one_stands_by(site: Site) -> None:
    def newest() -> str:
        lines = (site.root / "live" / "log").read_text().splitlines()
        return [line for line in lines if line.startswith(("cryokit is at", "ready to serve when"))][-1]

    waited_for(lambda: newest().startswith("ready to serve when"))


@pytest.mark.drill
@pytest.mark.parametrize("killed_one", ["first", "who took over"])
def test_a_killed_process_loses_only_what_it_was_answering_and_another_is_there(standing_by, killed_one):
    turn = standing_by.root / "live" / "turn"
    pid = turn.read_text()
    with Visitors(standing_by.address, pause_seconds=0.05) as visitors:
        time.sleep(2)
        killed = time.monotonic()
        os.kill(int(pid), signal.SIGKILL)
        waited_for(lambda: turn.read_text() not in ("", pid))
        assert httpx.get(f"{standing_by.address}/docs", timeout=60).status_code == 200
        back = time.monotonic() - killed
        time.sleep(2)

    failed, total = len(visitors.failed), len(visitors.answers)
    print(f"{back:.1f} s after SIGKILL of the {killed_one} /docs is answered; {failed} of {total} failed")  # noqa: T201
    assert back < 5
    assert failed <= len(SMOOTH)
    assert all(at - killed < 1 for at, _, _ in visitors.failed)


def waited_for(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
