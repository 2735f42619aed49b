"""The audit: who did what."""

import pandas as pd

from cryokit.domain import MAX_ID
from cryokit.errors import InputError
from cryokit.workbench.core import Core

MAX_EVENTS = 1000


class Auditing(Core):
    """Read what was written down of people's doings; nobody can change it."""

    def audit(self, text: str | None = None, before: int = MAX_ID, limit: int = 100) -> pd.DataFrame:
        """Return what was done, newest first, with the names of who did it; for administrators."""
        self._refuse_unless_admin()
        if not 1 <= limit <= MAX_EVENTS or not 0 <= before <= MAX_ID:
            msg = f"a page has 1 to {MAX_EVENTS} events and ends before the number of one"
            raise InputError(msg)
        return self.maintenance.events(limit, before, text)
