"""A database of many measurements, of two hundred people in fifty teams."""

from collections.abc import Iterator
from itertools import count, islice

from sqlalchemy import text

from cryokit.chemistry.molecules import parse
from cryokit.db.engine import Database

FILL = (
    """
    INSERT INTO cryo.app_user (name, role, password_hash)
    SELECT 'person ' || number, 'researcher', '$argon2id$x' FROM generate_series(1, 200) AS number
    """,
    "INSERT INTO cryo.team (name) SELECT 'team ' || number FROM generate_series(1, 50) AS number",
    """
    CREATE TEMPORARY TABLE placed ON COMMIT DROP AS
    SELECT 'team' AS kind, id::text, row_number() OVER (ORDER BY id) AS place FROM cryo.team
     UNION ALL SELECT 'person', id::text, row_number() OVER (ORDER BY id) FROM cryo.app_user
     UNION ALL SELECT 'molecule', id::text, row_number() OVER (ORDER BY id) FROM cryo.molecule
    """,
    """
    INSERT INTO cryo.membership (team_id, user_id, role)
    SELECT team.id::uuid, person.id::uuid, 'editor'
      FROM placed AS team
      JOIN placed AS person ON person.kind = 'person' AND person.place % 50 = team.place % 50
     WHERE team.kind = 'team'
    """,
    """
    INSERT INTO cryo.measurement (
               target, property_type_id, molecule_id, name, value, unit, source, row_sha256, owner_id, team_id,
               is_public)
    SELECT 'tg', 1, molecule.id::bigint, 'substance', 100 + number % 300, 'K',
           'own' || repeat(' ' || md5(number::text), WORDS),
           encode(sha256(number::text::bytea), 'hex'), person.id::uuid, team.id::uuid, number % 100 = 0
      FROM generate_series(1, ROWS) AS number
      JOIN placed AS molecule ON molecule.kind = 'molecule' AND molecule.place = 1 + number % 2000
      JOIN placed AS team ON team.kind = 'team' AND team.place = 1 + number % 50
      JOIN placed AS person ON person.kind = 'person' AND person.place = 1 + number % 200
    """,
)
MOLECULE = text("INSERT INTO cryo.molecule (smiles, inchikey) VALUES (:smiles, :inchikey)")
MOLECULES = 2000


def ethers() -> Iterator[dict[str, str]]:
    """Yield as many unbranched ethers as are wanted, each once."""
    chains = ((left, right) for left in count(1) for right in range(1, left + 1))
    for left, right in islice(chains, MOLECULES):
        molecule = parse("C" * left + "O" + "C" * right)
        yield {"smiles": molecule.smiles, "inchikey": molecule.inchikey}


def fill(database: Database, rows: int, words: int = 0) -> None:
    """Write so many measurements, of a source in so many words, into an empty database."""
    with database.service() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(MOLECULE, list(ethers()))
        for statement in FILL:
            wanted = statement.replace("ROWS", str(rows)).replace("WORDS", str(words))
            connection.exec_driver_sql(wanted, None, execution_options={"no_parameters": True})
