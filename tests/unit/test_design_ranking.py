"""Best molecules and fronts do not depend on the pieces in which a table comes."""

import numpy as np
import pandas as pd
import pytest

from cryokit.design.ranking import best_rows, checked_directions, pareto_rows
from cryokit.errors import InputError


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Rows with ties, repeats of structures and missing values."""
    generator = np.random.default_rng(0)
    values = generator.integers(0, 60, size=(2, 400)).astype(float)
    values[:, generator.random(400) < 0.1] = np.nan
    structures = [f"C{number}" for number in generator.integers(0, 150, size=400)]
    return pd.DataFrame({"row": range(400), "canonical_smiles": structures, "a": values[0], "b": values[1]})


def in_pieces(table: pd.DataFrame, rows: int) -> list[pd.DataFrame]:
    return [table[begin : begin + rows] for begin in range(0, len(table), rows)]


@pytest.mark.parametrize("rows", [1, 7, 400])
@pytest.mark.parametrize("direction", ["highest", "lowest"])
def test_the_best_are_those_of_the_whole_table(table, rows, direction):
    expected = table.dropna().sort_values(["a", "row"], ascending=[direction == "lowest", True], kind="stable")
    expected = expected.drop_duplicates("canonical_smiles").head(20)

    assert best_rows(in_pieces(table, rows), "a", direction, 20)["row"].tolist() == expected["row"].tolist()


@pytest.mark.parametrize("rows", [1, 7, 400])
def test_the_front_is_what_nothing_beats(table, rows):
    whole = table.dropna()
    points = whole[["a", "b"]].to_numpy() * [-1, 1]
    beaten = [bool((((points <= point).all(axis=1)) & ((points < point).any(axis=1))).any()) for point in points]
    expected = whole[~np.array(beaten)].drop_duplicates(["a", "b"]).sort_values("a", ascending=False)
    front = pareto_rows(in_pieces(table, rows), {"a": "highest", "b": "lowest"})

    assert front["row"].tolist() == expected["row"].tolist()


def test_nothing_predicted_gives_nothing(table):
    empty = table.assign(a=np.nan)

    assert best_rows([empty], "a", "highest", 3).empty
    assert pareto_rows([empty], {"a": "highest", "b": "lowest"}).empty


def test_what_cannot_be_ranked_is_refused(table):
    with pytest.raises(InputError, match="at least 1"):
        best_rows([table], "a", "highest", 0)
    with pytest.raises(InputError, match="two targets"):
        pareto_rows([table], {"a": "highest"})
    with pytest.raises(InputError, match="must be highest or lowest"):
        checked_directions(["tg"], {"tg": "up"})
    with pytest.raises(InputError, match="iri is not screened for"):
        checked_directions(["tg"], {"iri": "lowest"})
