"""Recipes as they were stored with a version: read back, so that an older version can be evaluated anew."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from cryokit.errors import ModelError
from cryokit.models.targets import Member, Recipe
from cryokit.models.transforms import Transform


def stored_recipe(facts: Mapping[str, Any]) -> Recipe:
    """
    Read a recipe back from plain data.

    Parameters
    ----------
    facts : mapping
        What `Recipe.as_json` gave, perhaps in an older release: settings that came later take their default.

    Returns
    -------
    Recipe
        Equal to the recipe that was stored.

    Raises
    ------
    ModelError
        If this release does not know a part of the recipe, or misses one.

    Examples
    --------
    >>> from cryokit.models.targets import RECIPES
    >>> stored_recipe(RECIPES["tg"].as_json()) == RECIPES["tg"]
    True
    """
    known = {field.name: field for field in fields(Recipe)}
    if unknown := sorted(set(facts) - set(known)):
        msg = f"the stored recipe has {', '.join(unknown)}, which this release does not know; train a new version"
        raise ModelError(msg)
    try:
        return Recipe(**{name: _read(name, value) for name, value in facts.items()})
    except TypeError as error:
        msg = f"the stored recipe cannot be read by this release ({error}); train a new version"
        raise ModelError(msg) from error


def _read(name: str, value: Any) -> Any:
    if name == "transform":
        return Transform(**value)
    return _members(value)


def _members(value: Any) -> Any:
    """Lists become tuples, and what names a kind of estimator becomes a member, however deep it lies."""
    if isinstance(value, Mapping) and "kind" in value:
        plain = {name: tuple(item) if isinstance(item, list) else item for name, item in value.items()}
        return Member(**plain)
    return tuple(map(_members, value)) if isinstance(value, list | tuple) else value
