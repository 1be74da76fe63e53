# sh emulated.sh QEMU PROCESSOR PROGRAM: runs the tests on an emulated old CPU. Code that the linker took from objects
# of newer instruction sets would be an illegal instruction there.
qemu=$1
processor=$2
program=$3

if ! command -v "$qemu" >/dev/null 2>&1; then
  echo "skipped: precompiled on $processor: qemu-x86_64 is not installed (Debian: qemu-user)"
  exit 77
fi
# Every kernel once, in sizes that no loop divides; larger ones take minutes in emulation.
exec "$qemu" -cpu "$processor" "$program" --test-case-exclude='*any number of threads*,*many rows*,*exact integer*,*packed model*'
