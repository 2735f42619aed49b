"""
Start programs that end with the process that started them, however it ends.

Run as a script, this file becomes the program. Before that it leaves a watcher behind, which reads from a pipe whose
other end only the starting process holds: the system closes that end even after SIGKILL, on every Unix.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_MOST_FILES = 65536
_CANNOT_BE_RUN = 127


@contextlib.contextmanager
def started(argv: list[str | Path], **options: Any) -> Iterator[subprocess.Popen]:
    """
    Start a program, wait for its end and kill it if the body raises, or if this process ends before it does.

    `options` are those of `subprocess.Popen`.
    """
    reading, writing = os.pipe()  # neither end reaches other programs unless it is passed on
    with contextlib.ExitStack() as ends:
        ends.callback(os.close, writing)
        try:
            words = [sys.executable, "-I", "-S", __file__, str(reading), *map(str, argv)]
            process = subprocess.Popen(words, pass_fds=(reading,), **options)
        finally:
            os.close(reading)
        with process:
            try:
                yield process
            except BaseException:
                process.kill()
                raise


def run(argv: list[str | Path], **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program without input to its end; return its status and what it said."""
    pipe, none = subprocess.PIPE, subprocess.DEVNULL
    with started(argv, stdin=none, stdout=pipe, stderr=pipe, text=True, **options) as process:
        out, error = process.communicate()
    return subprocess.CompletedProcess(argv, process.returncode, out, error)


def _become(pipe: int, argv: list[str]) -> None:
    """Leave a watcher behind and become the program."""
    program = os.getpid()
    if os.fork() == 0:
        _watch(pipe, program)
    os.close(pipe)
    for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):  # and what is ignored stays so in the program
        signal.signal(ignored_by_python, signal.SIG_DFL)
    try:
        os.execvp(argv[0], argv)  # noqa: S606  no shell is wanted
    except OSError as error:
        sys.stderr.write(f"{argv[0]} cannot be run: {error.strerror}\n")
        os._exit(_CANNOT_BE_RUN)


def _watch(pipe: int, program: int) -> None:
    """Wait until the pipe is closed at its other end, then kill the program if it still runs."""
    os.setsid()  # Ctrl-C in the terminal is not for the watcher
    os.closerange(0, pipe)
    os.closerange(pipe + 1, _MOST_FILES)
    os.read(pipe, 1)
    if os.getppid() == program:  # it still is the program and not another process with its number
        os.kill(program, signal.SIGKILL)
    os._exit(0)


if __name__ == "__main__":
    _become(int(sys.argv[1]), sys.argv[2:])
