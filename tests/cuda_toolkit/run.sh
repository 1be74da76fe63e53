#!/bin/sh
# run.sh NVCC CXX SOURCE_DIR WORK FLAGS…: compiles the launch functions of the CUDA backend with nvcc, warnings being
# errors; checks that no kernel spills registers or has a stack frame; links a program that the host compiler made, with
# another instruction set, and runs it: without a device it says so. Exit status 77 (skipped) without nvcc.
set -eu
nvcc=$1 cxx=$2 source=$3 work=$4
shift 4
if [ ! -x "$nvcc" ]; then
  echo "skipped: cuda_toolkit: nvcc is not installed"
  exit 77
fi
mkdir -p "$work"

objects=
for unit in core convolving fusing runtime own_function; do
  from=$source/cuda/$unit.cu
  [ -f "$from" ] || from=$source/tests/cuda_toolkit/$unit.cu
  "$nvcc" -std=c++20 --extended-lambda -Werror all-warnings -Xcompiler -Wall,-Wextra,-Werror -I"$source/include" \
    -I"$source/tests" -gencode arch=compute_80,code=sm_80 -gencode arch=compute_90,code=sm_90 \
    -gencode arch=compute_90,code=compute_90 -Xptxas -v -c "$from" -o "$work/$unit.o" 2> "$work/$unit.log" || {
    cat "$work/$unit.log"
    exit 1
  }
  objects="$objects $work/$unit.o"
done

kernels=$(cat "$work"/*.log | grep -c "bytes stack frame" || true)
if [ "$kernels" -eq 0 ]; then
  echo "ptxas has reported on no kernel"
  exit 1
fi
if grep -h "bytes stack frame" "$work"/*.log | grep -v "^ *0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads"; then
  echo "a kernel spills registers or has a stack frame; its name is in $work/*.log"
  exit 1
fi
echo "$kernels kernels: no spill, no stack frame"

"$cxx" "$@" -O1 -march=native -I"$source/tests" -c "$source/tests/cuda_toolkit/main.cpp" -o "$work/main.o"
# shellcheck disable=SC2086  # one word per object
"$nvcc" "$work/main.o" $objects -lpthread -o "$work/main"
"$work/main"
