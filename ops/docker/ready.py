"""Exit 0 when the server in this container is ready, 1 when it is not: what the image's HEALTHCHECK runs."""

import os
import sys
import urllib.error
import urllib.request

try:
    with urllib.request.urlopen(f"http://127.0.0.1:{os.environ['CRYOKIT_PORT']}/health/ready", timeout=4):
        pass
except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
    sys.exit(f"not ready: {error}")
