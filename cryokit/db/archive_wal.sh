#!/bin/sh
# PostgreSQL's archive_command: keep one finished WAL file. It removes its own copy only after this ended with 0.
#   archive_wal.sh SOURCE NAME ARCHIVE
set -eu
source=$1 name=$2 archive=$3

# Until the first backup there is nothing that WAL could be replayed on.
[ -d "$archive" ] || exit 0

checksum() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -c1-64
}

kept=$archive/$name
sum=$(checksum "$source")
# The checksum is written last: with it, the file is whole; it stays when the file is compressed later.
if [ -e "$kept.sha256" ]; then
  [ "$(cat "$kept.sha256")" = "$sum" ] && exit 0
  echo "archive: $kept is there with other contents; it is not overwritten" >&2
  exit 1
fi
cp "$source" "$kept.partial"
[ "$(checksum "$kept.partial")" = "$sum" ]
sync "$kept.partial"
mv "$kept.partial" "$kept"
echo "$sum" >"$kept.sha256.partial"
sync "$kept.sha256.partial"
mv "$kept.sha256.partial" "$kept.sha256"
sync "$archive"
