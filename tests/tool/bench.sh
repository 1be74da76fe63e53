# `clip bench`: every part runs on a small model and reports the same fields.
. "$(dirname "$0")/lib.sh"

fields='"batch": "case": "dtype": "gflops": "peak_rss_mib": "rate": "seconds_median": "seconds_min": "share_of_peak": "threads": "unit":'
# value NAME: the field NAME of the first output line.
value() { head -n 1 out | sed 's/.*"'"$1"'":\([^,}]*\).*/\1/'; }
is() { [ "$(value "$1")" = "$2" ] || { fail "$1: $2 expected from: $command"; sed 's/^/  /' out; }; }
# bench LINES OPTIONS…: expects LINES lines, each an object with exactly these fields and plausible numbers.
bench() {
  lines=$1
  shift
  expect 0 "$clip" bench --model tiny.json --seconds 0.005 --json "$@"
  quiet_but 'int8 weights are slower'  # said on processors without products of integers
  [ "$(wc -l <out)" = "$lines" ] || { fail "$lines lines expected from: $command"; sed 's/^/  /' out; }
  while read -r line; do
    found=$(printf '%s' "$line" | grep -o '"[a-z_]*":' | sort | tr '\n' ' ')
    [ "$found" = "$fields " ] || fail "unexpected fields: $found"
    printf '%s\n' "$line" | tr '{},' '\n\n\n' | awk -F : '{ v[$1] = $2 }
      END { least = v["\"seconds_min\""]; rate = v["\"rate\""]; share = v["\"share_of_peak\""]; gflops = v["\"gflops\""]
            exit !(least > 0 && v["\"seconds_median\""] >= least && least < 60 && rate > 0 && v["\"peak_rss_mib\""] > 1 && v["\"threads\""] >= 1 &&
                   v["\"batch\""] >= 1 && (gflops == "null" ? share == "null" : gflops > 0 && (share == "null" || share > 0))) }' ||
      fail "implausible numbers: $line"
  done <out
}

bench 1 --part image
is case '"image"'
is batch 1
is unit '"images/s"'
bench 16 --part image --batch 1,3 --threads 1,2 --dtype f32,f16,bf16,int8
is threads 1
is dtype '"f32"'
grep -c '"dtype":"int8"' out | grep -qx 4 || fail 'four int8 lines expected'
bench 1 --part image --weights tiny.safetensors --batch 2
bench 2 --part text --batch 1,5
is unit '"prompts/s"'
bench 1 --part text --batch 5 --labels labels.txt --vocabulary bpe.txt --weights tiny.safetensors
bench 1 --part head --labels labels.txt --templates templates.txt --vocabulary bpe.txt
is batch 3
bench 1 --part head --labels labels.txt --vocabulary bpe.txt --classes 2
is batch 2
bench 2 --part train --batch 2 --labels labels.txt --vocabulary bpe.txt --threads 1,2
is unit '"pairs/s"'
bench 1 --part train --weights tiny.safetensors --dtype bf16
is batch 32
bench 1 --part prompt --classes 2 --context 5 --labels labels.txt --vocabulary bpe.txt
is batch 2
is unit '"steps/s"'
bench 1 --part prompt --context 4 --weights tiny.safetensors
is batch 100
bench 2 --part load --weights tiny.safetensors
is case '"load"'
is gflops null
grep -qF '"case":"load-packed"' out || fail 'no case load-packed'
bench 1 --part tokenize --labels labels.txt --templates templates.txt --vocabulary bpe.txt
is batch 6
is dtype '"-"'
bench 2 --part preprocess --batch 2 --threads 1
is case '"preprocess-640x480"'
grep -qF '"case":"preprocess-1920x1080"' out || fail 'no case of 1920 x 1080'
bench 3 --part preprocess --images photos/0.ppm
grep -qF '"case":"decode+preprocess-30x60"' out || fail 'no case of 30 x 60'
bench 3 --part text,tokenize --part image --labels labels.txt --vocabulary bpe.txt
expect 0 "$clip" bench --model residual.json --part image,train --batch 2 --threads 2 --seconds 0.005
quiet
prints 'case '
[ "$(wc -l <out)" = 3 ] || fail 'a header and two lines expected'

# The table of a machine: its kernels and peaks, both towers in every type, the fastest of them.
expect 0 "$clip" bench --model tiny.json --seconds 0.005 --part all
quiet_but 'int8 weights are slower'
head -n 1 out | grep -q '^cpu float32, .* threads*$' || fail 'the kernels expected in the first line'
grep -c '^peak GFLOP/s of products, [0-9]* threads*: f32 [1-9][0-9]* bf16 [0-9]* f16 [0-9]* int8 [0-9-]*$' out | grep -qx 1 || fail 'one line of peaks expected'
for case in 'image, batch 1' 'image, batch 8' 'text, batch 1' 'text, batch 64'; do
  grep "^fastest for $case, [0-9]* threads*: " out | grep -cE ': (f32|bf16|f16|int8), 0\.[0-9]* s$' | grep -qx 1 || fail "one fastest type expected for $case"
done
[ "$(grep -cE '^(image|text) +(f32|bf16|f16|int8) ' out)" = 16 ] || fail '16 cases expected'
expect 0 "$clip" bench --model tiny.json --seconds 0.005 --part all --threads 1,2 --batch 2 --dtype f32,f16 --json
[ "$(wc -l <out)" = 10 ] || fail '10 lines expected: the machine, eight cases, the summary'
head -n 1 out | grep -q '^{"backend":"cpu float32, .*"peak_gflops":\[{.*"threads":1.*"threads":2.*}\]}$' || fail 'the machine expected'
tail -n 1 out | grep -o '"fastest":\[[^]]*\]' | grep -o '"case":' | wc -l | grep -qx '4' || fail 'four fastest types expected'
# Which are not faster than f32 follows from the times of the cases.
sed -n 's/.*"case":"\([a-z]*\)","dtype":"\([a-z0-9]*\)".*"seconds_min":\([^,]*\),"share.*"threads":\([0-9]*\),.*/\1 \4 \2 \3/p' out |
  awk '{ t[$1 " " $2, $3] = $4; key[$1 " " $2] } END { for (k in key) n += t[k, "f16"] >= t[k, "f32"]; print n + 0, length(key) }' >expected
slower=$(tail -n 1 out | sed 's/.*"not_faster_than_f32"//' | grep -o '"case":' | wc -l)
[ "$slower 4" = "$(cat expected)" ] || fail "$slower of 4 found slower, by the times of the cases $(cat expected)"

# GFLOP/s count the operations of the reference: rate times operations per image.
bench 1 --part image
awk -v gflops="$(value gflops)" -v rate="$(value rate)" 'BEGIN { x = gflops * 1e9 / rate; exit !(x > 2287438 && x < 2287538) }' ||
  fail "2287488 operations per image expected, found $(value gflops) GFLOP/s at $(value rate) images/s"

# Errors are one sentence.
expect 2 "$clip" bench --model tiny.json
says --part
expect 2 "$clip" bench --part image
says --model
refuse() {
  expected=$1
  shift
  expect 2 "$clip" bench --model tiny.json --seconds 0.005 "$@"
  says "$expected"
  prints_nothing
}
refuse nonsense --part nonsense
refuse nonsense --part image,nonsense
refuse f8 --part image --dtype f8
refuse --batch --part image --batch 0
refuse --batch --part image --batch 1,many
refuse --threads --part image --threads -1
refuse --seconds --part image --seconds 0
refuse --vocabulary --part text --labels labels.txt
refuse '--part head needs --labels' --part head
says_one_line
refuse '--part tokenize needs --labels' --part tokenize --vocabulary bpe.txt
refuse '--part train does not support --dtype int8' --part image,train --dtype int8
refuse '--part prompt does not support --dtype int8' --part prompt --dtype int8
refuse --context --part prompt --context 0
refuse '--part load needs --weights' --part load
expect 1 "$clip" bench --model tiny.json --part image --weights none.safetensors
says 'none.safetensors: no such file'
says_one_line
expect 1 "$clip" bench --model tiny.json --part image --weights residual.safetensors
says residual.safetensors
expect 1 "$clip" bench --model tiny.json --part text --labels none.txt --vocabulary bpe.txt
says none.txt
expect 1 "$clip" bench --model tiny.json --part preprocess --images labels.txt
says labels.txt
finish
