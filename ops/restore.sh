#!/usr/bin/env bash
# Restore a backup by hand; the words are those of `cryokit backup restore`.
#   ops/restore.sh [ID] [--to TIME|LSN|NAME|latest] [--into FOLDER] [--replace]
set -euo pipefail
cd "$(dirname "$0")/.."
exec .venv/bin/cryokit backup restore "$@"
