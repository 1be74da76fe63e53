#!/bin/sh
# cifar10.sh PROGRAM SCRATCH: the CIFAR-10 demo on 120 small images of its ten classes: what it writes, a run that goes on
# where another ended, and folders that it refuses.
set -eu
program=$1 scratch=$2

fail() {
  echo "cifar10.sh: $1" >&2
  exit 1
}

rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch"
number=0
for class in airplane automobile bird cat deer dog frog horse ship truck; do
  mkdir -p "data/train/$class"
  for image in 01 02 03 04 05 06 07 08 09 10 11 12; do
    number=$((number + 1))
    { printf 'P6 32 32 255\n'; awk -v seed="$number" 'BEGIN { for (i = 0; i < 3072; ++i) printf "%c", 33 + (i * seed + seed) % 90 }'; } \
      >"data/train/$class/$image.ppm"
  done
done

run() {
  "$program" data --threads 1 --batch 16 "$@" 2>log >out || { cat log >&2; fail "exit status 0 expected of: $*"; }
}

# 120 images: 2 of each class are the test, 1 is for validation, 9 are trained on.
run --epochs 2 --output whole --record 1
grep -q '^90 images to train, 10 to validate, 20 to test (held out of the training file)' log || fail "sizes of the parts"
grep -q 'zero-shot, 18 templates' out || fail "no table"
for file in cifar10.safetensors merges.txt results.json log.csv loss.svg accuracy.svg confusion.svg images.svg \
  record/initial.safetensors record/batch-000000.npz record/validation.npz record/run.json; do
  [ -s "whole/$file" ] || fail "$file was not written"
done
[ ! -e whole/record/batch-000001.npz ] || fail "one batch expected in the record"
[ "$(wc -l <whole/log.csv)" -eq 11 ] || fail "log.csv: a header and 10 steps expected"

# A checkpoint that is complete is not trained again, and gives the same weights.
cp -r whole again
run --epochs 2 --output again --resume
grep -q '^epoch' log && fail "a complete run was trained again"
cmp whole/cifar10.safetensors again/cifar10.safetensors || fail "other weights after --resume"

refused() {  # MESSAGE ARGUMENTS…
  expected=$1
  shift
  if "$program" "$@" --output refused >out 2>log; then fail "an error expected: $expected"; fi
  grep -q "$expected" log || { cat log >&2; fail "expected: $expected"; }
}
mkdir -p empty
refused 'expected train.zip, or a folder train' empty
cp -r data fewer
rm -r fewer/train/truck
refused 'the ten classes of CIFAR-10' fewer
rm data/train/cat/0[1-3].ppm
refused 'images of cat: expected 10 or more, found 9' data
