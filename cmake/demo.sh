#!/bin/sh
# sh cmake/demo.sh [--seed N] [--threads N] [--output DIR]
#
# From a fresh Debian 12 to a trained CLIP. Installs the missing packages (or lists them and stops), builds
# examples/fashion_mnist.cpp for this machine and runs it with the given options.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/cmake/packages.sh"

case ${1-} in
  --help | -h)
    sed -n '2,5s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
esac

require_packages g++ cmake ninja-build libeigen3-dev nlohmann-json3-dev libstb-dev zlib1g-dev dataset-fashion-mnist

# Keep the caller's working directory: --output is relative to it.
(
  cd "$root"
  cmake --preset release
  cmake --build --preset release --target example_fashion_mnist
) >&2
exec "$root/build/release/examples/fashion_mnist" "$@"
