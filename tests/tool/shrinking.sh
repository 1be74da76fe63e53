# Files that other processes truncate or rewrite while they are in use: an error that names the file, or the result;
# never an end by SIGBUS.
. "$(dirname "$0")/lib.sh"

# tries N WHAT COMMAND…: every run ends with status 0, or with 1 and one sentence that names WHAT.
tries() {
  n=$1 what=$2
  shift 2
  command=$*
  while [ "$n" -gt 0 ]; do
    "$@" >out 2>err </dev/null
    found=$?
    if [ $found != 0 ]; then
      [ $found = 1 ] || fail "exit status 0 or 1 expected, $found found: $command"
      says "$what"
    fi
    n=$((n - 1))
  done
}

mkdir images
{ printf 'P6 600 400 255\n'; head -c 720000 /dev/zero; } >whole.ppm
i=10
while [ $i -lt 40 ]; do
  cp whole.ppm images/$i.ppm
  i=$((i + 1))
done
while :; do
  : >images/20.ppm
  cat whole.ppm >images/20.ppm
done &
writer=$!
tries 10 images/20.ppm "$clip" embed $tiny --images images --strict --output e.npy
kill $writer
wait $writer 2>/dev/null

cp tiny.safetensors weights.safetensors
while :; do
  head -c 3000 tiny.safetensors >weights.safetensors
  cat tiny.safetensors >weights.safetensors
done &
writer=$!
tries 30 weights.safetensors "$clip" embed --model tiny.json --weights weights.safetensors --images photos --output e.npy
kill $writer
wait $writer 2>/dev/null

# Truncated once, a little later each time.
i=0
while [ $i -lt 5 ]; do
  cat tiny.safetensors >weights.safetensors
  "$clip" embed --model tiny.json --weights weights.safetensors --images images images images --output e.npy >out 2>err &
  job=$!
  sleep 0.0$((i * 2 + 1))
  : >weights.safetensors
  wait $job
  found=$?
  case $found in
    0) ;;
    1) says weights.safetensors ;;
    *) fail "exit status 0 or 1 expected, $found found: weights truncated during embed" ;;
  esac
  i=$((i + 1))
done
finish
