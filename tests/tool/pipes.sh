# A reader that goes away ends the program without a word, as it ends others; a file that was begun does not stay behind.
. "$(dirname "$0")/lib.sh"

# closed COMMAND…: its standard output is a pipe that nobody reads.
closed() {
  command=$*
  { { sleep 0.2; "$@" 2>err; echo $? >status; } | :; }
  [ "$(cat status)" = 141 ] || fail "exit status 141 (SIGPIPE) expected, $(cat status) found: $command"
  quiet
}
closed "$clip" --help
closed "$clip" models
closed "$clip" inspect tiny.safetensors
closed "$clip" tokenize --vocabulary bpe.txt dog
closed "$clip" classify $tiny --vocabulary bpe.txt --labels labels.txt photos
closed "$clip" retrieve --images images.npy --texts images.npy --captions-per-image 1

# A long stream into head: the first line is right, and the writer does not go on for ever.
yes 'the dog' | "$clip" tokenize --vocabulary bpe.txt - 2>err | head -n 1 >out
printf '[517, 513, 516, 518]\n' >expected
same out expected
quiet

# Results are safe before anything is printed.
{ sleep 0.2; "$clip" embed $tiny --images photos --output e.npy --json 2>err; } | :
same e.npy images.npy

# Asked to end, it does so as a program that was killed; a file that was begun is taken away.
mkdir many
i=0
while [ $i -lt 400 ]; do
  ln photos/6.ppm many/$i.ppm 2>/dev/null || cp photos/6.ppm many/$i.ppm
  i=$((i + 1))
done
mkfifo fifo
"$clip" classify $tiny --vocabulary bpe.txt --labels labels.txt --json many >fifo 2>err &
job=$!
exec 3<fifo
read -r line <&3  # it is at work, and a pipe does not hold all that it has to say
kill -TERM $job
cat <&3 >/dev/null
wait $job
found=$?
[ $found = 143 ] || fail "exit status 143 (SIGTERM) expected, $found found: classify"
quiet

"$clip" preprocess --model ViT-B/32 many --output p.npy 2>err &
job=$!
while [ ! -e .p.npy.partial ] && kill -0 $job 2>/dev/null; do sleep 0.01; done
kill -TERM $job 2>/dev/null
wait $job
found=$?
if [ $found = 143 ]; then absent p.npy; elif [ $found != 0 ]; then fail "exit status 143 or, when all was done, 0 expected, $found found: preprocess"; fi
[ ! -e .p.npy.partial ] || fail 'a half-written file was left'
finish
