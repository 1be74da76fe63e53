#!/bin/sh
# sh tests/fuzz/run.sh [--seconds N | --runs N] [--memory] [--build DIR] [TARGET…]
#
# Fuzzes all parsers of untrusted bytes under the address and undefined-behaviour sanitizers, or with --memory under the
# memory sanitizer (no byte is read before it is written; without zlib, libjpeg, libpng, libwebp; mutants of the seeds
# and of what the other sanitizers' runs found new), N seconds each (default: 300) or N mutants each, two targets at a
# time, from the seeds of seeds.cpp. Targets: zip pickle safetensors config npy bpe lists vocabulary sentencepiece
# folder packed json shards, and the formats of images: png jpeg bmp gif tga pnm webp.
# Findings are stored next to the corpus and reported. Allocations of more than 600 MB are findings too. Exit status: 0
# nothing found, 1 found, 77 skipped: no clang++ with libFuzzer.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
limit=-max_total_time=300
sanitizer=address,undefined
build=
targets=
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) limit=-max_total_time=$2; shift 2 ;;
    --runs) limit=-runs=$2; shift 2 ;;
    --memory) sanitizer=memory; shift ;;
    --build) build=$2; shift 2 ;;
    --help | -h) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "run.sh: unknown option $1" >&2; exit 2 ;;
    *) targets="$targets $1"; shift ;;
  esac
done
images='png jpeg bmp gif tga pnm'
without=
if [ $sanitizer = memory ]; then
  without='-DCLIP_WITH_ZLIB=OFF -DCLIP_WITH_JPEG=OFF -DCLIP_WITH_PNG=OFF -DCLIP_WITH_WEBP=OFF'
  build=${build:-$root/build/fuzz-memory}
else
  images="$images webp"
  build=${build:-$root/build/fuzz}
fi
targets=${targets:-zip pickle safetensors config npy bpe lists vocabulary sentencepiece folder packed json shards $images}

mkdir -p "$build"
# A program that reads a byte before it is written: the memory sanitizer, and it alone, must stop it.
cat >"$build/probe.cpp" <<'PROBE'
extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) {
  volatile int* const unwritten = new int[4];
  volatile int odd = 0;
  if (unwritten[1] % 2 != 0) odd = 1;  // a branch: the sanitizer reports no selection
  delete[] unwritten;
  return odd - odd;
}
#ifdef PROBE_MAIN
int main() { LLVMFuzzerTestOneInput(nullptr, 0); }
#endif
PROBE
flags=-fsanitize=fuzzer,$sanitizer
[ $sanitizer != memory ] || flags='-fsanitize=memory -DPROBE_MAIN'
# shellcheck disable=SC2086  # a list of options
if ! clang++ $flags "$build/probe.cpp" -o "$build/probe" 2>"$build/probe.log"; then
  echo 'skipped: no clang++ with libFuzzer (Debian: clang, libclang-rt-14-dev)'
  exit 77
fi
if [ $sanitizer = memory ] && "$build/probe" 2>"$build/probe.log"; then
  echo 'run.sh: the memory sanitizer does not find a byte that was not written' >&2
  exit 1
fi

# shellcheck disable=SC2086  # a list of options
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=None -DCLIP_BUILD_FUZZ=ON \
  -DCLIP_FUZZ_SANITIZER=$sanitizer $without -DCLIP_BUILD_PRECOMPILED=OFF \
  -DCLIP_BUILD_TESTS=OFF -DCLIP_BUILD_EXAMPLES=OFF -DCLIP_BUILD_BENCH=OFF -DCLIP_BUILD_TOOL=OFF >"$build/configure.log"
cmake --build "$build" --target fuzz_all fuzz_seeds >"$build/build.log" || { tail -40 "$build/build.log"; exit 1; }
"$build/tests/fuzz/fuzz_seeds" "$build/seeds"

# Targets that open files write them to memory where the system has such a folder.
CLIP_FUZZ_SCRATCH=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
CLIP_FUZZ_WEIGHTS=$build/seeds/safetensors/huggingface.safetensors
export CLIP_FUZZ_SCRATCH CLIP_FUZZ_WEIGHTS
trap 'rm -rf "$CLIP_FUZZ_SCRATCH"' EXIT
trap 'exit 130' INT TERM

found_new=$build/corpus
[ $sanitizer != memory ] || found_new=$root/build/fuzz/corpus
status=0
run() {
  mkdir -p "$found_new/$1"
  case $1 in png | jpeg | bmp | gif | tga | pnm | webp) CLIP_FUZZ_TARGET=image ;; *) CLIP_FUZZ_TARGET=$1 ;; esac
  export CLIP_FUZZ_TARGET
  "$build/tests/fuzz/fuzz_all" "$limit" -max_len=65536 -timeout=20 -malloc_limit_mb=600 \
    -rss_limit_mb=3000 -print_final_stats=1 -artifact_prefix="$build/found-$1-" \
    "$found_new/$1" "$build/seeds/$1" >"$build/$1.log" 2>&1
}
finish() {
  if wait "$2"; then
    echo "$1: $(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$1.log") runs, nothing found"
  else
    echo "$1: FOUND, see $build/$1.log"
    grep -m1 -E 'ERROR|SUMMARY|WARNING|runtime error' "$build/$1.log" || true
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
