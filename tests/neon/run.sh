# sh run.sh COMPILER QEMU SOURCE_DIR SCRATCH EIGEN: compiles tests of kernels, image preprocessing and tokenizer for
# NEON and runs them on an emulated CPU. Two compilers run at a time; unchanged files are not compiled again.
compiler=$1
qemu=$2
root=$3
scratch=$4
eigen=$5

for program in "$compiler" "$qemu"; do
  if ! command -v "$program" >/dev/null 2>&1; then
    echo "skipped: neon: a cross compiler and an emulator are needed (Debian: g++-aarch64-linux-gnu qemu-user)"
    exit 77
  fi
done
mkdir -p "$scratch" && cd "$scratch" || exit 1

# The machine's own include directory comes last: it has doctest and other headers that do not depend on
# the architecture. Without a breakpoint instruction for it, doctest calls raise(), which in namespace clip
# is another function; hence the definition.
cat >flags <<END
-std=c++20 -O1 -pthread -Wall -Wextra -Wconversion -Wshadow -Wpedantic -Werror
-I"$root/include" -isystem "$eigen" -idirafter /usr/include
-DCLIP_SOURCE_DIR="\"$root\"" -DDOCTEST_BREAK_INTO_DEBUGGER()=__builtin_trap()
END
cat >sources <<END
backend/parity_test
backend/bits_test
backend/attention_bits_test
backend/convolution_bits_test
backend/product_bits_test
image/resize/resize_test
image/resize/weighted_sum_test
tokenizer/tokenizer_test
main
END
# shellcheck disable=SC2016  # the inner shell expands
xargs -P 2 -I SOURCE sh -c '
  object=$(echo "$1" | tr / _).o
  fresh() { [ -n "$(find "$object" -newer "$2/tests/$1.cpp" 2>/dev/null)" ]; }
  headers_changed() { [ -n "$(find "$2/include" "$2/tests/support" -name "*.hpp" -newer "$object")" ]; }
  if fresh "$@" && ! headers_changed "$@"; then exit 0; fi
  "$3" @flags -c "$2/tests/$1.cpp" -o "$object"' one SOURCE "$root" "$compiler" <sources || exit 1
"$compiler" ./*.o -pthread -o tests || exit 1
# The dot products of bytes are another set (FEAT_DotProd): their bits are those of exact integer sums, as on x86.
if ! [ -n "$(find tests_dotprod -newer tests 2>/dev/null)" ]; then
  "$compiler" @flags -march=armv8.2-a+dotprod "$root/tests/backend/int8_bits_test.cpp" main.o -o tests_dotprod || exit 1
fi
"$qemu" -cpu max -L /usr/aarch64-linux-gnu ./tests_dotprod || exit 1
# Excludes the longest cases: emulation is about thirty times slower.
exec "$qemu" -L /usr/aarch64-linux-gnu ./tests \
  --test-case-exclude='*any number of threads*,*several host threads*,*loops are cut*'
