#!/usr/bin/env bash
# Start a release beside the one that serves, send it traffic step by step, and take that back at the first fault.
#   ops/deploy.sh RELEASE [--env NAME] [--canary 10,50,100] [--least-requests N] [--without-backup]
set -euo pipefail
# shellcheck source=ops/deployment.sh
. "$(dirname "$0")/deployment.sh"

release=
environment=production
canary=10,50,100
least_requests=20
backup_hours=26
while [ $# -gt 0 ]; do
  case $1 in
    --env) environment=${2:?which environment?}; shift 2 ;;
    --canary) canary=${2:?which weights?}; shift 2 ;;
    --least-requests) least_requests=${2:?how many?}; shift 2 ;;
    --without-backup) backup_hours=; shift ;;
    -*) echo "deploy.sh does not know '$1'" >&2; exit 2 ;;
    *) release=$1; shift ;;
  esac
done
[ -n "$release" ] || { echo "usage: ops/deploy.sh RELEASE [--env NAME] [--canary 10,50,100]" >&2; exit 2; }
[[ $release =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$ ]] || { echo "a release is named by letters, digits, dots and dashes, not '$release'" >&2; exit 2; }
[[ $canary =~ ^([1-9][0-9]?,)*100$ ]] || { echo "--canary ends with 100, such as 10,50,100, not '$canary'" >&2; exit 2; }
[[ $least_requests =~ ^[0-9]+$ ]] || { echo "--least-requests is a number, not '$least_requests'" >&2; exit 2; }
open_environment "$environment"
take_lock
folder=$home/releases/$release
live=$(live_colour)
idle=$(other_than "${live:-green}")
reason="ended before it was done"
is_started=
is_promoted=

# Whatever happens, the live colour gets all traffic back; it was never touched.
end() {
  local status=$?
  trap - EXIT
  if [ -n "$is_promoted" ]; then exit "$status"; fi
  if [ -n "$is_started" ]; then give_back "$live" "$idle"; fi
  end_trial "$idle"
  end_silence
  audit deploy failed "$release" "$reason"
  exit 1
}

trap end EXIT
trap 'reason=interrupted; exit 1' INT TERM

preflight() {
  local free
  [ -f "$folder/RELEASE" ] || { reason="there is no release $release"; return 1; }
  (cd "$folder" && sha256sum --quiet --check SHA256SUMS) || { reason="files of the release were changed"; return 1; }
  free=$(df --output=avail --block-size=1M "$root" | tail -n 1)
  [ "$free" -ge "$DEPLOY_FREE_MEGABYTES" ] || { reason="only $free MB are free"; return 1; }
  prepare_colour "$idle" "$folder"
  in_release "$root/$idle" config check || { reason="the configuration is refused"; return 1; }
  backup_is_fresh || { reason="no proved backup of the last $backup_hours hours; ops/backup.sh makes one"; return 1; }
}

backup_is_fresh() {
  if [ -z "$live" ] || [ -z "$backup_hours" ]; then return 0; fi
  in_release "$root/$live" backup status --json | "$root/$live/release/.venv/bin/python" -c '
import json, sys
age = json.load(sys.stdin)["age_seconds"]
sys.exit(age is None or age > 3600 * int(sys.argv[1]))' "$backup_hours"
}

migrate() {
  local serving=()
  [ -z "$live" ] || serving=(--serving "$root/$live/release/sql")
  in_release "$root/$idle" db migrate "${serving[@]}" || { reason="the migration failed"; return 1; }
}

# At once back at the first fault; on to the next weight once enough requests were answered well.
watch() {
  local weight=$1 since began=$SECONDS seen bad mean live_seen live_bad live_mean
  since=$(date +%s)
  send "$idle" "$weight"
  while :; do
    sleep 0.3
    read -r seen bad mean <<<"$(figures "$idle" "$since")"
    read -r live_seen live_bad live_mean <<<"$(figures "$live" "$since")"
    if [ "$live_seen" -ge 5 ]; then
      allowed_permille=$((live_bad * 1000 / live_seen + 20)) allowed_ms=$((live_mean * 2 + DEPLOY_SLOWER_MILLISECONDS))
    fi
    if [ "$bad" -ge 3 ] && [ $((bad * 1000)) -gt $((seen * allowed_permille)) ]; then
      reason="$bad of $seen requests failed or were late at weight $weight"; return 1
    fi
    if [ "$seen" -ge 5 ] && [ "$mean" -gt "$allowed_ms" ]; then
      reason="a request takes $mean ms at weight $weight, $allowed_ms are allowed"; return 1
    fi
    runs "$idle" || { reason="$idle does not stay up"; return 1; }
    if [ "$seen" -ge "$least_requests" ] && [ $((SECONDS - began)) -ge "$DEPLOY_STEP_SECONDS" ]; then break; fi
    [ $((SECONDS - began)) -lt "$DEPLOY_PATIENCE_SECONDS" ] || {
      reason="only $seen requests came at weight $weight; --least-requests $least_requests asks for more"; return 1
    }
  done
  echo "weight $weight: $seen requests, $bad failed or late, $mean ms on average"
}

move_traffic() {
  local weight
  allowed_permille=20 allowed_ms=$DEPLOY_LATE_MILLISECONDS
  if [ -z "$live" ]; then send "$idle" 100; return 0; fi
  for weight in ${canary//,/ }; do watch "$weight" || return 1; done
}

start_proxy
give_back "$live" "$idle" # a deployment that was killed may have left other weights
preflight
migrate
if [ -n "$live" ]; then remember_models "$live"; fi
is_started=1
silence "$idle"
start_colour "$idle"
wait_until_ready "$idle"
smoke "$idle"
end_silence # from now on it has visitors
move_traffic
pass_trial "$idle"
point "$root/live" "$idle"
is_promoted=1
at_boot "$idle" || echo "after a reboot $idle must be started by ops/resume.sh" >&2
start_standby "$idle"
audit deploy succeeded "$release"
if [ -n "$live" ]; then retire "$live"; else leave "$(other_than "$idle")"; fi
