# Attention maps and similarity analysis: what they write, and how they fail.
. "$(dirname "$0")/lib.sh"

maps="$clip attention $tiny --image photos/0.ppm"
png() { [ "$(head -c 4 "$1" | od -An -c | tr -d ' \n')" = '211PNG' ] || fail "$1 is no PNG, written by: $command"; }

# Every kind is drawn; --json has its numbers.
for kind in last heads rollout; do
  expect 0 $maps --kind $kind --output $kind.png
  quiet
  prints_nothing
  png $kind.png
done
expect 0 $maps --kind relevance --text dog 'the band' --vocabulary bpe.txt --output relevance.png --json
quiet
png relevance.png
prints '"kind": "relevance"'
prints '"the band"'
expect 0 $maps --kind last --layer 0 --output first.png --json
prints '"photos/0.ppm"'
expect 0 $maps --kind last --output again.png --threads 1
same again.png last.png
expect 0 $maps --kind last --opacity 0 --output pale.png
cmp -s pale.png last.png && fail '--opacity 0 changes nothing'

# Towers that a probe or a residual network pools.
expect 0 "$clip" attention --weights residual.safetensors --image photos/0.ppm --kind heads --output residual.png
expect 0 "$clip" attention --weights mobile.safetensors --image photos/0.ppm --kind last --output mobile.png

# A damaged image is left out, and is an error if it is the only one or with --strict.
mkdir mixed
cp photos/0.ppm mixed/a.ppm
echo broken >mixed/b.ppm
expect 0 "$clip" attention $tiny --image mixed --kind last --output mixed.png
says '1 of 2 images could not be read'
same mixed.png last.png
expect 1 "$clip" attention $tiny --image mixed/b.ppm --kind last --output none.png
absent none.png
expect 1 "$clip" attention $tiny --image mixed --strict --kind last --output mixed.png

# Errors are one line.
expect 1 $maps --kind last --layer 99 --output none.png
says 'layer of attention: expected 0 to '
says_one_line
absent none.png
expect 1 $maps --kind relevance --text "$(seq -s ' ' 500)" --vocabulary bpe.txt --output none.png
says '--truncate'
says_one_line
absent none.png
expect 0 $maps --kind relevance --text "$(seq -s ' ' 500)" --truncate --vocabulary bpe.txt --output cut.png
says '1 of 1 texts were cut'
expect 2 $maps --kind attention --output none.png
says 'last'
expect 2 $maps --kind relevance --vocabulary bpe.txt --output none.png
says '--text'
expect 2 $maps --kind relevance --text dog --output none.png
says '--vocabulary'
expect 2 $maps --kind last --text dog --vocabulary bpe.txt --output none.png
says '--kind relevance'
expect 2 $maps --output none.png
says '--kind'
expect 2 $maps --kind last
says '--output'
expect 1 $maps --kind last --output nowhere/none.png
says_one_line
absent none.png

# Similarities: neighbours in both directions, the table and the chart.
similarity="$clip similarity $tiny --images photos --texts labels.txt --vocabulary bpe.txt"
images=$(ls photos | wc -l) texts=$(wc -l <labels.txt)
expect 0 $similarity --top 2 --output matrix.csv --chart matrix.svg
quiet
prints 'modality gap	'
prints 'uniformity of images	'
[ "$(grep -c '^photos/' out)" = $((2 * images)) ] || fail 'two texts per image expected'
[ "$(wc -l <matrix.csv)" = $((images + 1)) ] || fail 'a row per image expected'
grep -q '^image,dog,cat' matrix.csv || fail 'a header of texts expected'
grep -q '<svg' matrix.svg || fail 'an SVG expected'
expect 0 $similarity --json
prints '"nearest_images"'
prints '"alignment": null'
head -n 1 labels.txt >one.txt
expect 0 "$clip" similarity $tiny --images photos/0.ppm --texts one.txt --vocabulary bpe.txt --paired
prints 'mean cosine of pairs	'
prints 'alignment	'
expect 2 $similarity --images photos/0.ppm --paired --output none.csv
says '--paired: '
expect 1 "$clip" similarity $tiny --images mixed/b.ppm --texts one.txt --vocabulary bpe.txt --paired --output none.csv
absent none.csv
expect 2 "$clip" similarity $tiny --images photos --texts labels.txt
says '--vocabulary'
seq 500 >many.txt
expect 2 "$clip" similarity $tiny --images photos --texts many.txt --vocabulary bpe.txt --chart none.svg
says '--chart: at most 100'
absent none.svg
seq -s ' ' 500 >long.txt
expect 1 "$clip" similarity $tiny --images photos --texts long.txt --vocabulary bpe.txt
says '--truncate'
says_one_line
finish
