"""
Partitions of a long computation: each a file of its own as soon as it is done, so that nothing is done twice.

Beside the output stands a folder ``<output>.parts`` with a manifest that says what is computed, and one file for each
partition that is done. Files are written under another name, brought to the disk and renamed: what has its name is
whole.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cryokit.errors import ConflictError, IntegrityCheckError

if TYPE_CHECKING:
    import pyarrow as pa

MANIFEST = "manifest.json"
METADATA_KEY = b"cryokit.screening"

_LOCK = "lock"
_PARTIAL = ".partial"
_PART = re.compile(r"part-(\d{8})\.parquet")


class Partitions:
    """The folder of partitions beside an output; only one process works in it at a time."""

    def __init__(self, output: Path, manifest: dict) -> None:
        self.output = output
        self.manifest = json.loads(json.dumps(manifest))
        self.folder = output.with_name(f"{output.name}.parts")

    def is_finished(self) -> bool:
        """Whether the output is there and came from this manifest; another file is never overwritten."""
        if not self.output.exists():
            return False
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            known = (pq.read_schema(self.output).metadata or {}).get(METADATA_KEY, b"null")
            differing = _differences(json.loads(known) or {}, self.manifest)
        except (pa.ArrowInvalid, ValueError):
            differing = ["it is no output of this command"]
        if differing:
            msg = (
                f"{self.output} is there already, and is not what would be computed now: {'; '.join(differing)}; "
                "name another file with --out, or move that one away"
            )
            raise ConflictError(msg)
        return True

    @contextlib.contextmanager
    def opened(self) -> Iterator[set[int]]:
        """Hold the folder for this process and yield the numbers of the partitions that are done already."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / _LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the system takes it back from a killed process
            except BlockingIOError as error:
                msg = f"another process is working on {self.output}; wait for it, or name another file with --out"
                raise ConflictError(msg) from error
            self._agree_on_manifest()
            for partial in self.folder.glob(f"*{_PARTIAL}"):
                partial.unlink()
            yield self.done()

    def _agree_on_manifest(self) -> None:
        file = self.folder / MANIFEST
        if not file.exists():
            _write_whole(file, json.dumps(self.manifest, indent=2, sort_keys=True).encode())
            return
        if differing := _differences(json.loads(file.read_text()), self.manifest):
            msg = (
                f"{self.folder} holds the finished part of other work: {'; '.join(differing)}; go on with what was "
                f"given then, name another file with --out, or remove that folder to begin anew"
            )
            raise ConflictError(msg)

    def done(self) -> set[int]:
        """Return the numbers of the partitions that are on the disk."""
        found = (_PART.fullmatch(file.name) for file in self.folder.iterdir())
        return {int(match.group(1)) for match in found if match}

    def path(self, number: int) -> Path:
        """Return the file of a partition, counted from 0."""
        return self.folder / f"part-{number:08d}.parquet"

    def store(self, number: int, table: "pa.Table") -> None:
        """Write a finished partition; it counts as done only when it is on the disk."""
        import pyarrow.parquet as pq

        partial = self.path(number).with_suffix(_PARTIAL)
        with partial.open("wb") as stream:
            pq.write_table(table, stream, compression="zstd")
            _to_disk(stream)
        partial.replace(self.path(number))
        _folder_to_disk(self.folder)

    def assemble(self, schema: "pa.Schema", count: int, rows: int) -> None:
        """
        Join `count` partitions to the output, one at a time, and remove them.

        The rows must be numbered 0, 1, 2 ... without gap or repeat; else nothing is written.
        """
        import pyarrow.parquet as pq

        tagged = schema.with_metadata({METADATA_KEY: json.dumps(self.manifest, sort_keys=True).encode()})
        partial = self.folder / f"assembled{_PARTIAL}"
        begin = 0
        with partial.open("wb") as stream:
            with pq.ParquetWriter(stream, tagged, compression="zstd") as writer:
                for number in range(count):
                    table = pq.read_table(self.path(number), partitioning=None)
                    _check_numbers(table, begin, self.path(number))
                    begin += len(table)
                    writer.write_table(table.cast(tagged))
            _to_disk(stream)
        if begin != rows:
            msg = f"{rows} rows were read, but the partitions hold {begin}; remove {self.folder} to begin anew"
            raise IntegrityCheckError(msg)
        partial.replace(self.output)
        _folder_to_disk(self.output.parent)
        self.remove()

    def remove(self) -> None:
        """Remove the folder of partitions, if it is there."""
        if self.folder.exists():
            shutil.rmtree(self.folder)


def _check_numbers(table: "pa.Table", begin: int, path: Path) -> None:
    if table["row"].to_pylist() != list(range(begin, begin + len(table))):
        msg = f"{path} does not hold the rows from {begin} on in their order; remove that file and run again"
        raise IntegrityCheckError(msg)


def _differences(known: dict, wanted: dict) -> list[str]:
    """Say in words where two manifests differ."""
    names = [name for name in {**known, **wanted} if known.get(name) != wanted.get(name)]
    return [f"{name} was {known.get(name, 'not given')}, now it is {wanted.get(name, 'not given')}" for name in names]


def _write_whole(file: Path, content: bytes) -> None:
    partial = file.with_suffix(_PARTIAL)
    with partial.open("wb") as stream:
        stream.write(content)
        _to_disk(stream)
    partial.replace(file)
    _folder_to_disk(file.parent)


def _to_disk(stream: BinaryIO) -> None:
    stream.flush()
    os.fsync(stream.fileno())


def _folder_to_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
