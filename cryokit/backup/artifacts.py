"""Model files in backups: kept once by their checksum, named by the manifests of the sets that need them."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import Connection

from cryokit.backup.files import CHUNK_BYTES, Cipher, sha256_of, sync
from cryokit.backup.sets import BackupSet
from cryokit.config import Settings
from cryokit.db.queries import queries
from cryokit.errors import IntegrityCheckError
from cryokit.paths import model_file


class Artifacts:
    """The folder beside the sets where each model file lies once, compressed and perhaps encrypted."""

    def __init__(self, settings: Settings, cipher: Cipher) -> None:
        self.live = settings.artifacts_dir
        self.folder = settings.backups_dir / "artifacts"
        self.cipher = cipher

    def keep(self, wanted: Iterable[str]) -> dict[str, list[str]]:
        """Take in the model files of these checksums; return what the manifest says: which are kept, which are not."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept, missing = [], []
        for sha256 in sorted(wanted):
            is_there = self._problem(sha256) is None or self._take_in(sha256)
            (kept if is_there else missing).append(sha256)
        return {"artifacts": kept, "artifacts_missing": missing}

    def _take_in(self, sha256: str) -> bool:
        if not is_whole_in(sha256, self.live):
            return False
        if (unreadable := self._path(sha256)).is_file():  # damaged, or sealed with a key that sets of its time name
            unreadable.rename(unreadable.with_name(f"{unreadable.name}.unreadable"))
        partial = self.folder / f"{sha256}.partial"
        with model_file(sha256, self.live).open("rb") as stream:
            self.cipher.compress(stream, partial)
        partial.rename(self._path(sha256))
        sync(self.folder)
        return True

    def _path(self, sha256: str) -> Path:
        """Return where a file is kept; one from before there was a key, or with it, is as good."""
        plain = self.folder / f"{sha256}.zst"
        sealed = plain.with_name(f"{plain.name}.age")
        return next((path for path in (plain, sealed) if path.is_file()), sealed if self.cipher.suffix else plain)

    def damaged(self, found: BackupSet) -> list[str]:
        """Read each model file of a set whole, and return which are missing or are not what their name says."""
        return [problem for sha256 in found.manifest.get("artifacts", ()) if (problem := self._problem(sha256))]

    def _problem(self, sha256: str) -> str | None:
        path = self._path(sha256)
        if not path.is_file():
            return f"{path} is missing"
        digest = hashlib.sha256()
        try:
            with self.cipher.open(path) as stream:
                while chunk := stream.read(CHUNK_BYTES):
                    digest.update(chunk)
        except IntegrityCheckError as error:
            return str(error)
        return None if digest.hexdigest() == sha256 else f"{path} holds another file than its name says"

    def lacking(self, wanted: Iterable[str], folder: Path | None) -> list[str]:
        """Return the checksums of which a whole file is neither kept here nor in a folder."""
        return [sha256 for sha256 in wanted if not is_whole_in(sha256, folder) and self._problem(sha256)]

    def put_back(self, wanted: Iterable[str], folder: Path) -> None:
        """Have the model files of these checksums in a folder, as far as they are kept."""
        folder.mkdir(parents=True, exist_ok=True)
        for sha256 in wanted:
            if not is_whole_in(sha256, folder) and self._problem(sha256) is None:
                partial = folder / f".partial-{sha256}"
                self.cipher.decompress(self._path(sha256), partial)
                sync(partial)
                partial.replace(model_file(sha256, folder))

    def drop_unused(self, needed: set[str]) -> list[str]:
        """Remove the files that no kept set names; return their names."""
        gone = [path for path in sorted(self.folder.glob("*.zst*")) if path.name.split(".")[0] not in needed]
        for path in gone:
            path.unlink()
        return [path.name for path in gone]


def is_whole_in(sha256: str, folder: Path | None) -> bool:
    """Whether the model file of a checksum is in a folder, and is that file."""
    return folder is not None and (path := model_file(sha256, folder)).is_file() and sha256_of(path) == sha256


def wanted_by(connection: Connection) -> dict[str, str]:
    """Return the checksums of the model files that a database refers to, each with the versions that need it."""
    return {found.artifact_sha256: found.versions for found in connection.execute(queries("backups")["model_files"])}


def in_words(sha256: str, versions: str, folder: Path) -> str:
    """Say that a model file is not there."""
    return f"the model file of {versions} is not whole in {folder}: {model_file(sha256, folder).name}"


def needed_by(sets: Iterable[BackupSet]) -> set[str]:
    """Return the checksums of the model files that sets need."""
    return {sha256 for found in sets for sha256 in found.manifest.get("artifacts", ())}
