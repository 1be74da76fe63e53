# Sourced by the scripts of this folder, which are called as NAME.sh CLIP FIXTURE PEAK.
# Each script runs in a temporary copy of the fixture folder. finish ends it with the exit status of the test.
set -u
clip=$1 fixture=$2 peak=$3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 129' HUP INT TERM
cp -R "$fixture"/. "$scratch" && cd "$scratch" || exit 1
tiny='--model tiny.json --weights tiny.safetensors'
failed=0

fail() {
  echo "FAILED: $*"
  failed=1
}

# expect STATUS COMMAND…: runs the command and checks its exit status. Its standard output
# goes to `out`, its standard error to `err`.
expect() {
  wanted=$1
  shift
  command=$*
  "$@" >out 2>err </dev/null
  found=$?
  if [ "$found" != "$wanted" ]; then
    fail "exit status $wanted expected, $found found: $command"
    sed 's/^/  /' err
  fi
}
# prints TEXT: standard output contains TEXT. says TEXT: standard error contains TEXT.
prints() { grep -qF -- "$1" out || { fail "\"$1\" expected on standard output of: $command"; sed 's/^/  /' out; }; }
says() { grep -qF -- "$1" err || { fail "\"$1\" expected on standard error of: $command"; sed 's/^/  /' err; }; }
says_one_line() {
  [ "$(wc -l <err)" = 1 ] || { fail "one line on standard error expected from: $command"; sed 's/^/  /' err; }
}
quiet() { [ ! -s err ] || { fail "no standard error expected from: $command"; sed 's/^/  /' err; }; }
# quiet_but TEXT: standard error has lines with TEXT at most.
quiet_but() {
  grep -vF -- "$1" err >other
  [ ! -s other ] || { fail "nothing but \"$1\" expected on standard error of: $command"; sed 's/^/  /' err; }
}
prints_nothing() { [ ! -s out ] || fail "no standard output expected from: $command"; }
same() { cmp -s "$1" "$2" || fail "$1 and $2 differ"; }
# absent FILE: neither FILE nor a partial file of it exists.
absent() { [ ! -e "$1" ] && [ ! -e "$(dirname "$1")/.$(basename "$1").partial" ] || fail "$1 was left by: $command"; }

skip() {
  echo "skipped: $*"
  exit 77
}
finish() {
  exit $failed
}
