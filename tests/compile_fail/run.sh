# sh run.sh CASE.cpp COMPILER FLAGS…: checks that the mistake in CASE.cpp does not compile, and that the error says why.
#
# The first line of a case is `// expect: SENTENCE`. The script compiles the case twice: unchanged, the compiler must
# refuse it and print SENTENCE; with CLIP_CORRECTED defined, it must compile, which proves that only the mistake is
# refused. A first line `// expect: compiles` marks a control, which must compile unchanged.
case=$1
compiler=$2
shift 2
name=$(basename "$case")

if ! command -v "$compiler" >/dev/null 2>&1; then
  echo "skipped: $name: ${compiler:-this compiler} is not installed"
  exit 77
fi

sentence=$(sed -n '1s,^// expect: ,,p' "$case")
if [ -z "$sentence" ]; then
  echo "$name: expected a first line \"// expect: SENTENCE\""
  exit 1
fi

compiles() {
  printed=$("$compiler" "$@" -fsyntax-only -fmessage-length=0 "$case" 2>&1)
}
fail() {
  echo "$name: $compiler: $1"
  printf '%s\n' "$printed" | head -n 30
  exit 1
}

if [ "$sentence" = compiles ]; then
  compiles "$@" || fail "the control does not compile"
  exit 0
fi
compiles "$@" -DCLIP_CORRECTED || fail "the corrected form does not compile"
compiles "$@" && fail "the mistake was accepted; expected: $sentence"
printf '%s\n' "$printed" | grep -qF -- "$sentence" || fail "refused, but not with: $sentence"
