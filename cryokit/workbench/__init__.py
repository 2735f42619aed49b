"""The workbench: one method for each thing that a person can ask for."""

from cryokit.workbench.adoption import Adoption
from cryokit.workbench.auditing import Auditing
from cryokit.workbench.backups import Backups
from cryokit.workbench.data import Data
from cryokit.workbench.elsewhere import Elsewhere
from cryokit.workbench.given import Given
from cryokit.workbench.ladders import Ladders
from cryokit.workbench.molecules import Molecules
from cryokit.workbench.monitoring import Monitoring
from cryokit.workbench.people import People
from cryokit.workbench.reporting import Reporting
from cryokit.workbench.request_keys import RequestKeys
from cryokit.workbench.screening import Screening
from cryokit.workbench.streaming import Streaming
from cryokit.workbench.teams import Teams
from cryokit.workbench.together import Together
from cryokit.workbench.tokens import Tokens
from cryokit.workbench.training import Training


class Workbench(
    Training,
    Given,
    Data,
    Backups,
    Together,
    Ladders,
    Screening,
    Streaming,
    Reporting,
    Elsewhere,
    People,
    Teams,
    Tokens,
    Monitoring,
    Adoption,
    Auditing,
    Molecules,
    RequestKeys,
):
    """Everything that a person can ask of cryokit; Python, command line, pages and API call the same methods."""


__all__ = ["Workbench"]
