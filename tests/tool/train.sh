# Training: what is written and printed, what resumes after kills and Ctrl-C with the same bits, and what cannot be.
. "$(dirname "$0")/lib.sh"
now() { echo $(($(date +%s%N) / 1000000)); }

# 24 images of three colours, two captions each; six of them with texts beside them, to evaluate.
mkdir pairs queries
pixels() { i=0; while [ $i -lt 64 ]; do printf "$1"; i=$((i + 1)); done; }
{
  echo 'image,caption'
  n=0
  while [ $n -lt 24 ]; do
    case $((n % 3)) in
      0) colour=red bytes='\377\000\000' ;;
      1) colour=dog bytes='\000\377\000' ;;
      *) colour=band bytes='\000\000\377' ;;
    esac
    { printf 'P6 8 8 255\n'; pixels "$bytes"; } >pairs/$n.ppm
    echo "$n.ppm,a $colour photo"
    echo "$n.ppm,the $colour number $n"
    if [ $n -lt 6 ]; then
      cp pairs/$n.ppm queries
      printf 'a %s photo\nthe %s\n' $colour $colour >queries/$n.txt
    fi
    n=$((n + 1))
  done
} >pairs/list.csv

# config OUTPUT [KEYS]: a configuration on standard output.
config() {
  cat <<END
{"model": "tiny.json", "vocabulary": "bpe.txt", "output": "$1", "threads": 1,
 "data": {"table": "pairs/list.csv"}, "retrieval": {"folder": "queries"},
 "objective": {"name": "hinge", "margin": 0.15}, "optimizer": {"name": "adamw", "learning_rate": 2e-3},
 "schedule": {"name": "constant_cooldown", "warmup": 0.1, "cooldown": 0.3},
 "epochs": 3, "batch": 6, "seed": 5, "ema": 0.9, "layer_decay": 0.9, "patch_dropout": 0.25${2:+, $2}}
END
}

config whole >whole.json
expect 0 "$clip" train whole.json
quiet
prints 'epoch 1 of 3, step 4 of 4: loss '
prints 'Now Scores (epoch 3)'
prints 'Best Scores (epoch '
grep -q '^Text Retrieval: R1:[0-9.]* R5:[0-9.]* R10:[0-9.]* mR:[0-9.]*| Image Retrieval: R1:[0-9.]* R5:[0-9.]* R10:[0-9.]* mR:[0-9.]* | total mR:[0-9.]* sum:[0-9.]*$' out ||
  fail 'no scores in the requested layout'
for file in checkpoint.safetensors model.safetensors ema.safetensors best.safetensors scores.json train.json log.jsonl log.csv; do
  [ -s whole/$file ] || fail "no whole/$file"
done
[ "$(grep -c '"loss"' whole/log.jsonl)" = 12 ] || fail '12 losses expected in log.jsonl'
expect 0 "$clip" inspect whole/model.safetensors
expect 0 "$clip" embed --weights whole/best.safetensors --images queries --output rows.npy
# The same again gives the same bits; a finished run that is resumed stays as it is.
config again >again.json
expect 0 "$clip" train again.json --json
prints '"best_epoch"'
for file in model ema best checkpoint; do same again/$file.safetensors whole/$file.safetensors; done
same again/scores.json whole/scores.json
expect 0 "$clip" train again.json --resume
says '12 of 12 steps were done before'
same again/model.safetensors whole/model.safetensors
expect 1 "$clip" train again.json
says 'again/checkpoint.safetensors: a run is there already: --resume goes on with it; or choose another output'
says_one_line
config again '"clip_norm": 1' >again.json
expect 1 "$clip" train again.json --resume
says 'again/train.json: is of another run (clip_norm differs)'
sed 's/red photo/red dog/' pairs/list.csv >other.csv
mv other.csv pairs/list.csv
config again >again.json
expect 1 "$clip" train again.json --resume
says 'again/train.json: is of another run (data differs)'
sed 's/red dog/red photo/' pairs/list.csv >other.csv
mv other.csv pairs/list.csv

# Every objective and optimiser, micro-batches, freezing, weights to begin from, zero-shot evaluation.
mkdir classes classes/red classes/dog
cp pairs/0.ppm pairs/3.ppm classes/red
cp pairs/1.ppm classes/dog
for objective in contrastive siamese triplet supervised_contrastive; do
  cat >one.json <<END
{"weights": "whole/model.safetensors", "image_weights": "whole/best.safetensors", "vocabulary": "bpe.txt",
 "output": "$objective", "threads": 1, "data": {"table": "pairs/list.csv"},
 "zero_shot": {"images": {"folders": "classes"}, "templates": ["a {} photo", "the {}"]},
 "objective": {"name": "$objective"}, "optimizer": {"name": "sgd", "learning_rate": 0.01},
 "schedule": {"name": "epoch_cosine"}, "batch": 12, "micro_batch": 5, "checkpoint_every": 1,
 "freeze": {"image_blocks": 1, "parameters": ["transformer.resblocks.0.*"]}}
END
  expect 0 "$clip" train one.json
  prints 'Zero-shot: top-1:'
done

# Locked-image tuning (LiT): an image tower from another file keeps its bits while the text tower learns.
config lit '"weights": "whole/model.safetensors", "image_weights": "tiny.safetensors",
 "freeze": {"parameters": ["visual.*"]}' | sed 's/"patch_dropout": 0.25/"patch_dropout": 0/' >lit.json
expect 0 "$clip" train lit.json
expect 0 "$clip" embed $tiny --images queries --output locked.npy
for file in model ema best; do
  expect 0 "$clip" embed --weights lit/$file.safetensors --images queries --output rows.npy
  same rows.npy locked.npy
done
expect 0 "$clip" embed --weights lit/model.safetensors --vocabulary bpe.txt --texts labels.txt --output learnt.npy
expect 0 "$clip" embed --weights whole/model.safetensors --vocabulary bpe.txt --texts labels.txt --output before.npy
cmp -s learnt.npy before.npy && fail 'the text tower learnt nothing'

# Augmentation changes what is learnt, and its draws are those of the step: a run that stops goes on with the same bits.
augmented='"augmentation": {"crop": {"scale": [0.3, 1]}, "flip": 0.5, "jitter": {"brightness": 0.4, "hue": 0.1}}'
config varied "$augmented" >varied.json
expect 0 "$clip" train varied.json
cmp -s varied/model.safetensors whole/model.safetensors && fail 'augmentation changed nothing'
config halved "$augmented, \"checkpoint_every\": 1" >halved.json
"$clip" train halved.json >out 2>err </dev/null &
job=$!
while [ ! -e halved/checkpoint.safetensors ] && kill -0 $job 2>/dev/null; do sleep 0.01; done
kill -KILL $job 2>/dev/null
wait $job 2>/dev/null
expect 0 "$clip" train halved.json --resume
for file in model ema best; do same halved/$file.safetensors varied/$file.safetensors; done

# Ctrl-C saves what is done and says how to go on; SIGKILL at random moments loses no bit.
config stopped '"epochs": 40' | sed 's/"epochs": 3, //' >stopped.json
sed 's/"output": "stopped"/"output": "long"/' stopped.json >long.json
begin=$(now)
expect 0 "$clip" train long.json
took=$(($(now) - begin + 1))
"$clip" train stopped.json >out 2>err </dev/null &
job=$!
sleep "$(awk -v t=$took 'BEGIN { printf "%.3f", t * 0.5 / 1000 }')"
kill -INT $job
wait $job
found=$?
command='train, and SIGINT'
if [ $found = 130 ]; then
  says ' steps are done; the same command with --resume goes on from there'
else
  [ $found = 0 ] || fail "exit status 130 expected from $command, $found found"
fi
for left in stopped/.*.partial; do [ ! -e "$left" ] || fail "$left was left by: $command"; done
expect 0 "$clip" train stopped.json --resume
killed=0 hit=0
for part in $(awk -v n="${CLIP_TEST_KILLS:-10}" 'BEGIN { srand('$$'); while (n-- > 0) print rand() }'); do
  [ ! -e stopped/model.safetensors ] || { rm -rf stopped; mkdir stopped; }  # after the end a run begins anew
  "$clip" train stopped.json --resume >out 2>err </dev/null &
  job=$!
  sleep "$(awk -v t=$took -v part="$part" 'BEGIN { printf "%.3f", t * part / 1000 }')"
  kill -KILL $job 2>/dev/null
  wait $job 2>/dev/null
  [ $? != 137 ] || hit=$((hit + 1))
  killed=$((killed + 1))
done
echo "$hit of $killed runs were killed before their end"
[ "$hit" -gt 0 ] || fail 'no run was killed before its end'
expect 0 "$clip" train stopped.json --resume
for file in model ema best checkpoint; do same stopped/$file.safetensors long/$file.safetensors; done
same stopped/scores.json long/scores.json
# The logs are the same but for the times.
for run in long stopped; do
  sed 's/"time": *[0-9.e+]*//' $run/log.jsonl >$run.jsonl
  cut -d , -f 1,3- $run/log.csv >$run.csv
done
same stopped.jsonl long.jsonl
same stopped.csv long.csv
[ "$(wc -c <stopped/events.out.tfevents.log)" = "$(wc -c <long/events.out.tfevents.log)" ] || fail 'events were lost'
# A kill right after a checkpoint, before its rows of the log: they are made from the checkpoint.
grep -v '"step": *160,' long/log.jsonl >stopped/log.jsonl
expect 0 "$clip" train stopped.json --resume
sed 's/"time": *[0-9.e+]*//' stopped/log.jsonl >stopped.jsonl
same stopped.jsonl long.jsonl

# What cannot be: one line each, before anything is written.
refused() {
  expect 1 "$clip" train bad.json
  says "$1"
  says_one_line
  [ ! -e bad ] || fail "a folder was made for a configuration that is refused: $1"
}
config bad '"epoch": 4' >bad.json
refused 'bad.json: epoch: unknown key'
config bad '"clip_norm": "x"' >bad.json
refused 'bad.json: clip_norm: expected'
config bad | sed 's/"hinge"/"hinges"/' >bad.json
refused 'bad.json: objective.name: expected one of contrastive, sigmoid, hinge, siamese, triplet, supervised_contrastive, found "hinges"'
config bad | sed 's/"hinge", "margin": 0.15/"sigmoid"/' >bad.json
refused 'bad.json: objective: expected another than sigmoid for a model without logit_bias'
config bad '"batch": 25' | sed 's/"batch": 6, //' >bad.json
refused 'pairs/list.csv: images for one batch: expected 25, found 24'
config bad | sed 's/"warmup": 0.1/"warmup": 1.5/' >bad.json
refused 'schedule: warmup: expected a share from 0 to below 1, found 1.5'
config bad '"freeze": {"image_blocks": 99}' >bad.json
expect 1 "$clip" train bad.json
says 'freeze_first: image blocks: expected from 0 to '
rm -rf bad
config bad '"freeze": {"parameters": ["visul.*"]}' >bad.json
expect 1 "$clip" train bad.json
says 'the pattern "visul.*" fits no parameter of the model'
rm -rf bad
printf 'image,caption\nmissing.ppm,a dog\n' >pairs/missing.csv
config bad | sed 's/list.csv/missing.csv/' >bad.json
refused 'pairs/missing.csv: line 2: image: expected a file, found no pairs/missing.ppm'
printf 'image,caption\n0.ppm,%0100d\n' 7 >pairs/long.csv
config bad '"batch": 1' | sed 's/"batch": 6, //; s/list.csv/long.csv/' >bad.json
refused 'pairs/0.ppm: '
rm queries/5.txt
config bad >bad.json
refused 'queries/5.txt'
config bad '"augmentation": {"flip": 2}' >bad.json
echo one >queries/5.txt
refused 'flip: expected'
config bad '"augmentation": {"flips": 1}' >bad.json
refused 'augmentation.flips: unknown key'
# Images may have different numbers of captions.
config uneven >uneven.json
expect 0 "$clip" train uneven.json
prints 'Now Scores (epoch 3)'
expect 2 "$clip" train
finish
