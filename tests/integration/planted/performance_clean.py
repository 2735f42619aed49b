"""What looks like a defect of performance and is none."""

from tests.integration.planted import LookAlike
from tests.integration.planted.performance_tables import FAMILY, FLUSH, LARGE, LOOKUPS, PARTED, reads


def _clean(name: str, *plant: str) -> LookAlike:
    return LookAlike(f"performance: {name}", ";\n\n".join(plant))


LOOK_ALIKES: list[LookAlike] = [
    _clean("loaded and analyzed", LARGE),
    _clean("family after loading", FAMILY, FLUSH),
    _clean(
        "index of a partitioned table that serves one partition",
        PARTED,
        "CREATE INDEX run_plate ON public.run (plate)",
        reads(200, "SELECT plate FROM public.run WHERE id = 7"),
        "SELECT count(*) FROM public.run_a WHERE plate = 7",
        FLUSH,
    ),
    _clean(
        "loaded by upsert",
        LARGE,
        "CREATE INDEX sample_made ON public.sample (made)",
        "INSERT INTO public.sample SELECT number, 1, 1, 'more', now() FROM generate_series(20001, 26000) AS number"
        " ON CONFLICT (id) DO NOTHING",
        "VACUUM (ANALYZE) public.sample",
        FLUSH,
    ),
    _clean("few scans and many lookups", LARGE, LOOKUPS, reads(5, "SELECT count(*) FROM public.sample"), FLUSH),
    _clean(
        "small table read often",
        "CREATE TABLE public.kind (id integer PRIMARY KEY, name text NOT NULL)",
        "INSERT INTO public.kind SELECT number, 'kind ' || number FROM generate_series(1, 800) AS number",
        "CREATE INDEX kind_name ON public.kind (name)",
        "VACUUM (ANALYZE) public.kind",
        reads(500, "SELECT count(*) FROM public.kind"),
        FLUSH,
    ),
    _clean("scans that stop at the first row", LARGE, reads(300, "SELECT note FROM public.sample LIMIT 1"), FLUSH),
    _clean(
        "indexes that differ",
        LARGE,
        "CREATE INDEX ON public.sample (plate, place)",
        "CREATE INDEX ON public.sample (place, plate)",
        "CREATE INDEX ON public.sample (plate, made DESC)",
        "CREATE INDEX ON public.sample (plate, made)",
        "CREATE INDEX ON public.sample (plate) WHERE place = 1",
        "CREATE INDEX ON public.sample (plate) WHERE place = 2",
        "CREATE INDEX ON public.sample (plate) INCLUDE (note)",
        "CREATE INDEX ON public.sample (note)",
        "CREATE INDEX ON public.sample (note text_pattern_ops)",
        'CREATE INDEX ON public.sample (note COLLATE "POSIX")',
        "CREATE INDEX ON public.sample (lower(note))",
        "CREATE INDEX ON public.sample USING hash (note)",
        "CREATE INDEX ON public.sample USING brin (made)",
    ),
    _clean(
        "unique indexes that guarantee more than longer ones",
        "CREATE TABLE public.member (team integer NOT NULL, person integer NOT NULL, mail text NOT NULL,"
        " PRIMARY KEY (team, person))",
        "CREATE UNIQUE INDEX member_mail ON public.member (mail)",
        "CREATE INDEX ON public.member (mail, team)",
        "CREATE INDEX ON public.member (person)",
        "CREATE UNIQUE INDEX ON public.member (team) WHERE mail = 'x'",
        "CREATE UNIQUE INDEX member_lower ON public.member (lower(mail))",
    ),
    _clean(
        "deferrable constraint beside a unique index",
        "CREATE TABLE public.step (id integer PRIMARY KEY, place integer NOT NULL)",
        "ALTER TABLE public.step ADD CONSTRAINT step_place UNIQUE (place) DEFERRABLE INITIALLY DEFERRED",
    ),
    _clean(
        "indexes of partitions",
        PARTED,
        "CREATE INDEX ON public.run (plate)",
        "CREATE INDEX ON public.run_a (day)",
    ),
    _clean("few dead rows", LARGE, "DELETE FROM public.sample WHERE id % 10 = 0", FLUSH),
    _clean(
        "many dead rows of a small table",
        "CREATE TABLE public.counter (id integer PRIMARY KEY, value integer NOT NULL)",
        "INSERT INTO public.counter SELECT number, 0 FROM generate_series(1, 100) AS number",
        "UPDATE public.counter SET value = 1",
        "UPDATE public.counter SET value = 2",
        FLUSH,
    ),
    _clean(
        "rows deleted and vacuumed in one go",
        LARGE,
        FLUSH,
        "DELETE FROM public.sample WHERE id % 5 < 2",
        "VACUUM (ANALYZE) public.sample",
        FLUSH,
    ),
    _clean(
        "every row replaced once and vacuumed",
        LARGE,
        "CREATE INDEX sample_note ON public.sample (note)",
        "UPDATE public.sample SET made = made - interval '1 day'",
        "VACUUM (ANALYZE) public.sample",
        FLUSH,
    ),
    _clean(
        "every row replaced once and vacuumed, measured",
        "CREATE SCHEMA extensions",
        "CREATE EXTENSION pgstattuple SCHEMA extensions",
        LARGE,
        "UPDATE public.sample SET made = made - interval '1 day'",
        "VACUUM (ANALYZE) public.sample",
        FLUSH,
    ),
    _clean(
        "empty space that was asked for",
        LARGE,
        "ALTER TABLE public.sample SET (fillfactor = 20, autovacuum_enabled = on)",
        "VACUUM (FULL, ANALYZE) public.sample",
    ),
    _clean(
        "rows of all kinds, freshly loaded",
        "CREATE TABLE public.wide (id bigint PRIMARY KEY, a boolean, b bigint, c boolean, d double precision,"
        " e jsonb, f text, g integer[], h bytea, i timestamptz, j uuid, k numeric)",
        "INSERT INTO public.wide SELECT number, true, number, number % 3 = 0, random(),"
        " CASE WHEN number % 2 = 0 THEN jsonb_build_object('n', number) END, repeat('x', (number % 700)::integer),"
        " ARRAY[1, 2, number], decode(repeat('ab', (number % 90)::integer), 'hex'), now(), gen_random_uuid(), number"
        " FROM generate_series(1, 20000) AS number",
        "CREATE INDEX ON public.wide (j)",
        "CREATE INDEX ON public.wide (f)",
        "VACUUM (ANALYZE) public.wide",
    ),
    _clean(
        "random keys, inserted one after the other",
        "CREATE TABLE public.token (id uuid PRIMARY KEY, kind integer NOT NULL)",
        "INSERT INTO public.token SELECT gen_random_uuid(), 1 FROM generate_series(1, 60000)",
        "VACUUM (ANALYZE) public.token",
    ),
    _clean(
        "long values out of line",
        "CREATE TABLE public.document (id integer PRIMARY KEY, body text NOT NULL)",
        "ALTER TABLE public.document ALTER body SET STORAGE EXTERNAL",
        "INSERT INTO public.document SELECT number, repeat('x', 3000) FROM generate_series(1, 15000) AS number",
        "VACUUM (ANALYZE) public.document",
    ),
    _clean(
        "statements that are fast, and a load that is not",
        "CREATE SCHEMA extensions",
        "CREATE EXTENSION pg_stat_statements SCHEMA extensions",
        "SELECT extensions.pg_stat_statements_reset()",
        LARGE,
        "INSERT INTO public.sample SELECT number, 1, 1, 'more', now() FROM generate_series(20001, 25000) AS number,"
        " pg_sleep(1.2)",
        "ANALYZE public.sample",
        "SELECT count(*) FROM public.sample",
    ),
    _clean(
        "table that autovacuum treats in its own way",
        "CREATE TABLE public.queue (id integer PRIMARY KEY, body text)"
        " WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, toast.autovacuum_enabled = on)",
    ),
    _clean("slot that lives as long as its session", "SELECT pg_create_physical_replication_slot('short', true, true)"),
    _clean(
        "filled some time after it was analyzed",
        LARGE,
        "ALTER TABLE public.sample SET (autovacuum_analyze_threshold = 1000000)",
        "INSERT INTO public.sample SELECT number, 1, 1, 'more', now() FROM generate_series(20001, 24000) AS number",
        FLUSH,
    ),
]
