#!/bin/sh
# run.sh NVCC SOURCE INCLUDE: checks that SOURCE compiles with nvcc. Exit status 77 (skipped) without nvcc.
set -eu
if [ ! -x "$1" ]; then
  echo "skipped: three_compilers: nvcc is not installed"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$1" -std=c++20 -I"$3" -c "$2" -o "$work/faces.o"
