# Learned prompts: what is printed and written, and what cannot be learned from.
. "$(dirname "$0")/lib.sh"
words='--vocabulary bpe.txt'

# Two classes of images, one with a space in its name.
mkdir -p train/dog train/the_band test/dog
cp photos/0.ppm photos/1.ppm photos/2.ppm train/dog
cp photos/3.ppm photos/4.ppm photos/5.ppm train/the_band
cp photos/6.ppm test/dog

expect 0 "$clip" prompt $tiny $words --images train --shots 2 --context 4 --epochs 3 --output one.safetensors
quiet
for name in loss seconds train_accuracy; do prints "$name "; done
for line in 'classes 2' 'images 4' 'context 4' 'epochs 3'; do
  grep -qx "$line" out || fail "$line expected from: $command"
done
grep -q '^accuracy' out && fail "an accuracy without test images"
expect 0 "$clip" prompt $tiny $words --images train --shots 2 --context 4 --epochs 3 --output two.safetensors \
  --test-images test --json
prints '"accuracy": '
prints '"failures": []'
same one.safetensors two.safetensors
expect 0 "$clip" prompt $tiny $words --images train --shots 2 --context 4 --epochs 3 --seed 2 --output two.safetensors
cmp -s one.safetensors two.safetensors && fail "another seed gave the same prompt"
expect 0 "$clip" inspect one.safetensors

# Every placement, a context per class, words; the names of the folders are labels.
for place in end middle front; do
  expect 0 "$clip" prompt $tiny $words --images train --init 'a the' --place $place --per-class --epochs 1 \
    --output $place.safetensors
  prints 'context 2'
  grep -q '"place":"'$place'"' $place.safetensors || fail "no place in $place.safetensors"
  grep -q 'the band' $place.safetensors || fail "no labels in $place.safetensors"
done

# Stored features instead of images: the eight photos.
{ printf '\223NUMPY\001\000\166\000%-117s\n' "{'descr': '<i4', 'fortran_order': False, 'shape': (8,), }"
  printf '\000\000\000\000\001\000\000\000\000\000\000\000\001\000\000\000\000\000\000\000\001\000\000\000\000\000\000\000\001\000\000\000'
} >labels.npy
stored="--features images.npy --labels labels.npy --classes dog,cat"
expect 0 "$clip" prompt $tiny $words $stored --epochs 2 --test-features images.npy --test-labels labels.npy
quiet
prints 'images 8'
grep train_accuracy out | sed 's/train_//' >trained
grep '^accuracy' out | cmp -s - trained || fail "other accuracies of the same images"
expect 0 "$clip" prompt $tiny $words $stored --shots 1 --epochs 1
prints 'images 2'

# An image that cannot be read is left out.
echo broken >train/dog/3.ppm
expect 0 "$clip" prompt $tiny $words --images train --context 4 --epochs 1
says 'train/dog/3.ppm'
says '1 of 7 images could not be read'
expect 1 "$clip" prompt $tiny $words --images train --context 4 --epochs 1 --strict
rm train/dog/3.ppm

# What cannot be.
expect 2 "$clip" prompt $tiny $words
says '--images or --features is required'
expect 2 "$clip" prompt $tiny $words --images train --features images.npy --labels labels.npy --classes a,b
expect 2 "$clip" prompt $tiny $words --features images.npy --labels labels.npy
expect 2 "$clip" prompt $tiny $words --images train --place behind
expect 2 "$clip" prompt $tiny $words --images train --shots 0
refused() {
  expect 1 "$clip" prompt $tiny $words "$@" --output none.safetensors
  says_one_line
  absent none.safetensors
}
refused --images train --shots 4
says 'class "dog": images: expected 4 or more, found 3'
refused --images photos/inner
says 'folders of classes: expected 1 or more, found 0'
refused --images train --test-images .
says 'folders of classes: expected those of --images'
refused --images train --context 22
says 'context vectors: expected 1 to 21, found 22'
refused --images train --context 21
says ': tokens of the prompt, with 21 context vectors: expected at most 24, found more'
refused --features images.npy --labels labels.npy --classes dog,dog
says 'name of class 1: expected another than that of class 0'
echo dog >one.txt
refused --features images.npy --labels labels.npy --classes one.txt
says 'labels, places in --classes: expected 0 to 0, found 1'
refused --features images.npy --labels labels.npy --classes a,b,c
says 'class "c": images: expected 1 or more, found 0'
{ head -c 128 images.npy; printf '\000\000\300\177'; tail -c +133 images.npy; } >damaged.npy
refused --features damaged.npy --labels labels.npy --classes dog,cat
says 'damaged.npy: feature vector 0 is not finite'
expect 1 "$clip" prompt $tiny $words $stored --output nowhere/none.safetensors
says 'nowhere'
finish
