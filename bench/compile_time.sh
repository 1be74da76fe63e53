#!/bin/sh
# sh bench/compile_time.sh [COMPILER]
#
# Measures the compilation of three programs with a user's flags (-O2, no warnings, -march=native): elapsed seconds, CPU
# seconds and peak memory. Needs GNU time (Debian: time).
#   include   clip/clip.hpp and an empty main
#   encode    loads ViT-B/32, encodes an image and three texts
#   train     trains a model of custom size
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
compiler=${1:-g++}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/include.cpp" <<'END'
#include <clip/clip.hpp>
int main() {}
END

cat >"$work/encode.cpp" <<'END'
#include <clip/clip.hpp>
#include <cstdio>
int main(int, char** arguments) {
  clip::Model<clip::ViT_B_32> model;
  clip::load(model, arguments[1]);
  clip::Tokenizer tokenizer(arguments[2]);
  auto p = clip::probabilities(model, clip::preprocess(model, clip::read_image(arguments[3])), tokenizer({"a diagram", "a dog", "a cat"}));
  for (float x : p[0]) std::printf("%.4f\n", x);
}
END
cp "$root/examples/02_train_small.cpp" "$work/train.cpp"

eigen=$(pkg-config --cflags-only-I eigen3 2>/dev/null || echo -I/usr/include/eigen3)
printf '%-10s %10s %10s %10s\n' program seconds user 'peak MiB'
for program in include encode train; do
  # shellcheck disable=SC2086  # several words
  /usr/bin/time -f '%e %U %M' -o "$work/cost" "$compiler" -std=c++20 -O2 -march=native -I"$root/include" $eigen -DCLIP_HAS_ZLIB=1 -c "$work/$program.cpp" -o "$work/$program.o"
  read -r seconds processor kilobytes <"$work/cost"
  # shellcheck disable=SC2086  # $eigen may hold several flags
  /usr/bin/time -f '%e %U %M' -o "$work/cost" "$compiler" -std=c++20 -O2 -march=native -I"$root/include" $eigen \
    -DCLIP_HAS_ZLIB=1 -c "$work/$program.cpp" -o "$work/$program.o"
done
