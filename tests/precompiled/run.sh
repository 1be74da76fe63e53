# sh run.sh PROGRAM SET: the tests on the kernels of one instruction set; 77 where this machine does not have it.
program=$1
set=$2

if CLIP_CPU=$set "$program" --test-case='the kernels are*' 2>&1 | grep -q 'no such instructions'; then
  echo "skipped: precompiled: this machine does not run $set"
  exit 77
fi
CLIP_CPU=$set exec "$program"
