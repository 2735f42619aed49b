"""Programs that end with the process that started them."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from cryokit import children

SLEEPS = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
STARTS = """
import sys
from cryokit import children
with children.started(sys.argv[1:]) as process:
    print(process.pid, flush=True)
    process.wait()
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_program_does_not_outlive_who_started_it(how):
    with subprocess.Popen([sys.executable, "-c", STARTS, *SLEEPS], stdout=subprocess.PIPE, text=True) as parent:
        said = {parent.stdout.readline().strip(), parent.stdout.readline().strip()}  # in either order
        program = psutil.Process(int((said - {"up"}).pop()))
        assert program.cmdline() == SLEEPS
        parent.send_signal(how)
        parent.wait()
    program.wait(30)

    assert not program.is_running()


def test_a_program_that_ends_leaves_no_watcher(tmp_path: Path):
    before = set(psutil.Process().children(recursive=True))
    with children.started([sys.executable, "-c", "import sys; sys.exit(3)"]) as process:
        assert process.wait() == 3
    deadline = time.monotonic() + 30
    while (left := _watchers()) and time.monotonic() < deadline:
        time.sleep(0.05)

    assert not left
    assert set(psutil.Process().children(recursive=True)) == before


def _watchers() -> list[psutil.Process]:
    """Return watchers of nothing: their program is gone, so they are no children of this process any more."""
    found = []
    for process in psutil.process_iter(["cmdline", "ppid", "uids"]):
        line = process.info["cmdline"] or []
        if children.__file__ in line and "sys.exit(3)" in line[-1]:
            found.append(process)
    return found


def test_an_error_of_the_body_ends_the_program():
    with pytest.raises(KeyError), children.started(SLEEPS, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        raise KeyError
    assert process.returncode == -signal.SIGKILL


def test_what_a_program_says_is_taken_apart_from_its_errors():
    done = children.run(["sh", "-c", "echo out; echo wrong >&2; exit 5"])

    assert (done.returncode, done.stdout, done.stderr) == (5, "out\n", "wrong\n")


def test_a_program_ends_without_a_word_when_nobody_reads_it_any_more():
    done = children.run(["sh", "-c", "yes | head -1"])

    assert (done.stdout, done.stderr) == ("y\n", "")


def test_a_program_that_is_not_there_says_so():
    done = children.run(["/no/such/program"])

    assert (done.returncode, done.stderr) == (127, "/no/such/program cannot be run: No such file or directory\n")
