#!/bin/sh
# sh cmake/test.sh [--preset NAME] [--build DIR]
#
# From a fresh Debian 12 to test results. Installs the missing packages (or lists them and stops), configures, builds,
# and runs every test. Presets: ci (the default), clang, sanitize, threads, debug, default (CMakePresets.json). The last
# lines of the output are CTest's summary.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/cmake/packages.sh"

usage() {
  sed -n '2,6s/^# \{0,1\}//p' "$0"
}

preset=ci
build=
while [ $# -gt 0 ]; do
  case $1 in
    --preset | --build)
      if [ $# -lt 2 ]; then
        echo "test.sh: $1: expected a value" >&2
        exit 2
      fi
      if [ "$1" = --preset ]; then preset=$2; else build=$2; fi
      shift 2
      ;;
    --help | -h)
      usage
      exit 0
      ;;
    *)
      echo "test.sh: unknown option $1" >&2
      usage >&2
      exit 2
      ;;
  esac
done
if [ -z "$build" ]; then build=$root/build/$preset; fi
case $build in
  /*) ;;
  *) build=$PWD/$build ;;
esac

compiler=
if [ "$preset" = clang ]; then compiler=clang; fi
# shellcheck disable=SC2086  # may be empty
require_packages g++ cmake ninja-build libeigen3-dev nlohmann-json3-dev libstb-dev zlib1g-dev libjpeg62-turbo-dev \
  libpng-dev libwebp-dev libcli11-dev doctest-dev libbenchmark-dev dataset-fashion-mnist $compiler

wish_for_packages clang libclang-rt-14-dev python3 doxygen libpugixml-dev

cd "$root"
cmake --preset "$preset" -B "$build"
cmake --build "$build"
exec ctest --test-dir "$build" --output-on-failure --parallel "$(nproc)"
