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
says 'text 2: '
says 'at most 4'
says_one_line
expect 0 "$clip" tokenize --vocabulary bpe.txt --context 4 --truncate 'the dog the dog' dog
prints '[517, 513, 516, 518]'
says '1 of 2 texts were cut to 4 ids'

expect 0 "$clip" tokenize --vocabulary bpe.txt "$(printf '\303\051 \377')"
expect 1 "$clip" tokenize --vocabulary none.txt dog
says 'none.txt: no such file'
says_one_line
expect 1 "$clip" tokenize --vocabulary tiny.safetensors dog
says tiny.safetensors
expect 1 "$clip" tokenize --vocabulary . dog
finish
