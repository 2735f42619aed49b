#!/usr/bin/env bash
# Keep a colour running where there is no systemd: start it again whenever it ends, until told to stop.
#   ops/supervise.sh COLOUR_FOLDER [standby]
# Of the two processes of a colour one has the turn and serves; the other is ready and takes over when that one ends.
set -uo pipefail
cd "$1" || exit 1
name=${2:-app}
turn=$PWD/turn
stopping=
app=
stop() {
  stopping=1
  [ -z "$app" ] || kill "$app" 2>/dev/null
}
trap stop TERM INT

starts=0
while [ -z "$stopping" ]; do
  began=$SECONDS
  echo $((++starts)) >"$name.starts"
  (
    set -a
    # shellcheck disable=SC1091
    . ./app.env
    set +a
    cd release && PYTHONPATH=$PWD exec .venv/bin/python -m cryokit.cli serve --turn "$turn"
  ) &
  app=$!
  wait "$app"
  [ -n "$stopping" ] || [ $((SECONDS - began)) -gt 2 ] || sleep 1
done
# The signal ended the first wait; the process itself may still finish what it does.
for _ in $(seq 200); do if kill -0 "$app" 2>/dev/null; then sleep 0.1; else exit 0; fi; done
kill -KILL "$app"
