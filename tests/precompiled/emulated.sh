# sh emulated.sh QEMU PROCESSOR PROGRAM: the tests on a processor that has nothing newer: whatever the linker took from the objects
# of newer sets would be an illegal instruction here.
qemu=$1
processor=$2
program=$3

if ! command -v "$qemu" >/dev/null 2>&1; then
  echo "skipped: precompiled on $processor: qemu-x86_64 is not installed (Debian: qemu-user)"
  exit 77
fi
exec "$qemu" -cpu "$processor" "$program" --test-case-exclude='*any number of threads*'  # long there
