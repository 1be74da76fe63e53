#!/bin/sh
# sh bench/compile_time.sh [COMPILER] [INCLUDE_DIR]
#
# Measures the compilation of programs with a user's flags (-O2, no warnings, -march=native): elapsed seconds, CPU
# seconds and peak memory. Give another INCLUDE_DIR to compare with another version in one run. Needs GNU time (Debian:
# time).
#   include    clip/clip.hpp and an empty main
#   load       loads ViT-B/32 from any file
#   tokenize   a tokenizer and three texts
#   train      trains a model of custom size (examples/02_train_small.cpp)
#   encode     the README's program: loads, reads an image, tokenizes, encodes, prints probabilities
#   linked     the same with the kernels of clip::precompiled
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
compiler=${1:-g++}
include=${2:-$root/include}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/include.cpp" <<'END'
#include <clip/clip.hpp>
int main() {}
END
cat >"$work/load.cpp" <<'END'
#include <clip/clip.hpp>
int main(int, char** arguments) {
  clip::Model<clip::ViT_B_32> model;
  clip::load(model, arguments[1]);
}
END
cat >"$work/tokenize.cpp" <<'END'
#include <clip/clip.hpp>
int main(int, char** arguments) {
  clip::Tokenizer tokenizer(arguments[1]);
  return static_cast<int>(tokenizer({"a diagram", "a dog", "a cat"}).size());
}
END
cp "$root/examples/02_train_small.cpp" "$work/train.cpp"
cat >"$work/encode.cpp" <<'END'
#include <clip/clip.hpp>
#include <cstdio>
int main(int, char** arguments) {
  clip::Model<clip::ViT_B_32> model;
  clip::load(model, arguments[1]);
  clip::Tokenizer tokenizer(arguments[2]);
  auto pixels = clip::preprocess(model, clip::read_image(arguments[3]));
  auto p = clip::probabilities(model, pixels, tokenizer({"a diagram", "a dog", "a cat"}));
  for (float x : p[0]) std::printf("%.4f\n", x);
}
END
cp "$work/encode.cpp" "$work/linked.cpp"

eigen=$(pkg-config --cflags-only-I eigen3 2>/dev/null || echo -I/usr/include/eigen3)
printf '%-10s %10s %10s %10s\n' program seconds user 'peak MiB'
for program in include load tokenize train encode linked; do
  machine=-march=native
  if [ $program = linked ]; then machine=-DCLIP_WITH_PRECOMPILED=1; fi
  # shellcheck disable=SC2086  # $eigen may hold several flags
  /usr/bin/time -f '%e %U %M' -o "$work/cost" "$compiler" -std=c++20 -O2 $machine -I"$include" $eigen \
    -DCLIP_HAS_ZLIB=1 -w -c "$work/$program.cpp" -o "$work/$program.o" || continue
  read -r seconds processor kilobytes <"$work/cost"
  printf '%-10s %10s %10s %10s\n' "$program" "$seconds" "$processor" "$((kilobytes / 1024))"
done
