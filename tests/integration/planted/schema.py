"""Planted defects of the schema."""

from tests.integration.planted import LookAlike, Planted

_SAMPLE = "CREATE TABLE public.sample (id integer PRIMARY KEY, name text NOT NULL, taken_at timestamptz)"
_STAMP = (
    "CREATE FUNCTION public.stamp() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS "
    "'BEGIN NEW.taken_at := pg_catalog.now(); RETURN NEW; END'"
)
_TRIGGER = (
    f"{_SAMPLE};\n\n{_STAMP};\n\nCREATE TRIGGER stamped BEFORE INSERT ON public.sample FOR EACH ROW "
    "EXECUTE FUNCTION public.stamp()"
)
_COUNT = "AS 'SELECT count(*) FROM sample'"


def _number(column: str, kind: str, mend: str = "text") -> Planted:
    return Planted(
        f"column_of_{kind.split()[0].replace('[]', '_array').replace('.', '_')}",
        f"CREATE TABLE public.watched (id integer PRIMARY KEY, {column} {kind})",
        "object_number_in_column",
        f"public.watched.{column}",
        f"ALTER TABLE public.watched ALTER COLUMN {column} TYPE {mend}",
    )


PLANTED = [
    Planted(
        "table_without_key",
        "CREATE TABLE public.note (id integer, body text)",
        "table_without_primary_key",
        "public.note",
        "ALTER TABLE public.note ADD PRIMARY KEY (id)",
    ),
    Planted(
        "table_with_a_unique_index_only",
        "CREATE TABLE public.note (id integer NOT NULL, body text);\n\nCREATE UNIQUE INDEX ON public.note (id)",
        "table_without_primary_key",
        "public.note",
        "DROP TABLE public.note",
    ),
    Planted(
        "partitioned_table_without_key",
        "CREATE TABLE public.reading (day date NOT NULL, value real) PARTITION BY RANGE (day);\n\n"
        "CREATE TABLE public.reading_2026 PARTITION OF public.reading FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
        "table_without_primary_key",
        "public.reading",
        "ALTER TABLE public.reading ADD PRIMARY KEY (day)",
    ),
    Planted(
        "oddly_named_table_without_key",
        'CREATE SCHEMA "Lab ""A""";\n\nCREATE TABLE "Lab ""A"""."Odd Name" (body text)',
        "table_without_primary_key",
        '"Lab ""A"""."Odd Name"',
        'DROP SCHEMA "Lab ""A""" CASCADE',
    ),
    Planted(
        "trigger_disabled",
        f"{_TRIGGER};\n\nALTER TABLE public.sample DISABLE TRIGGER stamped",
        "trigger_disabled",
        "public.sample.stamped",
        "ALTER TABLE public.sample ENABLE TRIGGER stamped",
    ),
    Planted(
        "user_triggers_disabled",
        f"{_TRIGGER};\n\nALTER TABLE public.sample DISABLE TRIGGER USER",
        "trigger_disabled",
        "public.sample.stamped",
        "ALTER TABLE public.sample ENABLE TRIGGER USER",
    ),
    Planted(
        "trigger_for_replication_only",
        f"{_TRIGGER};\n\nALTER TABLE public.sample ENABLE REPLICA TRIGGER stamped",
        "trigger_disabled",
        "public.sample.stamped",
        "ALTER TABLE public.sample ENABLE TRIGGER stamped",
    ),
    Planted(
        "event_trigger_disabled",
        "CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql SET search_path = '' AS "
        "'BEGIN NULL; END';\n\nCREATE EVENT TRIGGER \"Watch it\" ON "
        "ddl_command_end EXECUTE FUNCTION public.watch();\n\n"
        'ALTER EVENT TRIGGER "Watch it" DISABLE',
        "event_trigger_disabled",
        '"Watch it"',
        'ALTER EVENT TRIGGER "Watch it" ENABLE',
    ),
    Planted(
        "rule_disabled",
        f"{_SAMPLE};\n\nCREATE RULE kept AS ON DELETE TO public.sample DO INSTEAD NOTHING;\n\n"
        "ALTER TABLE public.sample DISABLE RULE kept",
        "rule_disabled",
        "public.sample.kept",
        "ALTER TABLE public.sample ENABLE RULE kept",
    ),
    Planted(
        "extension_outdated",
        "CREATE SCHEMA extensions;\n\nCREATE EXTENSION hstore SCHEMA extensions VERSION '1.4'",
        "extension_outdated",
        "hstore",
        "ALTER EXTENSION hstore UPDATE",
    ),
    Planted(
        "extension_in_public",
        "CREATE EXTENSION pg_trgm SCHEMA public",
        "extension_in_public",
        "pg_trgm",
        "CREATE SCHEMA extensions;\n\nALTER EXTENSION pg_trgm SET SCHEMA extensions",
    ),
    Planted(
        "function_that_reads_by_bare_name",
        f"{_SAMPLE};\n\nCREATE FUNCTION public.samples() RETURNS bigint LANGUAGE sql STABLE {_COUNT}",
        "function_search_path_dependent",
        "public.samples()",
        "ALTER FUNCTION public.samples() SET search_path = public, pg_temp",
    ),
    Planted(
        "procedure_that_writes_by_bare_name",
        f"{_SAMPLE};\n\nCREATE PROCEDURE public.add(number integer) LANGUAGE plpgsql AS "
        "'BEGIN INSERT INTO sample VALUES (number, ''x''); END'",
        "function_search_path_dependent",
        "public.add(IN number integer)",
        "ALTER PROCEDURE public.add(integer) SET search_path = public, pg_temp",
    ),
    Planted(
        "function_that_calls_by_bare_name",
        "CREATE FUNCTION public.half(number real) RETURNS real LANGUAGE sql IMMUTABLE AS 'SELECT number / 2';\n\n"
        "CREATE FUNCTION public.quarter(number real) RETURNS real LANGUAGE "
        "sql IMMUTABLE AS 'SELECT half(half(number))'",
        "function_search_path_dependent",
        "public.quarter(number real)",
        "ALTER FUNCTION public.quarter(real) SET search_path = public, pg_temp",
    ),
    Planted(
        "trigger_function_with_a_bare_row_type",
        f"{_SAMPLE};\n\nCREATE FUNCTION public.look() RETURNS trigger LANGUAGE plpgsql AS "
        "'DECLARE held sample%ROWTYPE; BEGIN RETURN NEW; END'",
        "function_search_path_dependent",
        "public.look()",
        "ALTER FUNCTION public.look() SET search_path = public, pg_temp",
    ),
    _number("object", "regclass"),
    _number("called", "regprocedure"),
    _number("kind", "regtype[]", "text[]"),
    _number("who", "regrole"),
    Planted(
        "column_of_a_domain_over_regtype",
        "CREATE DOMAIN public.kind AS regtype;\n\nCREATE TABLE public.watched "
        "(id integer PRIMARY KEY, kind public.kind)",
        "object_number_in_column",
        "public.watched.kind",
        "ALTER TABLE public.watched ALTER COLUMN kind TYPE text",
    ),
    Planted(
        "column_of_a_composite_with_regproc",
        "CREATE TYPE public.call AS (routine regproc, times integer);\n\n"
        "CREATE TABLE public.watched (id integer PRIMARY KEY, call public.call)",
        "object_number_in_column",
        "public.watched.call",
        "ALTER TABLE public.watched DROP COLUMN call",
    ),
    Planted(
        "table_whose_columns_are_gone",
        "CREATE TABLE public.husk (id integer PRIMARY KEY);\n\nALTER TABLE public.husk DROP COLUMN id",
        "table_without_columns",
        "public.husk",
        "DROP TABLE public.husk",
    ),
]

LOOK_ALIKES = [
    LookAlike(
        "tables_with_keys",
        'CREATE TABLE public."Odd ""Name" (id uuid PRIMARY KEY);\n\n'
        "CREATE TABLE public.reading (day date, number integer, PRIMARY KEY "
        "(day, number)) PARTITION BY RANGE (day);\n\n"
        "CREATE TABLE public.reading_2026 PARTITION OF public.reading FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    ),
    LookAlike(
        "triggers_that_fire",
        f"{_TRIGGER};\n\nCREATE TRIGGER always BEFORE UPDATE ON public.sample FOR EACH ROW "
        "EXECUTE FUNCTION public.stamp();\n\nALTER TABLE public.sample ENABLE ALWAYS TRIGGER always",
    ),
    LookAlike(
        "extensions_in_a_schema_of_their_own",
        "CREATE SCHEMA extensions;\n\nCREATE EXTENSION hstore SCHEMA extensions;\n\n"
        "CREATE EXTENSION citext SCHEMA extensions",
    ),
    LookAlike(
        "functions_that_say_where",
        f"{_SAMPLE};\n\n"
        "CREATE FUNCTION public.a() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM public.sample';\n\n"
        f"CREATE FUNCTION public.b() RETURNS bigint LANGUAGE sql STABLE SET search_path = public, pg_temp {_COUNT};\n\n"
        "CREATE FUNCTION public.c() RETURNS bigint LANGUAGE sql STABLE BEGIN "
        "ATOMIC SELECT count(*) FROM sample; END;\n\n"
        "CREATE FUNCTION public.d(sample integer) RETURNS integer LANGUAGE "
        "sql IMMUTABLE AS 'SELECT abs(sample) + 1';\n\n"
        "CREATE FUNCTION public.e() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN NEW.taken_at := now(); -- not from sample\nRETURN NEW; END';\n\n"
        "CREATE FUNCTION public.f() RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''read from sample''';\n\n"
        "CREATE FUNCTION public.g() RETURNS bigint LANGUAGE sql AS "
        "'WITH sample AS (SELECT 1 AS one) SELECT count(*) FROM sample'",
    ),
    LookAlike(
        "texts_instead_of_object_numbers",
        "CREATE TABLE public.watched (id oid PRIMARY KEY, object text NOT NULL, names name[])",
    ),
    LookAlike(
        "defaults_that_work",
        "CREATE TABLE public.dose (id integer PRIMARY KEY, amount numeric NOT NULL DEFAULT 0, note text DEFAULT NULL)",
    ),
]
