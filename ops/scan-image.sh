#!/usr/bin/env bash
# Look up known weaknesses of everything in an image: Debian's packages and Python's. Needs root, buildah, debsecan, network.
#   ops/scan-image.sh IMAGE [SOURCE]      SOURCE: another address of Debian's security tracker
# Red for each weakness whose repair exists, and when the advisories cannot be fetched: nothing looked up is nothing known.
set -euo pipefail
image=${1:?usage: ops/scan-image.sh IMAGE [SOURCE]}
bin=$(cd "$(dirname "$0")/.." && pwd)/.venv/bin
list=$(mktemp)
container=$(buildah from --pull-never "$image")
trap 'buildah rm "$container" >/dev/null; rm -f "$list"' EXIT
files=$(buildah mount "$container")
# shellcheck disable=SC1091
codename=$(. "$files/etc/os-release" && echo "$VERSION_CODENAME")
debsecan --suite "$codename" --only-fixed --status "$files/var/lib/dpkg/status" ${2:+--source "$2"} >"$list"
if [ -s "$list" ]; then
  cat "$list"
  echo "$image: packages of Debian have repairs that are missing here; build it anew on a newer base" >&2
  exit 1
fi
"$bin/python" -m pip list --path "$files/srv/cryokit/.venv/lib/python3.12/site-packages" --format freeze | grep -v '^cryokit==' >"$list"
"$bin/pip-audit" --strict --no-deps --disable-pip --requirement "$list"
echo "$image: nothing found"
