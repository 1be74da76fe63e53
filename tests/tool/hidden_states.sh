# embed --hidden-states: against the features of the same texts, other weights, other texts, and what awk computes.
. "$(dirname "$0")/lib.sh"
export LC_ALL=C
states="$clip embed $tiny --vocabulary bpe.txt --hidden-states"
width=32 context=24 head=128  # of the rows, and the bytes before them

# header FILE: of safetensors. offsets FILE TENSOR: where its bytes begin and end.
header_size() { od -An -tu4 -N4 "$1" | tr -d ' '; }
header() { head -c $((8 + $(header_size "$1"))) "$1" | tail -c +9; }
offsets() { header "$1" | tr '}' '\n' | sed -n 's/.*"'"$2"'".*data_offsets":\[\([0-9]*\),\([0-9]*\)\]/\1 \2/p'; }
# rows FILE FIRST COUNT: the bytes of rows of width floats. floats: bytes as numbers, one a line.
rows() { tail -c +$((head + 1 + 4 * width * $2)) "$1" | head -c $((4 * width * $3)); }
floats() { od -v -An -tf4 | tr -s ' ' '\n' | grep .; }
# shape FILE CHUNKS: (chunks, context, width), and the bytes of that.
shape() {
  grep -qaF "'shape': ($2, $context, $width)" "$1" || fail "$2 chunks expected in $1"
  [ "$(wc -c <"$1")" = $((head + 4 * width * context * $2)) ] || fail "another size of $1 expected"
}
# close FIRST SECOND: files of equally many numbers that differ by 2e-5 at most.
close() {
  paste "$1" "$2" | awk '{ d = $1 - $2; if (NF != 2 || d > 2e-5 || d < -2e-5) exit 1 } END { if (NR == 0) exit 1 }' ||
    fail "$1 and $2 differ by more than 2e-5"
}
# projected: rows times text_projection.
set -- $(offsets tiny.safetensors text_projection)
tail -c +$((9 + $(header_size tiny.safetensors) + $1)) tiny.safetensors | head -c $(($2 - $1)) | floats >projection
projected() {
  awk 'NR == FNR { p[NR - 1] = $1; next } { x[n++] = $1 }
    END { for (t = 0; t < n / 32; ++t) for (j = 0; j < 16; ++j) {
      s = 0
      for (k = 0; k < 32; ++k) s += x[32 * t + k] * p[16 * k + j]
      printf "%.9g\n", s
    } }' projection -
}

expect 0 $states last --ln-final --texts labels.txt --output normed.npy --json
quiet
prints '"rows": 3'
prints '"context": 24'
prints '"width": 32'
shape normed.npy 3
expect 0 $states last --texts labels.txt --output last.npy
shape last.npy 3
expect 0 $states penultimate --texts labels.txt --output before.npy
shape before.npy 3
cmp -s last.npy before.npy && fail 'the last two layers are equal'

# The row at the end of a text, projected, is its feature.
"$clip" tokenize --vocabulary bpe.txt --model tiny.json dog cat 'the band' >ids
i=0
while read -r ids; do
  end=$(echo "$ids" | tr -cd , | wc -c)
  rows normed.npy $((i * context + end)) 1
  i=$((i + 1))
done <ids | floats >ends
projected <ends >found
tail -c +$((head + 1)) texts.npy | floats >expected
close found expected

# ln_final, 1 and 0 in new weights, is a layer norm of each row.
tail -c +$((head + 1)) last.npy | floats | awk '{ x[NR % 32] = $1; s += $1; q += $1 * $1 }
  NR % 32 == 0 { m = s / 32; d = sqrt(q / 32 - m * m + 1e-5); s = q = 0
    for (k = 1; k <= 32; ++k) printf "%.9g\n", (x[k % 32] - m) / d }' >expected
tail -c +$((head + 1)) normed.npy | floats >found
close found expected

# Where the last block adds nothing, the last layer is the one before.
cp tiny.safetensors short.safetensors
for part in attn.out_proj mlp.c_proj; do
  for kind in weight bias; do
    set -- $(offsets tiny.safetensors "transformer.resblocks.1.$part.$kind")
    head -c $(($2 - $1)) /dev/zero |
      dd of=short.safetensors bs=1 seek=$((8 + $(header_size tiny.safetensors) + $1)) conv=notrunc 2>/dev/null
  done
done
expect 0 "$clip" embed --model tiny.json --weights short.safetensors --vocabulary bpe.txt --hidden-states last \
  --texts labels.txt --output short.npy
same short.npy before.npy

# A text of more than 22 ids has several chunks, each that of its part alone; --names repeats the text.
printf 'a b c d e f g h i j k l m n o p q r s t u v w x y z\na b c d e f g h i j k l m n o p q r s t u v\nw x y z\n' >alphabet.txt
expect 0 $states penultimate --ln-final --texts alphabet.txt --names txt --output long.npy
quiet
shape long.npy 4
rows long.npy 0 48 >whole
rows long.npy 48 48 >parts
same whole parts
{ head -1 alphabet.txt && cat alphabet.txt; } >expected
same long.txt expected

# The padding changes the rows after the end of a text and no others; an empty text is padding alone.
printf 'dog\n\ncat\n' >three.txt
for padding in end zero; do
  expect 0 $states last --texts three.txt --padding $padding --output $padding.npy
  quiet
  shape $padding.npy 3
done
for chunk in '0 3' '24 2' '48 5'; do
  set -- $chunk
  rows end.npy $1 $2 >ended
  rows zero.npy $1 $2 >filled
  same ended filled
  rows end.npy $1 $(($2 + 1)) >ended
  rows zero.npy $1 $(($2 + 1)) >filled
  cmp -s ended filled && fail "--padding has no effect on chunk $chunk"
done

# Weights multiply the rows of their words, and the sum of the chunk stays; brackets after a backslash are text.
printf 'the dog\nthe (dog:1)\nthe (dog:1.5)\n\\(dog\\)\n' >weighted.txt
expect 0 $states last --weighted --texts weighted.txt --output weighted.npy
rows weighted.npy 0 24 >plain
rows weighted.npy 24 24 >one
same plain one
floats <plain | awk '{ before += x[NR] = $1; after += y[NR] = NR > 64 && NR <= 96 ? 1.5 * $1 : $1 }
  END { for (i = 1; i <= NR; ++i) printf "%.9g\n", y[i] * before / after }' >expected
rows weighted.npy 48 24 | floats >found
close found expected
printf '(dog)\n' >brackets.txt
expect 0 $states last --texts brackets.txt --output brackets.npy
rows weighted.npy 72 24 >escaped
rows brackets.npy 0 24 >written
same escaped written
printf 'the (dog\nthe dog)\n(dog)\n((dog:2):2)\n(dog:2x)\ndog\n' >wrong.txt
expect 0 $states last --weighted --texts wrong.txt --output wrong.npy
shape wrong.npy 1
says 'wrong.txt: line 1: words with a weight: expected (words:1.3), or \( and \) for brackets, found an opening bracket'
says 'wrong.txt: line 2: words with a weight: expected (words:1.3), or \( and \) for brackets, found a closing bracket'
says 'wrong.txt: line 3: words with a weight: expected (words:1.3), or \( and \) for brackets, found (dog)'
says 'wrong.txt: line 4: words with a weight: expected (words:1.3), or \( and \) for brackets, found a bracket inside'
says 'wrong.txt: line 5: words with a weight: expected (words:1.3), or \( and \) for brackets, found (dog:2x)'
expect 1 $states last --weighted --strict --texts wrong.txt --output wrong.npy

# --resume: a killed job goes on from where it was, and refuses to go on with other rows.
seq -f 'a dog and a cat of the band, number %.0f of very many' 1 4000 >many.txt
expect 0 $states last --lines --texts many.txt --output all.npy
job="$states last --lines --texts many.txt --output many.npy --resume"
$job >out 2>err </dev/null &
while kill -0 $! 2>/dev/null && [ "$(wc -c 2>/dev/null <many.npy.resume || echo 0)" -lt 10000 ]; do :; done
kill -KILL $! 2>/dev/null
wait $! 2>/dev/null
[ -e many.npy.resume ] || fail 'the job ended before it could be killed'
expect 1 $job --padding zero
says 'is of another job (rows differs)'
expect 0 $job
says ' of 4000 were done before'
same many.npy all.npy
absent many.npy.resume

# A tower without projection has hidden states; alone in a folder, as diffusion models keep it, it needs no --model.
expect 0 "$clip" convert tiny.safetensors folder --model tiny.json --dialect huggingface
size=$(header_size folder/model.safetensors)
set -- $(offsets folder/model.safetensors text_projection.weight)
mkdir alone
cat >alone/config.json <<'END'
{"model_type": "clip_text_model", "hidden_act": "quick_gelu", "hidden_size": 32, "intermediate_size": 128,
 "layer_norm_eps": 1e-05, "max_position_embeddings": 24, "num_attention_heads": 2, "num_hidden_layers": 2,
 "vocab_size": 519}
END
{
  head -c 8 folder/model.safetensors
  header folder/model.safetensors | sed 's/,"text_projection.*/}/; s/"logit_scale"/"attn_mask"/' |
    awk -v size="$size" '{ printf "%-" size "s", $0 }'
  tail -c +$((9 + size)) folder/model.safetensors | head -c "$1"
} >alone/model.safetensors
expect 1 "$clip" embed --weights alone --vocabulary bpe.txt --texts labels.txt --output alone.npy
absent alone.npy
expect 0 "$clip" embed --weights alone --vocabulary bpe.txt --without-projection --hidden-states last --texts labels.txt \
  --output alone.npy
same alone.npy last.npy
expect 0 "$clip" embed --weights alone --vocabulary bpe.txt --without-projection --texts labels.txt --output pooled.npy
tail -c +$((head + 1)) pooled.npy | floats >found
close found ends

# CLIPA's texts end with [PAD], are read to the end of the context, and pooled there.
sed 's/"mean":/"mean_pooled":true,"mean":/; s/"text":{/"text":{"causal":false,"end":0,"last_pooled":true,/' tiny.json \
  >clipa.json
sed 's/"__metadata__":{"config"/"__metadata__":{"former"/' tiny.safetensors >clipa.safetensors
printf '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\ncat\ndog\n##s\n' >vocab.txt
printf 'a cat\ndogs\n' >animals.txt
clipa="$clip embed --model clipa.json --weights clipa.safetensors --vocabulary vocab.txt --texts animals.txt"
expect 0 $clipa --output clipa.npy
expect 0 $clipa --hidden-states last --ln-final --padding zero --output states.npy
{ rows states.npy 23 1 && rows states.npy 47 1; } | floats >ends
projected <ends >found
tail -c +$((head + 1)) clipa.npy | floats >expected
close found expected
expect 0 "$clip" tokenize --model clipa.json --vocabulary vocab.txt 'a cat'
prints '[2, 5, 6, 0]'

# One error for each wrong option.
expect 2 $states first --texts labels.txt --output no.npy
says first
expect 2 $states last --images photos --output no.npy
says --texts
for option in --truncate --normalize; do
  expect 2 $states last --texts labels.txt $option --output no.npy
  says "$option"
  says --hidden-states
done
for option in --ln-final --weighted '--padding zero'; do
  expect 2 "$clip" embed $tiny --vocabulary bpe.txt --texts labels.txt $option --output no.npy
  says --hidden-states
  says_one_line
done
expect 2 $states last --padding none --texts labels.txt --output no.npy
says none
expect 1 "$clip" embed --model siglip/ViT-B-16-256 --weights tiny.safetensors --vocabulary bpe.txt --texts labels.txt \
  --hidden-states last --output no.npy
says "--hidden-states: text tower: expected CLIP's, found one of another family"
says_one_line
absent no.npy
finish
