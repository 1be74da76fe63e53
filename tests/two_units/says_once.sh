# sh says_once.sh PROGRAM: a program with units that are not optimised says so in one line, however many backends they make.
program=$1

said=$("$program" 2>&1 >/dev/null)
status=$?
[ "$status" -eq 77 ] && exit 77
case $said in
  'clip: compiled without optimisation'*) ;;
  *)
    echo "expected a line about optimisation, found: $said"
    exit 1
    ;;
esac
lines=$(echo "$said" | wc -l)
if [ "$lines" -ne 1 ]; then
  echo "expected one line, found $lines: $said"
  exit 1
fi
