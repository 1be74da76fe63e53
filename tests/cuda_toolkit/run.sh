#!/bin/sh
# run.sh NVCC CXX SOURCE_DIR WORK ARCHITECTURES: builds clip::cuda with nvcc for a list of architectures, warnings being
# errors; checks that no kernel spills registers or has a stack frame; installs it; builds a project that links the
# installed package, with a function of its own and another instruction set, and runs it: without a device it says so.
# Exit status 77 (skipped) without nvcc.
set -eu
nvcc=$1 cxx=$2 source=$3 work=$4 architectures=$5
if [ ! -x "$nvcc" ]; then
  echo "skipped: cuda_toolkit: nvcc is not installed"
  exit 77
fi

configure() {
  cmake -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_CUDA_COMPILER="$nvcc" \
    -DCMAKE_CUDA_HOST_COMPILER="$cxx" -DCMAKE_CUDA_ARCHITECTURES="$architectures" \
    "-DCMAKE_CUDA_FLAGS=-Werror all-warnings -Xcompiler -Wall,-Wextra,-Werror -Xptxas -v" "$@" > "$work/configure.log" ||
    { cat "$work/configure.log"; exit 1; }
}

rm -rf "$work"
mkdir -p "$work"
configure -S "$source" -B "$work/build" -DCLIP_WITH_CUDA=ON -DCLIP_BUILD_TESTS=OFF -DCLIP_BUILD_EXAMPLES=OFF \
  -DCLIP_BUILD_TOOL=OFF -DCLIP_BUILD_BENCH=OFF -DCLIP_BUILD_PRECOMPILED=OFF
cmake --build "$work/build" > "$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }

kernels=$(grep -c "bytes stack frame" "$work/build.log" || true)
if [ "$kernels" -eq 0 ]; then
  echo "ptxas has reported on no kernel"
  exit 1
fi
if grep "bytes stack frame" "$work/build.log" | grep -v "^ *0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads"; then
  echo "a kernel spills registers or has a stack frame; its name is in $work/build.log"
  exit 1
fi
echo "$kernels kernels for $architectures: no spill, no stack frame"

cmake --install "$work/build" --prefix "$work/installed" > "$work/install.log"
configure -S "$source/tests/consumer_cuda" -B "$work/consumer" -DCMAKE_PREFIX_PATH="$work/installed"
cmake --build "$work/consumer" > "$work/consumer.log" 2>&1 || { cat "$work/consumer.log"; exit 1; }
"$work/consumer/consumer"
"$work/consumer/consumer_of_known"
