"""Files of a backup: compressed, encrypted, checksummed; manifests that notice any change; the archive of WAL."""

import hashlib
import os
import shutil
import subprocess
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest

from cryokit.backup import files
from cryokit.backup.archive import Archive
from cryokit.backup.artifacts import Artifacts
from cryokit.backup.files import Cipher, make_key_file
from cryokit.backup.scratch import RecoveryTarget, Scratch
from cryokit.backup.sets import MANIFEST, BackupSet, Sets, write_manifest
from cryokit.backup.timelines import Lineage, lineage, segment_number, segment_of
from cryokit.config import load_settings
from cryokit.errors import ConfigError, ConflictError, InputError, IntegrityCheckError, NotFoundError
from cryokit.paths import model_file

ID = "20261122T100000Z-full"
SCRIPT = Path(files.__file__).parents[1] / "db" / "archive_wal.sh"
TEXT = b"what a database holds " * 5000


@pytest.fixture
def settings(tmp_path):
    return load_settings(state_dir=tmp_path, database_url=None)


@pytest.fixture
def stored(settings):
    """A set in its folder."""
    folder = settings.backups_dir / "sets" / ID
    folder.mkdir(parents=True)
    write_manifest(folder, {"id": ID, "kind": "full", "parent": None, "proved_at": None, "files": {}})
    return folder


def test_an_id_sorts_after_all_others_when_the_clock_was_set_back(settings, stored):
    sets = Sets(settings)

    assert sets.new_id("dump", datetime(2026, 11, 21, tzinfo=UTC)) == "20261122T100001Z-dump"
    assert sets.new_id("full", datetime(2026, 11, 23, tzinfo=UTC)) == "20261123T000000Z-full"


def test_what_a_killed_restore_left_is_removed_by_the_next(settings):
    folder = settings.state_dir
    (folder / "restore-0123abcd" / "link-0").mkdir(parents=True)
    with Scratch(settings, Cipher(None)).opened() as first, Scratch(settings, Cipher(None)).opened() as second:
        there = sorted(path for path in folder.glob("restore-*"))

        assert there == sorted([first.settings.state_dir, second.settings.state_dir])
    assert list(folder.glob("restore-*")) == []


@pytest.mark.parametrize("is_encrypted", [False, True])
def test_model_files_are_kept_once_and_come_back(settings, tmp_path, is_encrypted):
    key = tmp_path / "key"
    kept = Artifacts(settings, Cipher(key if is_encrypted and make_key_file(key) else None))
    settings.artifacts_dir.mkdir()
    sha256, other = hashlib.sha256(TEXT).hexdigest(), hashlib.sha256(b"never saved").hexdigest()
    model_file(sha256, settings.artifacts_dir).write_bytes(TEXT)
    found = BackupSet(tmp_path, kept.keep([sha256, other]))
    [path] = kept.folder.iterdir()
    before = path.stat().st_mtime_ns

    assert found.manifest == {"artifacts": [sha256], "artifacts_missing": [other]}
    assert kept.keep([sha256])["artifacts"] == [sha256]
    assert path.stat().st_mtime_ns == before
    kept.put_back([sha256, other], tmp_path / "back")
    assert [file.read_bytes() for file in (tmp_path / "back").iterdir()] == [TEXT]
    assert kept.lacking([sha256, other], tmp_path / "back") == [other]
    flip(path)
    assert path.name in kept.damaged(found)[0]
    assert kept.drop_unused({sha256}) == []
    assert kept.drop_unused(set()) == [path.name]


def test_a_changed_model_file_is_not_taken_into_a_backup(settings):
    sha256 = hashlib.sha256(TEXT).hexdigest()
    settings.artifacts_dir.mkdir()
    model_file(sha256, settings.artifacts_dir).write_bytes(TEXT + b"!")

    assert Artifacts(settings, Cipher(None)).keep([sha256])["artifacts_missing"] == [sha256]


@pytest.mark.parametrize("is_encrypted", [False, True])
def test_what_was_compressed_comes_back(tmp_path, is_encrypted):
    key = tmp_path / "key"
    cipher = Cipher(key if is_encrypted and make_key_file(key) else None)
    packed = tmp_path / f"data.zst{cipher.suffix}"
    cipher.compress(BytesIO(TEXT), packed)
    cipher.decompress(packed, tmp_path / "data")

    assert (tmp_path / "data").read_bytes() == TEXT
    assert packed.stat().st_size < len(TEXT) / 10
    assert (b"database" in packed.read_bytes()) != is_encrypted


def test_another_key_opens_nothing(tmp_path):
    for name in ("one", "other"):
        make_key_file(tmp_path / name)
    packed = tmp_path / "data.zst.age"
    Cipher(tmp_path / "one").compress(BytesIO(TEXT), packed)

    with pytest.raises(IntegrityCheckError, match=r"data\.zst\.age cannot be decrypted"):
        Cipher(tmp_path / "other").decompress(packed, tmp_path / "data")
    with pytest.raises(ConfigError, match="set CRYOKIT_BACKUP_KEY_FILE"):
        Cipher(None).decompress(packed, tmp_path / "data")


def test_a_key_that_others_can_read_is_refused(tmp_path):
    make_key_file(tmp_path / "key")
    (tmp_path / "key").chmod(0o644)

    with pytest.raises(ConfigError, match="can be read by others"):
        Cipher(tmp_path / "key")


@pytest.mark.parametrize("place", [0.01, 0.5, 0.999])
@pytest.mark.parametrize("is_encrypted", [False, True])
def test_a_flipped_byte_of_a_packed_file_is_noticed(tmp_path, place, is_encrypted):
    key = tmp_path / "key"
    cipher = Cipher(key if is_encrypted and make_key_file(key) else None)
    packed = tmp_path / f"data.zst{cipher.suffix}"
    cipher.compress(BytesIO(os.urandom(50_000)), packed)
    flip(packed, place)

    with pytest.raises(IntegrityCheckError, match=packed.name):
        cipher.decompress(packed, tmp_path / "data")


def flip(path, place=0.5):
    """Change one byte of a file."""
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 1
    path.write_bytes(content)


def test_a_manifest_is_read_as_it_was_written(settings, stored):
    [found] = Sets(settings).all()

    assert found.id == ID
    assert not found.is_proved
    assert found.with_changes(proved_at="now").is_proved
    assert Sets(settings).get("latest").id == ID


@pytest.mark.parametrize("place", [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999])
def test_a_flipped_byte_of_a_manifest_is_noticed(settings, stored, place):
    flip(stored / MANIFEST, place)

    with pytest.raises(IntegrityCheckError, match=r"manifest\.json (is missing or damaged|was changed)"):
        Sets(settings).all()


def test_a_backup_that_was_not_proved_is_not_the_latest(settings, stored):
    with pytest.raises(NotFoundError, match="no proved backup"):
        Sets(settings).get("latest")


@pytest.mark.parametrize("name", ["../../etc", "20261122T100000Z-full/..", "nothing"])
def test_only_ids_name_backups(settings, stored, name):
    with pytest.raises(NotFoundError, match="there is no backup"):
        Sets(settings).get(name)


def test_two_at_once_are_refused(settings):
    sets = Sets(settings)

    with sets.locked(), pytest.raises(ConflictError, match="another backup"), Sets(settings).locked():
        pass


def test_what_a_killed_backup_left_is_no_backup(settings, stored):
    left = stored.with_name("20261122T110000Z-full.partial")
    left.mkdir()

    assert [found.id for found in Sets(settings).all()] == [ID]
    assert Sets(settings).drop_partial() == [left.name]
    assert not left.exists()


@pytest.mark.parametrize(
    ("written", "setting", "value"),
    [
        (None, "recovery_target", "immediate"),
        ("latest", "", "latest"),
        ("0/3000028", "recovery_target_lsn", "0/3000028"),
        ("2026-11-22T10:00:00Z", "recovery_target_time", "2026-11-22T10:00:00+00:00"),
        ("before the upgrade", "recovery_target_name", "before the upgrade"),
    ],
)
def test_a_point_is_read_as_a_person_writes_it(written, setting, value):
    assert RecoveryTarget.at(written) == RecoveryTarget(setting, value)


def test_a_time_without_its_zone_is_refused():
    with pytest.raises(InputError, match="does not say its time zone"):
        RecoveryTarget.at("2026-11-22T10:00:00")


def test_segments_are_counted_over_the_edge_of_a_log():
    assert segment_number("000000010000000100000000") == segment_number("0000000100000000000000FF") + 1
    assert segment_of(2, "1/A000028") == "00000002000000010000000A"


# The archive


def hand_over(source, name, folder):
    """Call the archive_command as the server does."""
    return subprocess.run(["sh", SCRIPT, source, name, folder], capture_output=True, text=True, check=False)


@pytest.fixture
def archive(settings):
    settings.wal_archive_dir.mkdir(parents=True)
    return Archive(settings)


def name_of(number, timeline=1):
    return f"{timeline:08X}00000000{number:08X}"


def fill(archive, tmp_path, *names):
    for name in names:
        (tmp_path / "segment").write_text(f"content of {name}")
        assert hand_over(tmp_path / "segment", name, archive.folder).returncode == 0


def test_the_archive_never_overwrites_and_takes_the_same_twice(archive, tmp_path):
    fill(archive, tmp_path, name_of(1), name_of(1))
    (tmp_path / "segment").write_text("other content")
    refused = hand_over(tmp_path / "segment", name_of(1), archive.folder)

    assert refused.returncode == 1
    assert "is not overwritten" in refused.stderr
    assert (archive.folder / name_of(1)).read_text() == f"content of {name_of(1)}"


def test_without_a_backup_nothing_is_archived(settings, tmp_path):
    (tmp_path / "segment").write_text("x")

    assert hand_over(tmp_path / "segment", name_of(1), settings.wal_archive_dir).returncode == 0
    assert not settings.wal_archive_dir.exists()


def test_a_half_written_file_is_written_again(archive, tmp_path):
    (archive.folder / f"{name_of(1)}.partial").write_text("half")
    fill(archive, tmp_path, name_of(1))

    assert (archive.folder / name_of(1)).read_text() == f"content of {name_of(1)}"
    assert not list(archive.folder.glob("*.partial"))


@pytest.mark.parametrize("step", range(1, 8))
def test_a_crash_anywhere_in_the_hand_over_is_healed_by_the_next(archive, tmp_path, step):
    """The programs that it calls count, and at one call, before or after their work, all ends as by a crash."""
    programs, count, name = tmp_path / "bin", tmp_path / "count", name_of(1)
    programs.mkdir()
    for program in ("cp", "mv", "sync"):
        real = shutil.which(program)
        words = (
            f'#!/bin/sh\necho >>"{count}"\n[ "$(wc -l <"{count}")" -ne {step} ] || kill -9 $PPID\nexec {real} "$@"\n'
        )
        (programs / program).write_text(words)
        (programs / program).chmod(0o755)
    (tmp_path / "segment").write_text(f"content of {name}")
    words = ["sh", SCRIPT, tmp_path / "segment", name, archive.folder]
    path = {"PATH": f"{programs}:{os.environ['PATH']}"}
    crashed = subprocess.run(words, env=os.environ | path, capture_output=True, check=False)
    (tmp_path / "other").write_text("other content")
    assert crashed.returncode == -9
    if (archive.folder / name).exists():
        assert hand_over(tmp_path / "other", name, archive.folder).returncode == 1

    fill(archive, tmp_path, name)

    assert (archive.folder / name).read_text() == f"content of {name}"
    assert archive.verify(Cipher(None), tmp_path) == []
    assert hand_over(tmp_path / "other", name, archive.folder).returncode == 1
    assert not list(archive.folder.glob("*.partial"))


def test_what_is_being_handed_over_is_not_called_gone(archive, tmp_path):
    fill(archive, tmp_path, name_of(1))
    (archive.folder / name_of(1)).rename(archive.folder / f"{name_of(1)}.partial")

    assert archive.verify(Cipher(None), tmp_path) == []


def test_the_timeline_of_a_cluster_is_told_by_names_not_by_times(archive, tmp_path):
    wal = archive.settings.cluster_dir / "pg_wal"
    wal.mkdir(parents=True)
    for age, name in enumerate((name_of(3), name_of(3, 2), name_of(9))):
        (wal / name).touch()
        os.utime(wal / name, (1e9 - age, 1e9 - age))

    assert lineage(archive.settings).timeline == 2
    (wal / name_of(3, 2)).unlink()  # an older cluster was put back by hand
    fill(archive, tmp_path, name_of(4, 2))
    assert lineage(archive.settings).timeline == 1


def test_the_archive_ends_at_the_first_gap_and_follows_timelines(archive, tmp_path):
    fill(archive, tmp_path, *(name_of(number) for number in (1, 2, 3, 4, 6)), name_of(2, 2), name_of(3, 2))
    (archive.folder / "00000002.history").write_text("1\t0/2000128\tno recovery target specified\n\n")

    newest = [file.name for file in archive.segments_from(name_of(1), lineage(archive.settings))]
    older = [file.name for file in archive.segments_from(name_of(1), lineage(archive.settings, 1))]

    assert newest == [name_of(1), name_of(2), name_of(2, 2), name_of(3, 2)]
    assert older == [name_of(number) for number in (1, 2, 3, 4)]
    with pytest.raises(InputError, match="there is no timeline 7; there are 1, 2"):
        lineage(archive.settings, 7)


def test_a_copy_that_was_complete_after_its_timeline_was_left_leads_nowhere():
    way = Lineage(2, {1: "0/5000100"})

    def made(timeline, stop_lsn):
        return BackupSet(None, {"timeline": timeline, "stop_lsn": stop_lsn})

    assert way.holds_set(made(1, "0/5000100"))
    assert not way.holds_set(made(1, "0/5000128"))
    assert way.holds_set(made(2, "0/9000000"))
    assert not way.holds_set(made(3, "0/4000000"))


def test_packed_segments_come_back_and_may_be_handed_over_again(archive, tmp_path):
    fill(archive, tmp_path, *(name_of(number) for number in (1, 2, 3)))
    (tmp_path / "out").mkdir()

    assert archive.pack(Cipher(None)) == 2
    assert archive.unpack(tmp_path / "out", name_of(1), Lineage(1, {}), Cipher(None)) == [
        name_of(number) for number in (1, 2, 3)
    ]
    assert (tmp_path / "out" / name_of(1)).read_text() == f"content of {name_of(1)}"
    fill(archive, tmp_path, name_of(1))
    assert not (archive.folder / name_of(1)).exists()


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_flipped_byte_in_the_archive_is_named(archive, tmp_path, is_packed):
    fill(archive, tmp_path, name_of(1), name_of(2))
    if is_packed:
        archive.pack(Cipher(None))
    [path] = [path for path in archive.folder.glob(f"{name_of(1)}*") if path.suffix != ".sha256"]
    flip(path)
    (tmp_path / "scratch").mkdir()

    [problem] = archive.verify(Cipher(None), tmp_path / "scratch")

    assert path.name in problem


def test_what_nothing_needs_goes(archive, tmp_path):
    fill(archive, tmp_path, *(name_of(number) for number in (1, 2, 3)))

    assert archive.drop_before(name_of(3)) == [f"{name_of(n)}{end}" for n in (1, 2) for end in ("", ".sha256")]
    assert sorted(path.name for path in archive.folder.iterdir()) == [name_of(3), f"{name_of(3)}.sha256"]


def test_a_compressed_file_goes_under_the_name_that_it_was_sent_under_too(archive, tmp_path):
    fill(archive, tmp_path, *(name_of(number) for number in (1, 2)))
    archive.pack(Cipher(None))

    assert archive.drop_before(name_of(2)) == [f"{name_of(1)}{end}" for end in ("", ".sha256", ".zst")]
