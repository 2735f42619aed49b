# shellcheck shell=bash
# What deploy, rollback and status share. Only shell, so that they work whatever state a release is in.
#
# $DEPLOY_HOME/releases/VERSION      read-only releases, made by ops/release.sh
# $DEPLOY_HOME/ENV/app.env           settings of the app; each deployment takes a copy
# $DEPLOY_HOME/ENV/deploy.env        settings of the deployment itself (DEPLOY_..., read below)
# $DEPLOY_HOME/ENV/blue, green       a colour: its release (symlink), its app.env, log and process ids
# $DEPLOY_HOME/ENV/live              symlink to the colour that serves
# $DEPLOY_HOME/ENV/deployments.log   one JSON line for each deployment and rollback

fail() { echo "$(basename "$0"): $*" >&2; exit 1; }

open_environment() {
  local name=$1
  [[ $name =~ ^[a-z]+$ ]] || fail "an environment is named by small letters, not '$name'"
  home=$(realpath -m "${DEPLOY_HOME:-/srv/cryokit}") # however it is written: by it supervisors are known
  root=$home/$name
  run=$root/run
  [ -f "$root/app.env" ] || fail "$root/app.env is missing; ops/RUNBOOK.md, First installation, says what belongs there"
  set -a
  # shellcheck disable=SC1091
  [ ! -f "$root/deploy.env" ] || . "$root/deploy.env"
  : "${DEPLOY_PORT:=8080}" "${DEPLOY_PORT_BLUE:=5101}" "${DEPLOY_PORT_GREEN:=5102}"
  : "${DEPLOY_FIGURES_PORT:=8405}"      # metrics of the proxy
  : "${DEPLOY_COOKIE=secure}"           # empty where no https is in front
  : "${DEPLOY_STANDBY:=1}"              # 0: no second process that takes over at once when the one that serves ends
  : "${DEPLOY_START_SECONDS:=120}"      # how long a release may take to get ready
  : "${DEPLOY_STEP_SECONDS:=10}"        # how long each canary step is watched at least
  : "${DEPLOY_LATE_MILLISECONDS:=1000}" # an answer that takes longer counts like a failed one
  : "${DEPLOY_SLOWER_MILLISECONDS:=200}" # how much slower than twice the mean of the serving colour is too slow
  : "${DEPLOY_PATIENCE_SECONDS:=600}"   # how long a step waits for enough requests
  : "${DEPLOY_DRAIN_SECONDS:=300}"      # how long open pages may stay on the old colour
  : "${DEPLOY_LOCK_SECONDS:=60}"        # how long what a killed deployment had begun may take to end
  : "${DEPLOY_FREE_MEGABYTES:=1024}"    # least free disk
  : "${DEPLOY_SILENCE_SECONDS:=1800}"   # when a silence in Alertmanager ends at the latest (DEPLOY_ALERTMANAGER_URL)
  : "${DEPLOY_SCRAPE_HOST:=127.0.0.1}"  # under which host Prometheus asks the colours
  : "${DEPLOY_SUPERVISOR:=$([ -d /run/systemd/system ] && echo systemd || echo own)}"
  set +a
  export DEPLOY_RUN=$run
  mkdir -p "$run" "$root/blue" "$root/green"
  chmod 700 "$run"
}

# One deployment or rollback at a time. The lock goes with this process and the commands that it waits for: one that was
# killed leaves it to the command it had just begun, which ends by itself and must not meet another deployment.
take_lock() {
  local owner
  exec 9>>"$run/lock"
  if ! flock --nonblock 9; then
    owner=$(<"$run/lock")
    if [ -n "$owner" ] && grep -qzE '(deploy|rollback|resume)\.sh' "/proc/$owner/cmdline" 2>/dev/null; then refuse_lock; fi
    echo "$(basename "$0"): waits for what a killed deployment had begun in $root" >&2
    flock --timeout "$DEPLOY_LOCK_SECONDS" 9 || refuse_lock
  fi
  echo $$ >"$run/lock"
}

refuse_lock() { echo "$(basename "$0"): another deployment, rollback or resume runs in $root" >&2; exit 75; }

other_than() { if [ "$1" = blue ]; then echo green; else echo blue; fi; }
port_of() { if [ "$1" = blue ]; then echo "$DEPLOY_PORT_BLUE"; else echo "$DEPLOY_PORT_GREEN"; fi; }
live_colour() { if [ -L "$root/live" ]; then readlink "$root/live"; fi; }
release_of() { if [ -L "$root/$1/release" ]; then basename "$(readlink "$root/$1/release")"; fi; }

# A symlink is never absent and never half written: a new one is renamed over it.
point() {
  local link=$1 target=$2
  ln -sfn "$target" "$link.new"
  mv -T "$link.new" "$link"
}

# Audit and notification

audit() {
  local action=$1 outcome=$2 release=$3 reason=${4:-} line
  reason=${reason//[^[:alnum:] ._,:;%()\/=+-]/}
  line=$(printf '{"at":"%s","who":"%s","environment":"%s","action":"%s","outcome":"%s","release":"%s","reason":"%s"}' \
    "$(date -u +%FT%TZ)" "${SUDO_USER:-$(id -un)}" "$(basename "$root")" "$action" "$outcome" "$release" "$reason")
  echo "$line" >>"$root/deployments.log"
  echo "$line"
  notify "$line"
}

# The address may hold a secret, so it is no argument of curl.
notify() {
  [ -n "${DEPLOY_NOTIFY_URL:-}" ] || return 0
  printf 'url = "%s"\n' "$DEPLOY_NOTIFY_URL" |
    curl --silent --show-error --fail --max-time 10 --config - --header 'Content-Type: application/json' --data "$1" \
      >/dev/null || echo "the notification could not be sent" >&2
}

# Silence

# silence COLOUR: nobody is told what COLOUR causes while it is tried. All other alerts, and the same ones of the other
# colour, come as ever. It ends by itself; that there is none is no reason not to deploy.
silence() {
  local body said
  [ -n "${DEPLOY_ALERTMANAGER_URL:-}" ] || return 0
  end_silence
  body=$(printf '{"matchers":[{"name":"alertname","value":"%s","isRegex":true},{"name":"instance","value":"%s","isRegex":false}],"startsAt":"%s","endsAt":"%s","createdBy":"%s","comment":"%s"}' \
    'ServerDown|ComponentFails|SchemaBehind|ModelUnusable|ModelAbsent' "$DEPLOY_SCRAPE_HOST:$(port_of "$1")" \
    "$(date -u +%FT%TZ)" "$(date -u --date "+$DEPLOY_SILENCE_SECONDS seconds" +%FT%TZ)" \
    "${SUDO_USER:-$(id -un)}" "$(basename "$0"): $(basename "$root") tries $1")
  if said=$(alertmanager /api/v2/silences --header 'Content-Type: application/json' --data "$body"); then
    sed -n 's/.*"silenceID": *"\([0-9a-f-]*\)".*/\1/p' <<<"$said" >"$run/silence"
  else
    echo "Alertmanager took no silence: alerts of $1 may come while it is tried" >&2
  fi
}

end_silence() {
  [ -s "$run/silence" ] || return 0
  alertmanager "/api/v2/silence/$(<"$run/silence")" --request DELETE >/dev/null ||
    echo "the silence $(<"$run/silence") could not be ended; it ends by itself" >&2
  rm -f "$run/silence"
}

# The address may hold a secret, so it is no argument of curl.
alertmanager() {
  local path=$1
  shift
  printf 'url = "%s%s"\n' "${DEPLOY_ALERTMANAGER_URL%/}" "$path" |
    curl --silent --show-error --fail --max-time 10 --config - "$@"
}

# Releases and models

# prepare_colour COLOUR FOLDER: which release it tries, and a copy of the settings of now with its own port.
# What it ran before is kept aside, for a rollback after the trial failed.
prepare_colour() {
  local folder=$root/$1
  end_trial "$1"
  if [ -L "$folder/release" ]; then
    cp "$folder/app.env" "$folder/app.env.before"
    cp -P "$folder/release" "$folder/release.before"
  fi
  { cat "$root/app.env"; echo; echo "CRYOKIT_PORT=$(port_of "$1")"; } >"$folder/app.env.new"
  chmod 600 "$folder/app.env.new"
  touch "$folder/trial"
  mv "$folder/app.env.new" "$folder/app.env"
  point "$folder/release" "$2"
}

is_on_trial() { [ -e "$root/$1/trial" ]; }
pass_trial() { rm -f "$root/$1/trial" "$root/$1/app.env.before" "$root/$1/release.before"; }

# The colour is what it was before its trial.
end_trial() {
  local folder=$root/$1
  if ! is_on_trial "$1"; then return 0; fi
  if [ -L "$folder/release.before" ]; then
    mv "$folder/app.env.before" "$folder/app.env"
    mv -T "$folder/release.before" "$folder/release"
  else
    rm -f "$folder/app.env" "$folder/release"
  fi
  rm -f "$folder/trial"
}

# The current versions while COLOUR serves, for a rollback to it.
remember_models() {
  in_release "$root/$1" models list --json >"$root/$1/models.json.new"
  mv "$root/$1/models.json.new" "$root/$1/models.json"
}

# restore_models COLOUR BROKEN: what was current when COLOUR served is current again
restore_models() {
  local target version status=0
  if [ ! -f "$root/$1/models.json" ]; then return 0; fi
  while read -r target version; do
    in_release "$root/$1" models promote "$target" "$version" --override \
      --reason "rollback from $(release_of "$2")" </dev/null >/dev/null || status=1
  done < <(in_release "$root/$1" models list --json | "$root/$1/release/.venv/bin/python" -c '
import json, sys
before, now = ({(row["target"], row["version"]) for row in json.load(file) if row["is_current"]}
               for file in (open(sys.argv[1]), sys.stdin))
for target, version in sorted(before - now):
    print(target, version)' "$root/$1/models.json")
  return $status
}

# Processes

# A colour has two processes, each kept running for itself: one serves, the other stands by (serve --turn).
# Without a second word these ask about the first, which a colour on trial has alone.

unit_of() { echo "cryokit${2:+-$2}@$(basename "$root")-$1.service"; }
own_pid() { cat "$root/$1/${2:-app}.supervisor" 2>/dev/null || true; }
runs() {
  if [ "$DEPLOY_SUPERVISOR" = systemd ]; then
    systemctl --quiet is-active "$(unit_of "$@")"
  else
    local pid
    pid=$(own_pid "$@")
    # After a crash or a reboot the number may be another process's, even another supervisor's.
    [ -n "$pid" ] && [[ $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") == *"/supervise.sh $root/$1 ${2:-app} " ]]
  fi
}

# How often it had to be started since it was told to run.
starts_of() {
  if [ "$DEPLOY_SUPERVISOR" = systemd ]; then
    systemctl show --property NRestarts --value "$(unit_of "$1")"
  else
    cat "$root/$1/app.starts" 2>/dev/null || echo 0
  fi
}

start_colour() {
  if runs "$@"; then return 0; fi
  if [ "$DEPLOY_SUPERVISOR" = systemd ]; then
    systemctl start "$(unit_of "$@")"
  else
    rm -f "$root/$1/${2:-app}.starts" # of former times
    setsid "$(dirname "${BASH_SOURCE[0]}")/supervise.sh" "$root/$1" "${2:-app}" 9>&- </dev/null >>"$root/$1/log" 2>&1 &
    echo $! >"$root/$1/${2:-app}.supervisor"
    # A busy machine takes a moment to make the new process what it is to be.
    for _ in $(seq 50); do if runs "$@"; then return 0; fi; sleep 0.1; done
  fi
}

# The colour serves well without it, only longer not at all when it is killed.
start_standby() {
  [ "$DEPLOY_STANDBY" = 1 ] || return 0
  start_colour "$1" standby || echo "$1 has no process that stands by" >&2
}

# What comes back by itself after a reboot: the colour that serves, not one that is on trial or kept. Without systemd
# nothing does; ops/resume.sh brings it back.
at_boot() {
  [ "$DEPLOY_SUPERVISOR" = systemd ] || return 0
  local other standby=disable
  other=$(other_than "$1")
  [ "$DEPLOY_STANDBY" != 1 ] || standby=enable
  systemctl --quiet disable "$(unit_of "$other")" "$(unit_of "$other" standby)"
  systemctl --quiet enable "cryokit-proxy@$(basename "$root").service" "$(unit_of "$1")"
  systemctl --quiet "$standby" "$(unit_of "$1" standby)"
}

# What stands by goes first, or it would take over.
stop_colour() {
  local part
  for part in standby ''; do
    if ! runs "$1" "$part"; then continue; fi
    if [ "$DEPLOY_SUPERVISOR" = systemd ]; then
      systemctl stop "$(unit_of "$1" "$part")"
    else
      kill "$(own_pid "$1" "$part")"
      for _ in $(seq 300); do if runs "$1" "$part"; then sleep 0.1; else break; fi; done
      if runs "$1" "$part"; then # or it would keep port and turn from whatever is started next
        pkill -KILL -P "$(own_pid "$1" "$part")" || true
        kill -KILL "$(own_pid "$1" "$part")" || true
      fi
      rm -f "$root/$1/${part:-app}.supervisor"
    fi
  done
}

ask() { curl --silent --output /dev/null --max-time 5 --write-out '%{http_code}' "http://127.0.0.1:$(port_of "$1")$2" || true; }

wait_until_ready() {
  local colour=$1 deadline=$((SECONDS + DEPLOY_START_SECONDS)) answer
  while answer=$(ask "$colour" /health/ready); [ "$answer" != 200 ]; do
    [ $SECONDS -lt $deadline ] || { reason="$colour is not ready after $DEPLOY_START_SECONDS s, the answer is $answer"; return 1; }
    if ! runs "$colour" || [ "$(starts_of "$colour")" -gt 2 ]; then reason="$colour does not stay up"; return 1; fi
    sleep 0.2
  done
}

# What must work before anybody is sent there: pages, login, API, and a real prediction by the release's own code.
smoke() {
  local colour=$1 expected path answer
  while read -r expected path; do
    answer=$(ask "$colour" "$path")
    [ "$answer" = "$expected" ] || { reason="smoke test: $path answers $answer instead of $expected"; return 1; }
  done <<<$'200 /health/live\n200 /health/ready\n200 /login\n401 /api/v1/targets\n302 /'
  in_release "$root/$colour" predict tg 'OCC(O)CO' --json >/dev/null || { reason="smoke test: no prediction"; return 1; }
}

# A command of the release of a colour, with the colour's settings.
in_release() {
  local folder=$1
  shift
  (
    set -a
    # shellcheck disable=SC1091
    . "$folder/app.env"
    set +a
    cd "$folder/release" && PYTHONPATH=$PWD exec .venv/bin/python -m cryokit.cli "$@" 9>&-
  )
}

# Proxy

proxy() {
  local said
  said=$(echo "$*" | socat -t 5 stdio "UNIX-CONNECT:$run/haproxy.sock") || { echo "the proxy does not answer" >&2; return 1; }
  if [[ $1 == set && -n ${said//[[:space:]]/} ]]; then echo "the proxy refused '$*': $said" >&2; return 1; fi
  printf '%s\n' "$said"
}

proxy_runs() { [ -S "$run/haproxy.sock" ] && echo "show info" | socat -t 5 stdio "UNIX-CONNECT:$run/haproxy.sock" >/dev/null 2>&1; }

start_proxy() {
  if proxy_runs; then return 0; fi
  cp "$(dirname "${BASH_SOURCE[0]}")/haproxy/haproxy.cfg" "$run/haproxy.cfg"
  env | grep '^DEPLOY_' | grep -v '^DEPLOY_[A-Z]*_URL=' >"$run/proxy.env"
  [ -s "$run/haproxy.state" ] || echo 1 >"$run/haproxy.state"
  if [ "$DEPLOY_SUPERVISOR" = systemd ]; then
    systemctl start "cryokit-proxy@$(basename "$root").service"
  else
    PATH=$PATH:/usr/sbin haproxy -q -W -D -p "$run/haproxy.pid" -f "$run/haproxy.cfg" 9>&-
  fi
  for _ in $(seq 50); do if proxy_runs; then return 0; fi; sleep 0.1; done
  fail "the proxy does not start"
}

# A reload or restart reads this file; without it, traffic would be back where the configuration starts.
keep_proxy_state() {
  proxy show servers state >"$run/haproxy.state.new"
  mv "$run/haproxy.state.new" "$run/haproxy.state"
}

# send BLUE GREEN: the weights; a colour of weight 0 keeps only the pages that are open on it.
send() {
  local other
  other=$(other_than "$1")
  proxy set server "colours/$1" state ready >/dev/null
  proxy set server "colours/$1" weight "$2" >/dev/null
  proxy set server "colours/$other" weight $((100 - $2)) >/dev/null
  keep_proxy_state
}

leave() {
  proxy set server "colours/$1" weight 0 >/dev/null
  proxy set server "colours/$1" state maint >/dev/null
  proxy shutdown sessions server "colours/$1" >/dev/null
  keep_proxy_state
}

# figures COLOUR SECOND: requests since then, how many failed or were late, their mean milliseconds
figures() {
  proxy show events requests | awk -v colour="$1" -v since="$2" -v late="$DEPLOY_LATE_MILLISECONDS" '
    $1 >= since && $2 == colour { requests++; bad += $3 >= 500 || $3 < 100 || $4 > late; took += $4 > 0 ? $4 : 0 }
    END { printf "%d %d %d\n", requests, bad, requests ? took / requests : 0 }'
}

# column COLOUR NAME: what the proxy says of a colour
column() {
  proxy show stat | awk -F, -v colour="$1" -v name="$2" '
    /^# / { sub(/^# /, ""); for (i = 1; i <= NF; i++) at[$i] = i }
    $at["pxname"] == "colours" && $at["svname"] == colour { print $at[name] }'
}

# drain COLOUR SECONDS: wait until nobody is on it, or no longer
drain() {
  local deadline=$((SECONDS + $2)) open
  while [ $SECONDS -lt $deadline ]; do
    open=$(column "$1" scur) || return 0
    if [ "${open:-0}" -eq 0 ]; then return 0; fi
    sleep 0.5
  done
}

# Open pages may stay for a while; then the colour is stopped, and kept for a rollback.
retire() {
  drain "$1" "$DEPLOY_DRAIN_SECONDS"
  leave "$1"
  stop_colour "$1"
}

# give_back LIVE IDLE: everybody goes to the live colour, if there is one, and the other one ends
give_back() {
  if [ -n "$1" ]; then send "$1" 100 || echo "the traffic could not be given back" >&2; fi
  drain "$2" 5 # what it is answering may still arrive
  leave "$2" || true
  stop_colour "$2"
}
