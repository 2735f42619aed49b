"""A restore that is cancelled: what was in place still is, nothing half made is left; one that ends is on the disk."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from cryokit.backup.sets import Sets
from cryokit.backup.verification import beside
from cryokit.db import programs
from cryokit.db.server import Server
from cryokit.errors import CancelledError, CryokitError
from cryokit.workbench import Workbench
from tests.processes import halted_child


@pytest.fixture(scope="module")
def workbench(make_settings):
    """An installation with a proved backup, an account that came after it, and so much that programs are seen."""
    with make_settings() as make, Workbench(make()) as workbench:
        workbench.migrate()
        with workbench.database.bootstrap() as connection, connection.begin():
            connection.exec_driver_sql(
                "CREATE TABLE public.bulk AS SELECT number, md5(number::text) FROM generate_series(1, 400000) AS number"
            )
        workbench.create_backup("full")
        workbench.add_user("late", "viewer")
        yield workbench


def newest(workbench: Workbench) -> str:
    return Sets(workbench.settings).all()[-1].id


def left_over(workbench: Workbench) -> list[str]:
    """Return folders of half restores, and clusters that were set aside."""
    state = workbench.settings.state_dir
    return [path.name for pattern in ("restore-*", "cluster.*") for path in state.glob(pattern)]


def is_untouched(workbench: Workbench) -> bool:
    return list(workbench.users()["name"]) == ["late"] and left_over(workbench) == []


@pytest.mark.parametrize(
    "step", ["reading its files", "unpacking", "replaying its WAL", "verifying pages", "verifying access", "putting"]
)
def test_cancelled_at_any_step_what_was_in_place_still_is(workbench, step):
    steps = []

    def cancel(line, _done_fraction):
        steps.append(line)
        if line.startswith(step):
            msg = "enough"
            raise CancelledError(msg)

    with pytest.raises(CancelledError, match="what was in place still is"):
        workbench.restore_backup(newest(workbench), replace=True, tell=cancel)

    assert steps[-1].startswith(step)
    assert is_untouched(workbench)


@contextlib.contextmanager
def restoring(workbench: Workbench):
    """Run the command in a process, which is gone at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cryokit.cli", "backup", "restore", newest(workbench), "--replace"],
        env=os.environ | {"CRYOKIT_STATE_DIR": str(workbench.settings.state_dir)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def halted_program(process: subprocess.Popen, program: str) -> psutil.Process:
    """Return a program that a restore runs, halted."""
    if halted := halted_child(process.pid, program, lambda: process.poll() is None):
        return halted
    pytest.fail(f"{program} did not come: {process.communicate()}")


@pytest.mark.parametrize(("program", "number"), [("pg_verifybackup", signal.SIGTERM), ("pg_amcheck", signal.SIGINT)])
def test_a_signal_ends_it_in_the_middle_of_a_program(workbench, program, number):
    with restoring(workbench) as process:
        halted = halted_program(process, program)
        try:
            process.send_signal(number)
            _, words = process.communicate(timeout=120)
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):
                halted.resume()

    assert process.returncode == CancelledError.exit_code
    assert "what was in place still is" in words.splitlines()[-1]
    assert "reading its files" in words
    assert is_untouched(workbench)


def test_ctrl_c_that_ends_a_program_first_is_no_damaged_backup(workbench):
    """A terminal sends it to all: the program that is run may end before who runs it looks."""
    with restoring(workbench) as process:
        halted = halted_program(process, "pg_verifybackup")
        process.send_signal(signal.SIGINT)
        halted.send_signal(signal.SIGINT)
        halted.resume()
        _, words = process.communicate(timeout=120)

    assert process.returncode == CancelledError.exit_code, words
    assert is_untouched(workbench)


def test_what_ends_early_ends_the_check_beside_it(workbench):
    def sleep():
        with workbench.database.bootstrap() as connection:
            connection.exec_driver_sql("SELECT pg_sleep(3600)")

    def look():
        with workbench.database.bootstrap() as connection:
            return connection.exec_driver_sql(
                "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(3600)' AND state = 'active'"
            ).scalar()

    made = []
    with pytest.raises(CancelledError, match="enough"), beside(workbench.database) as side:
        made += [side.begin(sleep) for _ in range(4)]
        while look() == 0:
            time.sleep(0.02)
        msg = "enough"
        raise CancelledError(msg)

    assert isinstance(made[0].exception(), CryokitError)
    assert made[-1].cancelled()
    assert look() == 0


def test_it_takes_the_place_only_when_all_of_it_is_on_the_disk(workbench, other_settings, monkeypatch):
    """While it is verified nothing is waited for; the whole is written through before it has its name."""
    elsewhere, seen, run_as = other_settings(), [], programs.run_as

    def watched(account, argv, *given, **named):
        if "--sync-only" in argv:
            seen.append((elsewhere.cluster_dir.exists(), (Path(argv[-1]) / "postmaster.pid").exists()))
        return run_as(account, argv, *given, **named)

    monkeypatch.setattr(programs, "run_as", watched)
    workbench.restore_backup(newest(workbench), into=elsewhere.state_dir)

    assert seen == [(False, False)]
    with Workbench(elsewhere) as restored, restored.database.bootstrap() as connection:
        settings = [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in ("fsync", "full_page_writes")]
    assert settings == ["on", "on"]
    Server(elsewhere).stop()
