#!/usr/bin/env bash
# Make a release: a read-only folder of the committed code with a venv of its own, a list of its files and an SBOM.
#   ops/release.sh [VERSION] [--venv FOLDER]     VERSION: by default date and commit; --venv: reuse this one
set -euo pipefail
checkout=$(cd "$(dirname "$0")/.." && pwd)
version=
venv=
while [ $# -gt 0 ]; do
  case $1 in
    --venv) venv=$(cd "$2" && pwd); shift 2 ;;
    -*) echo "usage: ops/release.sh [VERSION] [--venv FOLDER], but got '$1'" >&2; exit 2 ;;
    *) version=$1; shift ;;
  esac
done
commit=$(git -C "$checkout" rev-parse HEAD)
version=${version:-$(date -u +%Y%m%dT%H%M%S)-${commit:0:10}}
[[ $version =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$ ]] || { echo "a version is letters, digits, dots and dashes, not '$version'" >&2; exit 2; }
folder=${DEPLOY_HOME:-/srv/cryokit}/releases/$version
if [ -e "$folder" ]; then echo "release $version exists: $folder" >&2; exit 14; fi

# The folder is a release once RELEASE is in it, which is written last: a venv does not like to be moved.
trap '[ -f "$folder/RELEASE" ] || { chmod -R u+w "$folder" 2>/dev/null; rm -rf "$folder"; }' EXIT
mkdir -p "$folder"
git -C "$checkout" archive HEAD cryokit dashboards notebooks sql ops pyproject.toml constraints.txt README.md | tar -x -C "$folder"
if [ -n "$venv" ]; then
  # The code is found by PYTHONPATH, so a venv serves every release that wants the same packages.
  for list in pyproject.toml constraints.txt; do
    cmp -s "$folder/$list" "$venv/../$list" || { echo "$list is not that of $venv; leave out --venv" >&2; exit 14; }
  done
  ln -s "$venv" "$folder/.venv"
else
  "$folder/ops/bootstrap.sh" run
fi
"$folder/.venv/bin/python" -m compileall -q "$folder/cryokit" "$folder/dashboards"
"$folder/.venv/bin/python" -m pip list --format freeze --exclude-editable >"$folder/packages.txt"
"$folder/.venv/bin/python" "$folder/ops/sbom.py" "$folder/sbom.json"
cd "$folder"
sums=$(find . -path ./.venv -prune -o -type f ! -name '*.pyc' ! -name '.*' -print0 | sort -z | xargs -0 sha256sum)
echo "$sums" >SHA256SUMS
printf 'version=%s\ncommit=%s\nbuilt_at=%s\n' "$version" "$commit" "$(date -u +%FT%TZ)" >RELEASE
find . -path ./.venv -prune -o ! -type l -print0 | xargs -0 chmod a-w
if [ -z "$venv" ]; then chmod -R a-w .venv; fi
echo "$version"
