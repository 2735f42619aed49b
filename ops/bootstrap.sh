#!/usr/bin/env bash
# Make .venv with the pinned packages; with `test`, also what tests need. Says what it does; doing nothing is fast.
#   ops/bootstrap.sh run|test|image|perf            image: also what building and trying an image needs
#                                                   perf: also what benchmarks compare with
#   ops/bootstrap.sh postgresql VERSION
set -euo pipefail
cd "$(dirname "$0")/.."
mode=${1:-run}
case $mode in
  run | postgresql) extra='' packages=run ;;
  test | image | perf) extra='[test]' packages=test ;;
  *) echo "usage: ops/bootstrap.sh run|test|image|perf|postgresql VERSION, but got '$mode'" >&2; exit 2 ;;
esac

# Runs each candidate: a name on PATH may be a shim that starts nothing.
python_candidates() {
  [ -z "${PYTHON:-}" ] || echo "$PYTHON"
  printf '%s\n' python3.12 python3.13 python3
  ls -d "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[2-9]*/bin/python 2>/dev/null || true
  if command -v uv >/dev/null 2>&1; then uv python find '>=3.12' 2>/dev/null || true; fi
}

find_python() {
  local candidate
  while read -r candidate; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done < <(python_candidates)
  echo "no Python >= 3.12 with venv was found; tried:" >&2
  python_candidates | sed 's/^/  /' >&2
  echo "install one (Debian and Ubuntu: apt-get install python3 python3-venv, or pyenv, or uv)" >&2
  echo "or name one: PYTHON=/path/to/python make demo" >&2
  exit 1
}

make_venv() {
  if .venv/bin/python -c '' 2>/dev/null; then return; fi
  local python
  python=$(find_python)
  echo "making .venv with $("$python" --version)"
  rm -rf .venv
  "$python" -m venv .venv
}

# Not compiled: Python does that itself for what is used, which is a part of it.
with_pip() {
  .venv/bin/python -m pip install --quiet --no-compile --disable-pip-version-check -c constraints.txt "$@"
}

# Takes a fifth of pip's time, but reads none of its settings: where an index or proxy stands only there, pip goes on.
# Copied: files shared with its cache would change in every other environment that has them.
with_uv() {
  with_pip uv || return
  if ! .venv/bin/uv pip install --quiet --python .venv/bin/python --link-mode copy -c constraints.txt -e ".$extra"; then
    echo "uv could not install; going on with pip" >&2
    return 1
  fi
}

install_packages() {
  local stamp=.venv/installed-$packages wanted
  wanted=$(cat pyproject.toml constraints.txt | cksum)
  if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
  echo "installing packages (about a minute, once)"
  with_uv || with_pip --editable ".$extra"
  echo "$wanted" >"$stamp"
}

may_install() {
  command -v apt-get >/dev/null 2>&1 && { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; }
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then DEBIAN_FRONTEND=noninteractive "$@"; else sudo -n DEBIAN_FRONTEND=noninteractive "$@"; fi
}

# The system's server of one version, without starting it: tests make clusters of their own.
install_postgresql() {
  local version=$1
  if [ -x "/usr/lib/postgresql/$version/bin/postgres" ]; then return; fi
  may_install || { echo "PostgreSQL $version is missing and may not be installed here; ask an administrator" >&2; exit 1; }
  as_root apt-get update -qq
  as_root apt-get install -y -qq --no-install-recommends postgresql-common >/dev/null
  as_root mkdir -p /etc/postgresql-common
  echo "create_main_cluster = false" | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
  as_root apt-get install -y -qq --no-install-recommends "postgresql-$version" >/dev/null 2>&1 || {
    as_root /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y >/dev/null
    as_root apt-get install -y -qq --no-install-recommends "postgresql-$version" >/dev/null
  }
}

# Packages of servers would start them as services; Debian asks this file whether they may.
install_quietly() {
  local policy=/usr/sbin/policy-rc.d made='' status=0
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
    as_root chmod 755 $policy
    made=1
  fi
  { as_root apt-get update -qq && as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null; } || status=$?
  if [ -n "$made" ]; then as_root rm -f $policy; fi
  return $status
}

# Programs outside Python that tests need: name on PATH, Debian package.
install_programs() {
  local missing=()
  # Chromium that has no windows of its own takes half of the processor time; not every system offers it.
  if ! command -v chromium-headless-shell >/dev/null 2>&1; then
    if may_install && apt-cache show chromium-headless-shell >/dev/null 2>&1; then
      missing+=(chromium-headless-shell)
    elif ! command -v chromium >/dev/null 2>&1; then
      missing+=(chromium)
    fi
  fi
  command -v shellcheck >/dev/null 2>&1 || missing+=(shellcheck)
  command -v pgbouncer >/dev/null 2>&1 || [ -x /usr/sbin/pgbouncer ] || missing+=(pgbouncer)
  for program in prometheus prometheus-alertmanager prometheus-node-exporter prometheus-postgres-exporter; do
    command -v "$program" >/dev/null 2>&1 || missing+=("$program")
  done
  ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || missing+=(libfaketime)
  command -v haproxy >/dev/null 2>&1 || [ -x /usr/sbin/haproxy ] || missing+=(haproxy)
  for program in socat curl; do command -v "$program" >/dev/null 2>&1 || missing+=("$program"); done
  command -v systemd-analyze >/dev/null 2>&1 || missing+=(systemd)
  command -v logrotate >/dev/null 2>&1 || [ -x /usr/sbin/logrotate ] || missing+=(logrotate)
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  if may_install; then
    echo "installing ${missing[*]} through apt"
    install_quietly "${missing[@]}" && return
  fi
  echo "missing programs: ${missing[*]}; the tests that need them will count as failed" >&2
  echo "install them with: sudo apt-get install ${missing[*]}" >&2
}

# What building and trying an image needs: name on PATH is the Debian package too.
install_image_programs() {
  local missing=()
  for program in buildah runc debootstrap debsecan; do
    command -v "$program" >/dev/null 2>&1 || [ -x "/usr/sbin/$program" ] || missing+=("$program")
  done
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  may_install || { echo "missing programs: ${missing[*]}; ask an administrator to install them" >&2; exit 1; }
  echo "installing ${missing[*]} through apt"
  install_quietly "${missing[@]}"
}

# The other tools that make backups of PostgreSQL, all of one version of it; name on PATH is the Debian package too.
install_compared() {
  install_postgresql 15
  local missing=()
  for program in pgbackrest barman zstd; do command -v "$program" >/dev/null 2>&1 || missing+=("$program"); done
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  may_install || { echo "missing programs: ${missing[*]}; what is compared with them is not measured" >&2; return; }
  echo "installing ${missing[*]} through apt"
  install_quietly "${missing[@]}"
}

# One run at a time: two would write the same .venv.
exec 9>.bootstrap.lock
if command -v flock >/dev/null 2>&1; then flock 9; fi
if [ "$mode" = postgresql ]; then install_postgresql "${2:?which version?}"; exit; fi
make_venv
install_packages
[ "$mode" = run ] || install_programs
[ "$mode" != image ] || install_image_programs
[ "$mode" != perf ] || install_compared
