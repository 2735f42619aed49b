"""Checks of what cryokit stands on besides its database: disk, Dask, other services, certificates, clock."""

import http.client
import json
import shutil
import smtplib
import socket
import ssl
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from cryokit.errors import CommandError, ConfigError, CryokitError, UnavailableError

DISK_FAIL_FREE_FRACTION, DISK_WARN_FREE_FRACTION = 0.03, 0.10
CERTIFICATE_WARN_DAYS = 21
CLOCK_WARN_SECONDS, CLOCK_FAIL_SECONDS = 2.0, 60.0
TIMEOUT_SECONDS = 3.0
_PORTS = {"smtp": 25, "smtps": 465, "http": 80, "https": 443, "tcp": 0, "tls": 0, "sftp": 22}
_TOO_EARLY = 500


class ShortlyError(CryokitError):
    """Not broken yet, but it will be if nobody acts."""


def check_disk(folder: Path) -> str:
    """Say how much is free where the state lies; raise when it is so little that work would fail."""
    return disk_verdict(*_free_and_total(folder), folder)


def _free_and_total(folder: Path) -> tuple[int, int]:
    """Return the free and all bytes of the disk that a folder lies on or will lie on."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    usage = shutil.disk_usage(there)
    return usage.free, usage.total


def disk_verdict(free: int, total: int, folder: Path) -> str:
    """Say how much is free; raise when it is too little."""
    said = f"{free / 1e9:.1f} GB of {total / 1e9:.1f} GB ({free / total:.0%}) are free for {folder}"
    if free / total < DISK_FAIL_FREE_FRACTION:
        msg = f"only {said}; remove old reports and backups, or enlarge the disk"
        raise UnavailableError(msg)
    return said


def check_disk_reserve(folder: Path) -> str:
    """Raise early, while there is still time to make room."""
    free, total = _free_and_total(folder)
    said = disk_verdict(free, total, folder)
    if free / total < DISK_WARN_FREE_FRACTION:
        raise ShortlyError(said)
    return said


def check_dask(address: str | None) -> str:
    """Say where work is computed; raise when a cluster is named and does not answer."""
    if address is None:
        return "computing in local processes"
    parsed = urlsplit(address)
    if parsed.hostname is None or parsed.port is None:
        msg = f"CRYOKIT_DASK_ADDRESS is {address!r}; it looks like tcp://host:8786"
        raise ConfigError(msg)
    _connect(parsed, f"the Dask scheduler at {address}").close()
    return f"the Dask scheduler at {address} answers"


def dependencies_in(text: str | None) -> dict[str, str]:
    """Return the addresses that `CRYOKIT_DEPENDENCIES` names."""
    found = {}
    for item in filter(None, (part.strip() for part in (text or "").split(","))):
        name, equals, address = item.partition("=")
        if not equals or urlsplit(address).scheme not in {*_PORTS, "file"}:
            msg = f"CRYOKIT_DEPENDENCIES holds {name!r} without an address; it looks like smtp=smtp://mail:25, "
            msg += f"with one of {', '.join(_PORTS)}, file"
            raise ConfigError(msg)
        found[name.strip()] = address.strip()
    return found


def check_dependency(name: str, address: str) -> str:
    """Ask one service whether it answers in its own language, or say that it does not."""
    parsed = urlsplit(address)
    place = f"{name} ({parsed.scheme}://{parsed.hostname or parsed.path})"
    if parsed.scheme == "file":
        if not Path(parsed.path).is_dir():
            msg = f"{place} is not there; mount it, or correct CRYOKIT_DEPENDENCIES"
            raise UnavailableError(msg)
        return f"{place} is there"
    try:
        return f"{place}: {_asked(parsed, place)}"
    except (OSError, smtplib.SMTPException, http.client.HTTPException) as error:
        msg = f"{place} does not answer: {error}"
        raise UnavailableError(msg) from error


def _asked(parsed: SplitResult, place: str) -> str:
    if parsed.scheme in ("smtp", "smtps"):
        kind = smtplib.SMTP_SSL if parsed.scheme == "smtps" else smtplib.SMTP
        with kind(parsed.hostname, parsed.port or _PORTS[parsed.scheme], timeout=TIMEOUT_SECONDS) as mail:
            code, _ = mail.ehlo()
            return f"SMTP {code}"
    if parsed.scheme in ("http", "https"):
        return _asked_http(parsed, place)
    with _connect(parsed, place) as connection:
        if parsed.scheme == "tls":
            return _certificate_end(connection, parsed.hostname)
        return "accepts connections"


def _asked_http(parsed: SplitResult, place: str) -> str:
    kind = http.client.HTTPSConnection if parsed.scheme == "https" else http.client.HTTPConnection
    connection = kind(parsed.hostname, parsed.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", f"{parsed.path or '/'}{'?' + parsed.query if parsed.query else ''}")
        status = connection.getresponse().status
    finally:
        connection.close()
    if status >= _TOO_EARLY:
        msg = f"{place} answers with HTTP {status}"
        raise UnavailableError(msg)
    return f"HTTP {status}"


def _connect(parsed: SplitResult, place: str) -> socket.socket:
    try:
        return socket.create_connection((parsed.hostname, parsed.port or _PORTS[parsed.scheme]), TIMEOUT_SECONDS)
    except OSError as error:
        msg = f"{place} does not answer: {error.strerror or error}"
        raise UnavailableError(msg) from error


def _certificate_end(connection: socket.socket, host: str) -> str:
    with ssl.create_default_context().wrap_socket(connection, server_hostname=host) as secured:
        ends = ssl.cert_time_to_seconds(secured.getpeercert()["notAfter"])
    return end_verdict(ends, f"certificate of {host}")


def check_certificate(file: Path) -> str:
    """Say until when a certificate counts; raise when that is soon or over."""
    argv = ["openssl", "x509", "-noout", "-enddate", "-in", str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()[-3:]
        msg = f"the certificate {file} cannot be read: {' / '.join(lines)}"
        raise CommandError(msg, argv, done.returncode, lines)
    return end_verdict(ssl.cert_time_to_seconds(done.stdout.strip().partition("=")[2]), f"certificate {file.name}")


def end_verdict(ends: float, what: str) -> str:
    """Say until when something counts; raise when that is soon or over."""
    until = datetime.fromtimestamp(ends, UTC).date()
    days = (ends - time.time()) / 86400
    if days < 0:
        msg = f"{what} is over since {until}; renew it"
        raise UnavailableError(msg)
    if days < CERTIFICATE_WARN_DAYS:
        msg = f"{what} counts only until {until}; renew it"
        raise ShortlyError(msg)
    return f"{what} counts until {until}"


def clock_verdict(here: float, there: float) -> str:
    """Say how far the clocks of this machine and of the database are apart; raise when tokens would suffer."""
    apart = abs(here - there)
    said = f"this clock and the database's are {apart:.1f} s apart"
    if apart >= CLOCK_FAIL_SECONDS:
        msg = f"{said}; set the clocks by NTP"
        raise UnavailableError(msg)
    if apart >= CLOCK_WARN_SECONDS:
        msg = f"{said}; set the clocks by NTP"
        raise ShortlyError(msg)
    return said


def alerts_at(address: str) -> list[dict[str, str]]:
    """Return the alerts that fire at an Alertmanager, silenced and inhibited ones too."""
    parsed = urlsplit(address)
    if parsed.scheme != "http" or parsed.hostname is None:
        msg = f"CRYOKIT_ALERTMANAGER_URL is {address!r}; it looks like http://127.0.0.1:9093"
        raise ConfigError(msg)
    connection = http.client.HTTPConnection(parsed.hostname, parsed.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", f"{parsed.path.rstrip('/')}/api/v2/alerts")
        answer = connection.getresponse()
        found = json.loads(answer.read()) if answer.status == http.client.OK else None
    except (OSError, http.client.HTTPException, ValueError) as error:
        msg = f"Alertmanager does not answer at {address}: {error}; `make monitor` starts it"
        raise UnavailableError(msg) from error
    finally:
        connection.close()
    if found is None:
        msg = f"Alertmanager at {address} answers with HTTP {answer.status}"
        raise UnavailableError(msg)
    return [
        {
            "alert": item["labels"]["alertname"],
            "severity": item["labels"].get("severity", ""),
            "since": item["startsAt"],
            "state": item["status"]["state"],
            "summary": item["annotations"].get("summary", ""),
            "action": item["annotations"].get("action", ""),
        }
        for item in found
    ]
