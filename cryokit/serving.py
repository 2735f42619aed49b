"""Serve the pages and the API from one process."""

import contextlib
import errno
import os
import socket
import sys
from collections.abc import Callable

import uvicorn

from cryokit.config import Settings
from cryokit.errors import ConfigError, UnavailableError
from cryokit.paths import shared_folder
from cryokit.reports import kernel_environment

FACTORY = "dashboards.server:make_app"


def serve_pages(settings: Settings, port: int, say: Callable[[str], None]) -> None:
    """Serve until interrupted; the application factory is found beside the package."""
    home = shared_folder("dashboards").parent
    sys.path.insert(0, str(home))
    os.environ.update(kernel_environment(settings.model_copy(update={"port": port})))
    config = uvicorn.Config(
        FACTORY, factory=True, log_config=None, server_header=False, proxy_headers=settings.behind_proxy
    )
    with taken_port(port, settings.host) as listener, contextlib.suppress(KeyboardInterrupt):
        config.load_app()
        say(f"cryokit is at http://{settings.host}:{port} (Ctrl-C stops it)")
        uvicorn.Server(config).run(sockets=[listener])


def taken_port(port: int, host: str = "127.0.0.1") -> socket.socket:
    """Take a port of this machine before anything is said of it; close the socket to give it back."""
    try:
        return socket.create_server((host, port), backlog=2048)
    except OSError as error:
        cure = "choose another with --port or CRYOKIT_PORT"
        if error.errno == errno.EADDRINUSE:
            msg = f"port {port} of {host} is in use by another program; stop that one, or {cure}"
            raise UnavailableError(msg) from error
        msg = f"port {port} of {host} cannot be used: {error.strerror}; {cure}"
        raise ConfigError(msg) from error
