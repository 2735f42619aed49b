"""Versions of a model in the database, without a training; their files are another matter."""

from collections.abc import Sequence

from sqlalchemy import Connection

_VERSIONS = """
    WITH target AS (INSERT INTO cryo.target (name, subject, unit) VALUES (%(target)s, 'smiles', 'K') RETURNING name),
         model AS (INSERT INTO cryo.model (target) SELECT name FROM target RETURNING id),
         snapshot AS (INSERT INTO cryo.dataset_snapshot (target, sha256, row_count, content)
                      SELECT name, repeat('0', 64), 1, '[{}]' FROM target RETURNING id, sha256)
    INSERT INTO cryo.model_version (model_id, version, dataset_snapshot_id, dataset_sha256, artifact_sha256, metrics,
                                    verdict, seed, recipe, library_versions)
    SELECT model.id, file.version, snapshot.id, snapshot.sha256, file.sha256, '{}', 'skill', 0, '{}', '{}'
      FROM model, snapshot, unnest(%(files)s) WITH ORDINALITY AS file (sha256, version)
"""


def store_versions(connection: Connection, target: str, files: Sequence[str]) -> None:
    """Store a new target with one version for each file, known by its checksum."""
    connection.exec_driver_sql(_VERSIONS, {"target": target, "files": list(files)})
