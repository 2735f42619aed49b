"""Serve the pages and the API from one process."""

import asyncio
import contextlib
import errno
import fcntl
import logging
import os
import socket
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

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


_LOOK_SECONDS = 0.1
"""How often a process that stands by looks whether its turn has come."""
_LAST_ANSWERS_SECONDS = 10
"""A server that is told to stop answers nobody new; what takes longer than this, such as a stream, is cut off."""
_PORT_SECONDS = 5.0
"""How long the port of a process that has ended may still be taken."""

type Message = MutableMapping[str, Any]
type Send = Callable[[Message], Awaitable[None]]
type App = Callable[[MutableMapping[str, Any], Callable[[], Awaitable[Message]], Send], Awaitable[None]]


class Turn:
    """
    A file that one process holds at a time, and in which its number stands.

    However the process ends, the next one can take it at once. The lock is the process's own: what it starts holds
    nothing of it.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)  # open until the process ends
        except OSError as error:
            msg = f"the file {path} of --turn cannot be written: {error.strerror}; name one in a folder that is there"
            raise ConfigError(msg) from error

    def taken(self) -> bool:
        """Take the turn if nobody has it; whether it is ours."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return False
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)
        return True


def serve_pages(settings: Settings, port: int, say: Callable[[str], None], turn: Turn | None = None) -> None:
    """
    Serve until interrupted; the application factory is found beside the package.

    While another process has the turn, this one gets ready, pages built and all, and waits.
    """
    home = shared_folder("dashboards").parent
    sys.path.insert(0, str(home))
    os.environ.update(kernel_environment(settings.model_copy(update={"port": port})))
    listeners: list[socket.socket] = []
    config = uvicorn.Config(
        FACTORY,
        factory=True,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.behind_proxy,
        timeout_graceful_shutdown=_LAST_ANSWERS_SECONDS,
    )
    sys.setswitchinterval(_SWITCH_SECONDS)
    has_turn = turn is None or turn.taken()
    with contextlib.ExitStack() as stack, contextlib.suppress(KeyboardInterrupt):
        if has_turn:
            listeners.append(stack.enter_context(taken_port(port, settings.host)))
        make = config.load_app()
        server = uvicorn.Server(config)

        def begin() -> None:
            level = settings.log_level if "log_level" in settings.model_fields_set else "INFO"
            configure_logging(level, handler=_log_handler(settings))
            say(f"cryokit is at http://{settings.host}:{port} (Ctrl-C stops it)")

        async def wait() -> None:
            say("ready to serve when the process that does so has ended")
            while not (server.should_exit or turn.taken()):
                await asyncio.sleep(_LOOK_SECONDS)
            if not server.should_exit:
                listeners.append(stack.enter_context(await _port_left(port, settings.host)))
                begin()

        if has_turn:
            begin()
        else:
            config.app = lambda: _after(wait, make())
        server.run(sockets=listeners)


def _after(wait: Callable[[], Awaitable[None]], app: App) -> App:
    """Return an application that is started, but not said to be so before `wait` is over."""

    async def waiting(scope: MutableMapping[str, Any], receive: Callable[[], Awaitable[Message]], send: Send) -> None:
        async def send_later(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                await wait()
            await send(message)

        await app(scope, receive, send_later if scope["type"] == "lifespan" else send)

    return waiting


async def _port_left(port: int, host: str) -> socket.socket:
    """Take the port of a process that has just ended: its lock may be free before its port is."""
    for _ in range(round(_PORT_SECONDS / _LOOK_SECONDS)):
        try:
            return taken_port(port, host)
        except UnavailableError:
            await asyncio.sleep(_LOOK_SECONDS)
    return taken_port(port, host)


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
