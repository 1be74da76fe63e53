#!/bin/sh
# sh tests/fuzz/run.sh [--seconds N] [--build DIR] [TARGET…]
#
# Fuzzes all parsers of untrusted bytes under the address and undefined-behaviour sanitizers, N seconds each (default:
# 300), two targets at a time, from the seeds of seeds.cpp: zip pickle safetensors config image npy bpe. Findings are
# stored next to the corpus and reported. Allocations of more than 600 MB are findings too. Exit status: 0 nothing
# found, 1 found, 77 skipped: no clang++ with libFuzzer.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
seconds=300
build=$root/build/fuzz
targets=
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    --help | -h) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "run.sh: unknown option $1" >&2; exit 2 ;;
    *) targets="$targets $1"; shift ;;
  esac
done
if [ -z "$targets" ]; then targets='zip pickle safetensors config image npy bpe'; fi

mkdir -p "$build"
echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }' >"$build/probe.cpp"
if ! clang++ -fsanitize=fuzzer,address "$build/probe.cpp" -o "$build/probe" 2>"$build/probe.log"; then
  echo 'skipped: no clang++ with libFuzzer (Debian: clang, libclang-rt-14-dev)'
  exit 77
fi

wanted=fuzz_seeds
for target in $targets; do wanted="$wanted fuzz_$target"; done
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=None -DCLIP_BUILD_FUZZ=ON \
  -DCLIP_BUILD_TESTS=OFF -DCLIP_BUILD_EXAMPLES=OFF -DCLIP_BUILD_BENCH=OFF -DCLIP_BUILD_TOOL=OFF >"$build/configure.log"
# shellcheck disable=SC2086  # a list of targets
cmake --build "$build" --target $wanted >"$build/build.log" || { tail -40 "$build/build.log"; exit 1; }
"$build/tests/fuzz/fuzz_seeds" "$build/seeds"

status=0
run() {
  mkdir -p "$build/corpus/$1"
  "$build/tests/fuzz/fuzz_$1" -max_total_time="$seconds" -max_len=65536 -timeout=20 -malloc_limit_mb=600 \
    -rss_limit_mb=3000 -print_final_stats=1 -artifact_prefix="$build/found-$1-" \
    "$build/corpus/$1" "$build/seeds/$1" >"$build/$1.log" 2>&1
}
finish() {
  if wait "$2"; then
    echo "$1: $(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$1.log") runs, nothing found"
  else
    echo "$1: FOUND, see $build/$1.log"
    grep -m1 -E 'ERROR|SUMMARY|runtime error' "$build/$1.log" || true
    status=1
  fi
}
# shellcheck disable=SC2086
set -- $targets
while [ $# -gt 0 ]; do
  run "$1" & first=$!
  if [ $# -gt 1 ]; then
    run "$2" & second=$!
    finish "$1" $first
    finish "$2" $second
    shift 2
  else
    finish "$1" $first
    shift
  fi
done
exit $status
