"""Health of databases that are in use: other sessions, locks, logins with few rights, a server that is gone or odd."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator

import psycopg2
import pytest
from click.testing import CliRunner

from cryokit.cli import main
from cryokit.db import programs
from cryokit.db.engine import connection_to
from cryokit.db.health import HealthReport, check_health
from cryokit.db.health.probe import Probe
from cryokit.db.server import SUPERUSER, Server

BLOCK = 8192
_PLAIN = "CREATE TABLE public.note (id integer PRIMARY KEY, body text NOT NULL)"


@pytest.fixture
def url(server, clone_of):
    """Address, as superuser, of a database of its own with one table."""
    address = server.url(SUPERUSER, clone_of("template0").name)
    run_sql(address, _PLAIN, "INSERT INTO public.note SELECT 1, 'one'")
    return address


def run_sql(url: str, *statements: str) -> list[tuple]:
    """Run statements one by one outside of a transaction and return the rows of the last."""
    with opened(url) as session, session.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


@contextlib.contextmanager
def opened(url: str, *statements: str) -> Iterator[psycopg2.extensions.connection]:
    """Keep a session open in which some statements ran."""
    with contextlib.closing(psycopg2.connect(url)) as session:
        session.autocommit = True
        with session.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        yield session


@contextlib.contextmanager
def running(url: str, statement: str) -> Iterator[int]:
    """Keep a statement running; yield the number of its process."""

    def run() -> None:
        with contextlib.suppress(psycopg2.Error), session.cursor() as cursor:
            cursor.execute(statement)

    with opened(url) as session:
        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield session.info.backend_pid
        finally:
            with contextlib.suppress(psycopg2.Error):
                session.cancel()
            thread.join()


def health_of(url: str, **options: object) -> HealthReport:
    return check_health(lambda: connection_to(url), "the database", **options)


def found(report: HealthReport) -> set[tuple[str, str]]:
    return {(finding.check, finding.object) for finding in report.findings}


def statuses(report: HealthReport) -> dict[str, str]:
    return {check.name: check.status for check in report.checks}


# Other sessions


def test_a_session_idle_in_a_transaction_is_named(url):
    with opened(url, "BEGIN", "SELECT 1") as session:
        time.sleep(1.2)
        report = health_of(url)
        assert ("idle_in_transaction", f"pid {session.info.backend_pid}") in found(report)

    assert "idle_in_transaction" not in dict(found(health_of(url)))


def test_a_query_that_runs_for_long_is_named(url):
    with running(url, "SELECT pg_sleep(60)") as pid:
        time.sleep(3.2)
        report = health_of(url)

    finding = next(finding for finding in report.findings if finding.check == "long_query")
    assert finding.object == f"pid {pid}"
    assert finding.evidence["query"] == "SELECT pg_sleep(60)"
    assert str(pid) in finding.fix


def test_a_query_of_a_moment_is_no_finding(url):
    with running(url, "SELECT pg_sleep(60)"), opened(url, "BEGIN", "COMMIT"):
        assert not {"long_query", "idle_in_transaction", "blocked_query"} & set(dict(found(health_of(url))))


def test_a_blocked_query_names_who_blocks_it(url):
    with (
        opened(url, "BEGIN", "UPDATE public.note SET body = 'two'") as blocker,
        running(url, "UPDATE public.note SET body = 'three'") as pid,
    ):
        blocking = blocker.info.backend_pid
        time.sleep(1.2)
        report = health_of(url)

    finding = next(finding for finding in report.findings if finding.check == "blocked_query")
    assert finding.object == f"pid {pid}"
    assert [holder["pid"] for holder in finding.evidence["blocked_by"]] == [blocking]


def test_a_query_that_waits_for_a_locked_table_names_the_table(url):
    with opened(url, "BEGIN", "LOCK TABLE public.note"), running(url, "SELECT * FROM public.note"):
        time.sleep(1.2)
        report = health_of(url)

    finding = next(finding for finding in report.findings if finding.check == "blocked_query")
    assert finding.evidence["relation"] == "public.note"


def test_a_locked_table_makes_the_check_unfinished_and_never_waits(url):
    run_sql(url, "CREATE INDEX note_lower ON public.note (lower(body))")
    with opened(url, "BEGIN", "LOCK TABLE public.note"):
        began = time.monotonic()
        report = health_of(url)
        seconds = time.monotonic() - began

    assert seconds < 8
    assert "public.note" in " ".join(finding.message for finding in report.findings if finding.check == "unfinished")
    assert "skipped" in statuses(report).values()
    assert "error" not in statuses(report).values()
    assert report.exit_code() == 2


def test_taken_connections_of_server_database_and_role_are_counted(url, superuser_runs, server):
    name = url.rsplit("/", 1)[1].split("?")[0]
    superuser_runs("CREATE ROLE crowd LOGIN PASSWORD 'crowded' CONNECTION LIMIT 5")
    superuser_runs(f"ALTER DATABASE {name} CONNECTION LIMIT 5")
    address = f"{url.replace('//postgres@', '//crowd:crowded@')}&passfile=/dev/null"
    try:
        with contextlib.ExitStack() as sessions:
            for _ in range(4):
                sessions.enter_context(opened(address))
            assert {("connections", "crowd"), ("connections", name)} <= found(health_of(url))
            for _ in range(80):
                sessions.enter_context(opened(server.url(SUPERUSER, "postgres")))
            assert ("connections", "max_connections") in found(health_of(url))
        assert "connections" not in dict(found(health_of(url)))
    finally:
        superuser_runs(f"ALTER DATABASE {name} CONNECTION LIMIT -1")
        superuser_runs("DROP ROLE crowd")


def test_an_index_that_is_being_built_is_no_finding(url):
    with (
        opened(url, "BEGIN", "UPDATE public.note SET body = 'two'"),
        running(url, "CREATE INDEX CONCURRENTLY note_body ON public.note (body)"),
    ):
        time.sleep(0.5)
        assert run_sql(url, "SELECT count(*) FROM pg_index WHERE NOT indisvalid") == [(1,)]
        assert "invalid_index" not in dict(found(health_of(url)))


def test_a_concurrent_build_that_failed_is_found(url):
    run_sql(url, "INSERT INTO public.note VALUES (2, 'one')")
    with pytest.raises(psycopg2.errors.UniqueViolation):
        run_sql(url, "CREATE UNIQUE INDEX CONCURRENTLY note_body ON public.note (body)")

    assert ("invalid_index", "public.note_body") in found(health_of(url))


def test_reads_that_miss_the_cache_are_found(url):
    name = url.rsplit("/", 1)[1].split("?")[0]
    scans = "DO $$ BEGIN FOR round IN 1..30 LOOP PERFORM count(*) FROM passing; END LOOP; END $$"
    filling = "SELECT repeat('x', 1900) AS filling FROM generate_series(1, 20000)"
    run_sql(
        url,
        "SET temp_buffers = 100",
        f"CREATE TEMPORARY TABLE passing AS {filling}",
        scans,
        "SELECT pg_stat_force_next_flush()",
    )

    assert ("cache_hit_ratio", name) in found(health_of(url))

    run_sql(url, "SELECT pg_stat_reset()", "SELECT pg_stat_force_next_flush()")
    assert "cache_hit_ratio" not in dict(found(health_of(url)))


def test_a_check_leaves_no_trace_in_the_statistics(url):
    run_sql(url, "CREATE EXTENSION pg_stat_statements", "SELECT pg_stat_reset()")
    health_of(url)
    health_of(url)

    counted = "SELECT seq_scan + coalesce(idx_scan, 0) FROM pg_stat_user_tables WHERE relname = 'note'"
    signed = "SELECT bool_and(query LIKE '%asked by cryokit%') FROM pg_stat_statements WHERE query LIKE '%AS severity%'"
    assert run_sql(url, counted) == [(0,)]
    assert run_sql(url, signed) == [(True,)]


# Logins


@pytest.fixture
def monitor(url, superuser_runs):
    """Address for a login that may only look at statistics."""
    superuser_runs("CREATE ROLE onlooker LOGIN PASSWORD 'looking' IN ROLE pg_monitor")
    yield f"{url.replace('//postgres@', '//onlooker:looking@')}&passfile=/dev/null"
    superuser_runs("DROP ROLE onlooker")


def test_a_monitoring_role_can_run_the_check(monitor, url):
    with opened(url, "BEGIN", "SELECT 1") as session:
        time.sleep(1.2)
        report = health_of(monitor)
        assert ("idle_in_transaction", f"pid {session.info.backend_pid}") in found(report)

    assert "error" not in statuses(report).values()


def test_a_login_without_rights_does_not_say_that_sessions_are_fine(monitor, superuser_runs):
    superuser_runs("REVOKE pg_monitor FROM onlooker")

    report = health_of(monitor)

    assert statuses(report)["idle_in_transaction"] == "skipped"
    assert statuses(report)["long_query"] == "skipped"
    assert "error" not in statuses(report).values()
    assert report.exit_code() == 2


def test_a_question_that_takes_too_long_is_stopped_and_said(url):
    with connection_to(url) as connection:
        probe = Probe(connection, statement_timeout_seconds=0.2)
        began = time.monotonic()
        with pytest.raises(Exception, match="too long"):
            probe.ask("SELECT pg_sleep(30)")

    assert time.monotonic() - began < 5


# The command


def command(*words: str) -> tuple[int, dict]:
    result = CliRunner().invoke(main, ["db", "health", "--json", *words])
    return result.exit_code, json.loads(result.stdout)


def test_a_server_that_is_stopped_is_an_error_and_quick(tmp_path):
    began = time.monotonic()
    exit_code, report = command("--url", f"postgresql://postgres@/nothing?host={tmp_path}")

    assert time.monotonic() - began < 8
    assert exit_code == 2
    assert report["status"] == "error"


def test_the_text_names_the_checks_that_were_not_made(url):
    result = CliRunner().invoke(main, ["db", "health", "--url", url])

    assert "skipped: corruption: reads everything: asked for by --deep only" in result.stdout.splitlines()


def test_a_schema_with_a_hostile_name_is_only_a_name(url):
    hostile = 'x"; drop table public.note; --'

    exit_code, report = command("--url", url, "--schema", hostile)

    assert exit_code == 1
    assert ("schemas", hostile) in {(finding["check"], finding["object"]) for finding in report["findings"]}
    assert run_sql(url, "SELECT count(*) FROM public.note") == [(1,)]


def test_a_sample_of_structures_is_not_called_ok_unless_all_are_asked_for(url):
    run_sql(
        url,
        "CREATE TABLE public.polymer (id integer PRIMARY KEY, smiles text NOT NULL, inchikey char(27) NOT NULL)",
        "INSERT INTO public.polymer SELECT number, '*C', lpad(number::text, 27, 'A') "
        "FROM generate_series(1, 10001) AS number",
        "ANALYZE public.polymer",
    )

    def structures(*words: str) -> dict:
        _, report = command("--url", url, *words)
        assert ("unfinished", "structure_mismatch") not in {
            (item["check"], item["object"]) for item in report["findings"]
        }
        return next(check for check in report["checks"] if check["name"] == "structure_mismatch")

    sample, whole = structures(), structures("--deep")

    assert sample["status"] == "skipped"
    assert "10000 of 10001 structures" in sample["detail"]
    assert whole["status"] == "ok"


def test_one_schema_alone_is_looked_at(url):
    run_sql(url, "CREATE SCHEMA other", "CREATE TABLE other.t (id integer PRIMARY KEY)")
    run_sql(url, "CREATE INDEX again ON other.t (id)", "CREATE INDEX again ON public.note (id)")

    _, report = command("--url", url, "--schema", "other")

    assert [finding["object"] for finding in report["findings"] if finding["check"] == "duplicate_index"] == [
        "other.again"
    ]


# A server of its own, badly run


@pytest.fixture(scope="module")
def bad_server(make_settings) -> Iterator[Server]:
    """A server without checksums and autovacuum, whose archiving fails, with a damaged table and index."""
    with make_settings() as make:
        server = Server(make())
        server.start()
        url = server.url(SUPERUSER, "postgres")
        settings = ["autovacuum = off", "full_page_writes = off", "archive_mode = on", "archive_command = 'false'"]
        settings += ["max_prepared_transactions = 3", "wal_level = logical", "autovacuum_freeze_max_age = 100000"]
        run_sql(url, *[f"ALTER SYSTEM SET {setting}" for setting in settings])
        filling = "SELECT number, 'body ' || number FROM generate_series(1, 20000) AS number"
        run_sql(url, "CREATE EXTENSION amcheck", _PLAIN, f"INSERT INTO public.note {filling}")
        run_sql(url, "CREATE INDEX note_body ON public.note (body)", "CREATE TABLE public.torn AS TABLE public.note")
        run_sql(url, "ALTER TABLE public.torn ADD PRIMARY KEY (id)", "ANALYZE")
        paths = run_sql(url, "SELECT pg_relation_filepath('public.note_body'), pg_relation_filepath('public.torn')")[0]
        server.stop()
        argv = [programs.pg_bindir(server.settings) / "pg_checksums", "--disable", "-D", server.cluster]
        programs.run_as(programs.server_account(server.cluster), argv)
        _overwrite(server, paths[0], 3 * BLOCK, bytes(BLOCK))
        _overwrite(server, paths[1], 3 * BLOCK + 24, b"\x03\x80\xc8\x00" * 4)
        server.start()
        yield server
        server.stop()


def _overwrite(server: Server, path: str, place: int, data: bytes) -> None:
    with (server.cluster / path).open("r+b") as stream:
        stream.seek(place)
        stream.write(data)


@pytest.fixture
def bad_url(bad_server) -> str:
    return bad_server.url(SUPERUSER, "postgres")


def test_settings_that_endanger_data_are_found(bad_url):
    names = {("checksums", "data_checksums"), ("autovacuum_off", "autovacuum"), ("unsafe_setting", "full_page_writes")}

    assert names <= found(health_of(bad_url))


def test_archiving_that_fails_is_found_and_gone_when_it_works(bad_url):
    run_sql(bad_url, "SELECT pg_switch_wal()")
    _wait_until(bad_url, "SELECT failed_count > 0 FROM pg_stat_archiver")
    assert ("archiver", "archive_command") in found(health_of(bad_url))

    run_sql(bad_url, "ALTER SYSTEM SET archive_command = 'true'", "SELECT pg_reload_conf()", "SELECT pg_switch_wal()")
    _wait_until(bad_url, "SELECT last_archived_time > last_failed_time FROM pg_stat_archiver")
    assert "archiver" not in dict(found(health_of(bad_url)))

    run_sql(bad_url, "ALTER SYSTEM SET archive_command = ''", "SELECT pg_reload_conf()")
    _wait_until(bad_url, "SELECT current_setting('archive_command') IN ('', '(disabled)')")
    assert ("archiver", "archive_command") in found(health_of(bad_url))


def test_a_prepared_transaction_is_found(bad_url):
    run_sql(bad_url, "BEGIN", "CREATE TABLE public.late ()", "PREPARE TRANSACTION 'odd ''name'")
    time.sleep(1.2)
    assert ("prepared_transaction", "odd 'name") in found(health_of(bad_url))

    run_sql(bad_url, "ROLLBACK PREPARED 'odd ''name'")
    assert "prepared_transaction" not in dict(found(health_of(bad_url)))


def test_a_logical_slot_that_nobody_reads_is_found(bad_url):
    run_sql(bad_url, "SELECT pg_create_logical_replication_slot('unread', 'pgoutput')")
    assert ("replication_slot", "unread") in found(health_of(bad_url))

    run_sql(bad_url, "SELECT pg_drop_replication_slot('unread')")
    assert "replication_slot" not in dict(found(health_of(bad_url)))


def test_a_slot_that_has_lost_its_wal_is_an_error(bad_url):
    run_sql(bad_url, "SELECT pg_create_physical_replication_slot('too_late', true)")
    run_sql(bad_url, "ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'", "SELECT pg_reload_conf()")
    run_sql(bad_url, *["CREATE TABLE public.passing ()", "DROP TABLE public.passing", "SELECT pg_switch_wal()"] * 4)
    run_sql(bad_url, "CHECKPOINT")

    finding = next(finding for finding in health_of(bad_url).findings if finding.check == "replication_slot")
    assert (finding.object, finding.severity) == ("too_late", "error")
    assert finding.evidence["wal_status"] in {"unreserved", "lost"}

    run_sql(bad_url, "SELECT pg_drop_replication_slot('too_late')")


def test_damaged_tables_and_indexes_are_found_by_a_deep_check(bad_url):
    report = health_of(bad_url, deep=True)

    assert {name for check, name in found(report) if check == "corruption"} == {"public.note_body", "public.torn"}
    assert statuses(report)["corruption"] == "finding"
    assert statuses(health_of(bad_url))["corruption"] == "skipped"


def test_a_deep_check_without_amcheck_is_unfinished(url):
    report = health_of(url, deep=True)

    assert statuses(report)["corruption"] == "skipped"
    assert report.exit_code() == 2


def test_a_deep_check_of_whole_tables_finds_no_damage(url):
    run_sql(url, "CREATE EXTENSION amcheck")

    assert statuses(health_of(url, deep=True))["corruption"] == "ok"


def test_transactions_that_cannot_be_frozen_are_found(bad_url):
    each = "BEGIN INSERT INTO passing DEFAULT VALUES; EXCEPTION WHEN division_by_zero THEN NULL; END"
    burn = f"DO $$ BEGIN FOR round IN 1..130000 LOOP {each}; END LOOP; END $$"
    run_sql(bad_url, "BEGIN", "CREATE TABLE public.late ()", "PREPARE TRANSACTION 'late'")
    run_sql(bad_url, "CREATE TEMPORARY TABLE passing ()", burn)
    assert {("transaction_age", "postgres"), ("transaction_age", "public.note")} <= found(health_of(bad_url))

    run_sql(bad_url, "ROLLBACK PREPARED 'late'", "VACUUM (FREEZE)")
    assert not {("transaction_age", "postgres"), ("transaction_age", "public.note")} & found(health_of(bad_url))


def _wait_until(url: str, question: str) -> None:
    deadline = time.monotonic() + 20
    while run_sql(url, question) != [(True,)]:
        assert time.monotonic() < deadline, question
        time.sleep(0.1)


def test_no_check_slows_down_with_the_number_of_tables(url):
    table = "CREATE TABLE public.t%s (id bigint PRIMARY KEY, parent_id bigint, name text, value float8)"
    run_sql(url, f"DO $$ BEGIN FOR i IN 1..500 LOOP EXECUTE format('{table}', i); END LOOP; END $$")

    report = health_of(url)

    assert [(check.name, check.seconds) for check in report.checks if check.seconds > 5] == []
