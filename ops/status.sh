#!/usr/bin/env bash
# Which release runs where, with which share of the traffic, and what was deployed last.
#   ops/status.sh [--env NAME]
set -euo pipefail
# shellcheck source=ops/deployment.sh
. "$(dirname "$0")/deployment.sh"

environment=production
if [ "${1:-}" = --env ]; then environment=${2:?which environment?}; fi
open_environment "$environment"
live=$(live_colour)
if proxy_runs; then echo "proxy  at 127.0.0.1:$DEPLOY_PORT"; else echo "proxy  is stopped"; fi
for colour in blue green; do
  release=$(release_of "$colour")
  if [ -z "$release" ]; then echo "$colour  has no release"; continue; fi
  if runs "$colour"; then
    state="answers $(ask "$colour" /health/ready)$(if runs "$colour" standby; then echo ", another stands by"; fi)"
    if proxy_runs; then state+=", weight $(column "$colour" weight), $(column "$colour" scur) open"; fi
  else
    state=stopped
  fi
  echo "$colour  $release, $state$([ "$colour" != "$live" ] || echo ", serves since $(date -u -d "@$(stat -c %Y "$root/live")" +%FT%TZ)")"
done
if [ -f "$root/deployments.log" ]; then tail -n 5 "$root/deployments.log"; fi
