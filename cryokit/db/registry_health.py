"""The registry's own state: server, tables, sizes."""

import pandas as pd
from sqlalchemy import func, select, table

from cryokit.db.registry_base import RegistryBase

_TOPIC = "health"


class Health(RegistryBase):
    """Reading what the database holds."""

    def server_version(self) -> str:
        """Return the version of the server."""
        return self.one(_TOPIC, "server_version", "the server did not say its version").version

    def table_sizes(self) -> pd.DataFrame:
        """Return the tables with the rows that one may see and their bytes on disk, the largest first."""
        tables = self.frame(_TOPIC, "tables")
        with self.transaction() as connection:
            counts = [
                connection.execute(select(func.count()).select_from(table(name, schema="cryo"))).scalar_one()
                for name in tables["name"]
            ]
        return tables.assign(rows=counts)[["name", "rows", "bytes"]]
