import os
from pathlib import Path

import pytest

# Read before the session is given a state folder of its own: the test runner prepares one with a demo.
_PREPARED = os.environ.get("CRYOKIT_STATE_DIR")


@pytest.fixture(scope="session")
def demo_state_dir() -> Path:
    """The state folder in which the demo has run."""
    if _PREPARED is None:
        pytest.fail("no demo was prepared; run `make ops`, which prepares one")
    return Path(_PREPARED)


@pytest.fixture
def demo_environment(demo_state_dir: Path) -> dict[str, str]:
    """Environment of the state folder in which the demo has run."""
    return os.environ | {"CRYOKIT_STATE_DIR": str(demo_state_dir)}
