"""The archive's check reads again only what somebody wrote to since it was found whole; a deep one reads all."""

import json
import os
from pathlib import Path

import pytest

from cryokit.backup import files
from cryokit.backup.archive import Archive
from cryokit.backup.files import Cipher, make_key_file, sha256_of
from cryokit.backup.verified import Verified
from cryokit.config import load_settings
from cryokit.errors import ConfigError


@pytest.fixture
def archive(tmp_path):
    settings = load_settings(state_dir=tmp_path, database_url=None)
    settings.wal_archive_dir.mkdir(parents=True)
    return Archive(settings)


@pytest.fixture
def checked(archive, tmp_path):
    """Return how the check of each day goes; with `nowhere` as its folder it can read nothing."""

    def check(scratch=tmp_path, cipher=Cipher(None), **how):  # noqa: B008  read only
        return archive.verify(cipher, scratch, name_of(1), **{"only_new": True} | how)

    return check


@pytest.fixture
def nowhere(tmp_path):
    return tmp_path / "nowhere"


def name_of(number):
    return f"{1:08X}00000000{number:08X}"


def fill(archive, *numbers):
    for number in numbers:
        path = archive.folder / name_of(number)
        path.write_text(f"content of {number}")
        path.with_name(f"{path.name}.sha256").write_text(sha256_of(path))


def flip(path):
    """Change one byte of a file in its place and put its times back."""
    times = path.stat()
    first = path.read_bytes()[0]
    with path.open("r+b") as stream:
        stream.write(bytes([first ^ 1]))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def put_another_in_place(path):
    """Replace a file by one of the same size and time."""
    other, times = path.with_name("other"), path.stat()
    other.write_bytes(b"x" * times.st_size)
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.rename(path)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1])


def note_another_checksum(path):
    path.with_name(f"{path.name}.sha256").write_text("0" * 64)


def lose_the_checksum(path):
    path.with_name(f"{path.name}.sha256").unlink()


def test_a_second_check_reads_only_what_is_new(archive, checked, nowhere):
    fill(archive, 1, 2)
    assert checked() == []
    assert checked(nowhere) == []
    fill(archive, 3)

    with pytest.raises(FileNotFoundError):
        checked(nowhere)
    assert checked() == []
    assert checked(nowhere) == []


@pytest.mark.parametrize("harm", [flip, put_another_in_place, truncate, note_another_checksum, lose_the_checksum])
def test_what_was_harmed_after_it_was_found_whole_is_named_each_time(archive, checked, harm):
    fill(archive, 1, 2, 3)
    assert checked() == []
    harm(archive.folder / name_of(2))

    for _ in range(2):
        [problem] = checked()
        assert name_of(2) in problem


def test_what_is_gone_is_named_and_forgotten(archive, checked):
    fill(archive, 1, 2)
    assert checked() == []
    (archive.folder / name_of(1)).unlink()
    [problem] = checked()

    assert f"{name_of(1)} is gone" in problem
    assert list(Verified(archive.folder).read()) == [name_of(2)]


def test_what_was_compressed_since_is_read_again(archive, checked, nowhere):
    fill(archive, 1, 2)
    assert checked() == []
    archive.pack(Cipher(None))

    with pytest.raises(FileNotFoundError):
        checked(nowhere)
    assert checked() == []


def test_with_another_key_all_is_read_again(archive, checked, nowhere, tmp_path):
    fill(archive, 1, 2)
    make_key_file(tmp_path / "key")
    archive.pack(Cipher(tmp_path / "key"), keep_newest=0)
    assert checked(cipher=Cipher(tmp_path / "key")) == []
    assert checked(nowhere, cipher=Cipher(tmp_path / "key")) == []

    with pytest.raises(ConfigError, match="is encrypted"):
        checked()


def test_silent_decay_is_found_by_reading_all_and_named_from_then_on(archive, checked):
    """No test can change bytes of a disk behind the file system's back: what is known is set to the changed file."""
    fill(archive, 1, 2)
    assert checked() == []
    flip(archive.folder / name_of(1))
    facts = {file.name: file.facts(Cipher(None)) for file in archive.files()}
    Verified(archive.folder).write(facts)
    assert checked() == []

    [problem] = checked(only_new=False)
    assert name_of(1) in problem
    assert checked() == [problem]


def test_where_nothing_can_be_noted_what_was_found_is_told_each_time(archive, checked):
    fill(archive, 1, 2)
    flip(archive.folder / name_of(1))
    note = Verified(archive.folder)
    note.write({file.name: file.facts(Cipher(None)) for file in archive.files()})
    assert checked() == []
    note.path.with_name(f".{note.path.name}.partial").mkdir()

    [problem] = checked(only_new=False)
    assert name_of(1) in problem
    assert checked() == [problem]
    assert not note.path.exists()


def test_what_another_check_found_damaged_meanwhile_is_not_believed_again(archive):
    note = Verified(archive.folder)
    note.write({"1": [1], "2": [2]})
    note.write({"2": [2]})  # one that reads everything found the first damaged
    note.write({"1": [1], "2": [2], "3": [3]}, believed={"1", "2"})

    assert note.read() == {"2": [2], "3": [3]}


@pytest.mark.parametrize("left", ["", "{", "[]", '{"a": 1}'])
def test_of_a_damaged_note_nothing_is_believed(archive, checked, nowhere, left):
    fill(archive, 1)
    assert checked() == []
    [note] = archive.folder.parent.glob(".*.json")
    note.write_text(left)

    with pytest.raises(FileNotFoundError):
        checked(nowhere)
    assert checked() == []
    assert checked(nowhere) == []
    assert list(json.loads(note.read_text())) == [name_of(1)]


def test_the_note_is_on_the_disk_before_it_takes_the_place_of_the_old_one(archive, checked, monkeypatch):
    """At its first step that waits for the disk the check is ended as by a crash."""
    fill(archive, 1)
    assert checked() == []
    before = Verified(archive.folder).read()
    fill(archive, 2)

    def crash(path: Path) -> None:
        raise KeyboardInterrupt(path)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt, match="partial"):
        patch.setattr(files, "sync", crash)
        checked()

    assert Verified(archive.folder).read() == before
    assert checked() == []
    assert set(Verified(archive.folder).read()) == {name_of(1), name_of(2)}
