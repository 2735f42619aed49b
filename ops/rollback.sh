#!/usr/bin/env bash
# Back to the release that served before: its code, settings and current models; the schema stays as it is.
#   ops/rollback.sh [--env NAME]
set -euo pipefail
# shellcheck source=ops/deployment.sh
. "$(dirname "$0")/deployment.sh"

environment=production
if [ "${1:-}" = --env ]; then environment=${2:?which environment?}; fi
open_environment "$environment"
take_lock
broken=$(live_colour)
[ -n "$broken" ] || fail "nothing serves in $root, so there is nothing to go back from"
back=$(other_than "$broken")
start_proxy
if is_on_trial "$back"; then
  tried=$(release_of "$back")
  give_back "$broken" "$back"
  end_trial "$back"
  end_silence
  audit rollback succeeded "$(release_of "$broken")" "ended the interrupted deployment of $tried"
  exit
fi
release=$(release_of "$back")
[ -n "$release" ] || fail "no release served before $(release_of "$broken"); deploy one: ops/deploy.sh RELEASE"
reason="ended before it was done"
trap 'stop_colour "$back"; end_silence; audit rollback failed "$release" "$reason"' EXIT
trap 'reason=interrupted; exit 1' INT TERM

silence "$back"
start_colour "$back"
wait_until_ready "$back"
smoke "$back"
end_silence # from now on it has visitors
trap - EXIT
send "$back" 100
point "$root/live" "$back"
at_boot "$back" || echo "after a reboot $back must be started by ops/resume.sh" >&2
start_standby "$back"
reason=
restore_models "$back" "$broken" || reason="; not all current models could be restored, cryokit models history tells them"
audit rollback succeeded "$release" "from $(release_of "$broken")$reason"
retire "$broken"
