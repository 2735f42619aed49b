"""The registry's molecules: structures with their names and what was measured of them."""

import pandas as pd

from cryokit.db.registry_base import RegistryBase

_TOPIC = "molecules"


class Molecules(RegistryBase):
    """Reading molecules; they are stored with the measurements."""

    def molecules_after(self, after: int, limit: int, name: str | None, inchikey: str | None) -> pd.DataFrame:
        """Return the next molecules by number, whose names hold `name` and whose InChIKey begins with `inchikey`."""
        return self.frame(_TOPIC, "molecules_after", after=after, limit=limit, name=name, inchikey=inchikey)

    def known_of_molecules(self, ids: list[int]) -> pd.DataFrame:
        """Return names and numbers of measurements by target, in the order of the numbers."""
        return self.frame(_TOPIC, "known_of_molecules", ids=ids)

    def measurements_of_molecule(self, inchikey: str) -> pd.DataFrame:
        """Return what was measured of one molecule, as far as one may see it."""
        return self.frame(_TOPIC, "measurements_of_molecule", inchikey=inchikey)
