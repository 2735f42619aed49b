"""The registry: everything that is stored, as tables in and tables out."""

from cryokit.db.registry_backups import Backups
from cryokit.db.registry_health import Health
from cryokit.db.registry_jobs import Jobs
from cryokit.db.registry_models import Models
from cryokit.db.registry_molecules import Molecules
from cryokit.db.registry_monitoring import Monitoring
from cryokit.db.registry_promotions import Promotions
from cryokit.db.registry_reports import Reports
from cryokit.db.registry_request_keys import RequestKeys
from cryokit.db.registry_teams import Teams
from cryokit.db.registry_tokens import Tokens


class Registry(Teams, Backups, Models, Promotions, Reports, Tokens, Health, Jobs, Monitoring, Molecules, RequestKeys):
    """All that the database keeps, on behalf of one person or, without one, of local maintenance."""
