#!/usr/bin/env bash
# Make a base image from Debian's packages and this machine's own Python 3.12, where no image registry can be reached.
#   ops/docker/local-base.sh NAME [PYTHON]      needs root, buildah and debootstrap
set -euo pipefail
name=${1:?usage: ops/docker/local-base.sh NAME [PYTHON]}
python=${2:-python3.12}
prefix=$("$python" -c 'import sys; print(sys.base_prefix)')
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
[ "$version" = 3.12 ] || { echo "the image runs Python 3.12, but $python is $version" >&2; exit 1; }
[ "$prefix" != /usr ] || { echo "the system's own Python cannot be copied; name another one" >&2; exit 1; }
# shellcheck disable=SC1091
codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root"' EXIT

# Debian packages of the libraries that this Python was linked with. A package may know its files under /lib, which is
# /usr/lib; what no package knows is this Python's own, and an import below finds what is missing.
libraries() {
  find "$prefix/bin/python3.12" "$prefix"/lib/python3.12/lib-dynload -type f ! -name '_tkinter*' -exec ldd {} + |
    awk '$3 ~ /^\// { print $3 }' | sort -u | xargs readlink -f | sed 'p; s#^/usr##' |
    { xargs dpkg -S 2>/dev/null || true; } | cut -d: -f1 | sort -u | paste -sd,
}

debootstrap --variant=minbase --include="ca-certificates,$(libraries)" "$codename" "$root" >"$root.log" || { cat "$root.log" >&2; exit 1; }
rm -f "$root.log" "$root"/var/cache/apt/archives/*.deb
tar -C "$prefix" --exclude='site-packages/*' --exclude=__pycache__ --exclude='test' -c . | tar -C "$root/usr/local" -x
chown -R root:root "$root/usr/local"
chmod -R a+rX "$root/usr/local"
chroot "$root" ldconfig
chroot "$root" /usr/local/bin/python3.12 -c 'import ssl, sqlite3, ctypes, lzma, bz2, readline, venv, ensurepip'
# What this machine trusts, the image's builds trust.
cp --dereference /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"

container=$(buildah from scratch)
buildah add --quiet "$container" "$root" / >/dev/null
buildah config --env PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
buildah commit --quiet --rm "$container" "$name" >/dev/null
echo "$name"
