# Linear probes: what is printed and written, and what cannot be trained on.
. "$(dirname "$0")/lib.sh"

# npy TYPE SHAPE: the header of an array; its bytes follow.
npy() { printf '\223NUMPY\001\000\166\000%-117s\n' "{'descr': '$1', 'fortran_order': False, 'shape': $2, }"; }
one='\000\000\200\077' two='\000\000\000\100' zero='\000\000\000\000' nan='\000\000\300\177'
label0='\000\000\000\000\000\000\000\000' label7='\007\000\000\000\000\000\000\000'

# Four images, two classes: the first number tells them apart.
{ npy '<f4' '(4, 2)'; printf "$one$zero$two$one$zero$one$zero$zero"; } >features.npy
{ npy '<i8' '(4,)'; printf "$label7$label7$label0$label0"; } >labels.npy
{ npy '<i4' '(4,)'; printf '\007\000\000\000\007\000\000\000\000\000\000\000\000\000\000\000'; } >narrow.npy

expect 0 "$clip" probe --features features.npy --labels labels.npy --C 10 \
  --test-features features.npy --test-labels narrow.npy --output probe.safetensors
quiet
for name in objective iterations seconds; do prints "$name "; done
prints 'train_accuracy 1.0000'
grep -q '^accuracy 1.0000$' out || fail "no accuracy of the test images"
test -s probe.safetensors || fail "no probe.safetensors"
objective=$(grep '^objective' out)

expect 0 "$clip" probe --features features.npy --labels narrow.npy --C 10 --threads 1 --output probe.npz --json
prints '"converged": true'
prints '"classes": 2'
test -s probe.npz || fail "no probe.npz"
expect 0 "$clip" probe --features features.npy --labels narrow.npy --C 10
prints "$objective"
expect 0 "$clip" probe --features features.npy --labels labels.npy --max-iter 1 --tolerance 0
prints 'iterations 1 (not converged)'
expect 0 "$clip" probe --features features.npy --labels labels.npy --balanced --no-intercept

# What cannot be.
expect 2 "$clip" probe --features features.npy
expect 2 "$clip" probe --features features.npy --labels labels.npy --C 0
expect 2 "$clip" probe --features features.npy --labels labels.npy --test-features features.npy
expect 1 "$clip" probe --features labels.npy --labels labels.npy --output none.npz
says 'labels.npy: extents of the array: expected 2, found 1'
expect 1 "$clip" probe --features features.npy --labels features.npy --output none.npz
{ npy '<i8' '(3,)'; printf "$label7$label7$label0"; } >three.npy
expect 1 "$clip" probe --features features.npy --labels three.npy --output none.npz
says 'three.npy: labels: expected 4, found 3'
{ npy '<i8' '(4,)'; printf "$label7$label7$label7$label7"; } >same.npy
expect 1 "$clip" probe --features features.npy --labels same.npy --output none.npz
says 'classes: expected 2 or more, found 1'
{ npy '<f4' '(4, 2)'; printf "$one$zero$two$one$nan$one$zero$zero"; } >damaged.npy
expect 1 "$clip" probe --features damaged.npy --labels labels.npy --output none.npz
says 'features of sample 2: expected finite numbers, found nan'
absent none.npz
finish
