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
if [ -e "$kept.sha256" ]; then
  known=$(cat "$kept.sha256")
elif [ -e "$kept" ]; then
  known=$(checksum "$kept")
else
  known=$sum
fi
if [ "$known" != "$sum" ]; then
  echo "archive: $kept is there with other contents; it is not overwritten" >&2
  exit 1
fi
# The file is on the disk, but has no name, before its checksum has one: after a crash anywhere the server asks again,
# and no file is ever without the checksum by which another one of its name is refused.
is_there=
for path in "$kept" "$kept.zst" "$kept.zst.age"; do
  if [ -e "$path" ]; then is_there=yes; fi
done
if [ -z "$is_there" ]; then
  cp "$source" "$kept.partial"
  [ "$(checksum "$kept.partial")" = "$sum" ]
  sync "$kept.partial"
fi
if [ ! -e "$kept.sha256" ]; then
  echo "$sum" >"$kept.sha256.partial"
  sync "$kept.sha256.partial"
  mv "$kept.sha256.partial" "$kept.sha256"
  sync "$archive"
fi
[ -n "$is_there" ] || mv "$kept.partial" "$kept"
sync "$archive"
