# If the reader of its output exits, the program ends silently by SIGPIPE, and no partial file remains.
. "$(dirname "$0")/lib.sh"

# closed COMMAND…: runs the command with a closed pipe as standard output.
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

# A long output into head: the first line is right, and the writer ends.
yes 'the dog' | "$clip" tokenize --vocabulary bpe.txt - 2>err | head -n 1 >out
printf '[517, 513, 516, 518]\n' >expected
same out expected
quiet

# The output file is complete before anything is printed.
{ sleep 0.2; "$clip" embed $tiny --images photos --output e.npy --json 2>err; } | :
same e.npy images.npy

# On SIGTERM the program ends as if killed by the signal, and removes partial files.
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
read -r line <&3  # the program is running, and its output does not fit in the pipe
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
if [ $found = 143 ]; then
  absent p.npy
elif [ $found != 0 ]; then
  fail "exit status 143 (or 0, if it had finished) expected, $found found: preprocess"
fi
[ ! -e .p.npy.partial ] || fail 'a partial file remains'
finish
