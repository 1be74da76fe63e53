# sh run.sh alone|together INCLUDE_DIR COMPILER FLAGS…: checks that every header under INCLUDE_DIR compiles.
#
# alone: each header in a translation unit of its own, two compilers at a time, as a program that links
# clip::precompiled sees it: then headers include least. A header that another one includes before anything else is
# proven there; X.inl.hpp is a part of X.hpp. What many headers begin with is precompiled, and they continue from there
# (clang; other compilers read it again). together: all headers in one unit, for the warnings of a second compiler and for clashes of
# names. Headers of clip::precompiled redefine what it replaces and are a unit of their own. Exempt: X_begin.hpp and
# X_end.hpp, which make sense only as a pair around other code. layering/check.cmake asserts #pragma once.
how=$1
include=$2
compiler=$3
shift 3

if ! command -v "$compiler" >/dev/null 2>&1; then
  echo "skipped: headers $how: ${compiler:-this compiler} is not installed"
  exit 77
fi

cd "$include" || exit 1
headers() {
  find clip -name '*.hpp' ! -name '*_begin.hpp' ! -name '*_end.hpp' | sort
}
# HEADER FIRST: what each of the headers named includes, nothing read before it.
first_includes() {
  xargs awk 'FNR == 1 { seen = 0 }
             !seen && /^[ \t]*#[ \t]*(include|if|define)/ {
               seen = 1
               if (sub(/^#include <clip\//, "")) { sub(/>.*/, ""); print FILENAME, "clip/" $0 }
             }'
}
together() {
  sed 's,.*,#include <&>,' | "$@" -x c++ -fsyntax-only -
}

if [ "$how" = together ]; then
  headers | grep -v /precompiled/ | together "$compiler" "$@" || exit 1
  headers | grep /precompiled/ | together "$compiler" "$@" || exit 1
  echo "$compiler: $(headers | wc -l) headers in two units"
  exit 0
fi

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
headers | first_includes > "$scratch/first"
# compile_each ACTION FLAGS…: the headers named on standard input, two at a time.
compile_each() {
  # shellcheck disable=SC2016  # the inner shell expands
  xargs -P 2 -I HEADER sh -c '
    header=$1 scratch=$2 action=$3
    shift 3
    precompiled() { printf "%s/%s.pch" "$scratch" "$(printf %s "$1" | tr / _)"; }
    if [ "$action" = precompile ]; then
      set -- "$@" -x c++-header -o "$(precompiled "$header")"
    else
      begins_with=$(awk -v header="$header" "
        FILENAME == ARGV[1] { common[\$1] = 1; next }
        { first[\$1] = \$2 }
        END { do header = first[header]; while (header != \"\" && !(header in common)); print header }
        " "$scratch/common" "$scratch/first")
      [ -z "$begins_with" ] || set -- "$@" -include-pch "$(precompiled "$begins_with")"
      set -- "$@" -x c++ -fsyntax-only
    fi
    printf "#include <%s>\n" "$header" | "$@" - || {
      echo "does not compile alone: $header"
      exit 1
    }' each HEADER "$scratch" "$@" -DCLIP_WITH_PRECOMPILED=1
}

: > "$scratch/common"
if "$compiler" --version | grep -q clang; then
  sed 's/.* //' "$scratch/first" | sort | uniq -c | awk '$1 > 7 { print $2 }' > "$scratch/common.new"
  compile_each precompile "$compiler" "$@" < "$scratch/common.new" || exit 1
  mv "$scratch/common.new" "$scratch/common"
fi
sed 's/.* //' "$scratch/first" | sort -u > "$scratch/included"
headers | grep -vxF -f "$scratch/included" | grep -v '\.inl\.hpp$' > "$scratch/alone"
compile_each parse "$compiler" "$@" < "$scratch/alone"
status=$?
echo "$compiler: $(headers | wc -l) headers, $(wc -l < "$scratch/alone") alone in a unit, $(wc -l < "$scratch/common") precompiled"
[ "$status" -eq 0 ]
