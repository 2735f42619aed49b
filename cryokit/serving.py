"""Serve the pages and the API from one process."""

import contextlib
import errno
import logging
import os
import socket
import sys
from collections.abc import Callable

import uvicorn

from cryokit.config import Settings
from cryokit.errors import ConfigError, UnavailableError
from cryokit.paths import shared_folder
from cryokit.reports import kernel_environment
from cryokit.telemetry import configure_logging
from cryokit.telemetry.files import RotatingFile

FACTORY = "dashboards.server:make_app"
_SWITCH_SECONDS = 0.001
"""An answer of the API passes through several threads, and each waits so long while another thread builds a page."""


def serve_pages(settings: Settings, port: int, say: Callable[[str], None]) -> None:
    """Serve until interrupted; the application factory is found beside the package."""
    home = shared_folder("dashboards").parent
    sys.path.insert(0, str(home))
    os.environ.update(kernel_environment(settings.model_copy(update={"port": port})))
    config = uvicorn.Config(
        FACTORY,
        factory=True,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.behind_proxy,
    )
    sys.setswitchinterval(_SWITCH_SECONDS)
    with taken_port(port, settings.host) as listener, contextlib.suppress(KeyboardInterrupt):
        config.load_app()
        level = settings.log_level if "log_level" in settings.model_fields_set else "INFO"
        configure_logging(level, handler=_log_handler(settings))
        say(f"cryokit is at http://{settings.host}:{port} (Ctrl-C stops it)")
        uvicorn.Server(config).run(sockets=[listener])


def _log_handler(settings: Settings) -> logging.Handler | None:
    """Return the handler of the server's log file, None for standard error."""
    if settings.log_file is None:
        return None
    try:
        return RotatingFile(settings.log_file, settings.log_megabytes * 1024 * 1024, settings.log_days)
    except BlockingIOError as error:
        msg = f"another process writes {settings.log_file}; give this one a file of its own: CRYOKIT_LOG_FILE"
        raise ConfigError(msg) from error
    except OSError as error:
        msg = f"the log file {settings.log_file} cannot be written: {error.strerror}; set CRYOKIT_LOG_FILE to another"
        raise ConfigError(msg) from error


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
