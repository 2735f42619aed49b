#!/usr/bin/env bash
# Look for what must not be in the project; what could not be looked at has failed.
#   ops/scan.sh code|secrets|workflows|containers|dependencies [FOLDER]
set -euo pipefail
home=$(cd "$(dirname "$0")/.." && pwd)
bin=$home/.venv/bin
what=${1:-}
cd "${2:-$home}"

scan_code() { "$bin/bandit" --quiet --recursive --severity-level medium cryokit dashboards; }

scan_secrets() {
  "$bin/detect-secrets" scan --exclude-files '^\.github/secrets-baseline\.json$' |
    "$bin/python" "$home/ops/new_secrets.py" "$home/.github/secrets-baseline.json"
}

scan_workflows() {
  "$bin/zizmor" --offline --quiet .github/workflows
  "$bin/jactionlint" .github/workflows/*.yml
  "$bin/check-jsonschema" --builtin-schema vendor.github-workflows .github/workflows/*.yml
}

scan_containers() {
  "$bin/hadolint" ops/docker/Dockerfile
  "$bin/check-jsonschema" --builtin-schema vendor.compose-spec ops/docker/compose.yaml
}

# Ends with an error when the advisories cannot be fetched: nothing looked up is nothing known.
scan_dependencies() { "$bin/pip-audit" --strict --no-deps --disable-pip --requirement constraints.txt; }

case $what in
  code | secrets | workflows | containers | dependencies) "scan_$what" ;;
  *) echo "usage: ops/scan.sh code|secrets|workflows|containers|dependencies, but got '$what'" >&2; exit 2 ;;
esac
echo "$what: nothing found"
