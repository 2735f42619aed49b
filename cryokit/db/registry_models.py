"""The registry's models: what they learned from, how good they are, what they predicted."""

from typing import Any

import pandas as pd

from cryokit.chemistry import molecules
from cryokit.db.queries import queries
from cryokit.db.registry_base import RegistryBase, as_uuid
from cryokit.db.registry_measurements import typed
from cryokit.db.tables import json_text, records, sha256_of
from cryokit.domain import target_named
from cryokit.errors import ConflictError, InputError, NotFoundError

_TOPIC = "models"
_FIRST_COLUMNS = ("row", "repeat", "fold", "name", "smiles", "recipe", "measured", "value", "lower", "upper")


class Models(RegistryBase):
    """Storing and reading model versions, evaluations and predictions."""

    def store_snapshot(self, target: str, rows: pd.DataFrame, team_id: str | None = None) -> tuple[str, str]:
        """
        Keep the rows that a model learns from; return number and checksum, the same ones for the same rows.

        Everybody sees them if all are public; otherwise the team does if one is named, and else only maintenance.
        """
        target_named(target)
        if rows.empty:
            msg = f"a snapshot of {target} needs rows, but the table is empty; load data first"
            raise InputError(msg)
        content = records(rows.drop(columns="components", errors="ignore"))
        sha256 = sha256_of(content)
        is_public = "is_public" in rows and bool(rows["is_public"].all())
        team_id = None if is_public else team_id
        given = {"target": target, "sha256": sha256, "row_count": len(content), "content": json_text(content)}
        given |= {"is_public": is_public, "team_id": team_id}
        row = self.one(_TOPIC, "store_snapshot", "the snapshot was not kept", **given)
        if row.team_id != team_id:
            msg = f"a model of {target} learned from exactly these rows for other people; add rows of this team first"
            raise ConflictError(msg)
        return row.id, sha256

    def snapshot(self, snapshot_id: str) -> pd.DataFrame:
        """Return the rows that a model learned from."""
        missing = f"there is no snapshot {snapshot_id!r} that this account may see"
        if as_uuid(snapshot_id) is None:
            raise NotFoundError(missing)
        row = self.one(_TOPIC, "snapshot", missing, id=str(snapshot_id))
        return typed(pd.DataFrame(row.content), target_named(row.target))

    def snapshots(self, target: str) -> pd.DataFrame:
        """Return what models of a target learned from, without the rows."""
        return self.frame(_TOPIC, "snapshots", target=target)

    def store_model_version(
        self,
        target: str,
        seed: int,
        snapshot_id: str,
        artifact_sha256: str,
        metrics: dict[str, Any],
        verdict: str,
        recipe: dict[str, Any],
        library_versions: dict[str, str],
    ) -> int:
        """Register a trained model and return its number: 1, 2, 3 of its target."""
        given = {
            "target": target_named(target).name,
            "seed": seed,
            "snapshot_id": str(snapshot_id),
            "artifact_sha256": artifact_sha256,
            "metrics": json_text(metrics),
            "verdict": verdict,
            "recipe": json_text(recipe),
            "library_versions": json_text(library_versions),
        }
        known = queries(_TOPIC)
        with self.transaction() as connection:
            connection.execute(known["store_model"], {"target": target})
            connection.execute(known["lock_model"], {"target": target})
            version = connection.execute(known["store_model_version"], given).scalar_one_or_none()
        if version is None:
            msg = f"there is no snapshot {snapshot_id} of {target}; store the rows with store_snapshot first"
            raise NotFoundError(msg)
        return version

    def model_versions(self, target: str | None = None) -> pd.DataFrame:
        """Return the versions of one target or of all, oldest first."""
        return self.frame(_TOPIC, "model_versions", target=target, version=None)

    def model_version(self, target: str, version: int | None = None) -> dict[str, Any]:
        """Return one version, the current one unless a number is given."""
        found = self.frame(_TOPIC, "model_versions", target=target_named(target).name, version=version)
        if found.empty:
            what = "no model" if version is None else f"no version {version}"
            msg = (
                f"{target} has {what}; `cryokit train {target}` makes one, `cryokit models list` shows which there are"
            )
            raise NotFoundError(msg)
        if version is None:
            found = found[found["is_default"].astype(bool)]
        return records(found)[0]

    def store_evaluation(
        self,
        target: str,
        version: int,
        kind: str,
        split: str,
        metrics: dict[str, Any],
        baselines: dict[str, Any],
        rows: pd.DataFrame,
        is_public: bool,
        is_own: bool = False,
    ) -> str:
        """
        Keep an evaluation with its rows and return its identifier.

        It is as public as the rows that were evaluated and those that the version learned from; one on a person's own
        rows is seen by that person only.
        """
        given = {
            "target": target_named(target).name,
            "version": version,
            "kind": kind,
            "split": split,
            "metrics": json_text(metrics),
            "baselines": json_text(baselines),
            "rows": json_text(records(rows)),
            "is_public": is_public,
            "owner_id": self.owner_id if is_own else None,
        }
        missing = f"{target} has no version {version}; `cryokit models list` shows which there are"
        return self.one(_TOPIC, "store_evaluation", missing, **given).id

    def evaluations(self, target: str | None = None) -> pd.DataFrame:
        """Return the evaluations of one target or of all without their rows, oldest first."""
        return self.frame(_TOPIC, "evaluations", target=target)

    def evaluation(self, evaluation_id: str) -> dict[str, Any]:
        """Return one evaluation; its `rows` are a table."""
        missing = f"there is no evaluation {str(evaluation_id)!r}; `cryokit evaluate TARGET` makes one"
        if as_uuid(evaluation_id) is None:
            raise NotFoundError(missing)
        row = self.one(_TOPIC, "evaluation", missing, id=str(evaluation_id))
        return dict(row._mapping) | {"rows": _evaluation_frame(row.rows)}

    def store_predictions(self, rows: pd.DataFrame) -> int:
        """Keep predictions as `predict` gives them, on behalf of the registry's person; return how many."""
        entries = [_prediction(row) for row in records(rows)]
        if not entries:
            return 0
        with self.transaction() as connection:
            given = {"rows": json_text(entries), "owner_id": self.owner_id}
            stored = connection.execute(queries(_TOPIC)["store_predictions"], given).rowcount
            if stored != len(entries):
                msg = f"{len(entries) - stored} of {len(entries)} predictions name a model version that does not exist"
                raise NotFoundError(msg)
        return stored

    def predictions(self, target: str | None = None, limit: int = 1000) -> pd.DataFrame:
        """Return stored predictions that one may see, newest first."""
        return self.frame(_TOPIC, "predictions", target=target, limit=limit)


def _evaluation_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    first = [name for name in _FIRST_COLUMNS if name in frame]
    return frame[[*first, *(name for name in frame if name not in first)]]


def _prediction(row: dict[str, Any]) -> dict[str, Any]:
    target = target_named(row["target"])
    subject = row[target.subject]
    taken = ("target", "model_version", "name", "value", "unit", "lower", "upper", "confidence")
    return {name: row.get(name) for name in taken} | {
        "subject": subject,
        "inchikey": molecules.parse(subject).inchikey if target.subject == "smiles" else None,
        "in_training": bool(row["in_training"]),
        "in_domain": bool(row["in_domain"]),
        "domain_reasons": row.get("domain_reasons") or [],
        "conditions": {item.name: row[item.name] for item in target.conditions if item.name in row},
    }
