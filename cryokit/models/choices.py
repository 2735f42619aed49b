"""What a person may train instead of the declared recipe: other estimators, and a search inside the training part."""

from dataclasses import replace
from itertools import product

from cryokit.errors import InputError
from cryokit.models.targets import Member, Recipe, recipe_for

DECLARED = "recipe"
"""The ensemble that the target declares."""

_ESTIMATORS: dict[str, tuple[Member, ...]] = {
    "mean": (),
    "ridge": (Member("ridge", {"alpha": 10.0}),),
    "svr": (Member("svr", {"C": 10.0, "gamma": 0.003, "epsilon": 0.03}),),
    "trees": (Member("extra_trees", {"n_estimators": 100, "max_features": 0.5, "min_samples_leaf": 1}),),
    "gaussian_process": (
        Member("gaussian_process", {"amplitude": 1.0, "length_scale": 15.0, "linear": 0.003, "noise": 0.02}),
    ),
}
_GRIDS: dict[str, dict[str, tuple[float, ...]]] = {
    "ridge": {"alpha": (1.0, 10.0, 100.0)},
    "svr": {"C": (3.0, 10.0, 30.0), "gamma": (0.001, 0.003, 0.01)},
    "trees": {"max_features": (0.33, 0.66, 1.0), "min_samples_leaf": (1, 3)},
    "gaussian_process": {"length_scale": (8.0, 15.0, 30.0), "noise": (0.02, 0.1)},
}
ESTIMATORS = (DECLARED, *_ESTIMATORS)
SEARCHES = ("none", "grid")


def chosen_recipe(target: str, estimator: str = DECLARED, search: str = "none") -> Recipe:
    """
    Return the recipe of a target with another estimator, or with a grid of its settings.

    Parameters
    ----------
    target : str
        Name of the target; features, scale, split and folds stay those of its declared recipe.
    estimator : str
        One of `ESTIMATORS`.
    search : str
        ``none``, or ``grid``: each combination of a small declared grid is an alternative that may take the place of
        the first one if it clearly errs less in the calibration folds, which lie inside the training rows.

    Returns
    -------
    Recipe
        What is trained, evaluated and stored like any other recipe.

    Raises
    ------
    InputError
        If there is no such estimator or search, or nothing to search.

    Examples
    --------
    >>> [member.kind for member in chosen_recipe("tg", "ridge").members]
    ['ridge']
    >>> len(chosen_recipe("tg", "svr", "grid").alternatives)
    9
    """
    declared = recipe_for(target)
    if estimator not in ESTIMATORS or search not in SEARCHES:
        allowed = f"estimator is one of {', '.join(ESTIMATORS)} and search one of {', '.join(SEARCHES)}"
        msg = f"{allowed}, but {estimator!r} and {search!r} came"
        raise InputError(msg)
    if search == "grid" and estimator not in _GRIDS:
        msg = f"{estimator} has no settings to search; a grid is declared for {', '.join(_GRIDS)}"
        raise InputError(msg)
    if estimator == DECLARED:
        return declared
    members = _ESTIMATORS[estimator]
    alternatives = _grid(members[0], _GRIDS[estimator]) if search == "grid" else ()
    helper = declared.helper_members if members else ()
    return replace(declared, members=members, alternatives=alternatives, helper_members=helper)


def _grid(member: Member, grid: dict[str, tuple[float, ...]]) -> tuple[tuple[Member, ...], ...]:
    combinations = product(*grid.values())
    return tuple(
        (replace(member, settings=member.settings | dict(zip(grid, values, strict=True))),) for values in combinations
    )
