# sh run.sh PYTHON SOURCE_DIR SCRATCH COMPILER FLAGS…: the listings of the documentation compile, with the library as a
# single header. Skipped (77) without Python.
python=$1
source=$2
scratch=$3
compiler=$4
shift 4

if [ ! -x "$python" ]; then
  echo "skipped: listings: python3 is not installed"
  exit 77
fi
mkdir -p "$scratch" || exit 1

"$python" "$source/cmake/single_header.py" "$source/include" "$scratch/clip/clip.hpp" || exit 1
if grep -n '^[ \t]*#[ \t]*include[ \t]*[<"]clip/' "$scratch/clip/clip.hpp"; then
  echo "clip/clip.hpp as a single header includes other headers of ours"
  exit 1
fi
"$python" "$source/tests/readme/listings.py" "$source/tests/readme/preamble.hpp" "$scratch/listings.cpp" "$source"/*.md "$source"/docs/*.md || exit 1

# The single header is found first, and with #pragma once it is the only one that is read. Without exceptions, because
# the whole library must compile that way too, and tests of the headers themselves compile it with them.
"$compiler" -I"$scratch" "$@" -fno-exceptions -fno-rtti -fsyntax-only "$scratch/listings.cpp"
