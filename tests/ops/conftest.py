import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops.monitoring import start
from tests.conftest import DEMO_STATE_DIR
from tests.ports import free_ports


@pytest.fixture(scope="session")
def demo_state_dir() -> Path:
    """The state folder in which the demo has run."""
    if DEMO_STATE_DIR is None:
        pytest.fail("no demo was prepared; run `make ops`, which prepares one")
    return Path(DEMO_STATE_DIR)


@pytest.fixture
def demo_environment(demo_state_dir: Path) -> dict[str, str]:
    """Environment of the state folder in which the demo has run."""
    return os.environ | {"CRYOKIT_STATE_DIR": str(demo_state_dir)}


@contextlib.contextmanager
def _alertmanager_in(folder: Path, change: Callable[[Path], None] = lambda _: None) -> Iterator[str]:
    ports = dict(zip(start.PORTS, free_ports(len(start.PORTS)), strict=True))
    start.write_configuration(folder, ports, "no key is needed")
    (folder / "secrets" / "slack_url").write_text("http://127.0.0.1:9/nobody")
    change(folder)
    with start.started(folder, ports, {}, ["alertmanager"]):
        yield f"http://127.0.0.1:{ports['alertmanager']}"


@pytest.fixture(scope="session")
def alertmanager_in() -> Callable[..., contextlib.AbstractContextManager[str]]:
    """Run Debian's Alertmanager with the committed configuration, perhaps changed, in a folder; give its address."""
    return _alertmanager_in
