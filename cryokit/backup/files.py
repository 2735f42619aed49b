"""Files of a backup: compressed, encrypted if a key is given, checksummed, on the disk before they count."""

import contextlib
import hashlib
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pyrage
import zstandard

from cryokit.errors import ConfigError, IntegrityCheckError

CHUNK_BYTES = 1 << 20
LEVEL = 3
_ENCRYPTED = ".age"


def sha256_of(path: Path) -> str:
    """Return the checksum of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Have a file or folder on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(path: Path, text: str) -> None:
    """Write a file so that after any crash the old or the new one is there, never half of one."""
    fresh = path.with_name(f".{path.name}.partial")
    fresh.write_text(text)
    sync(fresh)
    fresh.replace(path)
    sync(path.parent)


class Cipher:
    """Encrypts and decrypts streams by age with the identity in a key file; without a key file it passes them on."""

    def __init__(self, key_file: Path | None) -> None:
        self._identity = _identity_in(key_file) if key_file else None
        self.suffix = _ENCRYPTED if self._identity else ""
        self.recipient = str(self._identity.to_public()) if self._identity else None

    def compress(self, source: IO[bytes], target: Path, level: int = LEVEL) -> None:
        """Write what `source` gives to `target`, compressed and, with a key, encrypted; on the disk at the end."""
        compressor = zstandard.ZstdCompressor(level=level, threads=1, write_checksum=True)
        with target.open("wb") as out:
            if self._identity is None:
                compressor.copy_stream(source, out, read_size=CHUNK_BYTES, write_size=CHUNK_BYTES)
            else:
                with compressor.stream_reader(source, read_size=CHUNK_BYTES) as reader:
                    pyrage.encrypt_io(reader, out, [self._identity.to_public()])
            out.flush()
            os.fsync(out.fileno())

    @contextlib.contextmanager
    def open(self, path: Path) -> Iterator[IO[bytes]]:
        """Open a compressed file for reading what was put into it."""
        with path.open("rb") as stored, self._decrypted(path, stored) as plain:
            reader = zstandard.ZstdDecompressor().stream_reader(plain, read_size=CHUNK_BYTES)
            try:
                yield reader
            except (zstandard.ZstdError, tarfile.TarError, EOFError) as error:
                msg = f"{path} is damaged: {error}"
                raise IntegrityCheckError(msg, [str(path)]) from error

    @contextlib.contextmanager
    def _decrypted(self, path: Path, stored: IO[bytes]) -> Iterator[IO[bytes]]:
        if path.suffix != _ENCRYPTED:
            yield stored
            return
        if self._identity is None:
            msg = f"{path} is encrypted; set CRYOKIT_BACKUP_KEY_FILE to the key file it was made with"
            raise ConfigError(msg)
        with tempfile.TemporaryFile() as plain:
            try:
                pyrage.decrypt_io(stored, plain, [self._identity])
            except (pyrage.DecryptError, OSError) as error:
                if getattr(error, "errno", None):  # the disk's trouble, not the file's
                    raise
                msg = f"{path} cannot be decrypted: {error}; either it is damaged or the key is another one"
                raise IntegrityCheckError(msg, [str(path)]) from error
            plain.seek(0)
            yield plain

    def extract(self, path: Path, folder: Path) -> None:
        """Unpack a compressed tar file into a folder, nothing of it outside."""
        folder.mkdir(mode=0o700)
        blocks = {"bufsize": CHUNK_BYTES, "copybufsize": CHUNK_BYTES}
        with self.open(path) as stream, tarfile.open(fileobj=stream, mode="r|", **blocks) as archive:
            archive.extractall(folder, filter="data")

    def decompress(self, path: Path, target: Path) -> None:
        """Unpack a compressed file."""
        with self.open(path) as stream, target.open("wb") as out:
            shutil.copyfileobj(stream, out, CHUNK_BYTES)


def make_key_file(path: Path) -> str:
    """Write a new key to a file that only its owner reads, and return the public part of it."""
    identity = pyrage.x25519.Identity.generate()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(f"{identity}\n")
    return str(identity.to_public())


def _identity_in(key_file: Path) -> pyrage.x25519.Identity:
    try:
        if key_file.stat().st_mode & 0o077:
            msg = f"the key file {key_file} can be read by others; run chmod 600 on it"
            raise ConfigError(msg)
        lines = [line.strip() for line in key_file.read_text().splitlines() if not line.startswith("#")]
        return pyrage.x25519.Identity.from_str("".join(lines))
    except OSError as error:
        msg = f"the key file {key_file} cannot be read: {error.strerror}; make one with `cryokit backup key FILE`"
        raise ConfigError(msg) from error
    except pyrage.IdentityError as error:
        msg = f"{key_file} holds no key; make one with `cryokit backup key FILE`"
        raise ConfigError(msg) from error
