# sh self_test.sh COMPILER SCRATCH: tests run.sh itself.
compiler=$1
scratch=$2
mkdir -p "$scratch" || exit 1
failed=0

# verdict_is STATUS WHY LINES…: run.sh must exit with STATUS for a case that consists of LINES.
verdict_is() {
  expected=$1
  why=$2
  shift 2
  printf '%s\n' "$@" > "$scratch/case.cpp"
  sh "$(dirname "$0")/run.sh" "$scratch/case.cpp" "$compiler" -std=c++20 > "$scratch/printed" 2>&1
  status=$?
  if [ "$status" -ne "$expected" ]; then
    echo "$why: expected exit status $expected, found $status"
    cat "$scratch/printed"
    failed=1
  fi
}

mistake='static_assert(false, "a sentence for the user");'
verdict_is 0 "refused with its sentence" \
  '// expect: a sentence for the user' '#ifndef CLIP_CORRECTED' "$mistake" '#endif'
verdict_is 1 "refused with another sentence" '// expect: another sentence' '#ifndef CLIP_CORRECTED' "$mistake" '#endif'
verdict_is 1 "accepted" '// expect: a sentence for the user' 'int fine;'
verdict_is 1 "refused even when corrected" '// expect: a sentence for the user' "$mistake"
verdict_is 1 "no sentence to expect" "$mistake"
verdict_is 0 "a control that compiles" '// expect: compiles' 'int fine;'
verdict_is 1 "a control that does not" '// expect: compiles' "$mistake"
exit "$failed"
