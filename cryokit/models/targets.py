"""The declared recipe of each target: features, estimators, folds; a model is built from nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

from cryokit.errors import NotFoundError
from cryokit.models.transforms import AS_MEASURED, Transform

FEATURE_SCHEMA_VERSION = 2
"""Rises whenever the features of a target change their name, order or meaning."""


@dataclass(frozen=True)
class Member:
    """One estimator of an ensemble: its kind and its settings."""

    kind: str
    """One of `estimators.KINDS`."""
    settings: dict[str, float | int | str]
    blocks: tuple[str, ...] = ()
    """Blocks of features that it sees (see `features.BLOCKS`); none for all features."""
    columns: tuple[int, ...] = ()
    """Places of those features in the matrix, filled in when the features are known (see `Recipe.placed`)."""


@dataclass(frozen=True)
class Recipe:
    """How the models of one target are built and their intervals calibrated."""

    target: str
    molecule_features: bool
    """Descriptors of the molecule itself (True) or sums over the components of a recipe (False)."""
    optional_property: str | None
    """Measured property that is used where it is known; rows without it have a model of their own."""
    members: tuple[Member, ...]
    split: str
    """The fair split in words."""
    n_folds: int
    n_repeats: int
    calibration_folds: int
    minimum_rows: int
    """With fewer rows the mean is predicted and nothing is learned."""
    transform: Transform = AS_MEASURED
    """Scale on which the members learn and intervals are calibrated."""
    alternatives: tuple[tuple[Member, ...], ...] = ()
    """Other ensembles that may take the place of `members`: each series gets one if it clearly lowers the squared error
    in the calibration folds, which lie inside its training rows."""

    helper_members: tuple[Member, ...] = ()
    """What predicts the optional property where it is not measured, learned from other molecules (see `helpers`)."""

    def as_json(self) -> dict:
        """Plain data, for the registry and the artifact."""
        return asdict(self)

    def placed(self, columns: Callable[[Sequence[str]], tuple[int, ...]]) -> "Recipe":
        """Return the recipe with the columns of each member's blocks filled in, found by a feature schema."""
        ensembles = [
            tuple(replace(member, columns=columns(member.blocks)) if member.blocks else member for member in ensemble)
            for ensemble in (self.members, *self.alternatives)
        ]
        return replace(self, members=ensembles[0], alternatives=tuple(ensembles[1:]))


_TG_MEMBERS = (
    Member("svr", {"C": 20.0, "gamma": 0.0012, "epsilon": 0.03}),
    Member("extra_trees", {"n_estimators": 50, "max_features": 1.0, "min_samples_leaf": 1}),
    Member("gaussian_process", {"amplitude": 1.0, "length_scale": 15.0, "linear": 0.003, "noise": 0.02, "huber": 0.3}),
)
_MELTING_MEMBERS = (
    Member("gradient_boosting", {"max_iter": 400, "learning_rate": 0.08, "l2_regularization": 1.0}),
    Member("svr", {"C": 3.0, "gamma": 0.01, "epsilon": 0.5}),
)
_RECIPE_TREES = tuple(
    Member("extra_trees", {"n_estimators": 100, "max_features": 0.5, "min_samples_leaf": 1}, (block,))
    for block in ("graph", "mixture")
)
"""The second forest sees nothing but classes of components, so that it carries over to those that few rows hold."""
_IRI_SHAPE = ("graph", "stereo", "shape")
_IRI_SURFACE = (
    Member("svr", {"C": 3.0, "gamma": 0.003, "epsilon": 0.1}, _IRI_SHAPE),
    Member("extra_trees", {"n_estimators": 100, "max_features": 0.33, "min_samples_leaf": 2}, _IRI_SHAPE),
)
_IRI_PAIRS = (
    Member(
        "extra_trees", {"n_estimators": 100, "max_features": 0.33, "min_samples_leaf": 2}, ("graph", "stereo", "pairs")
    ),
    Member("extra_trees", {"n_estimators": 100, "max_features": 1.0, "min_samples_leaf": 1}, ("pairs",)),
    Member("extra_trees", {"n_estimators": 100, "max_features": 0.33, "min_samples_leaf": 2}, ("getaway",)),
)

RECIPES = {
    recipe.target: recipe
    for recipe in (
        Recipe(
            target="tg",
            molecule_features=True,
            optional_property="tm_kelvin",
            members=_TG_MEMBERS,
            helper_members=_MELTING_MEMBERS,
            transform=Transform("log"),
            split="leave-compound-out: grouped 10-fold, no connectivity and no name on both sides",
            n_folds=10,
            n_repeats=1,
            calibration_folds=10,
            minimum_rows=10,
        ),
        Recipe(
            target="iri",
            molecule_features=True,
            optional_property=None,
            members=_IRI_SURFACE,
            split="leave-compound-out: grouped 10-fold, 3 repeats, no connectivity and no name on both sides",
            n_folds=10,
            n_repeats=3,
            calibration_folds=5,
            minimum_rows=10,
            alternatives=(_IRI_PAIRS,),
        ),
        Recipe(
            target="viability",
            molecule_features=False,
            optional_property=None,
            members=_RECIPE_TREES,
            split="leave-source-out: no source on both sides; with one source, no formulation on both sides",
            n_folds=10,
            n_repeats=1,
            calibration_folds=5,
            minimum_rows=10,
            transform=Transform("logit"),
        ),
    )
}
"""Recipe of each target."""


def recipe_for(target: str) -> Recipe:
    """Return the recipe of `target`, or say which ones there are."""
    if target not in RECIPES:
        msg = f"there is no model recipe for target {target!r}; there are recipes for {', '.join(RECIPES)}"
        raise NotFoundError(msg)
    return RECIPES[target]
