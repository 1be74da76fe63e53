#!/bin/sh
# sh cmake/cifar_demo.sh FOLDER [--epochs N] [--output DIR] [OPTIONS]
#
# From a fresh Debian 12 to a CLIP of CIFAR-10: installs the missing packages (or lists them and stops), builds
# examples/cifar10.cpp for this machine and runs it with the given options. FOLDER has CIFAR-10's images as files,
# class/0000.jpg, in train.zip or in the folder train, and in test.zip or test if there is a test part. Nothing is
# downloaded.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/cmake/packages.sh"

case ${1-} in
  '' | --help | -h)
    sed -n '2,7s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
esac

require_packages g++ cmake ninja-build libeigen3-dev nlohmann-json3-dev libstb-dev zlib1g-dev libjpeg-dev libcli11-dev

(
  cd "$root"
  cmake --preset release
  cmake --build --preset release --target example_cifar10
) >&2
exec "$root/build/release/examples/cifar10" "$@"
