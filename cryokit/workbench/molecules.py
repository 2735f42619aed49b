"""Molecules: found by name, InChIKey, substructure or likeness, with what was measured of them."""

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from cryokit.errors import InputError, NotFoundError
from cryokit.workbench.core import Core

MAX_LIMIT = 1000
_SCANNED = 5000
"""Molecules that are read at once when structures must be compared one by one."""
_KEY = re.compile(r"[A-Z]{1,14}(-[A-Z]{0,10}(-[A-Z]?)?)?")
_COLUMNS = ["inchikey", "smiles", "names", "measured", "similarity"]


class Molecules(Core):
    """Search the molecules of which something is known."""

    def search_molecules(
        self,
        name: str | None = None,
        inchikey: str | None = None,
        smarts: str | None = None,
        similar_to: str | None = None,
        minimum_similarity: float = 0.4,
        after: int = 0,
        limit: int = 100,
    ) -> tuple[pd.DataFrame, int | None]:
        """
        Return molecules that fit everything given, and after which number to go on; None when there are no more.

        `name` is a part of a name or CAS number, `inchikey` a beginning. With `similar_to` the most similar come first
        and there is no going on: ask for more at once, or for a higher `minimum_similarity`.
        """
        if not 1 <= limit <= MAX_LIMIT or after < 0 or not 0 <= minimum_similarity <= 1:
            msg = f"a page has 1 to {MAX_LIMIT} molecules, begins after a number, and likeness lies from 0 to 1"
            raise InputError(msg)
        if inchikey is not None and not _KEY.fullmatch(inchikey):
            msg = f"{inchikey!r} is not the beginning of an InChIKey, such as PEDCQBHIVMGVHV"
            raise InputError(msg)
        if similar_to is not None:
            return self._most_similar(similar_to, minimum_similarity, smarts, limit, name, inchikey), None
        found, following = self._page(after, limit, name, inchikey, smarts)
        return self._described(found), following

    def _page(
        self, after: int, limit: int, name: str | None, inchikey: str | None, smarts: str | None
    ) -> tuple[pd.DataFrame, int | None]:
        """Return up to `limit` molecules after a number, and after which to go on."""
        pages, count = [], 0
        for rows in self._walk(after, limit + 1 if smarts is None else _SCANNED, name, inchikey):
            pages.append(_holding(rows, smarts))
            count += len(pages[-1])
            if count > limit:
                break
        found = pd.concat(pages, ignore_index=True)
        page = found.head(limit)
        return page, int(page["id"].iloc[-1]) if len(found) > limit else None

    def _walk(self, after: int, size: int, name: str | None, inchikey: str | None) -> Iterator[pd.DataFrame]:
        """Yield all molecules after a number, `size` at a time, at least one table."""
        while True:
            rows = self.registry.molecules_after(after, size, name, inchikey)
            yield rows
            if len(rows) < size:
                return
            after = int(rows["id"].iloc[-1])

    def _most_similar(
        self, similar_to: str, minimum: float, smarts: str | None, limit: int, name: str | None, inchikey: str | None
    ) -> pd.DataFrame:
        from cryokit.chemistry.search import similarities

        everything = pd.concat(list(self._walk(0, _SCANNED, name, inchikey)), ignore_index=True)
        rows = _holding(everything, smarts)
        rows = rows.assign(similarity=similarities(rows["smiles"].tolist(), similar_to))
        near = rows[rows["similarity"] >= minimum].sort_values(["similarity", "id"], ascending=[False, True])
        return self._described(near.head(limit))

    def _described(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Add names and numbers of measurements, in one query however many there are."""
        known = self.registry.known_of_molecules([int(number) for number in rows["id"]])
        described = rows.merge(known, on="id", how="left", sort=False)
        return described.reindex(columns=_COLUMNS)

    def molecule(self, inchikey: str) -> dict[str, Any]:
        """Return one molecule with its names and everything measured of it that one may see."""
        found, _ = self.search_molecules(inchikey=inchikey, limit=1)
        if found.empty or found["inchikey"].iloc[0] != inchikey:
            msg = f"nothing is known of a molecule {inchikey!r}, or nothing that you may see"
            raise NotFoundError(msg)
        record = found.drop(columns="similarity").to_dict("records")[0]
        return record | {"measurements": self.registry.measurements_of_molecule(inchikey)}


def _holding(rows: pd.DataFrame, smarts: str | None) -> pd.DataFrame:
    if smarts is None:
        return rows
    from cryokit.chemistry.search import holding

    return rows[holding(rows["smiles"].tolist(), smarts)]
