# `clip compare`: reports the effect of reduced-precision weights on the given images.
. "$(dirname "$0")/lib.sh"

words='--labels labels.txt --vocabulary bpe.txt'
for dtype in f16 bf16 int8; do
  expect 0 "$clip" compare $tiny --images photos --dtype $dtype --json $words
  quiet_but 'int8 weights are slower'
  prints '"images": 8'
  prints "\"dtype\": \"$dtype\""
  prints '"top1_agreement": '
  prints '"failures": []'
  tr ',' '\n' <out | awk -F : '/"cosine_mean"/ { mean = $2 } /"cosine_min"/ { least = $2 } /"f32"/ { rate = $NF }
    END { exit !(mean > 0.99 && mean <= 1.000001 && least > 0.99 && least <= mean && rate > 0) }' ||
    fail "implausible numbers: $(cat out)"
done
expect 0 "$clip" compare $tiny --images photos/0.ppm photos/1.ppm --dtype bf16 $words --threads 2
prints 'images   2'
prints 'cosine   mean 0.9999'
prints 'speed    f32 '
prints '2 at a time'
prints 'top-1    '
expect 0 "$clip" compare $tiny --images photos --dtype f16
prints 'images   8'
grep -q top-1 out && fail 'top-1 reported without labels'

expect 0 "$clip" compare --model residual.json --weights residual.safetensors --images photos --dtype bf16
prints 'images   8'

mkdir mixed
cp photos/0.ppm mixed/a.ppm
echo 'not an image' >mixed/b.jpg
expect 0 "$clip" compare $tiny --images mixed --dtype bf16 --json
says 'mixed/b.jpg: '
says '1 of 2 images could not be read'
prints '"images": 1'
prints '"cosine_min_path": "mixed/a.ppm"'
expect 1 "$clip" compare $tiny --images mixed --dtype bf16 --strict
expect 1 "$clip" compare $tiny --images mixed/b.jpg --dtype bf16
prints_nothing

expect 2 "$clip" compare $tiny --images photos
says --dtype
expect 2 "$clip" compare $tiny --images photos --dtype f32
says '--dtype: f32 is the reference'
says_one_line
expect 2 "$clip" compare $tiny --dtype bf16
says --images
expect 2 "$clip" compare $tiny --images photos --dtype bf16 --labels labels.txt
says --vocabulary
expect 1 "$clip" compare $tiny --images none --dtype bf16
says 'none: no such file'
finish
