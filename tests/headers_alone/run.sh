# sh run.sh alone|together INCLUDE_DIR COMPILER FLAGS…: checks that every header under INCLUDE_DIR compiles.
#
# alone: each header in a translation unit of its own, two compilers at a time, as a program that links
# clip::precompiled sees it: then headers include least. A header that another one includes first is proven there;
# X.inl.hpp is a part of X.hpp. together: all headers in one unit, for the warnings of a second compiler and for clashes
# of names. Headers of clip::precompiled redefine what it replaces and are a unit of their own. Exempt: X_begin.hpp and
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
# The headers among those named that are included first, nothing read before them.
first_includes() {
  xargs awk 'FNR == 1 { seen = 0 }
             !seen && /^[ \t]*#[ \t]*(include|if|define)/ { seen = 1; if (sub(/^#include <clip\//, "")) { sub(/>.*/, ""); print "clip/" $0 } }'
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

included=$(headers | first_includes | sort -u)
# shellcheck disable=SC2016  # the inner shell expands
headers | grep -vxF -- "$included" | grep -v '\.inl\.hpp$' | xargs -P 2 -I HEADER sh -c '
  header=$1
  shift
  printf "#include <%s>\n" "$header" | "$@" -DCLIP_WITH_PRECOMPILED=1 -x c++ -fsyntax-only - || {
    echo "does not compile alone: $header"
    exit 1
  }' one HEADER "$compiler" "$@"
status=$?
echo "$compiler: $(headers | wc -l) headers, $(headers | grep -vxF -- "$included" | grep -cv '\.inl\.hpp$') of them first in a unit"
[ "$status" -eq 0 ]
