import re

import pytest

from cryokit.db.migrations import migration_files
from cryokit.db.queries import parsed, queries
from cryokit.errors import ConfigError
from cryokit.paths import shared_folder

SQL = shared_folder("sql")
TOPICS = sorted(path.stem for path in (SQL / "queries").glob("*.sql"))
RULE = r"( ON DELETE (?:RESTRICT|CASCADE|SET NULL))"
GOOD = "-- name: two\n-- Give two.\nSELECT CAST(:x AS integer);\n"


@pytest.mark.parametrize("topic", TOPICS)
def test_every_query_file_can_be_loaded(topic):
    assert queries(topic)


def test_block_has_its_name_and_no_semicolon():
    assert parsed(GOOD, "x.sql") == {"two": "-- Give two.\nSELECT CAST(:x AS integer)"}


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        (GOOD.replace("CAST(:x AS integer)", ":x::integer"), "writes :x::type"),
        (GOOD + GOOD, "query two is there twice"),
        (GOOD.replace("two", "Two words", 1), "'Two words' is not a name"),
        (GOOD.replace("-- Give two.\n", ""), "has no sentence"),
        ("-- name: two\n", "has no sentence"),
        ("SELECT 1;", "holds no query"),
    ],
)
def test_badly_written_query_is_refused(sql, reason):
    with pytest.raises(ConfigError, match=reason):
        parsed(sql, "x.sql")


def test_cast_of_a_column_is_allowed():
    assert "value::text" in parsed("-- name: a\n-- Say a.\nSELECT value::text;", "x.sql")["a"]


def test_unknown_topic_names_those_there_are():
    with pytest.raises(ConfigError, match=", ".join(TOPICS)):
        queries("nonsense")


def test_migrations_are_numbered_without_gaps():
    files = migration_files()

    assert [int(file.number) for file in files] == list(range(1, len(files) + 1))


def test_checksum_is_that_of_the_bytes():
    assert all(re.fullmatch("[0-9a-f]{64}", file.sha256) for file in migration_files())


def created_tables() -> set[str]:
    return {
        name for file in migration_files() for name in re.findall(r"CREATE TABLE (cryo\.\w+)", file.path.read_text())
    }


def test_every_table_has_row_security_in_the_file_that_makes_it():
    for file in migration_files():
        sql = file.path.read_text()
        made = set(re.findall(r"CREATE TABLE (cryo\.\w+)", sql))
        secured = set(re.findall(r"ALTER TABLE (cryo\.\w+) ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY", sql))

        assert made == secured


def test_every_table_has_a_policy():
    policies = (SQL / "policies.sql").read_text()

    assert created_tables() == set(re.findall(r"CREATE POLICY \w+ ON (cryo\.\w+)", policies))


def test_the_person_is_asked_for_once_a_query():
    bare = re.findall(r"(?<!SELECT )app\.(?:uid|may)\(", (SQL / "policies.sql").read_text().split("$forget$;")[1])

    assert bare == []


def test_every_constraint_has_a_name():
    unnamed = re.compile(r"^\s*(?:CHECK|UNIQUE|FOREIGN KEY|PRIMARY KEY)\b", re.MULTILINE)
    for file in migration_files():
        sql = file.path.read_text()

        assert not unnamed.search(sql)
        assert len(re.findall(r"\bREFERENCES\b", sql)) == len(re.findall(r"_fkey (?:REFERENCES|FOREIGN KEY)", sql))


def test_every_foreign_key_says_what_deletion_does():
    for file in migration_files():
        rules = re.findall(rf"REFERENCES cryo\.\w+ \([^)]+\){RULE}?", file.path.read_text())

        assert all(rules)


def test_helper_functions_have_a_fixed_search_path():
    sql = "".join(file.path.read_text() for file in migration_files())

    assert len(re.findall(r"CREATE (OR REPLACE )?FUNCTION", sql)) == sql.count("SET search_path = ''")
