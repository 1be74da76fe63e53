#!/bin/sh
# sh cmake/emoji_demo.sh [--text FOLDER] [--epochs N] [--output DIR]
#
# From a fresh Debian 12 to a CLIP of emoji: installs the missing packages (or lists them and stops), builds
# examples/emoji.cpp for this machine and runs it with the given options. The images are Debian's ruby-tanuki-emoji, the
# names those of unicode-cldr-core.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/cmake/packages.sh"

case ${1-} in
  --help | -h)
    sed -n '2,6s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
esac

require_packages g++ cmake ninja-build libeigen3-dev nlohmann-json3-dev libstb-dev zlib1g-dev libpng-dev libcli11-dev \
  libpugixml-dev ruby-tanuki-emoji unicode-cldr-core

(
  cd "$root"
  cmake --preset release
  cmake --build --preset release --target example_emoji
) >&2
exec "$root/build/release/examples/emoji" "$@"
