# sh says_once.sh PROGRAM: checks that a program with unoptimised units warns once, however many backends they create.
program=$1

said=$("$program" 2>&1 >/dev/null)
status=$?
[ "$status" -eq 77 ] && exit 77
case $said in
  'clip: compiled without optimisation'*) ;;
  *)
    echo "expected a warning about optimisation, found: $said"
    exit 1
    ;;
esac
lines=$(echo "$said" | wc -l)
if [ "$lines" -ne 1 ]; then
  echo "expected one line, found $lines: $said"
  exit 1
fi
