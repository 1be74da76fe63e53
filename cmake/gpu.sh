#!/bin/sh
# sh cmake/gpu.sh check [--build DIR]
#
# Everything that wants a CUDA device, in one run of minutes: builds clip::cuda and its tests for the device, runs the op list,
# gradients, towers and reference numbers, compares the bits of two runs, runs compute-sanitizer over the op list, and prints the
# first figures beside PyTorch's. A step that cannot run here says why. Without a device the build is the check. Exit status: 1 if a
# step failed, 77 if one was skipped, otherwise 0.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)

usage() {
  sed -n '2,7s/^# \{0,1\}//p' "$0"
}

build=$root/build/gpu
if [ "${1-}" != check ]; then
  usage
  [ "${1-}" = --help ] && exit 0
  exit 2
fi
shift
while [ $# -gt 0 ]; do
  case $1 in
    --build)
      if [ $# -lt 2 ]; then
        echo "gpu.sh: --build: expected a value" >&2
        exit 2
      fi
      build=$2
      shift 2
      ;;
    *)
      echo "gpu.sh: unknown option $1" >&2
      exit 2
      ;;
  esac
done
mkdir -p "$build" || exit 1
begin=$(date +%s)
failed=0 skipped=0

say() {
  printf '[%3d s] %s\n' "$(($(date +%s) - begin))" "$*"
}
skip() {
  skipped=1
  say "skipped: $*"
}
# step NAME COMMAND…: runs the command, and prints its output where it fails. Status 77: the command has skipped itself.
step() {
  name=$1
  shift
  "$@" > "$build/step.log" 2>&1
  status=$?
  case $status in
    0) say "passed: $name" ;;
    77) skip "$name: $(tail -1 "$build/step.log")" ;;
    *)
      failed=1
      say "FAILED: $name"
      tail -60 "$build/step.log"
      ;;
  esac
  return $status
}

nvcc=$(command -v nvcc || ls /usr/local/cuda/bin/nvcc 2> /dev/null || true)
if [ -z "$nvcc" ]; then
  skip "everything: nvcc is not installed"
  exit 77
fi
device=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2> /dev/null | head -1 | tr -d .)
if [ -n "$device" ]; then architecture=$device-real; else architecture=90-real; fi

step "configuration for $architecture" cmake -G Ninja -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DCLIP_WITH_CUDA=ON \
  -DCMAKE_CUDA_COMPILER="$nvcc" -DCMAKE_CUDA_ARCHITECTURES="$architecture" -DCLIP_BUILD_EXAMPLES=OFF -DCLIP_BUILD_TOOL=OFF \
  -DCLIP_BUILD_BENCH=OFF -DCLIP_BUILD_PRECOMPILED=OFF || exit 1
step "build" cmake --build "$build" --target cuda_device_tests cuda_device_bits cuda_device_figures || exit 1
tests=$build/tests/cuda_device

step "op list, primitives, attention, towers, reference numbers, zero allocations" "$tests/cuda_device_tests"

step "training, once" "$tests/cuda_device_bits" && cp "$build/step.log" "$build/bits.txt" &&
  step "training, again" "$tests/cuda_device_bits" && {
  if cmp -s "$build/step.log" "$build/bits.txt"; then say "passed: the same bits twice"; else
    failed=1
    say "FAILED: the same bits twice"
    diff "$build/step.log" "$build/bits.txt"
  fi
}

sanitizer=$(command -v compute-sanitizer || ls /usr/local/cuda/bin/compute-sanitizer 2> /dev/null || true)
for check in memcheck racecheck; do
  if [ -z "$sanitizer" ]; then skip "$check of the op list: compute-sanitizer is not installed"
  elif [ -z "$device" ]; then skip "$check of the op list: no device"
  else
    step "$check of the op list" "$sanitizer" --tool "$check" --error-exitcode 9 "$tests/cuda_device_tests" "--test-case=*of every op*float*"
  fi
done

step "figures" "$tests/cuda_device_figures" && cat "$build/step.log"
python=$(command -v python3 || true)
if [ -z "$python" ]; then skip "figures of PyTorch: python3 is not installed"
else step "figures of PyTorch" "$python" "$root/bench/cuda/figures.py" && cat "$build/step.log"; fi

say "done: $([ $failed = 0 ] && echo "nothing failed" || echo "see above")$([ $skipped = 1 ] && echo ", some steps were skipped")"
[ $failed = 1 ] && exit 1
[ $skipped = 1 ] && exit 77
exit 0
