#!/bin/sh
# sh cmake/few_shot_demo.sh
#
# From a fresh Debian 12 to a few-shot experiment: trains a small CLIP on eight of Fashion-MNIST's ten classes, then
# teaches it all ten by 1 to 16 images of each, with six methods and three seeds. Installs the missing packages (or lists
# them and stops). Writes fashion-mnist-output and few-shot-output, with table.md and chart.svg, to the current folder;
# called again, it goes on where it stopped.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/cmake/packages.sh"

case ${1-} in
  --help | -h)
    sed -n '2,7s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
esac

require_packages g++ cmake ninja-build libeigen3-dev nlohmann-json3-dev libstb-dev zlib1g-dev libcli11-dev \
  dataset-fashion-mnist

(
  cd "$root"
  cmake --preset release
  cmake --build --preset release --target example_fashion_mnist clip_tool
) >&2
"$root/build/release/examples/fashion_mnist" --without 5,8 --resume
exec "$root/build/release/examples/clip/clip" fewshot "$root/examples/fashion_mnist/few_shot.json" \
  --output few-shot-output
