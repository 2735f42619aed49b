#!/usr/bin/env bash
# Make .venv with the pinned packages; with `test`, also what tests need. Says what it does; doing nothing is fast.
#   ops/bootstrap.sh run|test
set -euo pipefail
cd "$(dirname "$0")/.."
mode=${1:-run}
case $mode in
  run) extra= ;;
  test) extra='[test]' ;;
  *) echo "usage: ops/bootstrap.sh run|test, but got '$mode'" >&2; exit 2 ;;
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

install_packages() {
  local stamp=.venv/installed-$mode wanted
  wanted=$(cat pyproject.toml constraints.txt | cksum)
  if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
  echo "installing packages (about a minute, once)"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".$extra"
  echo "$wanted" >"$stamp"
}

# Programs outside Python that tests need: name on PATH, Debian package.
install_programs() {
  local missing=()
  command -v chromium >/dev/null 2>&1 || missing+=(chromium)
  command -v shellcheck >/dev/null 2>&1 || missing+=(shellcheck)
  command -v pgbouncer >/dev/null 2>&1 || [ -x /usr/sbin/pgbouncer ] || missing+=(pgbouncer)
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing ${missing[*]} through apt"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null && return
  fi
  echo "missing programs: ${missing[*]}; the tests that need them will count as failed" >&2
  echo "install them with: sudo apt-get install ${missing[*]}" >&2
}

# One run at a time: two would write the same .venv.
exec 9>.bootstrap.lock
if command -v flock >/dev/null 2>&1; then flock 9; fi
make_venv
install_packages
[ "$mode" = run ] || install_programs
