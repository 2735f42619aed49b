"""Backups that restore: made online, proved, brought back whole and to any point; damage is found and refused."""

import contextlib
import hashlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2
import pytest

from cryokit.backup.archive import Archive
from cryokit.backup.engine import DATA, DUMP, Engine, file_named
from cryokit.backup.files import Cipher, make_key_file
from cryokit.backup.remote import Remote, rclone
from cryokit.backup.scratch import Scratch
from cryokit.backup.sets import MANIFEST, Sets
from cryokit.db import programs
from cryokit.db.engine import Database
from cryokit.db.server import SUPERUSER, Server
from cryokit.errors import ConfigError, ConflictError, CryokitError, InputError, IntegrityCheckError
from cryokit.workbench import Workbench
from tests.ports import free_port
from tests.stored_models import store_versions

SEED = 20261122
MODEL = b"what a model has learned " * 1000
MODEL_SHA256 = hashlib.sha256(MODEL).hexdigest()


def model_file(settings) -> Path:
    return settings.artifacts_dir / f"{MODEL_SHA256}.skops"


@pytest.fixture(scope="module")
def workbench(make_settings) -> Iterator[Workbench]:
    """An installation with a schema, two accounts and a ledger that tests write."""
    with make_settings() as make, Workbench(make()) as workbench:
        workbench.migrate()
        workbench.add_user("anna", "admin")
        with superuser(workbench) as cursor:
            cursor.execute("CREATE TABLE public.ledger (number integer PRIMARY KEY, at timestamptz NOT NULL)")
        with workbench.database.bootstrap() as connection, connection.begin():
            store_versions(connection, "backed_up", [MODEL_SHA256])
        workbench.settings.artifacts_dir.mkdir()
        model_file(workbench.settings).write_bytes(MODEL)
        yield workbench


@pytest.fixture(scope="module")
def full(workbench) -> dict:
    """A proved full backup."""
    return workbench.create_backup("full")


@contextlib.contextmanager
def superuser(workbench: Workbench, settings=None) -> Iterator[psycopg2.extensions.cursor]:
    url = Server(settings or workbench.settings).url(SUPERUSER)
    with contextlib.closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


def write_ledger(workbench: Workbench, count: int) -> list[datetime]:
    """Write lines one by one; return a moment after each."""
    moments = []
    with superuser(workbench) as cursor:
        for _ in range(count):
            cursor.execute("INSERT INTO ledger SELECT coalesce(max(number), 0) + 1, clock_timestamp() FROM ledger")
            time.sleep(0.01)
            moments.append(datetime.now(UTC))
            time.sleep(0.01)
    return moments


def ledger(settings) -> list[int]:
    with superuser(None, settings) as cursor:
        cursor.execute("SELECT number FROM ledger ORDER BY number")
        return [number for (number,) in cursor.fetchall()]


@pytest.fixture
def elsewhere(other_settings):
    """A state folder without a cluster."""
    return other_settings()


def restored(workbench, elsewhere, set_id=None, to=None):
    """Restore into a folder of its own and return the ledger there."""
    workbench.restore_backup(set_id, to, into=elsewhere.state_dir)
    return ledger(elsewhere)


def flip(path: Path) -> bytes:
    """Change one byte in the middle of a file; return what was there."""
    content = path.read_bytes()
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 1
    path.write_bytes(changed)
    return content


@contextlib.contextmanager
def flipped(path: Path) -> Iterator[None]:
    content = flip(path)
    try:
        yield
    finally:
        path.write_bytes(content)


def test_a_backup_says_what_it_holds_and_was_restored(workbench, full):
    wanted = {"id", "path", "kind", "parent", "server_version", "schema_revision", "start_lsn", "stop_lsn", "files"}
    wanted |= {"started_at", "stopped_at", "seconds", "contents", "tools", "who", "proved_at", "bytes"}

    assert wanted <= set(full)
    assert full["proved_at"]
    assert {line["status"] for line in full["proof"]["lines"]} == {"pass"}
    assert full["contents"]["tables"]["cryo.app_user"]["rows"] == 1
    assert (full["artifacts"], full["artifacts_missing"]) == ([MODEL_SHA256], [])
    assert "service_role" in full["contents"]["roles"]
    assert workbench.backup(full["id"]) == full
    assert list(workbench.registry.backup_sets()["id"]) == [full["id"]]


def test_every_moment_since_a_backup_can_be_restored(workbench, full, elsewhere):
    before = len(ledger(workbench.settings))
    moments = write_ledger(workbench, 12)
    number = random.Random(SEED).randrange(1, 11)  # noqa: S311  picks a moment

    found = restored(workbench, elsewhere, full["id"], moments[number].isoformat())

    assert found == list(range(1, before + number + 2))
    assert model_file(elsewhere).read_bytes() == MODEL
    workbench.registry.users()  # the live one is as it was


def test_named_points_and_latest_are_reached(workbench, full, elsewhere):
    with superuser(workbench) as cursor:
        cursor.execute("SELECT pg_create_restore_point('before the change')")
    before = ledger(workbench.settings)
    write_ledger(workbench, 1)

    assert restored(workbench, elsewhere, full["id"], "before the change") == before


def test_an_unreachable_point_is_refused_with_what_is_reachable(workbench, full, elsewhere):
    early = datetime.fromisoformat(full["started_at"]) - timedelta(hours=1)
    with pytest.raises(InputError, match="the earliest point that can be reached is 20"):
        workbench.restore_backup(None, early.isoformat(), into=elsewhere.state_dir)
    late = datetime.now(UTC) + timedelta(hours=1)
    with pytest.raises(IntegrityCheckError, match="cannot be replayed up to"):
        workbench.restore_backup(full["id"], late.isoformat(), into=elsewhere.state_dir)

    assert not elsewhere.cluster_dir.exists()


def refuses_increments(workbench: Workbench) -> bool:
    """Whether this PostgreSQL is from before increments; then it must say so."""
    if programs.major(programs.version(programs.pg_bindir(workbench.settings))) >= 17:
        return False
    with pytest.raises(InputError, match="17 is the first that does"):
        workbench.create_backup("incremental")
    return True


def test_increments_and_dumps_come_back_too(workbench, full, elsewhere):
    write_ledger(workbench, 3)
    increment = None if refuses_increments(workbench) else workbench.create_backup("incremental")
    dump = workbench.create_backup("dump", prove=False)
    now = ledger(workbench.settings)
    workbench.restore_backup(dump["id"], into=elsewhere.state_dir)

    assert ledger(elsewhere) == now
    if increment is None:
        return
    assert increment["parent"] == full["id"]
    assert increment["bytes"] < full["bytes"]
    assert increment["contents"]["tables"]["public.ledger"]["rows"] == len(now)
    assert dump["contents"]["tables"] | {"cryo.backup_set": None} == increment["contents"]["tables"] | {
        "cryo.backup_set": None
    }


def test_a_dump_that_is_not_what_its_snapshot_saw_is_no_proof(workbench):
    made = Engine(workbench.settings, workbench.database).create("dump")
    contents = made.manifest["contents"]
    contents["tables"]["cryo.app_user"]["rows"] += 1
    made.with_changes(contents=contents)

    with pytest.raises(IntegrityCheckError, match=r"table cryo\.app_user: 2 rows.* before, 1 rows"):
        workbench.verify_backup(made.id, deep=True)
    assert not Sets(workbench.settings).get(made.id).is_proved


def test_a_live_cluster_is_only_set_aside_when_asked(workbench, full):
    with pytest.raises(ConflictError, match="only set aside with --replace"):
        workbench.restore_backup(full["id"])


def test_a_replaced_cluster_is_kept(make_settings):
    with make_settings() as make, Workbench(make()) as workbench:
        workbench.migrate()
        full = workbench.create_backup("full", prove=False)
        workbench.add_user("late", "viewer")
        done = workbench.restore_backup(full["id"], replace=True)

        assert list(workbench.users()["name"]) == []
        assert (Path(done["kept"]) / "PG_VERSION").exists()
        assert len(workbench.registry.backup_sets()) == 1
        # WAL of the new timeline is archived, so the next point in time starts from here.
        assert workbench.create_backup("full", prove=False)["timeline"] == 2


@pytest.mark.parametrize("name", [DATA, MANIFEST])
def test_damage_is_named_and_nothing_is_restored(workbench, full, elsewhere, name):
    found = Sets(workbench.settings).get(full["id"])
    path = found.path / MANIFEST if name == MANIFEST else file_named(found, name)

    with flipped(path):
        problems = str(_problem_of(lambda: workbench.verify_backup(full["id"])))
        with pytest.raises(IntegrityCheckError, match=path.name):
            workbench.restore_backup(full["id"], into=elsewhere.state_dir)

    assert path.name in problems
    assert not elsewhere.cluster_dir.exists()


def _problem_of(act):
    try:
        return act()
    except IntegrityCheckError as error:
        return error


def test_a_damaged_model_file_is_named_and_a_restore_without_it_refused(workbench, full, elsewhere):
    [kept] = (workbench.settings.backups_dir / "artifacts").glob(f"{MODEL_SHA256}*")

    with flipped(kept):
        lines = {line["check"]: line for line in workbench.verify_backup(full["id"])}
        with pytest.raises(IntegrityCheckError, match=f"models: 0 of 1 model files .* {MODEL_SHA256}"):
            workbench.restore_backup(full["id"], into=elsewhere.state_dir)

    assert kept.name in lines[f"models of {full['id']}"]["detail"]
    assert lines[f"models of {full['id']}"]["status"] == "fail"
    assert not elsewhere.cluster_dir.exists()


def test_a_damaged_dump_is_refused(workbench, elsewhere):
    made = Engine(workbench.settings, workbench.database).create("dump")

    with flipped(file_named(made, DUMP)), pytest.raises(IntegrityCheckError, match=DUMP):
        workbench.restore_backup(made.id, into=elsewhere.state_dir)


def test_a_damaged_parent_stops_the_increment(workbench, full, elsewhere):
    if refuses_increments(workbench):
        return
    increment = workbench.create_backup("incremental", prove=False)
    parent = Sets(workbench.settings).get(increment["parent"])

    with flipped(file_named(parent, DATA)):
        lines = workbench.verify_backup(increment["id"])
        with pytest.raises(IntegrityCheckError, match=parent.id):
            workbench.restore_backup(increment["id"], into=elsewhere.state_dir)

    assert [line["status"] for line in lines].count("fail") == 1


@pytest.mark.parametrize("damage", ["flipped", "deleted", "truncated"])
def test_damaged_wal_is_refused(workbench, full, elsewhere, damage):
    with superuser(workbench) as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS filler (line text)")
        cursor.execute("INSERT INTO filler SELECT repeat('x', 100)")
        cursor.execute("SELECT pg_switch_wal()")
    [moment] = write_ledger(workbench, 1)
    wait_for_archive(workbench)
    [*_, segment] = Archive(workbench.settings).files()
    content = segment.path.read_bytes()
    try:
        damaged = {"flipped": flip, "deleted": Path.unlink, "truncated": lambda path: os.truncate(path, 1000)}
        damaged[damage](segment.path)
        live = workbench.settings.model_copy(update={"state_dir": elsewhere.state_dir})
        begun = shutil.ignore_patterns("*.partial")  # the server may be archiving the next segment just now
        shutil.copytree(workbench.settings.backups_dir, live.backups_dir, ignore=begun)
        with pytest.raises((IntegrityCheckError, InputError)) as caught:
            Workbench(live).restore_backup(full["id"], to=moment.isoformat())
        assert damage == "deleted" or segment.path.name in str(caught.value)
        found = workbench.verify_archive()
        assert found["status"] == "fail"
        assert segment.name in found["detail"]
        messages = [one.message for one in workbench.database_health().findings if one.check == "archived WAL"]
        assert any(segment.name in message for message in messages)
    finally:
        segment.path.write_bytes(content)
    assert not elsewhere.cluster_dir.exists()
    assert workbench.verify_archive()["detail"].endswith("files equal their checksums")


def wait_for_archive(workbench: Workbench) -> None:
    """Have the server hand over all it wrote."""
    with superuser(workbench) as cursor:
        cursor.execute("SELECT pg_walfile_name(pg_switch_wal())")
        [(name,)] = cursor.fetchall()
        deadline = time.monotonic() + 20
        while not (workbench.settings.wal_archive_dir / f"{name}.sha256").exists():
            assert time.monotonic() < deadline, f"{name} was not archived"
            time.sleep(0.05)


def test_a_killed_backup_leaves_no_backup(workbench, full):
    before = [found.id for found in Sets(workbench.settings).all()]
    environment = os.environ | {"CRYOKIT_STATE_DIR": str(workbench.settings.state_dir)}
    process = subprocess.Popen(
        [sys.executable, "-m", "cryokit.cli", "backup", "create", "--no-proof"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    folder = Sets(workbench.settings).folder
    deadline = time.monotonic() + 300
    while not list(folder.glob("*.partial")):
        assert process.poll() is None
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGKILL)
    process.wait()

    assert [found.id for found in Sets(workbench.settings).all()] == before
    workbench.create_backup("dump", prove=False)
    assert not list(folder.glob("*.partial"))


def test_a_drill_restores_from_what_is_kept(workbench, full):
    report = workbench.drill_backup()
    assert report["is_recorded"]
    [newest] = workbench.registry.backup_drills(limit=1).to_dict("records")

    assert report["is_passed"]
    assert newest["is_passed"]
    assert 0 < newest["recovery_seconds"] < 120
    assert report["lost_seconds"] is not None


def test_status_tells_what_can_be_reached(workbench, full):
    write_ledger(workbench, 1)
    wait_for_archive(workbench)
    status = workbench.backup_status()

    assert status["newest_proved"]
    assert status["reachable_from"] == full["stopped_at"]
    assert datetime.fromisoformat(status["reachable_to"]) > datetime.now(UTC) - timedelta(seconds=30)
    assert not status["archiver"]["is_failing"]


def test_rotation_removes_what_the_plan_says(make_settings):
    with make_settings() as make, Workbench(make()) as workbench:
        workbench.migrate()
        first, second = (workbench.create_backup("dump", prove=False) for _ in range(2))
        for made in (first, second):  # what a proof is, other tests say; here it only counts that there is one
            Sets(workbench.settings).get(made["id"]).with_changes(proved_at=made["stopped_at"])
        keep = "hourly=0,daily=0,weekly=0,monthly=0,yearly=0,wal_days=0"
        planned = workbench.prune_backups(dry_run=True, keep=keep)
        assert len(workbench.backups()) == 2
        workbench.prune_backups(dry_run=False, keep=keep)

        assert list(planned["decision"]) == ["goes", "stays"]
        assert list(workbench.backups()["id"]) == [second["id"]]
        gone = workbench.registry.backup_sets().set_index("id").loc[first["id"]]
        assert gone["removed_at"]


# Elsewhere


@contextlib.contextmanager
def rclone_serving(kind: str, folder: Path, *words: str) -> Iterator[int]:
    """Serve a folder as S3 or SFTP on a free port of this machine."""
    port = free_port()
    folder.mkdir(exist_ok=True)
    argv = [rclone(), "serve", kind, folder, "--addr", f"127.0.0.1:{port}", *words]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def store(tmp_path, monkeypatch) -> Iterator[Path]:
    """A bucket on a real S3 server, known to rclone as `store`."""
    # It keeps what it read of a folder, and with 0 it may forget for ever and answer nobody.
    with rclone_serving("s3", tmp_path / "s3", "--auth-key", "key,secret", "--dir-cache-time", "20ms") as port:
        configuration = tmp_path / "rclone.conf"
        configuration.write_text(
            "[store]\ntype = s3\nprovider = Rclone\naccess_key_id = key\nsecret_access_key = secret\n"
            f"endpoint = http://127.0.0.1:{port}\nuse_multipart_uploads = false\n"
            "[open]\ntype = sftp\nhost = 127.0.0.1\nuser = x\n"
            "[plain]\ntype = s3\nprovider = Other\nendpoint = http://example.org\n"
        )
        monkeypatch.setenv("RCLONE_CONFIG", str(configuration))
        yield tmp_path / "s3" / "bucket"


def test_backups_come_back_from_another_place(workbench, full, store, elsewhere):
    there = workbench.sync_backups("store:bucket/cryokit")["backups"]
    lost = Workbench(elsewhere)
    lost.fetch_backup(full["id"], "store:bucket/cryokit")
    lost.restore_backup(full["id"])

    assert full["id"] in there
    assert workbench.backup(full["id"])["remote"]["name"] == "store:bucket/cryokit"
    assert list(lost.users()["name"]) == ["anna"]
    assert model_file(elsewhere).read_bytes() == MODEL
    lost.stop_database()


def test_what_was_changed_there_is_not_restored(workbench, full, store, elsewhere):
    Remote(workbench.settings, "store:bucket").send(Sets(workbench.settings).get(full["id"]))
    flip(store / "sets" / full["id"] / DATA)
    lost = Workbench(elsewhere)
    lost.fetch_backup(full["id"], "store:bucket")

    with pytest.raises(IntegrityCheckError, match="is not what the manifest says"):
        lost.restore_backup(full["id"])


def test_a_set_that_arrived_in_part_is_no_set_there(workbench, full, store):
    remote = Remote(workbench.settings, "store:bucket/partly")
    remote.send(Sets(workbench.settings).get(full["id"]))
    (store / "partly" / "sets" / full["id"] / MANIFEST).unlink()

    assert remote.ids() == []


def test_wal_that_was_compressed_since_it_was_sent_is_there_once(workbench, full, store):
    remote, there = Remote(workbench.settings, "store:bucket/packed"), store / "packed" / "wal"
    wait_for_archive(workbench)
    remote.send_shared()
    sent = {path.name for path in there.iterdir()}
    assert Archive(workbench.settings).pack(Cipher(None), keep_newest=0)
    remote.send_shared()

    names = {path.name for path in there.iterdir()}
    assert any(f"{name}.zst" in names for name in sent)
    assert names == {path.name for path in workbench.settings.wal_archive_dir.iterdir() if path.name[0] != "."}


def test_a_dead_remote_is_a_failure(workbench, full, tmp_path, monkeypatch):
    configuration = tmp_path / "rclone.conf"
    configuration.write_text("[dead]\ntype = s3\nprovider = Rclone\nendpoint = http://127.0.0.1:9\n")
    monkeypatch.setenv("RCLONE_CONFIG", str(configuration))

    with pytest.raises(CryokitError, match="rclone"):
        workbench.sync_backups("dead:bucket")


@pytest.mark.parametrize(
    ("name", "reason"), [("open:x", "any host"), ("plain:x", "plain text"), ("other:x", "no remote 'other'")]
)
def test_a_remote_whose_end_is_not_checked_is_refused(workbench, store, name, reason):
    with pytest.raises(ConfigError, match=reason):
        Remote(workbench.settings, name)


def test_an_encrypted_backup_needs_its_key(workbench, tmp_path, elsewhere):
    for name in ("key", "wrong"):
        make_key_file(tmp_path / name)
    locked = workbench.settings.model_copy(update={"backup_key_file": tmp_path / "key"})
    made = Engine(locked, Database(locked)).create("full")
    secret = (tmp_path / "key").read_text().strip()

    assert secret not in (made.path / MANIFEST).read_text()
    assert file_named(made, DATA).suffix == ".age"
    for key, error in ((tmp_path / "wrong", IntegrityCheckError), (None, ConfigError)):
        with Scratch(elsewhere, Cipher(key)).opened() as scratch, pytest.raises(error, match=r"\.age"):
            scratch.cipher.extract(file_named(made, DATA), scratch.settings.state_dir / "link")
    with Scratch(elsewhere, Cipher(tmp_path / "key")).opened() as scratch:
        scratch.cipher.extract(file_named(made, DATA), scratch.settings.state_dir / "link")
        assert (scratch.settings.state_dir / "link" / "PG_VERSION").exists()
    shutil.rmtree(made.path)
