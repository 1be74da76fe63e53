# sh run.sh INCLUDE_DIR COMPILER FLAGS…: checks that every header under INCLUDE_DIR compiles alone, and included twice.
# Runs two compilers at a time. Exempt: X_begin.hpp and X_end.hpp, which make sense only as a pair around other code.
include=$1
compiler=$2
shift 2

if ! command -v "$compiler" >/dev/null 2>&1; then
  echo "skipped: headers alone: ${compiler:-this compiler} is not installed"
  exit 77
fi

cd "$include" || exit 1
headers() {
  find clip -name '*.hpp' ! -name '*_begin.hpp' ! -name '*_end.hpp' | sort
}
# shellcheck disable=SC2016  # the inner shell expands
headers | xargs -P 2 -I HEADER sh -c '
  header=$1
  shift
  printf "#include <%s>\n#include <%s>\n" "$header" "$header" | "$@" -x c++ -fsyntax-only - || {
    echo "does not compile alone: $header"
    exit 1
  }' one HEADER "$compiler" "$@"
status=$?
echo "$compiler: $(headers | wc -l) headers"
[ "$status" -eq 0 ]
