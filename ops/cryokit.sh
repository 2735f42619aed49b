#!/usr/bin/env bash
# A command of the release that serves in an environment, with its settings: what timers and cron run.
#   ops/cryokit.sh ENVIRONMENT_FOLDER COMMAND...      such as ops/cryokit.sh /srv/cryokit/production report run health
set -euo pipefail
folder=${1:?which environment? such as /srv/cryokit/production}
shift
colour=$folder/$(readlink "$folder/live")
set -a
# shellcheck disable=SC1091
. "$colour/app.env"
set +a
cd "$colour/release"
PYTHONPATH=$PWD exec .venv/bin/python -m cryokit.cli "$@"
