#!/bin/sh
# sh tests/packages/run.sh PACKAGES_SH FOLDER
#
# While another program holds one of apt's locks, apt_get of cmake/packages.sh waits and says so; after CLIP_APT_WAIT
# seconds it gives up. With the real apt-get, in a folder of its own. Status 77 (skipped) without apt-get or python3.
set -eu
command -v apt-get >/dev/null 2>&1 && command -v python3 >/dev/null 2>&1 || exit 77
# shellcheck source=cmake/packages.sh
. "$1"
folder=$2
rm -rf "$folder"
mkdir -p "$folder/var/lib/apt/lists/partial" "$folder/var/cache/apt/archives/partial" "$folder/var/lib/dpkg" \
  "$folder/etc/apt/sources.list.d" "$folder/etc/apt/apt.conf.d" "$folder/etc/apt/preferences.d" "$folder/etc/apt/trusted.gpg.d"
folder=$(cd "$folder" && pwd)
: >"$folder/var/lib/dpkg/status"
: >"$folder/etc/apt/sources.list"
printf 'Dir "%s"; Dir::State::status "%s/var/lib/dpkg/status"; Dir::Bin::methods "/usr/lib/apt/methods"; APT::Sandbox::User "";\n' \
  "$folder" "$folder" >"$folder/apt.conf"
APT_CONFIG=$folder/apt.conf
export APT_CONFIG
# shellcheck disable=SC2034  # apt_get reads it
as_root=
holder=
trap 'if [ -n "$holder" ]; then kill "$holder" 2>/dev/null || :; fi' EXIT

fail() {
  echo "$1:" >&2
  cat "$folder/output" >&2
  exit 1
}

# hold LOCK SECONDS: returns when the lock is held.
hold() {
  rm -f "$folder/held"
  python3 -c '
import fcntl, sys, time
file = open(sys.argv[1], "w")
fcntl.lockf(file, fcntl.LOCK_EX)
open(sys.argv[3], "w").close()
time.sleep(float(sys.argv[2]))' "$folder/var/$1" "$2" "$folder/held" &
  holder=$!
  while [ ! -e "$folder/held" ]; do sleep 0.1; done
}

# waits LOCK WORDS ARGUMENT…: apt-get succeeds when the lock is free again, and says before that it waits.
waits() {
  lock=$1 words=$2
  shift 2
  hold "$lock" 2
  apt_get "$@" >"$folder/output" 2>&1 || fail "apt-get $* failed while $lock was held"
  kill -0 "$holder" 2>/dev/null && fail "apt-get $* did not wait for $lock"
  grep -q "$words" "$folder/output" || fail "apt-get $* did not say that it waits for $lock"
  grep -q "var/$lock" "$folder/output" || fail "apt-get $* did not name $lock"
}

waits lib/apt/lists/lock 'another program uses apt; waiting up to' update
waits cache/apt/archives/lock 'another program uses apt; waiting up to' install -y
waits lib/dpkg/lock-frontend Waiting install -y

for lock in lib/apt/lists/lock lib/dpkg/lock-frontend; do
  hold "$lock" 30
  arguments=update
  if [ "$lock" = lib/dpkg/lock-frontend ]; then arguments='install -y'; fi
  # shellcheck disable=SC2086  # a list of words
  if CLIP_APT_WAIT=1 apt_get $arguments >"$folder/output" 2>&1; then fail "apt-get $arguments succeeded without $lock"; fi
  kill -0 "$holder" 2>/dev/null || fail "apt-get $arguments waited longer than it was told to"
  grep -q '^E: .* lock' "$folder/output" || fail "apt-get $arguments did not say why it failed"
  kill "$holder"
done

# An error that no waiting mends is reported at once.
if apt_get install -y no-such-package >"$folder/output" 2>&1; then fail "a package that does not exist was installed"; fi
grep -q 'Unable to locate package' "$folder/output" || fail "apt-get's error is missing"
