# embed --resume: interrupted in any way and run again, the output has the bytes of an uninterrupted run.
. "$(dirname "$0")/lib.sh"

mkdir many
i=100
while [ $i -lt 400 ]; do
  ln photos/$((i % 7)).ppm many/$i.ppm
  i=$((i + 1))
done
echo broken >many/250.ppm.ppm
seq -f 'a dog number %.0f' 1 3000 >texts.txt
printf 'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz\n' >>texts.txt
expect 0 "$clip" embed $tiny --images many --names txt --output whole.npy
expect 0 "$clip" embed $tiny --texts texts.txt --vocabulary bpe.txt --truncate --output texts_whole.npy

images="$clip embed $tiny --images many --names txt --resume --output rows.npy"
texts="$clip embed $tiny --texts texts.txt --vocabulary bpe.txt --truncate --resume --output rows.npy"

# Without an interruption nothing else remains.
expect 0 $images
same rows.npy whole.npy
same rows.txt whole.txt
absent rows.npy.resume
expect 0 $texts
says '1 of 3001 texts were cut'
same rows.npy texts_whole.npy
absent rows.npy.resume
rm -f rows.npy rows.txt

# Signals and kills, again and again, until it is complete.
complete() {
  name=$1
  shift
  runs=0 found=1
  while [ $found != 0 ] && [ $runs -lt 200 ]; do
    "$@" >out 2>err </dev/null &
    job=$!
    sleep 0.0$((runs % 7 + 2))
    case $((runs % 3)) in 0) kill -KILL $job ;; 1) kill -TERM $job ;; 2) kill -INT $job ;; esac 2>/dev/null
    wait $job 2>/dev/null
    found=$?
    if [ $found = 143 ] || [ $found = 130 ]; then
      # One that comes while the finished program ends finds the whole output.
      [ ! -e rows.npy ] || same rows.npy "$name"
      for left in .rows.*.partial; do [ ! -e "$left" ] || fail "$left after a signal: $*"; done
    fi
    rm -f .rows.*.partial  # a kill may leave them
    runs=$((runs + 1))
    [ $runs -lt 60 ] || { "$@" >out 2>err </dev/null; found=$?; }
  done
  [ $found = 0 ] || fail "not complete after $runs runs: $*"
  same rows.npy "$name"
  absent rows.npy.resume
}
complete whole.npy $images
same rows.txt whole.txt
rm -f rows.npy rows.txt
complete texts_whole.npy $texts
rm -f rows.npy

# A journal that ends at any byte. It is made by a job that a full disk, here a limit, ends.
"$clip" embed $tiny --images many --resume --output rows.npy >out 2>err &
job=$!
i=0
while [ $i -lt 300 ] && { [ ! -e rows.npy.resume ] || [ "$(wc -c <rows.npy.resume)" -lt 4000 ]; }; do
  sleep 0.01
  i=$((i + 1))
done
kill -KILL $job 2>/dev/null
wait $job 2>/dev/null
if [ -e rows.npy.resume ]; then
  cp rows.npy.resume journal
  size=$(wc -c <journal)
  for cut in 10 $((size - 1)) $((size - 37)) $((size / 2)); do
    head -c "$cut" journal >rows.npy.resume
    expect 0 "$clip" embed $tiny --images many --resume --output rows.npy
    [ "$cut" = 10 ] || says ' of 301 were done before'
    same rows.npy whole.npy
  done
  # Another job is refused.
  cp journal rows.npy.resume
  expect 1 "$clip" embed $tiny --images many --resume --normalize --output rows.npy
  says 'rows.npy.resume: is of another job (normalize differs)'
  says_one_line
  echo changed >many/101.ppm.ppm
  expect 1 "$clip" embed $tiny --images many --resume --output rows.npy
  says 'rows.npy.resume: is of another job (inputs differs)'
else
  fail 'no journal was found while the job ran'
fi

# Without --resume a signal leaves nothing; with it, it says how to go on.
rm -f rows.npy rows.npy.resume
seq -f 'a dog number %.0f' 1 200000 >texts.txt
"$clip" embed $tiny --texts texts.txt --vocabulary bpe.txt --resume --output rows.npy >out 2>err &
job=$!
i=0
while [ $i -lt 300 ] && { [ ! -e rows.npy.resume ] || [ "$(wc -c <rows.npy.resume)" -lt 40000 ]; }; do
  sleep 0.01
  i=$((i + 1))
done
kill -TERM $job
wait $job
[ $? = 143 ] || fail 'exit status 143 expected from embed --resume'
command='embed --resume, and SIGTERM'
says ' of 200000 are done; the same command goes on from there'
absent rows.npy
[ -s rows.npy.resume ] || fail 'no journal after SIGTERM'
finish
