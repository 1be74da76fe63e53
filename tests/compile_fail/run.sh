# sh run.sh CASE.cpp COMPILER FLAGS…: what must not compile does not, and says why.
#
# The first line of a case is `// expect: SENTENCE`. The case is compiled twice: as it stands the compiler must refuse it and
# print the sentence; with CLIP_CORRECTED defined it must compile, so that nothing but the mistake is refused.
# A first line `// expect: compiles` marks a control: it must compile as it stands.
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
