#!/usr/bin/env bash
# Stop the embedded database and remove .venv and what cryokit keeps in its state folder.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -x .venv/bin/cryokit ]; then
  .venv/bin/cryokit db stop
  .venv/bin/python -c 'from cryokit.config import load_settings; print(*load_settings().all_state, sep="\n")' |
    while read -r path; do
      echo "removing $path"
      rm -rf -- "$path"
    done
fi
rm -rf .venv .bootstrap.lock
