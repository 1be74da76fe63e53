# Results equal the library's, for any batch size and number of threads.
. "$(dirname "$0")/lib.sh"

for how in '--batch 1 --threads 1' '--batch 3 --threads 2' '--batch 100'; do
  expect 0 "$clip" embed $tiny --images photos --output e.npy $how
  quiet
  same e.npy images.npy
done
expect 0 "$clip" embed $tiny --texts labels.txt --vocabulary bpe.txt --output t.npy
same t.npy texts.npy
expect 0 "$clip" embed $tiny --images photos --flat --output e.npy --json
prints '"rows": 7'
expect 0 "$clip" embed --model residual.json --weights residual.safetensors --images photos --output r.npy
expect 0 "$clip" embed $tiny --images photos --normalize --output n.npy
for dtype in f16 bf16; do
  expect 0 "$clip" embed $tiny --images photos --dtype $dtype --output h.npy
  cmp -s h.npy images.npy && fail "$dtype has no effect"
done

# The probabilities of all labels sum to one and are in descending order.
expect 0 "$clip" classify $tiny --vocabulary bpe.txt --labels labels.txt --templates templates.txt photos
quiet
[ "$(wc -l <out)" = 24 ] || fail 'three lines for each of eight images expected'
awk -F '\t' '{ sum[$1] += $2; if (($1 in last) && $2 > last[$1]) exit 1; last[$1] = $2 }
  END { for (i in sum) if (sum[i] < 0.9998 || sum[i] > 1.0002) exit 1 }' out ||
  fail 'probabilities do not sum to one, or are not in order'
expect 0 "$clip" classify $tiny --vocabulary bpe.txt --labels labels.txt --top 1 --json photos/3.ppm
prints '"path":"photos/3.ppm"'
prints '"probability":0.'

# A weight that is not finite: an error that names it.
cp tiny.safetensors nan.safetensors
printf '\000\000\300\177' | dd of=nan.safetensors bs=1 seek=$(($(wc -c <nan.safetensors) - 4)) conv=notrunc 2>/dev/null
expect 1 "$clip" classify --model tiny.json --weights nan.safetensors --vocabulary bpe.txt --labels labels.txt photos/3.ppm
prints_nothing
says 'photos/3.ppm: image features that are not finite; the weights have such values in visual.'
for command in 'embed --output nan.npy' 'compare --dtype bf16'; do
  expect 1 "$clip" $command --model tiny.json --weights nan.safetensors --images photos/3.ppm
  says 'photos/3.ppm: image features that are not finite; the weights have such values in visual.'
done

# A weight so large that features overflow: the image is named, and so is the text.
expect 1 "$clip" embed --model tiny.json --weights huge.safetensors --images photos/3.ppm --output huge.npy
says 'photos/3.ppm: image features that are not finite'
expect 1 "$clip" embed --model tiny.json --weights huge.safetensors --texts labels.txt --vocabulary bpe.txt --output huge.npy
says 'labels.txt: line 1: text features that are not finite'
absent huge.npy
expect 1 "$clip" compare --dtype bf16 --model tiny.json --weights huge.safetensors --images photos/3.ppm
says 'photos/3.ppm: image features that are not finite'
expect 1 "$clip" classify --model tiny.json --weights huge.safetensors --vocabulary bpe.txt --labels labels.txt photos

# Of several models in a file --state-dict chooses; the error names it.
expect 1 "$clip" embed --model tiny.json --weights both.safetensors --images photos --output e.npy
says '"student.", "teacher."'
says '--state-dict'
expect 0 "$clip" embed --model tiny.json --weights both.safetensors --state-dict student --images photos --output e.npy
same e.npy images.npy
expect 0 "$clip" embed --model tiny.json --weights both.safetensors --state-dict teacher --images photos --output e.npy
cmp -s e.npy images.npy && fail 'the teacher has the features of the student'
expect 1 "$clip" inspect both.safetensors --state-dict ema
says 'no state dict "ema"'
expect 0 "$clip" convert both.safetensors student.safetensors --state-dict student --dialect openai
expect 0 "$clip" embed --model tiny.json --weights student.safetensors --images photos --output e.npy
same e.npy images.npy

# A tower without projection: an error that says so, or its pooled rows.
expect 1 "$clip" embed --model tiny.json --weights pooled.safetensors --images photos --output p.npy
says 'the tower has no projection'
says '--without-projection'
expect 0 "$clip" embed --model tiny.json --weights pooled.safetensors --without-projection --images photos --output p.npy --json
prints '"width": 48'

# A model other than the file states is refused by convert, too.
sed 's/quick_gelu/gelu/g' tiny.json >gelu.json
expect 1 "$clip" convert tiny.safetensors x.safetensors --model gelu.json --dialect openai
says 'image activation: expected gelu (the model'
absent x.safetensors

# Each image retrieves itself.
expect 0 "$clip" retrieve --images images.npy --texts images.npy --captions-per-image 1
echo 'Text Retrieval: R1:100.00 R5:100.00 R10:100.00 mR:100.00| '\
'Image Retrieval: R1:100.00 R5:100.00 R10:100.00 mR:100.00 | total mR:100.00 sum:600.00' >expected
same out expected
expect 0 "$clip" retrieve --images images.npy --texts images.npy --captions-per-image 1 --json
prints '"sum": 600.0'

# inspect names the format, and the model gives the same features under every library's names.
expect 0 "$clip" inspect tiny.safetensors
prints 'format   safetensors, names of openai'
prints 'visual.proj  F32  (48, 16)'
expect 0 "$clip" inspect tiny.safetensors --json
prints '"model": null'
expect 0 "$clip" convert tiny.safetensors h.safetensors --model tiny.json --dialect huggingface
quiet
expect 0 "$clip" inspect h.safetensors
prints 'names of huggingface'
expect 0 "$clip" embed --model tiny.json --weights h.safetensors --images photos --output e.npy
same e.npy images.npy
expect 0 "$clip" convert h.safetensors back.safetensors --dialect openai
expect 0 "$clip" embed --model tiny.json --weights back.safetensors --texts labels.txt --vocabulary bpe.txt --output t.npy
same t.npy texts.npy
expect 0 "$clip" convert tiny.safetensors half.safetensors --dialect openai --dtype f16
prints_nothing
[ "$(wc -c <half.safetensors)" -lt "$(wc -c <tiny.safetensors)" ] || fail 'float16 weights are not smaller'
expect 1 "$clip" convert tiny.safetensors x.safetensors --model residual.json --dialect openai
says 'do not match --model'
absent x.safetensors
finish
