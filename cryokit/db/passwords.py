"""Generated database passwords: one libpq passfile for each cluster, readable by its owner only."""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from cryokit.errors import ConfigError

_ANY_CLUSTER_AND_DATABASE = "*:*:*"


class Passwords:
    """The passwords of one cluster's logins, kept in a libpq passfile so that no address holds a secret."""

    def __init__(self, folder: Path, cluster: str = "") -> None:
        self.folder = folder
        self.file = folder / ("pgpass" + (f"-{cluster}" if cluster else ""))

    def get(self, login: str) -> str | None:
        """Return the password of a login, None if there is none yet."""
        return self._all().get(login)

    def ensure(self, login: str) -> str:
        """Return the password of a login; a first one is generated and kept before anybody learns of it."""
        with self._locked():
            known = self._all()
            if login not in known:
                known[login] = secrets.token_urlsafe(24)
                self._write(known)
            return known[login]

    def take_over(self, other: "Passwords") -> None:
        """Know the passwords of another cluster's logins instead of one's own: its files are ours now."""
        with self._locked():
            self._write(self._all() | other._all())

    def _all(self) -> dict[str, str]:
        try:
            lines = self.file.read_text().splitlines()
        except FileNotFoundError:
            return {}
        except PermissionError as error:
            msg = f"{self.file} holds the database passwords but cannot be read by this account; run as its owner"
            raise ConfigError(msg) from error
        rows = [line.split(":") for line in lines if line and not line.startswith("#")]
        return {row[-2]: row[-1] for row in rows}

    def _write(self, known: dict[str, str]) -> None:
        fresh = self.file.with_name(f".{self.file.name}.partial")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.writelines(f"{_ANY_CLUSTER_AND_DATABASE}:{login}:{secret}\n" for login, secret in known.items())
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(self.file)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.chmod(0o700)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
