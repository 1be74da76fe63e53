# Few-shot experiments: what is printed and written, what is refused, and SIGKILL at random moments, after which the
# same command ends with the tables and the weights of an experiment that was not disturbed.
# CLIP_TEST_KILLS: how many of an experiment of all methods (default 10); a fifth of it of each method alone.
. "$(dirname "$0")/lib.sh"
kills=${CLIP_TEST_KILLS:-10}
now() { echo $(($(date +%s%N) / 1000000)); }

# Three classes of eight images.
i=0
for class in red_kite dog cat; do
  mkdir -p set/$class
  for k in 0 1 2 3 4 5 6 7; do
    { printf 'P6 8 8 255\n'; awk -v s=$i -v k=$k 'BEGIN { for (j = 0; j < 192; ++j) printf "%c", 33 + 30 * (j % 3 == s) + (j * 7 + k * 13 + j * k) % 60 }'; } >set/$class/$k.ppm
  done
  i=$((i + 1))
done
cat >few.json <<'END'
{"model": "tiny.json", "weights": "tiny.safetensors", "vocabulary": "bpe.txt",
 "dataset": {"folders": "set", "rules": {"rename": {"red_kite": "kite"}}},
 "templates": ["the {}", "a {}"], "title": "Small",
 "shots": [1, 2], "seeds": [1, 2, 3],
 "methods": ["zero-shot", {"name": "linear-probe", "C": 0.5},
             {"name": "coop", "label": "coop, M=2", "context": 2, "epochs": 15}]}
END
expect 1 "$clip" fewshot few.json
says 'label of a method'
sed -i 's/coop, M=2/coop M=2/' few.json
expect 0 "$clip" fewshot few.json
quiet
prints '| top-1, % | 0 shots | 1 shot | 2 shots |'
prints '| linear-probe |  | '
prints '| mean per class, % |'
for file in table.md table.csv table.json chart.svg chart.png splits/seed-1.json splits/seed-3-shots-2.json; do
  test -s few/$file || fail "no $file"
done
for file in config.json result.json log.jsonl log.csv events.out.tfevents.log; do
  test -s "few/runs/coop M=2/2-shots/seed-1/$file" || fail "no $file of a run"
done
absent "few/runs/coop M=2/2-shots/seed-1/checkpoint.safetensors"
[ "$(wc -l <"few/runs/coop M=2/2-shots/seed-1/log.csv")" = 16 ] || fail 'not a row per epoch'
grep -q '"kite/' few/splits/seed-1.json && fail 'names of images are those of their files'
grep -q '"red_kite/' few/splits/seed-1.json || fail 'no names of images in the split'
expect 0 "$clip" fewshot few.json --json
prints '"mean_per_class"'

# What cannot be is found before an image is read, and leaves nothing.
# refused SED SENTENCE: of the configuration, changed.
refused() {
  sed "$1" few.json >bad.json
  expect 1 "$clip" fewshot bad.json --output bad
  says_one_line
  says "$2"
  [ ! -e bad ] || fail "bad was left by: $1"
}
refused 's/"shots": \[1, 2\]/"shots": [1, 5]/' 'class "cat": expected 5 or more, one per shot, found 4'
refused 's/"C": 0.5/"C": 0/' 'C: expected a number above 0'
refused 's/"C": 0.5/"c": 1/' 'c: unknown key'
refused 's/"title"/"titel"/' 'titel: unknown key'
refused 's/"linear-probe"/"probe"/' 'one of zero-shot, linear-probe, coop'
refused 's/"kite"/"dog"/' 'classes named "dog": expected 1, found 2'
refused 's/"context": 2/"context": 21/' 'context'
refused 's/"folders": "set"/"folders": "none"/' 'none'
refused 's/"the {}"/"the"/' 'where the name goes'
refused 's/"epochs": 15/"epochs": 15, "learning_rate": [0.1, 0]/' 'learning_rate: expected a number above 0, or an array'
refused 's/"title"/"augmentation": {"scale": [1, 0.5]}, "title"/' 'scale'
refused 's/"title"/"augmentation": {"crop": 1}, "title"/' 'augmentation.crop: unknown key'
refused 's/"title"/"augmentation": {"views": 0}, "title"/' 'augmentation.views'
refused 's/"linear-probe", "C": 0.5/"tip-adapter-f"/; s/"title"/"split": {"train": 0.5, "validation": 0}, "title"/' \
  'validation images, by which tip-adapter-f chooses: expected 1 or more, found 0'
refused 's/"linear-probe", "C": 0.5/"gated-adapter"/; s/tiny\./residual./g' \
  'method gated-adapter: image tower: expected'
expect 1 "$clip" fewshot none.json
expect 2 "$clip" fewshot

# Another configuration or dataset in the same folder.
sed 's/"C": 0.5/"C": 0.7/' few.json >other.json
expect 1 "$clip" fewshot other.json --output few
says 'the folder is of another run: options'
cp set/dog/0.ppm kept.ppm
cp set/dog/1.ppm set/dog/0.ppm
expect 1 "$clip" fewshot few.json
says 'set has changed since'
cp kept.ppm set/dog/0.ppm
expect 0 "$clip" fewshot few.json

# Weights are kept.
for file in "coop M=2/2-shots/seed-1/prompt.safetensors" linear-probe/1-shots/seed-2/probe.npz; do
  test -s "few/runs/$file" || fail "no $file"
done

# killed CONFIG KILLS: ends an experiment KILLS times after a random part of the time that a whole one took; the next run
# goes on. Then it has the files of the whole one.
hit=0 tried=0
killed() {
  rm -rf whole killed
  begin=$(now)
  expect 0 "$clip" fewshot "$1" --output whole
  took=$(($(now) - begin + 1))
  for part in $(awk -v n="$2" -v seed="$(date +%N)" 'BEGIN { srand(seed); while (n-- > 0) print rand() }'); do
    [ ! -e killed/table.json ] || rm -rf killed
    "$clip" fewshot "$1" --output killed >out 2>err </dev/null &
    job=$!
    sleep "$(awk -v t=$took -v part="$part" 'BEGIN { printf "%.3f", t * part / 1000 }')"
    kill -s KILL $job 2>/dev/null
    wait $job 2>/dev/null
    found=$?
    tried=$((tried + 1))
    case $found in
      0) ;;
      137) hit=$((hit + 1)) ;;
      *) fail "exit status $found of a killed experiment: $1"; sed 's/^/  /' err ;;
    esac
  done
  expect 0 "$clip" fewshot "$1" --output killed
  (cd whole && find . -name '*.safetensors' -o -name '*.npz' -o -name 'table.*' -o -name 'chart.*' -o -name 'seed-*.json') |
    sort >files
  [ "$(grep -c '\.safetensors$\|\.npz$' files)" -ge 2 ] || fail "no weights of: $1"
  grep -q checkpoint files && fail "a checkpoint was left by: $1"
  while read -r file; do same "whole/$file" "killed/$file"; done <files
}

methods='{"name": "coop", "context": 2, "epochs": 15}
{"name": "cocoop", "words": "a", "epochs": 2}
{"name": "clip-adapter", "epochs": 60}
{"name": "tip-adapter-f", "epochs": 60}
{"name": "mlp", "hidden": 8, "epochs": 60}
{"name": "gated-adapter", "epochs": 8}
{"name": "clip-adapter", "label": "rates", "epochs": 20, "learning_rate": [0.01, 0.1]}'
# experiment METHODS MORE: the configuration of an experiment.
experiment() {
  cat <<END
{"model": "tiny.json", "weights": "tiny.safetensors", "vocabulary": "bpe.txt", "dataset": {"folders": "set"},
 "templates": ["the {}"], "shots": [2], "seeds": [1, 2], ${2-} "methods": [$1]}
END
}
experiment '"zero-shot", '"$(echo "$methods" | paste -s -d ,)" >every.json
killed every.json "$kills"
echo "$methods" | while read -r method; do
  experiment "$method" >one.json
  killed one.json $(((kills + 4) / 5))
  [ $failed = 0 ] || exit 1
done || failed=1
# With augmented images the draws are those of an experiment that was not disturbed.
experiment '{"name": "tip-adapter-f", "epochs": 3}, {"name": "mlp", "hidden": 8, "epochs": 4}, {"name": "gated-adapter", "epochs": 3}' \
  '"augmentation": {"views": 2, "brightness": 0.4, "hue": 0.1},' >augmented.json
killed augmented.json $(((kills + 1) / 2))
expect 1 "$clip" fewshot augmented.json --output few
echo "$hit of $tried experiments were killed"
[ "$hit" -gt 0 ] || fail 'no experiment was killed before its end'
finish
