#!/usr/bin/env bash
# The health of everything as a monitoring plugin: exit 0 well, 1 warning, 2 fault, 3 could not look.
#   ops/check-health.sh [--json] [--port N]
set -uo pipefail
cd "$(dirname "$0")/.." || exit 3
cryokit=.venv/bin/cryokit
if [ ! -x "$cryokit" ]; then
  echo "UNKNOWN: $PWD/$cryokit is not there; run ops/bootstrap.sh run"
  exit 3
fi
said=$(timeout 60 "$cryokit" health "$@")
status=$?
# A program that failed says nothing on standard output; its status means something else then.
if [ -z "$said" ] || [ "$status" -gt 2 ]; then
  echo "UNKNOWN: cryokit health ended with status $status"
  exit 3
fi
printf '%s\n' "$said"
exit "$status"
