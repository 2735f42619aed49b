"""The host's logrotate turns our log under load; no line is lost."""

import gzip
import logging
import os
import pwd
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest

from cryokit.telemetry.files import RotatingFile

ROOT = Path(__file__).resolve().parents[2]
_LINES, _TURNS = 20_000, 10


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    """The committed file, with the folder and the account of this test."""
    account = pwd.getpwuid(os.geteuid()).pw_name
    text = (ROOT / "ops" / "logrotate").read_text()
    text = text.replace("/var/log/cryokit", str(tmp_path / "log")).replace(
        "su cryokit cryokit", f"su {account} {account}"
    )
    (tmp_path / "log").mkdir(mode=0o755)
    file = tmp_path / "logrotate"
    file.write_text(text)
    file.chmod(0o644)
    return file


def test_no_line_is_lost_while_logrotate_turns_the_file(tmp_path, configuration):
    program = shutil.which("logrotate", path=f"{os.environ['PATH']}:/usr/sbin")
    handler = RotatingFile(tmp_path / "log" / "cryokit.log", 0)

    def write() -> None:
        for number in range(_LINES):
            handler.handle(logging.LogRecord("t", logging.INFO, __file__, 1, f"line {number}", None, None))
            if number % 100 == 0:
                time.sleep(0.002)

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(_TURNS):
        argv = [program, "-f", "-s", str(tmp_path / "state"), str(configuration)]
        subprocess.run(argv, check=True, capture_output=True, text=True)
        time.sleep(0.03)
    was_under_load = writer.is_alive()
    writer.join()
    handler.close()
    files = [file for file in (tmp_path / "log").iterdir() if not file.name.endswith(".lock")]
    texts = [gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes() for file in files]
    lines = b"".join(texts).decode().splitlines()

    assert was_under_load
    assert sum(file.suffix == ".gz" for file in files) >= _TURNS - 2
    assert sorted(lines) == sorted(f"line {number}" for number in range(_LINES))
