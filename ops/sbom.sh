#!/usr/bin/env bash
# Write which packages a Python has, with versions and licences, as a CycloneDX document.
#   ops/sbom.sh PYTHON FILE
# The tool lives in a venv of its own, kept for the next time: it wants other versions than cryokit does.
set -euo pipefail
python=${1:?usage: ops/sbom.sh PYTHON FILE} file=${2:?usage: ops/sbom.sh PYTHON FILE}
list=$(cd "$(dirname "$0")" && pwd)/docker/sbom-constraints.txt
cache=${XDG_CACHE_HOME:-$HOME/.cache}/cryokit
tool=$cache/sbom-$(cksum <"$list" | cut -d' ' -f1)
mkdir -p "$cache"
exec 8>"$tool.lock"
flock 8
if [ ! -e "$tool/made" ]; then
  "$python" -m venv --clear "$tool"
  "$tool/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$list"
  touch "$tool/made"
fi
"$tool/bin/cyclonedx-py" environment --output-reproducible --output-file "$file" "$python"
