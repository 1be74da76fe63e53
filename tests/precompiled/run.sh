# sh run.sh PROGRAM SET: runs the tests on the kernels of one instruction set; exit
# status 77 if this machine does not support it.
program=$1
set=$2

if CLIP_CPU=$set "$program" --test-case='the kernels are*' 2>&1 | grep -q 'no such instructions'; then
  echo "skipped: precompiled: this machine does not run $set"
  exit 77
fi
CLIP_CPU=$set exec "$program"
