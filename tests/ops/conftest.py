import os
import socket

import pytest

# Read before the session is given a state folder of its own: the test runner prepares one with a demo.
_PREPARED = os.environ.get("CRYOKIT_STATE_DIR")


@pytest.fixture
def demo_environment() -> dict[str, str]:
    """Environment of the state folder in which the demo has run."""
    if _PREPARED is None:
        pytest.fail("no demo was prepared; run `make ops`, which prepares one")
    return os.environ | {"CRYOKIT_STATE_DIR": _PREPARED}


@pytest.fixture
def free_port() -> int:
    """Return a port of 127.0.0.1 that is free now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
