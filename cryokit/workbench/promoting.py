"""Which version of a target is the current one: moved forward and back with a reason, each move on record."""

import pandas as pd

from cryokit.db.registry import Registry
from cryokit.domain import INSUFFICIENT_SKILL, target_named
from cryokit.errors import AccessError, ConflictError, InputError, ModelError
from cryokit.workbench.core import Core

MAX_REASON = 500


class Promoting(Core):
    """Move the current version of a target; each owner (everybody, a team, maintenance) has one."""

    def promote(self, target: str, version: int, reason: str, override: bool = False) -> dict:
        """
        Make a version the current one of its owner.

        A version without skill needs `override`; it stays labelled, and the override is recorded and shown.
        """
        words = _checked_reason(reason)
        self._refuse_unless_may_promote()
        registry = self.registry
        with registry.transaction():
            registry.lock_promotions(target)
            chosen = registry.model_version(target, version)
            if chosen["is_current"]:
                msg = f"version {version} of {target} is the current version already"
                raise ConflictError(msg)
            is_override = chosen["verdict"] == INSUFFICIENT_SKILL
            if is_override and not override:
                msg = (
                    f"version {version} of {target} has the label {INSUFFICIENT_SKILL!r}: it does not beat its "
                    "baselines out of noise; to promote it all the same give --override (REST: override), which is "
                    "recorded and shown with the reason"
                )
                raise ModelError(msg)
            self._require_loadable(chosen)
            if _moves_of(registry, target, chosen["owner"]).empty:
                _begin(registry, target, _current_of(registry.model_versions(target), chosen["owner"]))
            _move(registry, chosen, "promoted", words, is_override)
        return self.registry.model_version(target, version)

    def rollback(self, target: str, reason: str, team: str | None = None) -> dict:
        """
        Go back to the version that was current before; rollback of a rollback goes further back.

        The owner is that of the version in use, unless a team is named.
        """
        words = _checked_reason(reason)
        self._refuse_unless_may_promote()
        registry = self.registry
        with registry.transaction():
            registry.lock_promotions(target)
            owner = registry.team_id(team) if team else registry.model_version(target)["owner"]
            moves = _moves_of(registry, target, owner)
            depth = int(moves["depth"].iloc[-1]) if len(moves) else 0
            if not depth:
                msg = f"no version of {target} was current before; `cryokit models history {target}` shows the moves"
                raise ConflictError(msg)
            number = moves.loc[moves["depth"] == depth - 1, "to_version"].iloc[-1]
            before = registry.model_version(target, int(number))
            self._require_loadable(before)
            _move(registry, before, "rolled_back", words)
        return self.registry.model_version(target, before["version"])

    def promotions(self, target: str | None = None) -> pd.DataFrame:
        """Return the moves of current versions, oldest first: from, to, how, why, and who."""
        moves = self.registry.promotions(target and target_named(target).name)
        return moves.astype({"from_version": "Int64"})

    def _refuse_unless_may_promote(self) -> None:
        if self.identity is not None and self.identity.role != "admin":
            msg = f"{self.identity.name} is {self.identity.role}, but only an admin moves the current version"
            raise AccessError(msg)

    def _require_loadable(self, version: dict) -> None:
        from cryokit.models import artifacts  # with scikit-learn, which takes seconds

        artifacts.load(version["artifact_sha256"], self.settings.artifacts_dir)

    def _registered(self, registry: Registry, version: dict) -> dict | None:
        """Settle what a new version means for its owner: the first becomes current (None); return the current one."""
        target = version["target"]
        registry.lock_promotions(target)
        known = registry.model_versions(target)
        others = known[(known["owner"] == version["owner"]) & (known["version"] != version["version"])]
        if others.empty:
            _move(registry, version, "trained", "the first version")
            return None
        if _moves_of(registry, target, version["owner"]).empty:
            _begin(registry, target, int(others["version"].max()))
            known = registry.model_versions(target)
        return registry.model_version(target, _current_of(known, version["owner"]))

    def _succeed(self, version: dict, reason: str) -> None:
        """Make a newly trained version the current one."""
        registry = self.registry
        with registry.transaction():
            registry.lock_promotions(version["target"])
            _move(registry, version, "trained", reason)


def _begin(registry: Registry, target: str, version: int) -> None:
    """Write down which version was current before moves were recorded."""
    registry.store_promotion(target, version, 0, "found", "the newest version when moves began to be recorded")


def _move(registry: Registry, version: dict, kind: str, reason: str, is_override: bool = False) -> None:
    """Move the current version of an owner and write down who did it."""
    target, owner, number = version["target"], version["owner"], version["version"]
    moves = _moves_of(registry, target, owner)
    before = int(moves["to_version"].iloc[-1]) if len(moves) else None
    step = -1 if kind == "rolled_back" else 1
    depth = int(moves["depth"].iloc[-1]) + step if len(moves) else 0
    registry.store_promotion(target, number, depth, kind, reason, is_override)
    action = "model_rolled_back" if kind == "rolled_back" else "model_promoted"
    detail = {"from": before, "to": number, "how": kind, "reason": reason, "override": is_override, "owner": owner}
    registry.record_event(action, f"{target} version {number}", detail)


def _current_of(versions: pd.DataFrame, owner: str) -> int:
    return int(versions.loc[(versions["owner"] == owner) & versions["is_current"].astype(bool), "version"].iloc[0])


def _moves_of(registry: Registry, target: str, owner: str) -> pd.DataFrame:
    moves = registry.promotions(target_named(target).name)
    return moves[moves["owner"] == owner]


def _checked_reason(reason: str) -> str:
    words = " ".join(reason.split())
    if not words or len(words) > MAX_REASON:
        msg = f"the reason has {len(words)} characters; give 1 to {MAX_REASON}, it is recorded and shown"
        raise InputError(msg)
    return words
