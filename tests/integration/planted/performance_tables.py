"""Tables and reads that the planted defects of performance and their look-alikes share."""

FLUSH = "SELECT pg_stat_force_next_flush()"
LARGE = """
CREATE TABLE public.sample (
    id integer PRIMARY KEY, plate integer NOT NULL, place integer NOT NULL, note text NOT NULL, made timestamptz);

INSERT INTO public.sample
SELECT number, number % 500, number % 96, 'note ' || number, now() FROM generate_series(1, 20000) AS number;

VACUUM (ANALYZE) public.sample"""
ODD = """
CREATE SCHEMA "Odd ""Schema";

CREATE TABLE "Odd ""Schema"."Odd ""Table" (id integer PRIMARY KEY, "A b" integer NOT NULL, c text NOT NULL);

INSERT INTO "Odd ""Schema"."Odd ""Table"
SELECT number, number % 500, 'note ' || number FROM generate_series(1, 20000) AS number;

ANALYZE "Odd ""Schema"."Odd ""Table\""""
PARTED = """
CREATE TABLE public.run (id integer NOT NULL, day date NOT NULL, plate integer NOT NULL, PRIMARY KEY (id, day))
PARTITION BY RANGE (day);

CREATE TABLE public.run_a PARTITION OF public.run FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');

CREATE TABLE public.run_b PARTITION OF public.run FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');

INSERT INTO public.run SELECT number, '2026-01-01'::date + number % 59, number % 500
  FROM generate_series(1, 40000) AS number;

ANALYZE public.run"""
FAMILY = """
CREATE TABLE public.parent (id integer PRIMARY KEY, made timestamptz NOT NULL);

CREATE TABLE public.child (id integer PRIMARY KEY, parent_id integer NOT NULL REFERENCES public.parent);

CREATE INDEX child_parent_id ON public.child (parent_id);

CREATE INDEX parent_made ON public.parent (made);

INSERT INTO public.parent SELECT number, now() FROM generate_series(1, 10000) AS number;

INSERT INTO public.child SELECT number, 1 + number % 10000 FROM generate_series(1, 20000) AS number;

VACUUM (ANALYZE) public.parent, public.child"""


def reads(count: int, statement: str) -> str:
    quoted = statement.replace("'", "''")
    return f"DO $$ BEGIN FOR round IN 1..{count} LOOP EXECUTE '{quoted}'; END LOOP; END $$"


SCANS = reads(120, "SELECT count(*) FROM public.sample WHERE plate = 7")
LOOKUPS = reads(300, "SELECT note FROM public.sample WHERE id = 7")
SLEEP = "SELECT pg_sleep(0.25)"
