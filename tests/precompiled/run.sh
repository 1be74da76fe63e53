# sh run.sh PROGRAM SET [TESTS]: runs the tests, or those that a doctest filter names, on the kernels of one instruction
# set; exit status 77 if this machine does not support it.
program=$1
set=$2
tests=${3:-*}

if CLIP_CPU=$set "$program" --test-case='the kernels are*' 2>&1 | grep -q 'no such instructions'; then
  echo "skipped: precompiled: this machine does not run $set"
  exit 77
fi
CLIP_CPU=$set exec "$program" --test-case="$tests"
