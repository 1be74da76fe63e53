# A vocabulary is judged by itself, and against the model that it is used with.
. "$(dirname "$0")/lib.sh"

# refused FILE TEXT: neither classify nor embed takes the vocabulary; the message names it and says TEXT.
refused() {
  expect 1 "$clip" classify $tiny --labels labels.txt --vocabulary "$1" photos/0.ppm
  prints_nothing
  says "clip: $1: $2"
  says_one_line
  expect 1 "$clip" embed $tiny --texts labels.txt --vocabulary "$1" --output e.npy
  says "clip: $1: $2"
  absent e.npy
}
head -4 bpe.txt >cut.txt
: >empty.txt
echo hello >one.txt
printf '\357\273\277{"a":0}' >bom.json
head -c 1000000 /dev/zero | tr '\0' '[' >brackets.json
printf '#version: 0.2\nth e</w>\nt h\n' >order.txt
printf '#version: 0.2\nt h\nth e</w>\n\304\240 d\nd o\ndo g</w>\n' >gpt2.txt
printf '"bpe_simple_vocab_16e6.txt#version: 0.2\nt h\nth e</w>\na n\nd o\ndo g</w>\n' >openai.txt
refused cut.txt 'ids of the vocabulary: expected 519, as many as the model has token embeddings, found 517'
refused empty.txt 'vocabulary: expected lines with a merge, two symbols and a space between, found none in 0 bytes'
refused one.txt 'vocabulary: expected lines with a merge'
refused brackets.json 'line 1: bytes: expected at most 1024, found 1000000'
refused order.txt 'merge 1, "th e</w>": a symbol is made by no earlier merge'
refused gpt2.txt 'merge 3: expected symbols without a space'
refused openai.txt 'merges: expected 48894 or more, as its first line promises, found 5'
expect 1 "$clip" tokenize --vocabulary bom.json dog
says 'merges.txt: '
prints_nothing
expect 0 "$clip" tokenize --vocabulary bpe.txt dog
quiet

expect 0 "$clip" inspect bpe.txt
prints 'vocabulary bpe.txt, 519 ids, end of text 518, not one that is known'
prints "$(sed 1d bpe.txt | sha256sum | cut -d' ' -f1)"
mkdir both && cp tiny.safetensors both/model.safetensors && cp cut.txt both/merges.txt
expect 0 "$clip" inspect both
prints 'vocabulary both/merges.txt, 517 ids'
prints 'vocabulary does not fit: both/merges.txt: ids of the vocabulary: expected 519'

file=${CLIP_TEST_DATA-}/bpe_simple_vocab_16e6.txt.gz
if [ -f "$file" ]; then
  expect 0 "$clip" tokenize --vocabulary "$file" 'Hello World!'
  echo '[49406, 3306, 1002, 256, 49407]' >expected
  same out expected
  expect 0 "$clip" inspect "$file"
  prints "49408 ids, end of text 49407, OpenAI's CLIP vocabulary"
  refused "$file" 'ids of the vocabulary: expected 519, as many as the model has token embeddings, found 49408'
  gunzip <"$file" | head -20000 >cut.txt
  refused cut.txt 'merges: expected 48894 or more, as its first line promises, found 19999'
fi
finish
