#!/usr/bin/env bash
# Bring back what served before the machine or its processes went down: proxy, colour, what stands by, all traffic.
#   ops/resume.sh [--env NAME]
# What runs already is left alone. A deployment that was interrupted is ended; its release does not serve.
set -euo pipefail
# shellcheck source=ops/deployment.sh
. "$(dirname "$0")/deployment.sh"

environment=production
if [ "${1:-}" = --env ]; then environment=${2:?which environment?}; fi
open_environment "$environment"
take_lock
live=$(live_colour)
[ -n "$live" ] || fail "nothing has served in $root yet; deploy a release: ops/deploy.sh RELEASE"
idle=$(other_than "$live")
reason="ended before it was done"
trap 'audit resume failed "$(release_of "$live")" "$reason"' EXIT
trap 'reason=interrupted; exit 1' INT TERM

start_proxy
start_colour "$live"
wait_until_ready "$live"
give_back "$live" "$idle"
tried=
if is_on_trial "$idle"; then tried="ended the interrupted deployment of $(release_of "$idle")"; fi
end_trial "$idle"
end_silence
start_standby "$live"
at_boot "$live" || echo "after a reboot $live must be started by ops/resume.sh" >&2
trap - EXIT
audit resume succeeded "$(release_of "$live")" "$tried"
