"""The registry's moves of current versions: which version counts, and how it became so."""

import pandas as pd

from cryokit.db.queries import queries
from cryokit.db.registry_base import RegistryBase
from cryokit.domain import target_named

_TOPIC = "models"


class Promotions(RegistryBase):
    """Storing and reading moves of the current version; rows are only added."""

    def promotions(self, target: str | None = None) -> pd.DataFrame:
        """Return the moves of one target or of all that one may see, oldest first."""
        return self.frame(_TOPIC, "promotions", target=target)

    def lock_promotions(self, target: str) -> None:
        """Let other moves of this target wait until the open transaction has ended."""
        with self.transaction() as connection:
            connection.execute(queries(_TOPIC)["lock_promotions"], {"target": target_named(target).name})

    def store_promotion(
        self, target: str, version: int, depth: int, kind: str, reason: str, is_override: bool = False
    ) -> str:
        """Make a version the current one of its owner; `depth` says how many moves can be undone from there."""
        given = {
            "target": target_named(target).name,
            "version": version,
            "depth": depth,
            "kind": kind,
            "reason": reason,
            "is_override": is_override,
            "actor_id": self.owner_id,
        }
        missing = f"{target} has no version {version}; `cryokit models list` shows which there are"
        return self.one(_TOPIC, "store_promotion", missing, **given).id
