"""Planted defects of performance."""

from tests.integration.planted import Planted
from tests.integration.planted.performance_clean import LOOK_ALIKES
from tests.integration.planted.performance_tables import FAMILY, FLUSH, LARGE, LOOKUPS, ODD, PARTED, SCANS, SLEEP, reads

__all__ = ["LOOK_ALIKES", "PLANTED"]


def _planted(name: str, check: str, found: str, mend: str, *plant: str) -> Planted:
    return Planted(f"performance: {name}", ";\n\n".join(plant), check, found, mend)


def _duplicate(name: str, first: str, second: str, dropped: str = "extra", check: str = "duplicate_index") -> Planted:
    """Two indexes on the same table, the second named `extra` unless it is another one that should go."""
    mend = f"DROP INDEX public.{dropped}"
    return _planted(name, check, f"public.{dropped}", mend, LARGE, first, second)


_INDEXES = [
    _duplicate(
        "duplicate index",
        "CREATE INDEX first ON public.sample (plate)",
        "CREATE INDEX extra ON public.sample (plate)",
    ),
    _duplicate(
        "duplicate of the primary key",
        "CREATE INDEX first ON public.sample (plate)",
        "CREATE INDEX extra ON public.sample (id)",
    ),
    _duplicate(
        "unique duplicate of the primary key",
        "CREATE INDEX first ON public.sample (plate)",
        "CREATE UNIQUE INDEX extra ON public.sample (id)",
    ),
    _duplicate(
        "plain index made before the unique one",
        "CREATE INDEX extra ON public.sample (note)",
        "ALTER TABLE public.sample ADD CONSTRAINT sample_note_key UNIQUE (note)",
    ),
    _duplicate(
        "duplicate that is read backwards",
        "CREATE INDEX first ON public.sample (plate, made DESC)",
        "CREATE INDEX extra ON public.sample (plate DESC, made)",
    ),
    _duplicate(
        "duplicate expression",
        "CREATE INDEX first ON public.sample (lower(note))",
        "CREATE INDEX extra ON public.sample ((lower(note)))",
    ),
    _duplicate(
        "duplicate partial index",
        "CREATE INDEX first ON public.sample (plate) WHERE place = 1",
        "CREATE INDEX extra ON public.sample (plate) WHERE (place = 1)",
    ),
    _duplicate(
        "duplicate hash index",
        "CREATE INDEX first ON public.sample USING hash (note)",
        "CREATE INDEX extra ON public.sample USING hash (note)",
    ),
    _duplicate(
        "index whose columns another one includes too",
        "CREATE INDEX first ON public.sample (plate) INCLUDE (note, made)",
        "CREATE INDEX extra ON public.sample (plate) INCLUDE (made)",
    ),
    _duplicate(
        "first column of a longer index",
        "CREATE INDEX extra ON public.sample (plate)",
        "CREATE INDEX longer ON public.sample (plate, place)",
        check="redundant_index",
    ),
    _duplicate(
        "first columns of a longer unique index",
        "CREATE UNIQUE INDEX longer ON public.sample (plate, place DESC, id)",
        "CREATE INDEX extra ON public.sample (plate, place DESC)",
        check="redundant_index",
    ),
    _duplicate(
        "first column of a longer partial index with the same condition",
        "CREATE INDEX longer ON public.sample (plate, note) WHERE made IS NOT NULL",
        "CREATE INDEX extra ON public.sample (plate) WHERE made IS NOT NULL",
        check="redundant_index",
    ),
    _planted(
        "second unique constraint on a column",
        "duplicate_index",
        "public.note_again",
        "ALTER TABLE public.sample DROP CONSTRAINT note_again",
        LARGE,
        "ALTER TABLE public.sample ADD CONSTRAINT note_first UNIQUE (note)",
        "ALTER TABLE public.sample ADD CONSTRAINT note_again UNIQUE (note)",
    ),
    _planted(
        "duplicate index with an odd name",
        "duplicate_index",
        '"Odd ""Schema"."Odd ""Index"',
        'DROP INDEX "Odd ""Schema"."Odd ""Index"',
        ODD,
        'CREATE INDEX ON "Odd ""Schema"."Odd ""Table" ("A b")',
        'CREATE INDEX "Odd ""Index" ON "Odd ""Schema"."Odd ""Table" ("A b")',
    ),
    _planted(
        "duplicate index of a partitioned table",
        "duplicate_index",
        "public.extra",
        "DROP INDEX public.extra",
        PARTED,
        "CREATE INDEX first ON public.run (plate)",
        "CREATE INDEX extra ON public.run (plate)",
    ),
    _planted(
        "index of a partition beside that of the whole",
        "duplicate_index",
        "public.extra",
        "DROP INDEX public.extra",
        PARTED,
        "CREATE INDEX first ON public.run (plate)",
        "CREATE INDEX extra ON public.run_a (plate)",
    ),
    _planted(
        "index left invalid",
        "invalid_index",
        "public.broken",
        "DROP INDEX public.broken",
        LARGE,
        "CREATE INDEX broken ON public.sample (plate)",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'public.broken'::regclass",
    ),
    _planted(
        "index of a partitioned table without parts",
        "invalid_index",
        "public.hollow",
        "DROP INDEX public.hollow",
        PARTED,
        "CREATE INDEX hollow ON ONLY public.run (plate)",
    ),
    _planted(
        "unused index",
        "unused_index",
        "public.sample_made",
        "DROP INDEX public.sample_made",
        LARGE,
        "CREATE INDEX sample_made ON public.sample (made)",
        LOOKUPS,
        FLUSH,
    ),
    _planted(
        "unused index of a table that is read by another one",
        "unused_index",
        "public.sample_place",
        reads(2, "SELECT count(*) FROM public.sample WHERE place = 7 AND id > 19900 AND note > 'a'")
        + ";\n\nDROP INDEX public.sample_place",
        LARGE,
        "CREATE INDEX sample_plate ON public.sample (plate)",
        "CREATE INDEX sample_place ON public.sample (place)",
        reads(300, "SELECT note FROM public.sample WHERE plate = 7"),
        FLUSH,
    ),
    _planted(
        "unused index of a parent that is looked up",
        "unused_index",
        "public.parent_made",
        "DROP INDEX public.parent_made",
        FAMILY,
        reads(300, "SELECT made FROM public.parent WHERE id = 7"),
        FLUSH,
    ),
    _planted(
        "unused index of a partitioned table",
        "unused_index",
        "public.run_plate",
        "DROP INDEX public.run_plate",
        PARTED,
        "CREATE INDEX run_plate ON public.run (plate)",
        reads(200, "SELECT plate FROM public.run WHERE id = 7"),
        FLUSH,
    ),
    _planted(
        "table read from end to end",
        "missing_index",
        "public.sample",
        "CREATE INDEX ON public.sample (plate);\n\nSELECT pg_stat_reset();\n\n" + FLUSH,
        LARGE,
        SCANS,
        FLUSH,
    ),
    _planted(
        "table read from end to end beside many lookups",
        "missing_index",
        "public.parent",
        "CREATE INDEX ON public.parent (made);\n\nSELECT pg_stat_reset();\n\n" + FLUSH,
        FAMILY,
        "DROP INDEX public.parent_made",
        reads(120, "SELECT count(*) FROM public.parent WHERE made < '2020-01-01'"),
        FLUSH,
    ),
    _planted(
        "partitioned table read from end to end",
        "missing_index",
        "public.run",
        "CREATE INDEX ON public.run (plate);\n\nSELECT pg_stat_reset();\n\n" + FLUSH,
        PARTED,
        reads(120, "SELECT count(*) FROM public.run WHERE plate = 7"),
        FLUSH,
    ),
]

_SPACE = [
    _planted(
        "deleted rows with autovacuum off",
        "dead_rows",
        "public.sample",
        "VACUUM (FULL, ANALYZE) public.sample;\n\n" + FLUSH,
        LARGE,
        "ALTER TABLE public.sample SET (autovacuum_enabled = false)",
        "DELETE FROM public.sample WHERE id % 5 < 3",
        FLUSH,
    ),
    _planted(
        "replaced rows",
        "dead_rows",
        '"Odd ""Schema"."Odd ""Table"',
        'VACUUM (FULL, ANALYZE) "Odd ""Schema"."Odd ""Table";\n\n' + FLUSH,
        ODD,
        'UPDATE "Odd ""Schema"."Odd ""Table" SET c = c || 1',
        FLUSH,
    ),
    _planted(
        "rows replaced after a vacuum",
        "dead_rows",
        "public.sample",
        "VACUUM (FULL, ANALYZE) public.sample;\n\n" + FLUSH,
        LARGE,
        FLUSH,
        "UPDATE public.sample SET note = note || '!', plate = plate + 1",
        FLUSH,
    ),
    _planted(
        "rows deleted and analyzed after a vacuum",
        "dead_rows",
        "public.sample",
        "VACUUM (FULL, ANALYZE) public.sample;\n\n" + FLUSH,
        LARGE,
        FLUSH,
        "DELETE FROM public.sample WHERE id % 5 < 3",
        FLUSH,
        "ANALYZE public.sample",
    ),
    _planted(
        "empty space after vacuum",
        "table_bloat",
        "public.sample",
        "VACUUM (FULL, ANALYZE) public.sample;\n\n" + FLUSH,
        LARGE,
        "INSERT INTO public.sample SELECT number, 1, 1, 'note ' || number, now()"
        " FROM generate_series(20001, 60000) AS number",
        "DELETE FROM public.sample WHERE id % 5 < 4",
        "VACUUM (ANALYZE) public.sample",
        FLUSH,
    ),
    _planted(
        "empty space after vacuum, measured",
        "table_bloat",
        "public.sample",
        "VACUUM (FULL, ANALYZE) public.sample;\n\n" + FLUSH,
        LARGE,
        "CREATE SCHEMA extensions",
        "CREATE EXTENSION pgstattuple SCHEMA extensions",
        "INSERT INTO public.sample SELECT number, 1, 1, 'note ' || number, now()"
        " FROM generate_series(20001, 60000) AS number",
        "DELETE FROM public.sample WHERE id % 5 < 4",
        "VACUUM (ANALYZE) public.sample",
        FLUSH,
    ),
    _planted(
        "index that is nearly empty",
        "index_bloat",
        "public.sample_pkey",
        "REINDEX INDEX public.sample_pkey",
        LARGE,
        "INSERT INTO public.sample SELECT number, 1, 1, 'note ' || number, now()"
        " FROM generate_series(20001, 120000) AS number",
        "DELETE FROM public.sample WHERE id % 5 < 4",
        "VACUUM (FULL) public.sample",
        "REINDEX TABLE public.sample",
        "INSERT INTO public.sample SELECT number, 1, 1, 'note ' || number, now()"
        " FROM generate_series(120001, 220000) AS number",
        "DELETE FROM public.sample WHERE id % 5 < 4",
        "VACUUM (ANALYZE) public.sample",
    ),
    _planted(
        "loaded and never analyzed",
        "never_analyzed",
        "public.sample",
        "ANALYZE public.sample;\n\n" + FLUSH,
        "CREATE TABLE public.sample (id integer PRIMARY KEY) WITH (autovacuum_analyze_threshold = 1000000)",
        "INSERT INTO public.sample SELECT generate_series(1, 20000)",
        FLUSH,
    ),
    _planted(
        "loaded, indexed and vacuumed, but never analyzed",
        "never_analyzed",
        "public.sample",
        "ANALYZE public.sample;\n\n" + FLUSH,
        "CREATE TABLE public.sample (id integer, name text) WITH (autovacuum_analyze_threshold = 1000000)",
        "INSERT INTO public.sample SELECT number, 'n' || number FROM generate_series(1, 20000) AS number",
        "ALTER TABLE public.sample ADD PRIMARY KEY (id)",
        "VACUUM public.sample",
        FLUSH,
    ),
    _planted(
        "analyzed before it was filled",
        "never_analyzed",
        "public.sample",
        "ANALYZE public.sample;\n\n" + FLUSH,
        "CREATE TABLE public.sample (id integer PRIMARY KEY) WITH (autovacuum_analyze_threshold = 1000000)",
        "ANALYZE public.sample",
        "INSERT INTO public.sample SELECT generate_series(1, 20000)",
        FLUSH,
    ),
    _planted(
        "autovacuum off for a table",
        "autovacuum_off",
        "public.note",
        "ALTER TABLE public.note RESET (autovacuum_enabled)",
        "CREATE TABLE public.note (id integer PRIMARY KEY) WITH (autovacuum_enabled = off)",
    ),
    _planted(
        "autovacuum off for long values",
        "autovacuum_off",
        "public.note",
        "ALTER TABLE public.note RESET (toast.autovacuum_enabled)",
        "CREATE TABLE public.note (id integer PRIMARY KEY, body text NOT NULL) WITH (toast.autovacuum_enabled = false)",
    ),
    _planted(
        "autovacuum with a threshold that is never reached",
        "autovacuum_off",
        "public.note",
        "ALTER TABLE public.note RESET (autovacuum_vacuum_threshold)",
        "CREATE TABLE public.note (id integer PRIMARY KEY) WITH (autovacuum_vacuum_threshold = 2000000000)",
    ),
    _planted(
        "old transactions in a table",
        "transaction_age",
        "public.note",
        "VACUUM (FREEZE) public.note",
        "CREATE TABLE public.note (id integer PRIMARY KEY)",
        "SET allow_system_table_mods = on",
        "UPDATE pg_class SET relfrozenxid ="
        " ((txid_current()::bigint + 4294967296 - 500000000) % 4294967296)::text::xid"
        " WHERE oid = 'public.note'::regclass",
    ),
    _planted(
        "slow statement, asked often",
        "slow_query",
        "SELECT pg_sleep($1)",
        "SELECT extensions.pg_stat_statements_reset()",
        "CREATE SCHEMA extensions",
        "CREATE EXTENSION pg_stat_statements SCHEMA extensions",
        "SELECT extensions.pg_stat_statements_reset()",
        SLEEP,
        SLEEP,
        SLEEP,
    ),
    _planted(
        "very slow statement",
        "slow_query",
        "SELECT count(*) FROM generate_series($1, $2) AS a CROSS JOIN pg_sleep($3)",
        'SELECT "ext:odd".pg_stat_statements_reset()',
        'CREATE SCHEMA "ext:odd"',
        'CREATE EXTENSION pg_stat_statements SCHEMA "ext:odd"',
        'SELECT "ext:odd".pg_stat_statements_reset()',
        "SELECT count(*)\n  FROM generate_series(1, 3) AS a CROSS JOIN pg_sleep(1.1)",
    ),
]

_SERVER = [
    _planted(
        "slot that nobody reads",
        "replication_slot",
        "forgotten",
        "SELECT pg_drop_replication_slot('forgotten')",
        "SELECT pg_create_physical_replication_slot('forgotten', true)",
    ),
    _planted(
        "slot that nobody has ever read",
        "replication_slot",
        "never_read",
        "SELECT pg_drop_replication_slot('never_read')",
        "SELECT pg_create_physical_replication_slot('never_read')",
    ),
    _planted(
        "setting of the database that loses transactions",
        "unsafe_setting",
        "synchronous_commit",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET synchronous_commit', current_database()); END $$",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$",
    ),
]

PLANTED: list[Planted] = [*_INDEXES, *_SPACE, *_SERVER]
