import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cryokit.config import load_settings
from cryokit.errors import ConfigError, UnavailableError
from cryokit.serving import Turn, serve_pages, taken_port
from tests.ports import free_port

SERVED = """
import sys
from pathlib import Path
from cryokit import serving
from cryokit.config import load_settings

port, turn = int(sys.argv[1]), serving.Turn(Path(sys.argv[2]))

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})

serving.FACTORY = lambda: app
serving.serve_pages(load_settings(), port, lambda text: print(text, flush=True), turn)
"""
"""What serves, with an application that only starts and ends."""


def test_a_port_in_use_is_told_before_any_address():
    said = []
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UnavailableError, match=f"port {port} of 127.0.0.1 is in use"):
            serve_pages(load_settings(), port, said.append)

    assert said == []


def test_a_port_that_was_given_back_can_be_taken_again():
    with taken_port(0) as first:
        port = first.getsockname()[1]

    with taken_port(port) as again:
        assert again.getsockname()[1] == port


@contextlib.contextmanager
def serving(port: int, turn: Path) -> Iterator[subprocess.Popen]:
    argv = [sys.executable, "-c", SERVED, str(port), str(turn)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_one_of_two_serves_and_the_other_takes_over_when_it_is_killed(tmp_path):
    port, turn = free_port(), tmp_path / "turn"
    with serving(port, turn) as first:
        assert first.stdout.readline().startswith("cryokit is at")
        with serving(port, turn) as second:
            assert second.stdout.readline().startswith("ready to serve when")
            assert turn.read_text() == f"{first.pid}\n"
            first.kill()
            assert second.stdout.readline().startswith("cryokit is at")
            assert turn.read_text() == f"{second.pid}\n"
            while not listens(port):
                assert second.poll() is None
                time.sleep(0.05)


def test_a_turn_in_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigError, match="of --turn cannot be written: No such file or directory"):
        Turn(tmp_path / "gone" / "turn")


def test_who_stands_by_can_be_told_to_stop(tmp_path):
    port = free_port()
    with serving(port, tmp_path / "turn") as first:
        first.stdout.readline()
        with serving(port, tmp_path / "turn") as second:
            second.stdout.readline()
            second.send_signal(signal.SIGTERM)

            assert second.wait(20) in (0, -signal.SIGTERM)
        assert first.poll() is None
        assert listens(port)


def test_what_a_server_starts_does_not_hold_its_turn(tmp_path):
    turn = tmp_path / "turn"
    forks = "import os, sys; from cryokit.serving import Turn; print(Turn(sys.argv[1]).taken(), flush=True)\n"
    forks += "if os.fork() == 0: sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", forks, turn], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout.readline() == "True\n"
        parent.wait()

        assert Turn(turn).taken()
        parent.stdin.close()  # only now the fork ends
