# SIGINT, SIGTERM and SIGHUP end every command within a second, as the signal would, and no new file remains.
. "$(dirname "$0")/lib.sh"

now() { echo $(($(date +%s%N) / 1000000)); }
# The program has half a second until it ends where it is; a loaded machine and sanitizers take longer.
limit=${CLIP_TEST_SIGNAL_LIMIT:-5000}

# stops SIGNAL COMMAND…: starts the command, sends the signal after a moment, and checks status and time. The command
# may be waiting, or must be one that lasts longer than that moment.
stops() {
  signal=$1
  shift
  command="$* (SIG$signal)"
  "$@" >out 2>err <&4 &
  job=$!
  sleep "${moment:-0.3}"
  begin=$(now)
  kill -s "$signal" $job 2>/dev/null || fail "over before the signal: $command"
  wait $job
  found=$?
  took=$(($(now) - begin))
  case $signal in INT) wanted=130 ;; TERM) wanted=143 ;; HUP) wanted=129 ;; esac
  [ $found = $wanted ] || { fail "exit status $wanted expected, $found found: $command"; sed 's/^/  /' err; }
  [ $took -le "$limit" ] || fail "$took ms after the signal: $command"
  quiet
  for left in .*.partial; do [ ! -e "$left" ] || { fail "$left was left by: $command"; rm -f "$left"; }; done
}

mkfifo waiting
exec 4<>waiting  # standard input of every command: open, and never written to

# Waiting for input.
for signal in INT TERM HUP; do stops $signal "$clip" tokenize --vocabulary bpe.txt -; done
stops TERM "$clip" classify $tiny --vocabulary bpe.txt --labels waiting photos
stops INT "$clip" embed $tiny --texts waiting --vocabulary bpe.txt --output e.npy
absent e.npy

# Long work: images, texts, a head of many labels, a comparison, a bench whose single call takes long.
head -c 3000000 /dev/zero >zeros
mkdir many
{ printf 'P6 1000 1000 255\n'; cat zeros; } >many/0.ppm
i=1
while [ $i -lt 1000 ]; do
  ln many/0.ppm many/$i.ppm 2>/dev/null || cp many/0.ppm many/$i.ppm
  i=$((i + 1))
done
seq -f 'a photo of the thing number %.0f' 1 300000 >texts.txt
seq -f 'thing %.0f' 1 5000 >names.txt
seq -f 'a %.0f {}' 1 100 >sentences.txt
stops TERM "$clip" embed $tiny --images many --output e.npy
stops INT "$clip" embed $tiny --texts texts.txt --truncate --vocabulary bpe.txt --output e.npy
absent e.npy
stops TERM "$clip" preprocess --model tiny.json many --output e.npy
absent e.npy
stops TERM "$clip" classify $tiny --vocabulary bpe.txt --labels names.txt --templates sentences.txt photos/0.ppm
stops INT "$clip" compare $tiny --dtype bf16 --images many
moment=1.5 stops TERM "$clip" bench --model ViT-B/32 --part image --batch 512 --threads 1

# A conversion of 1 GB, to a file and into a new folder. The old file stays.
header='{"visual.proj":{"dtype":"F32","shape":[16384,16384],"data_offsets":[0,1073741824]}}'
printf '\200\000\000\000\000\000\000\000%-128s' "$header" >big.safetensors
if truncate -s $((8 + 128 + 1073741824)) big.safetensors 2>/dev/null; then
  echo old >converted.safetensors
  cp converted.safetensors expected
  stops TERM "$clip" convert big.safetensors converted.safetensors --dialect openai --dtype f16
  same converted.safetensors expected
fi

# A command that ignores the keyboard, as jobs in the background do, obeys a signal that is sent to it (above); one that
# ignores SIGHUP, as under nohup, goes on.
(trap '' HUP && exec "$clip" tokenize --vocabulary bpe.txt - <&4 >out 2>err) &
job=$!
sleep 0.3
kill -HUP $job
sleep 0.2
kill -0 $job 2>/dev/null || fail 'an ignored SIGHUP ended the program'
kill -TERM $job
wait $job
[ $? = 143 ] || fail 'exit status 143 expected after an ignored SIGHUP'
finish
