"""Molecules with all that can be predicted of them in one table, and which measured examples stand next to each."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from cryokit.chemistry import molecules, search
from cryokit.domain import TARGETS, Target, target_named
from cryokit.errors import InputError, NotFoundError
from cryokit.workbench.cards import Cards
from cryokit.workbench.core import with_components

AMOUNT = "amount"
"""Condition of a formulation target in `predict_together`: how much of the molecule alone, such as ``1 mol/kg``."""

TOGETHER = replace(
    TARGETS["tg"], name="all", title="All targets together", quantity="every target that a molecule has", unit=""
)
"""Stands for all targets where one is chosen: asked by molecules, without conditions in a file of its own."""

FACTS = ("value", "unit", "lower", "upper", "known_fraction_below", "known_compounds", "in_domain", "domain_reasons")
FACTS += ("in_training", "skill", "model_version")
NEAREST = "nearest_measured"
_SHOWN = 3


class Together(Cards):
    """Predict several targets for the same molecules."""

    def with_nearest(self, target: str, predictions: pd.DataFrame, count: int = _SHOWN) -> pd.DataFrame:
        """Add to each prediction the measured examples of its version that are most like it, as one text each."""
        from cryokit.models.explanation import nearest_measured

        if predictions.empty:
            return predictions.assign(**{NEAREST: []})
        known = self.rows_of(target, int(predictions["model_version"].iloc[0]))
        questions = with_components(target, predictions.reset_index(drop=True))
        found = nearest_measured(target, questions, known, count)
        spec = target_named(target)
        texts = {row: [_example(item, spec) for item in part.to_dict("records")] for row, part in found.groupby("row")}
        return predictions.assign(**{NEAREST: [texts.get(row, []) for row in range(len(predictions))]})

    def predict_together(
        self, asked: pd.DataFrame, conditions: Mapping[str, Mapping[str, object]]
    ) -> tuple[pd.DataFrame, list[dict]]:
        """
        Predict the targets of `conditions` for molecules (``smiles``, ``name``), each by its current version.

        A formulation target is asked for the molecule alone, at the `AMOUNT` among its conditions. The table has a row
        for each molecule and for each target the columns ``TARGET_FACT``; ``TARGET_problem`` says why a cell is empty.
        Texts that are no molecule come back as problems by their number, counted from 0.
        """
        table, problems = _readable(asked)
        for target, given in conditions.items():
            table = pd.concat([table, self._of_target(target_named(target), table, given)], axis=1)
        return table, problems

    def _of_target(self, target: Target, table: pd.DataFrame, given: Mapping[str, object]) -> pd.DataFrame:
        columns = [*FACTS, NEAREST, "problem"]
        found = pd.DataFrame(None, index=table.index, columns=columns, dtype=object)
        try:
            predictions, problems = self.predict_checked(target.name, _questions(target, table, given))
        except NotFoundError as error:  # a target without a version leaves the other ones their columns
            return found.assign(problem=str(error)).add_prefix(f"{target.name}_")
        refused = {item["row"]: item["message"] for item in problems}
        places = [row for row in range(len(table)) if row not in refused]
        predictions = self.with_nearest(target.name, predictions)
        for name in (*FACTS, NEAREST):
            found[name] = pd.Series(list(predictions[name]), index=places, dtype=object)
        found["problem"] = pd.Series(refused, dtype=object)
        return found.add_prefix(f"{target.name}_")


def matching(
    table: pd.DataFrame, smarts: str = "", similar_to: str = "", minimum_similarity: float = 0.4
) -> pd.DataFrame:
    """
    Return the rows whose molecule holds a substructure and is alike to another; an empty text asks for nothing.

    A recipe fits if one of its molecules does. With `similar_to` the most alike come first, in ``similarity``.
    """
    if not 0 <= minimum_similarity <= 1:
        msg = f"the least similarity is {minimum_similarity:g}; it lies from 0 to 1"
        raise InputError(msg)
    pairs = pd.DataFrame(
        [(row, smiles) for row, found in enumerate(_structures(table)) for smiles in found], columns=["row", "smiles"]
    )
    if smarts.strip():
        pairs = pairs[search.holding(pairs["smiles"].tolist(), smarts.strip())]
    if not similar_to.strip():
        return table.iloc[sorted(set(pairs["row"]))]
    likeness = search.similarities(pairs["smiles"].tolist(), similar_to.strip())
    best = pairs.assign(similarity=likeness).groupby("row")["similarity"].max()
    best = best[best >= minimum_similarity].sort_values(ascending=False, kind="stable")
    return table.iloc[list(best.index)].assign(similarity=best.to_numpy())


def _structures(table: pd.DataFrame) -> list[list[str]]:
    """Return the molecules of each row."""
    if "smiles" in table:
        return [[smiles] for smiles in table["smiles"]]
    recipes = with_components("viability", table)["components"]
    return [[item.molecule.smiles for item in components if item.molecule] for components in recipes]


def _readable(asked: pd.DataFrame) -> tuple[pd.DataFrame, list[dict]]:
    """Return canonical molecules, and which of the texts are none."""
    read, problems = [], []
    for number, row in enumerate(asked.to_dict("records")):
        try:
            molecule = molecules.parse(_text(row.get("smiles")))
        except InputError as error:
            problems.append({"row": number, "message": str(error)})
            continue
        read.append({"name": _text(row.get("name")), "smiles": molecule.smiles, "inchikey": molecule.inchikey})
    return pd.DataFrame(read, columns=["name", "smiles", "inchikey"]), problems


def _text(cell: object) -> str:
    return cell if isinstance(cell, str) else ""


def _questions(target: Target, table: pd.DataFrame, given: Mapping[str, object]) -> pd.DataFrame:
    conditions = {name: value for name, value in given.items() if name != AMOUNT}
    if target.subject == "smiles":
        return table[["name", "smiles"]].assign(**conditions)
    amount = _text(given.get(AMOUNT)).strip()
    return pd.DataFrame({target.subject: [f"{smiles}={amount}" for smiles in table["smiles"]]}).assign(**conditions)


def _example(item: Mapping[str, object], target: Target) -> str:
    """Return a measured example in words: what it is, its value, under which conditions, and how alike."""
    name = _text(item.get("name")) or str(item[target.subject])
    conditions = [item.get(condition.name) for condition in target.conditions]
    words = [f"{value:g}" if isinstance(value, float) else str(value) for value in conditions if pd.notna(value)]
    where = f" ({', '.join(word for word in words if word)})" if any(words) else ""
    return f"{name}: {item['value']:.4g} {target.unit}{where}, likeness {item['similarity']:.2f}"
