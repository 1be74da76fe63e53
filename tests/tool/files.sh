# A bad file is reported in one line that names it, with exit status 1, and leaves no partial output.
damaged=$(cd "$(dirname "$0")/../golden/damaged" && pwd)
. "$(dirname "$0")/lib.sh"

# Images that Pillow reads though a marker or a checksum is off are read, unless --strict-images asks for whole ones.
for file in no_end.png unknown_critical_chunk.png checksum_of_the_pixels.png; do
  expect 0 "$clip" preprocess --model tiny.json "$damaged/$file" --output damaged.npy
  expect 1 "$clip" preprocess --model tiny.json "$damaged/$file" --output strict.npy --strict-images
  says "$damaged/$file"
  absent strict.npy
  expect 0 "$clip" preprocess --model tiny.json "$damaged/whole.png" --output whole.npy
  same damaged.npy whole.npy
done
expect 0 "$clip" embed $tiny --images "$damaged/whole.png" "$damaged/no_end.png" --output strict.npy --strict-images
says "$damaged/no_end.png"
says '1 of 2 images could not be read'
expect 1 "$clip" preprocess --model tiny.json "$damaged/cut.png" --output cut.npy
says "$damaged/cut.png"

# Missing and damaged files.
expect 1 "$clip" inspect none.safetensors
says 'none.safetensors: no such file'
says_one_line
head -c 1000 tiny.safetensors >short.safetensors
expect 1 "$clip" inspect short.safetensors
says short.safetensors
expect 1 "$clip" embed --model tiny.json --weights short.safetensors --images photos --output e.npy
says short.safetensors
says_one_line
expect 1 "$clip" embed --model tiny.json --weights none.safetensors --images photos --output e.npy
expect 1 "$clip" embed --model none.json --weights tiny.safetensors --images photos --output e.npy
says none.json
expect 1 "$clip" embed --model residual.json --weights tiny.safetensors --images photos --output e.npy
says tiny.safetensors
says_one_line
expect 1 "$clip" embed $tiny --texts none.txt --vocabulary bpe.txt --output e.npy
says 'none.txt: no such file'
printf 'dog\n\ncat\n' >gap.txt
expect 0 "$clip" embed $tiny --texts gap.txt --vocabulary bpe.txt --output gap.npy --json
says 'gap.txt: line 2: empty'
says '1 of 3 texts could not be embedded'
prints '"rows": 2'
expect 1 "$clip" embed $tiny --texts gap.txt --vocabulary bpe.txt --output gap.npy --strict
expect 1 "$clip" classify $tiny --vocabulary bpe.txt --labels gap.txt photos/0.ppm
says 'gap.txt: line 2: empty'
says_one_line
printf 'dog\nabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz\n' >long.txt
expect 0 "$clip" embed $tiny --texts long.txt --vocabulary bpe.txt --output long.npy
says 'long.txt: line 2: ids: expected at most 24, found '
printf '\n' >blank.txt
expect 1 "$clip" embed $tiny --texts blank.txt --vocabulary bpe.txt --output blank.npy
absent blank.npy
printf 'a photo\n' >bare.txt
expect 1 "$clip" classify $tiny --vocabulary bpe.txt --labels labels.txt --templates bare.txt photos/0.ppm
says 'bare.txt: line 1'
says_one_line
expect 1 "$clip" retrieve --images none.npy --texts texts.npy
says none.npy
expect 1 "$clip" retrieve --images labels.txt --texts texts.npy
says 'labels.txt: not a .npy file'
expect 1 "$clip" retrieve --images images.npy --texts texts.npy --captions-per-image 1
says '1 for each of 8 images, found 3'
expect 1 "$clip" convert none.pt out.safetensors --dialect openai
expect 1 "$clip" embed $tiny --images photos --output none/e.npy
says none/e.npy
expect 1 "$clip" embed $tiny --images photos --output photos
expect 1 "$clip" embed $tiny --images photos none --output e.npy
says 'none: no such file'
mkdir empty
expect 1 "$clip" embed $tiny --images empty --output e.npy
says 'empty: no images'
absent e.npy
absent out.safetensors

# A folder with broken files is processed to the end.
mkdir mixed
cp photos/0.ppm mixed/a.ppm
echo 'not an image' >mixed/b.jpg
cp photos/1.ppm mixed/c.ppm
: >mixed/d.png
ln -s nowhere mixed/e.png
expect 0 "$clip" embed $tiny --images mixed --output e.npy --json
says 'mixed/b.jpg: '
says 'mixed/d.png: '
says 'mixed/e.png: no such file'
says '3 of 5 images could not be read'
prints '"rows": 2'
prints '"mixed/c.ppm"'
expect 0 "$clip" embed $tiny --images mixed/a.ppm mixed/c.ppm --output whole.npy
quiet
same e.npy whole.npy
expect 1 "$clip" embed $tiny --images mixed --output strict.npy --strict
says '3 of 5 images could not be read'
same strict.npy whole.npy
expect 1 "$clip" embed $tiny --images mixed/b.jpg mixed/d.png --output none.npy
absent none.npy
expect 0 "$clip" classify $tiny --vocabulary bpe.txt --labels labels.txt --top 1 mixed
[ "$(wc -l <out)" = 2 ] || fail 'two classified images expected'
expect 1 "$clip" classify $tiny --vocabulary bpe.txt --labels labels.txt --strict --json mixed
prints '{"error":"mixed/d.png: '
expect 0 "$clip" preprocess --model tiny.json mixed --output p.npy
says '3 of 5 images could not be read'
expect 0 "$clip" preprocess --model tiny.json mixed/a.ppm mixed/c.ppm --output whole.npy
same p.npy whole.npy
expect 1 "$clip" preprocess --model tiny.json mixed/b.jpg --output none.npy
absent none.npy
finish
