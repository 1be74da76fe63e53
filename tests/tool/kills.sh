# SIGKILL, and as many times SIGTERM, at random moments of jobs that write files: the earlier output stays whole until
# the new one is, and the same command run again ends with the bytes of a run that was not killed and leaves nothing
# else.
# After SIGTERM nothing but the earlier output, or a journal, is left at once.
#
# CLIP_TEST_KILLS: how many of each (default 10; the target kill_jobs makes 300). CLIP_TEST_TRAINER: the program
# fashion_mnist, for a training run.
. "$(dirname "$0")/lib.sh"
kills=${CLIP_TEST_KILLS:-10}
now() { echo $(($(date +%s%N) / 1000000)); }

# rounds COMMAND…: runs the command as often as its share of the kills and signals, and ends each run after a random
# part of the time that a whole run took. `check` looks at what remains.
hit=0 tried=0 partial='.*.partial'
rounds() {
  command=$*
  begin=$(now)
  expect 0 "$@"
  took=$(($(now) - begin + 1))
  for part in $(awk -v n=$((2 * kills / jobs)) -v seed="$(date +%N)" 'BEGIN { srand(seed); while (n-- > 0) print rand() }'); do
    rm -f result/.*.partial  # a kill may leave them
    before
    "$@" >out 2>err </dev/null &
    job=$!
    sleep "$(awk -v t=$took -v part="$part" 'BEGIN { printf "%.3f", t * part / 1000 }')"
    [ $((tried % 2)) = 0 ] && signal=KILL wanted=137 || signal=TERM wanted=143
    kill -s $signal $job 2>/dev/null
    wait $job 2>/dev/null
    found=$?
    tried=$((tried + 1))
    partial='.*.partial'
    [ $signal = KILL ] || partial=
    case $found in
      0) ;;
      $wanted) hit=$((hit + 1)) ;;
      *) fail "exit status $found of a killed run: $command"; sed 's/^/  /' err ;;
    esac
    check
  done
  before
  expect 0 "$@"
}
# one_of FILE WHOLE…: the file has the bytes of one of the others.
one_of() {
  file=$1
  shift
  for whole in "$@"; do cmp -s "$file" "$whole" && return; done
  fail "$file is not whole after a kill of: $command"
}
# only PATTERN…: no file but those of these names, hidden ones included, is in the folder of the output.
only() {
  for file in result/* result/.[!.]*; do
    [ -e "$file" ] || continue
    known=
    for pattern in "$@"; do
      # shellcheck disable=SC2254  # a pattern
      case ${file#result/} in $pattern) known=yes ;; esac
    done
    [ -n "$known" ] || fail "$file was left by: $command"
  done
}

jobs=5
[ -z "${CLIP_TEST_TRAINER:-}" ] || jobs=6
mkdir result many
i=0
while [ $i -lt 300 ]; do
  ln photos/$((i % 7)).ppm many/$i.ppm
  i=$((i + 1))
done
seq -f 'a dog number %.0f' 1 3000 >texts.txt

# An array of image features over an earlier one.
expect 0 "$clip" embed $tiny --images photos --output old.npy
expect 0 "$clip" embed $tiny --images many --output new.npy
before() { cp old.npy result/rows.npy; }
check() {
  one_of result/rows.npy old.npy new.npy
  only rows.npy rows.npy.resume "$partial"
}
rounds "$clip" embed $tiny --images many --output result/rows.npy
same result/rows.npy new.npy
only rows.npy
rm -f result/* result/.*.partial

# The same of texts, with a journal from which every run goes on.
expect 0 "$clip" embed $tiny --texts texts.txt --vocabulary bpe.txt --output new.npy
rounds "$clip" embed $tiny --texts texts.txt --vocabulary bpe.txt --resume --output result/rows.npy
same result/rows.npy new.npy
only rows.npy
rm -f result/* result/.*.partial

# A conversion to a file over an earlier one, and into a new folder.
header='{"visual.proj":{"dtype":"F32","shape":[4096,2048],"data_offsets":[0,33554432]}}'
printf '\200\000\000\000\000\000\000\000%-128s' "$header" >big.safetensors
head -c 33554432 /dev/zero >>big.safetensors
cp tiny.safetensors old.safetensors
expect 0 "$clip" convert big.safetensors new.safetensors --dialect openai --dtype f16
before() { cp old.safetensors result/converted.safetensors; }
check() {
  one_of result/converted.safetensors old.safetensors new.safetensors
  only converted.safetensors "$partial"
}
rounds "$clip" convert big.safetensors result/converted.safetensors --dialect openai --dtype f16
same result/converted.safetensors new.safetensors
only converted.safetensors
rm -f result/* result/.*.partial

expect 0 "$clip" convert tiny.safetensors new_folder --model tiny.json --dialect huggingface
before() { rm -rf result/folder; }
check() {
  # The weights come last: until then no program takes the folder for a model.
  [ -e result/folder/.clip-replacement ] && expect 0 "$clip" inspect result/folder
  [ $signal = KILL ] && rm -f result/folder/.*.partial
  [ ! -e result/folder/model.safetensors ] || diff -r result/folder new_folder >/dev/null ||
    fail "result/folder has weights and is not whole: $command"
  only folder
}
rounds "$clip" convert tiny.safetensors result/folder --model tiny.json --dialect huggingface
diff -r result/folder new_folder >/dev/null || fail 'result/folder and new_folder differ'
only folder
rm -rf result/* result/.*.partial

# The same over a folder of other weights and another description, in which a file of the user is.
half='convert tiny.safetensors result/folder --model tiny.json --dialect huggingface --dtype f16'
mv new_folder old_folder
expect 0 "$clip" convert tiny.safetensors new_folder --model tiny.json --dialect huggingface --dtype f16
echo mine >old_folder/README.md
cp old_folder/README.md new_folder
before() {
  rm -rf result/folder
  cp -r old_folder result/folder
}
check() {
  # Without its list the folder is whole; with it, any command that opens the folder finishes the new model.
  [ -e result/folder/.clip-replacement ] && expect 0 "$clip" inspect result/folder
  rm -f result/folder/.*.partial
  diff -r result/folder old_folder >/dev/null || diff -r result/folder new_folder >/dev/null ||
    fail "result/folder is neither the old model nor the new one: $command"
  only folder
}
rounds "$clip" $half
diff -r result/folder new_folder >/dev/null || fail 'result/folder and new_folder differ'
only folder
rm -rf result/* result/.*.partial

# A training run, which goes on from its checkpoint: whole files at any time, and the weights of one run.
if [ -n "${CLIP_TEST_TRAINER:-}" ]; then
  mkdir data
  bytes() { printf '%b' "$1"; }
  for set in train t10k; do
    {
      bytes '\0000\0000\0010\0003\0000\0000\0001\0000\0000\0000\0000\0034\0000\0000\0000\0034'
      awk 'BEGIN { for (i = 0; i < 256 * 784; ++i) printf "%c", 33 + (i * 7919 + i * i % 131) % 90 }'
    } | gzip >data/$set-images-idx3-ubyte.gz
    {
      bytes '\0000\0000\0010\0001\0000\0000\0001\0000'
      i=0
      while [ $i -lt 256 ]; do
        bytes "\\000$((i % 8))"
        i=$((i + 1))
      done
    } | gzip >data/$set-labels-idx1-ubyte.gz
  done
  train="$CLIP_TEST_TRAINER --data data --epochs 6 --batch 64 --threads 1 --resume"
  expect 0 $train --output new
  before() { rm -f result/fashion-mnist.safetensors; }
  check() {
    [ ! -e result/fashion-mnist.safetensors ] || same result/fashion-mnist.safetensors new/fashion-mnist.safetensors
    [ ! -e result/checkpoint.safetensors ] || expect 0 "$clip" inspect result/checkpoint.safetensors
    # One of three runs begins anew.
    [ $((tried % 3)) != 0 ] || rm -f result/checkpoint.safetensors
  }
  rounds $train --output result
  same result/fashion-mnist.safetensors new/fashion-mnist.safetensors
  for left in result/.*.partial; do [ ! -e "$left" ] || fail "$left was left by: $train"; done
fi

echo "$hit of $tried runs were ended"
[ $((hit * 3)) -ge "$tried" ] || fail "too few runs were ended to say anything"
finish
