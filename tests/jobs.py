"""Jobs, as the person who asked for them sees them."""

import time
from collections.abc import Callable
from typing import Any

from cryokit.workbench import Workbench
from cryokit.workbench.jobs import UNDER_WAY


def acting(workbench: Workbench, name: str) -> Workbench:
    """Return the workbench on behalf of an account."""
    account = workbench.registry.user_by_name(name)
    return workbench.acting_as(workbench.find_identity(str(account["id"])))


def ended(look: Callable[[], dict[str, Any]], patience_seconds: int) -> dict[str, Any]:
    """Look at a job until it is done."""
    deadline = time.monotonic() + patience_seconds
    while (job := look())["status"] in UNDER_WAY:
        assert time.monotonic() < deadline, job
        time.sleep(0.2)
    return job
