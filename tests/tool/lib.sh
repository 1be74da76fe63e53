# Sourced by the scripts beside it:   NAME.sh CLIP FIXTURE PEAK
# They run in a folder of their own that holds copies of the fixture's files; finish gives the verdict.
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

# expect STATUS COMMAND…: its output is left in out, its complaints in err.
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
prints() { grep -qF -- "$1" out || { fail "\"$1\" is not printed by: $command"; sed 's/^/  /' out; }; }
says() { grep -qF -- "$1" err || { fail "\"$1\" is not said by: $command"; sed 's/^/  /' err; }; }
# One line and no more on standard error.
says_one_line() { [ "$(wc -l <err)" = 1 ] || { fail "one line on standard error expected from: $command"; sed 's/^/  /' err; }; }
quiet() { [ ! -s err ] || { fail "said something: $command"; sed 's/^/  /' err; }; }
prints_nothing() { [ ! -s out ] || fail "printed something: $command"; }
same() { cmp -s "$1" "$2" || fail "$1 and $2 differ"; }
# No file of that name, and nothing half-written beside it.
absent() { [ ! -e "$1" ] && [ ! -e "$(dirname "$1")/.$(basename "$1").partial" ] || fail "$1 was left by: $command"; }

skip() {
  echo "skipped: $*"
  exit 77
}
finish() {
  exit $failed
}
