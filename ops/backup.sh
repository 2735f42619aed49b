#!/usr/bin/env bash
# The nightly backup: make and prove one, remove what rotation does not need, copy to the remote if one is set.
#   ops/backup.sh [full|incremental|dump]
set -euo pipefail
cd "$(dirname "$0")/.."
cryokit=.venv/bin/cryokit
kind=${1:-}
if [ -z "$kind" ]; then
  kind=full
  # A chain of more than a week is slow to restore, and an increment needs a proved full backup.
  if [ "$(date +%u)" != 7 ] && "$cryokit" backup show latest >/dev/null 2>&1; then kind=incremental; fi
fi
status=0
"$cryokit" backup create --kind "$kind" >/dev/null || status=$?
if [ "$status" -eq 14 ] && [ "$kind" = incremental ]; then
  status=0
  "$cryokit" backup create --kind full >/dev/null || status=$?
fi
[ "$status" -eq 0 ] || exit "$status"
"$cryokit" backup prune
if [ -n "${CRYOKIT_BACKUP_REMOTE:-}" ]; then "$cryokit" backup sync; fi
"$cryokit" backup status
