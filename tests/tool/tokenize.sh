# `clip tokenize`: texts as arguments and as lines, texts that are too long, invalid texts.
. "$(dirname "$0")/lib.sh"

expect 0 "$clip" tokenize --vocabulary bpe.txt 'The dog' ''
printf '[517, 513, 516, 518]\n[517, 518]\n' >expected
same out expected
quiet
# The ids behind an end of text inside a text are the reference's, too.
expect 0 "$clip" tokenize --vocabulary bpe.txt 'the <|endoftext|> dog'
prints '[517, 513, 518, 516, 518]'
expect 0 "$clip" tokenize --vocabulary bpe.txt -- --json
printf '%s\n' 'the dog' '' 'THE' | "$clip" tokenize --vocabulary bpe.txt - >out 2>err || fail 'lines cannot be read'
printf '[517, 513, 516, 518]\n[517, 518]\n[517, 513, 518]\n' >expected
same out expected
printf 'the dog' | "$clip" tokenize --vocabulary bpe.txt >out 2>err || fail 'a line without a line end cannot be read'
printf '[517, 513, 516, 518]\n' >expected
same out expected
expect 0 "$clip" tokenize --vocabulary bpe.txt
prints_nothing

"$clip" tokenize --vocabulary bpe.txt - >out 2>err </ && fail 'a folder was read as lines'
says 'standard input: cannot be read'

expect 1 "$clip" tokenize --vocabulary bpe.txt --context 4 'the dog' 'the dog the dog'
prints '[517, 513, 516, 518]'
says 'text 2 ('
says 'at most 4'
says_one_line
expect 0 "$clip" tokenize --vocabulary bpe.txt --context 4 --truncate 'the dog the dog' dog
prints '[517, 513, 516, 518]'
says '1 of 2 texts were cut to 4 ids'

# --cleaning: each text, cleaned as it says, has the ids of another text under the default.
gives() {
  expect 0 "$clip" tokenize --vocabulary bpe.txt --cleaning "$1" "$2"
  mv out cleaned
  expect 0 "$clip" tokenize --vocabulary bpe.txt "$3"
  same cleaned out
}
differs() {
  expect 0 "$clip" tokenize --vocabulary bpe.txt --cleaning "$1" "$2"
  mv out cleaned
  expect 0 "$clip" tokenize --vocabulary bpe.txt --cleaning "$3" "$2"
  if cmp -s cleaned out; then fail "$1 and $3 clean \"$2\" alike"; fi
}
gives openai 'The &amp; dog' 'the & dog'
gives openai+ftfy 'schÃ¶n &amp; dog' 'schön & dog'
gives openai+ftfy 'voilÃ  la mode' 'voilà la mode'
gives canonicalize '"The" snake_case, schÃ¶n...' 'the snake case schön'
gives lower ' The   DOG' 'the dog'
gives none 'the dog' 'the dog'
differs openai 'schÃ¶n' openai+ftfy
differs lower '&amp;' openai
differs none 'DOG' lower
expect 2 "$clip" tokenize --vocabulary bpe.txt --cleaning ftfy dog
says 'openai+ftfy'

expect 0 "$clip" tokenize --vocabulary bpe.txt "$(printf '\303\051 \377')"
expect 1 "$clip" tokenize --vocabulary none.txt dog
says 'none.txt: no such file'
says_one_line
expect 1 "$clip" tokenize --vocabulary tiny.safetensors dog
says tiny.safetensors
expect 1 "$clip" tokenize --vocabulary . dog

# SentencePiece: rows of 64 ids, or of the context; cleaned as SigLIP's texts unless --cleaning says otherwise.
pieces=$(dirname "$0")/../tokenizer/sentencepiece
expect 0 "$clip" tokenize --vocabulary "$pieces/bpe.model" --context 8 'A photo' dog
first=$(sed -n 1p out)
expect 0 "$clip" tokenize --vocabulary "$pieces/bpe.tokenizer.json" --context 8 --cleaning none 'a photo'
[ "$(cat out)" = "$first" ] || fail 'a tokenizer.json has other ids than the model'
expect 0 "$clip" tokenize --vocabulary "$pieces/unigram.model" 'a photo of a cat'
[ "$(tr , '\n' <out | wc -l)" = 64 ] || fail 'a row of SentencePiece is not as long as the context'
expect 1 "$clip" tokenize --vocabulary "$pieces/bpe.model" --context 4 'photographers photographed'
says 'ids: expected at most 4'
head -c 3000 "$pieces/bpe.model" >cut.model
expect 1 "$clip" tokenize --vocabulary cut.model dog
says_one_line
expect 1 "$clip" classify $tiny --labels labels.txt --vocabulary "$pieces/bpe.model" photos/0.ppm
says 'ids of the vocabulary: expected 519, as many as the model has token embeddings, found 460'
finish
