"""Serve the pages and the API from one process."""

import os
import sys
from collections.abc import Callable

import uvicorn

from cryokit.config import Settings
from cryokit.paths import shared_folder
from cryokit.reports import kernel_environment

HOST = "127.0.0.1"
FACTORY = "dashboards.server:make_app"


def serve_pages(settings: Settings, port: int, say: Callable[[str], None]) -> None:
    """Serve until interrupted; the application factory is found beside the package."""
    home = shared_folder("dashboards").parent
    sys.path.insert(0, str(home))
    os.environ.update(kernel_environment(settings.model_copy(update={"port": port})))
    say(f"cryokit is at http://{HOST}:{port} (Ctrl-C stops it)")
    uvicorn.run(FACTORY, factory=True, host=HOST, port=port, log_config=None, server_header=False)
