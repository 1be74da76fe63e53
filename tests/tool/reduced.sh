# `convert --vocabulary-of` keeps the token embeddings that some texts use: the same features from a smaller folder.
. "$(dirname "$0")/lib.sh"

printf 'the dog\nA Band, the band!\ndog 7\n' >captions.txt
printf 'id,caption\n1,the dog\n2,"A Band, the band!"\n3,dog 7\n' >captions.csv
reduce="$clip convert --model tiny.json tiny.safetensors"

expect 0 "$clip" embed $tiny --texts captions.txt --vocabulary bpe.txt --output whole.npy
for dialect in openclip huggingface; do
  expect 0 $reduce $dialect --dialect $dialect --vocabulary-of captions.txt --vocabulary bpe.txt --json
  quiet
  size=$(sed -n 's/.*"vocabulary": *\([0-9]*\).*/\1/p' out)
  [ "${size:-0}" -gt 2 ] && [ "$size" -lt 30 ] || fail "a vocabulary of $size ids: $command"
  expect 0 "$clip" embed --weights $dialect --texts captions.txt --output reduced.npy
  same reduced.npy whole.npy
  expect 0 "$clip" inspect $dialect
  prints "$size ids, end of text $((size - 1)), a reduced vocabulary"
  grep -q 'does not fit' out && fail "the vocabulary does not fit: $command"
  [ "$(cat $dialect/*model.safetensors | wc -c)" -lt "$(($(wc -c <tiny.safetensors) - 480 * 32 * 4))" ] ||
    fail "$dialect: the weights are not smaller"

  # A table of captions, and a vocabulary and weights in one folder.
  expect 0 $reduce $dialect.csv --dialect $dialect --vocabulary-of captions.csv:caption --vocabulary bpe.txt
  same $dialect.csv/reduced_vocabulary.json $dialect/reduced_vocabulary.json
  expect 0 $reduce $dialect.whole --dialect $dialect
  cp bpe.txt $dialect.whole/merges.txt
  expect 0 "$clip" convert $dialect.whole $dialect.again --dialect $dialect --vocabulary-of captions.csv --column caption
  expect 0 "$clip" embed --weights $dialect.again --texts captions.txt --output reduced.npy
  same reduced.npy whole.npy
done

# A text that needs another piece fails by its name; the others do not.
printf 'the dog\nthe zebra\n' >other.txt
expect 0 "$clip" embed --weights openclip --texts other.txt --output other.npy
says 'other.txt: line 2: piece of the text: expected one of the '
says 'found "z", id '
expect 1 "$clip" embed --weights openclip --texts other.txt --output other.npy --strict
expect 1 "$clip" tokenize --vocabulary openclip zebra
says 'piece of the text: expected one of the '
prints_nothing

# The rows alone are reduced, whatever their type.
expect 0 $reduce half --dialect openclip --dtype f16 --vocabulary-of captions.txt --vocabulary bpe.txt
expect 0 "$clip" embed --weights half --texts captions.txt --output half.npy

# A conversion to the same folder without the option leaves no statement of another model behind.
expect 0 $reduce openclip --dialect openclip
absent openclip/reduced_vocabulary.json

expect 2 $reduce folder --dialect openai --vocabulary-of captions.txt --vocabulary bpe.txt
says '--vocabulary-of writes the vocabulary beside the weights'
expect 2 $reduce out.safetensors --dialect openclip --vocabulary-of captions.txt --vocabulary bpe.txt
says '--vocabulary-of writes the vocabulary beside the weights'
expect 2 $reduce folder --dialect openclip --vocabulary-of captions.txt
says '--vocabulary-of needs --vocabulary, unless IN is a folder that has one'
expect 2 $reduce folder --dialect openclip --vocabulary bpe.txt
expect 1 $reduce folder --dialect openclip --vocabulary-of none.txt --vocabulary bpe.txt
says 'none.txt'
head -4 bpe.txt >cut.txt
expect 1 $reduce folder --dialect openclip --vocabulary-of captions.txt --vocabulary cut.txt
says 'ids of the vocabulary: expected 519, as many as the model has token embeddings, found 517'
absent folder
finish
