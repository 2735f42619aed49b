"""Logs: no secret in any line, ids that can be trusted, files that lose no line."""

import gzip
import json
import logging
import subprocess
import sys
import threading
import time

import pytest

from cryokit import telemetry
from cryokit.telemetry.files import RotatingFile
from cryokit.telemetry.redaction import redacted
from tests.logs import logged

PLANTED = "hunter2-planted-secret"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwbGFudGVkIn0.c2lnbmF0dXJlLXBsYW50ZWQ"


@pytest.fixture
def lines():
    """Log into memory; afterwards the root logger is as it was."""
    with logged("DEBUG") as found:
        yield found


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://ada:{PLANTED}@db:5432/cryokit does not answer",
        f"connection failed: password={PLANTED} host=db",
        f"Authorization: Bearer {PLANTED}",
        f"GET /login?next=/&password={PLANTED}&x=1",
        f'{{"password": "{PLANTED}"}}',
        f"{{'cookie': 'a=1; cryokit_session={PLANTED}'}}",
        f"Cookie: cryokit_session={PLANTED}",
        f"bearer {PLANTED}",
        f"https://hooks.slack.com/services/T0/B0/{PLANTED}",
        f"the token {TOKEN} is over",
        f"smtp_password: '{PLANTED} with spaces'",
    ],
)
def test_a_planted_secret_never_reaches_a_line(lines, text):
    telemetry.logger("t").warning("something_happened", detail=text, nested={"list": [text]})
    logging.getLogger("library").warning(text)
    try:
        raise RuntimeError(text)
    except RuntimeError:
        telemetry.logger("t").exception("it_failed")
    written = json.dumps(lines())

    assert len(lines()) == 3
    assert PLANTED not in written
    assert TOKEN not in written


def test_fields_whose_name_is_secret_are_hidden_and_others_kept():
    shown = redacted({"password": PLANTED, "headers": {"Set-Cookie": PLANTED}, "user_id": "7", "bytes": 12, "ok": True})

    assert shown == {
        "password": "[hidden]",
        "headers": {"Set-Cookie": "[hidden]"},
        "user_id": "7",
        "bytes": 12,
        "ok": True,
    }


def test_frames_of_an_error_have_no_locals(lines):
    local_value = "value-of-a-local"
    try:
        raise RuntimeError(len(local_value))
    except RuntimeError:
        telemetry.logger("t").exception("it_failed")
    [line] = lines()

    assert line["exception"][0]["frames"][0]["name"] == "test_frames_of_an_error_have_no_locals"
    assert "value-of-a-local" not in json.dumps(line)


@pytest.mark.parametrize(
    "given", ["", "short", "a b c d e f g h", "x" * 65, "id\nwith-a-line", "<script>alert</script>"]
)
def test_ids_that_are_not_sane_are_replaced(given):
    assert telemetry.adopt_correlation_id(given) != given
    assert telemetry.is_sane_id(telemetry.correlation_id.get())


def test_a_traceparent_gives_its_trace_id_only_if_it_is_valid():
    trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"

    assert telemetry.trace_id_of(f"00-{trace}-{parent}-01") == trace
    for wrong in (
        f"00-{'0' * 32}-{parent}-01",
        f"00-{trace}-{'0' * 16}-01",
        f"00-{trace.upper()}-{parent}-01",
        "nonsense",
    ):
        assert telemetry.trace_id_of(wrong) is None


def test_the_application_name_holds_the_id_and_fits():
    telemetry.correlation_id.set("a" * 64)

    assert telemetry.application_name() == "cryokit:" + "a" * 55


# Files


def everything_in(folder) -> list[str]:
    packed = [gzip.decompress(file.read_bytes()).decode() for file in folder.glob("app.log.*.gz")]
    plain = [file.read_text() for file in folder.glob("app.log*") if not file.name.endswith((".gz", ".lock"))]
    return "".join([*packed, *plain]).splitlines()


def emit(handler: logging.Handler, text: str) -> None:
    handler.handle(logging.LogRecord("t", logging.INFO, __file__, 1, text, None, None))


def test_turning_by_size_under_load_loses_no_line(tmp_path):
    handler = RotatingFile(tmp_path / "app.log", 20_000, kept=50)
    threads = [
        threading.Thread(target=lambda name=name: [emit(handler, f"{name}-{n:05d} {'x' * 40}") for n in range(2000)])
        for name in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    handler.close()
    found = [line.split()[0] for line in everything_in(tmp_path)]

    assert len(list(tmp_path.glob("*.gz"))) > 10
    assert sorted(found) == sorted(f"{name}-{n:05d}" for name in range(4) for n in range(2000))


def test_an_old_file_is_turned_and_the_oldest_go(tmp_path):
    handler = RotatingFile(tmp_path / "app.log", 10**9, kept=2, max_age_seconds=0.05)
    for number in range(5):
        emit(handler, f"line {number}")
        time.sleep(0.06)
    handler.close()

    assert sorted(file.name for file in tmp_path.glob("*.gz")) == ["app.log.1.gz", "app.log.2.gz"]


def test_the_age_of_a_file_counts_from_its_first_line_after_a_restart_too(tmp_path):
    old = {"timestamp": "2020-01-01T00:00:00Z", "event": "old"}
    (tmp_path / "app.log").write_text(json.dumps(old) + "\n")
    handler = RotatingFile(tmp_path / "app.log", 10**9)
    emit(handler, "new")
    handler.close()

    assert json.loads(gzip.decompress((tmp_path / "app.log.1.gz").read_bytes())) == old
    assert (tmp_path / "app.log").read_text() == "new\n"


def test_a_file_has_one_writer(tmp_path):
    handler = RotatingFile(tmp_path / "app.log", 1000)
    program = (
        "import sys, pathlib; from cryokit.telemetry.files import RotatingFile; "
        "RotatingFile(pathlib.Path(sys.argv[1]), 1000)"
    )
    other = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "app.log")], capture_output=True, text=True, check=False
    )
    handler.close()

    assert "BlockingIOError" in other.stderr


def test_a_file_that_logrotate_moved_is_opened_anew(tmp_path):
    handler = RotatingFile(tmp_path / "app.log", 0)
    emit(handler, "before")
    (tmp_path / "app.log").rename(tmp_path / "app.log.1")
    emit(handler, "after")
    handler.close()

    assert (tmp_path / "app.log.1").read_text() == "before\n"
    assert (tmp_path / "app.log").read_text() == "after\n"
