#!/usr/bin/env bash
# Build the image of a release that ops/release.sh made; its name is cryokit:RELEASE.
#   ops/image.sh RELEASE [--base IMAGE] [--pip-conf FILE]
#   --base: another one than the Dockerfile names; --pip-conf: where packages come from, in no layer
set -euo pipefail
release=
arguments=()
pip_conf=/dev/null
while [ $# -gt 0 ]; do
  case $1 in
    --base) arguments+=(--build-arg "BASE=${2:?which image?}"); shift 2 ;;
    --pip-conf) pip_conf=${2:?which file?}; shift 2 ;;
    -*) echo "usage: ops/image.sh RELEASE [--base IMAGE] [--pip-conf FILE], but got '$1'" >&2; exit 2 ;;
    *) release=$1; shift ;;
  esac
done
folder=${DEPLOY_HOME:-/srv/cryokit}/releases/${release:?which release?}
[ -f "$folder/RELEASE" ] || { echo "there is no release $release in $(dirname "$folder"); ops/release.sh makes one" >&2; exit 12; }
(cd "$folder" && sha256sum --quiet --check SHA256SUMS) || { echo "files of release $release were changed" >&2; exit 15; }
[ -r "$pip_conf" ] || { echo "$pip_conf cannot be read" >&2; exit 1; }
commit=$(sed -n 's/^commit=//p' "$folder/RELEASE")
# The format of Docker, because that of OCI has no HEALTHCHECK.
buildah build --format docker --isolation chroot \
  --file "$folder/ops/docker/Dockerfile" --ignorefile "$folder/ops/docker/Dockerfile.dockerignore" \
  --build-arg "VERSION=$release" --build-arg "COMMIT=$commit" "${arguments[@]}" \
  --secret "id=pip.conf,src=$pip_conf" --tag "cryokit:$release" "$folder" >&2
echo "cryokit:$release"
