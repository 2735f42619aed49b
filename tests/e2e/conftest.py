"""Fixtures of browser tests: a served cryokit with trained models, accounts, and a browser that sees every mishap."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)
from sqlalchemy import text

import cryokit
from cryokit.api.auth import COOKIE
from cryokit.db.engine import ADMIN
from tests.conftest import DEMO_STATE_DIR
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "test-results" / "screenshots"
_BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
_LOOKS_THE_SAME = """() => {
    const roots = [document], colours = []
    while (roots.length) {
        for (const element of roots.pop().querySelectorAll("*")) {
            if (element.shadowRoot) roots.push(element.shadowRoot)
            if (!element.matches("[class*=Mui]")) continue
            const style = getComputedStyle(element)
            colours.push(style.color, style.backgroundColor)
        }
    }
    const now = colours.join()
    window.lookedTheSame = now === window.coloursBefore ? window.lookedTheSame + 1 : 0
    window.coloursBefore = now
    return window.lookedTheSame >= 4
}"""
"""Each component takes on a theme by itself, one after the other; true when none has changed for a second."""
_PATIENCE_SECONDS = 60
_START_SECONDS = 180
"""The server builds each page once before it answers."""
# Other categories run beside this one on the same two cores. How fast pages are is measured by tests/perf; here it is
# asked what they show.
expect.set_options(timeout=_PATIENCE_SECONDS * 1000)


@pytest.fixture(scope="session")
def state_dir(settings) -> Path:
    """A state folder in which all targets are trained."""
    if DEMO_STATE_DIR and (Path(DEMO_STATE_DIR) / "artifacts").is_dir():
        return Path(DEMO_STATE_DIR)
    argv = [sys.executable, "-m", "cryokit.cli", "up", "--no-serve"]
    environment = os.environ | {"CRYOKIT_STATE_DIR": str(settings.state_dir)}
    subprocess.run(argv, cwd=ROOT, env=environment, check=True, timeout=900)
    return settings.state_dir


@dataclass(frozen=True)
class Account:
    """A name and its password."""

    name: str
    password: str


@pytest.fixture(scope="session")
def accounts(state_dir: Path) -> Iterator[dict[str, Account]]:
    """One account of each role, closed after the session."""
    workbench = cryokit.open(state_dir=state_dir)
    made = {}
    for role in ("viewer", "admin"):
        name = f"e2e-{role}-{secrets.token_hex(4)}"
        made[role] = Account(name, workbench.add_user(name, role))
    yield made
    for account in made.values():
        workbench.disable_user(account.name)
    workbench.close()


def wait_until_it_answers(url: str, process: subprocess.Popen, log: Path) -> None:
    """Wait until a server that was just started answers."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    pytest.fail(f"the server did not answer at {url}:\n{log.read_text()}")


@pytest.fixture(scope="session")
def server_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the real server writes."""
    return tmp_path_factory.mktemp("server") / "server.log"


@pytest.fixture(scope="session")
def address(state_dir: Path, server_log: Path) -> Iterator[str]:
    """The address of the real server, a process of its own."""
    port, log = free_port(), server_log
    argv = [sys.executable, "-m", "cryokit.cli", "serve", "--port", str(port)]
    with log.open("w") as stream:
        process = subprocess.Popen(
            argv, cwd=ROOT, env=os.environ | {"CRYOKIT_STATE_DIR": str(state_dir)}, stdout=stream, stderr=stream
        )
        try:
            wait_until_it_answers(f"http://127.0.0.1:{port}/health/live", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=_PATIENCE_SECONDS)


@pytest.fixture(scope="session")
def new_login(address: str, accounts: dict[str, Account]) -> Callable[[str], str]:
    """Sign a role in over the API anew: a login that a test may end."""

    def sign_in(role: str) -> str:
        account = accounts[role]
        answer = httpx.post(
            f"{address}/api/v1/session", json={"name": account.name, "password": account.password}, timeout=30
        )
        return answer.raise_for_status().json()["access_token"]

    return sign_in


@pytest.fixture(scope="session")
def token(new_login: Callable[[str], str]) -> Callable[[str], str]:
    """Return the login of a role that all tests have in common, because a password is slow to check on purpose."""
    return cache(new_login)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, which can reach this machine only."""
    program = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if program is None:
        pytest.fail("chromium is missing; `ops/bootstrap.sh test` says how to get it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        yield browser
        browser.close()


@dataclass
class Visit:
    """An open page and everything that went wrong on it."""

    page: Page
    address: str
    account: Account
    login: Callable[[], str]
    mishaps: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", self._on_request)
        self.page.on("response", self._on_response)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.mishaps.append(f"script failed: {error}"))

    def _on_request(self, request: Request) -> None:
        own = (self.address, self.address.replace("http", "ws", 1), "data:", "blob:")
        if not request.url.startswith(own):
            self.mishaps.append(f"asked another host: {request.url}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self.mishaps.append(f"{response.status} for {response.url}")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.mishaps.append(f"console: {message.text}")

    def be_signed_in(self) -> None:
        """Be a person whom all tests of the role have signed in already."""
        cookie = {"name": COOKIE, "value": self.login(), "url": self.address, "httpOnly": True, "sameSite": "Lax"}
        self.page.context.add_cookies([cookie])

    def open(self, path: str = "/", button: str = "Predict", *, has_chart: bool = True) -> Page:
        """Open a page as a person who is signed in and wait until it can be used."""
        self.be_signed_in()
        self.page.goto(f"{self.address}{path}")
        return self.ready(button, has_chart=has_chart)

    def sign_in(self, path: str = "/", *, has_chart: bool = True) -> Page:
        """Open the page Predict through the login form, with a login that is this visit's own."""
        self.page.goto(f"{self.address}{path}")
        self.page.get_by_label("Name").fill(self.account.name)
        self.page.get_by_label("Password").fill(self.account.password)
        self.page.get_by_role("button", name="Sign in").click()
        return self.ready(has_chart=has_chart)

    def ready(self, button: str = "Predict", *, has_chart: bool = True) -> Page:
        """Wait until the page, known by a button, can be used."""
        self.page.get_by_role("button", name=button, exact=True).wait_for()
        if has_chart:
            self.page.locator(".bk-Canvas").first.wait_for(state="attached")
        return self.page

    def in_both_themes(self) -> Iterator[str]:
        """Show the page light and then, by its own button, dark; each time the window is as it was at first."""
        size = self.page.viewport_size
        yield "light"
        self.page.set_viewport_size(size)
        self.page.get_by_role("button", name="Toggle theme").click()
        self.page.wait_for_function("document.documentElement.style.colorScheme === 'dark'")
        yield "dark"

    def picture(self, name: str) -> None:
        """Keep a picture of a plain page, or of what is in sight of one that scrolls inside itself."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    def screenshot(self, name: str) -> None:
        """Keep a picture of the whole page."""
        width = self.page.viewport_size["width"]
        # The page scrolls inside itself, so the window is made as tall as its content.
        height = self.page.locator(".main-content").evaluate("element => element.scrollHeight") + 80
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.mouse.move(width / 2, 5)
        self.page.wait_for_function(_LOOKS_THE_SAME, polling=250)
        self.picture(name)


@dataclass
class Browsers:
    """Windows that know nothing of one another; those that are done with lend their cache of scripts to the next."""

    chromium: Browser
    address: str
    free: dict[tuple, list[BrowserContext]] = field(default_factory=lambda: defaultdict(list))
    kinds: dict[BrowserContext, tuple] = field(default_factory=dict)

    def page(self, width: int, color_scheme: str = "light", **options: object) -> Page:
        """Open a page in a window that nobody has signed in to."""
        kind = tuple(sorted(options.items()))
        context = self.free[kind].pop() if self.free[kind] else self.chromium.new_context(**options)
        self.kinds[context] = kind
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 900})
        # What turns while a page loads is drawn sixty times a second, by the processor.
        page.emulate_media(color_scheme=color_scheme, reduced_motion="reduce")
        return page

    def done(self, context: BrowserContext) -> None:
        """Close all pages of a window and forget who was there."""
        wiped = {"origin": self.address, "storageTypes": "cookies,local_storage,indexeddb"}
        for opened in context.pages:
            opened.close()
        blank = context.new_page()
        context.new_cdp_session(blank).send("Storage.clearDataForOrigin", wiped)
        blank.close()
        self.free[self.kinds[context]].append(context)


@pytest.fixture(scope="session")
def browsers(chromium: Browser, address: str) -> Browsers:
    """Windows of the session."""
    return Browsers(chromium, address)


@pytest.fixture(scope="session")
def visiting(
    browsers: Browsers, address: str, accounts: dict[str, Account], token: Callable[[str], str]
) -> Callable[[], AbstractContextManager[Callable[..., Visit]]]:
    """Return what opens pages of browsers that know nothing; afterwards nothing may have gone wrong on any of them."""
    return partial(_visits, browsers, address, accounts, token)


@contextmanager
def _visits(
    browsers: Browsers, address: str, accounts: dict[str, Account], token: Callable[[str], str]
) -> Iterator[Callable[..., Visit]]:
    visits: list[Visit] = []

    def start(role: str = "viewer", width: int = 1440, **options: object) -> Visit:
        visits.append(Visit(browsers.page(width, **options), address, accounts[role], partial(token, role)))
        return visits[-1]

    yield start
    mishaps = [mishap for visit in visits for mishap in visit.mishaps]
    for visit in visits:
        browsers.done(visit.page.context)

    assert mishaps == []


@pytest.fixture
def new_visit(visiting: Callable) -> Iterator[Callable[..., Visit]]:
    """Open pages for one test."""
    with visiting() as start:
        yield start


@pytest.fixture(scope="module")
def common_visit(visiting: Callable) -> Iterator[Callable[..., Visit]]:
    """Open pages that the tests of a file have in common: loading one costs more than what is done on it."""
    with visiting() as start:
        yield start


@pytest.fixture
def broken_index(state_dir: Path) -> Iterator[str]:
    """Name of a table whose foreign key has lost its index; it has one again after the test."""
    workbench = cryokit.open(state_dir=state_dir)
    with workbench.database.connection_of(ADMIN) as connection, connection.begin():
        connection.execute(text("SET ROLE cryokit_owner"))
        connection.execute(text("DROP INDEX cryo.lab_verification_verifier_id_idx"))
    yield "cryo.lab_verification"
    workbench.repair(apply=True)
    workbench.close()


@pytest.fixture
def visit(new_visit: Callable[..., Visit]) -> Visit:
    """One visit of a viewer at a desk."""
    return new_visit()
