# OpenAI's vocabulary gives the published ids.
. "$(dirname "$0")/lib.sh"

file=${CLIP_TEST_DATA-}/bpe_simple_vocab_16e6.txt.gz
[ -f "$file" ] || skip 'vocabulary: CLIP_TEST_DATA is not set'
expect 0 "$clip" tokenize --vocabulary "$file" 'Hello World!'
echo '[49406, 3306, 1002, 256, 49407]' >expected
same out expected
expect 1 "$clip" embed $tiny --texts labels.txt --vocabulary "$file" --output e.npy
says 'token id: expected 0 to 518'
absent e.npy
finish
